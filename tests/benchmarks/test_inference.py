"""The benchmark of inference: it measures what it says, judges where it may, and runs."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks import inference, inference_report
from translate.exporting.graph import BytesToBytes
from translate.networks import GENERATORS
from translate.runtime import Translator
from translate.runtime.engines import ENGINES

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model that is there already: exporting one takes most of the time."""
    network = GENERATORS["resnet"](3, 3, **inference.TINY["resnet"])
    monkeypatch.setattr(inference, "exported", lambda *_: (network, ASSETS / "statistics.onnx"))


def test_the_benchmark_runs(without_export: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--quick", "--networks", "resnet", "--kinds", "eager,cpu", "--out", str(tmp_path)]
    assert inference.main(words) == 0
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == f"{record['date']}-inference-cpu-quick-resnet.json"
    assert list(record["pictures"]["resnet 32"]) == ["eager", "cpu"]
    assert list(record["overhead"]["resnet 32"]) == ["bare", "ours"]
    kinds = list(record["callers"]["resnet 32"])
    assert kinds[0] == "cpu, 1 caller"
    assert len(kinds) == (2 if ENGINES["openvino"].why_not() else 4)
    told = capsys.readouterr().out
    for part in ("pictures", "callers", "overhead"):
        for kind, found in record[part]["resnet 32"].items():
            assert found["seconds"]["median"] > 0
            assert found["counted"] + found["dropped"] == record["settings"]["rounds"]
            assert kind in told
    assert 0 < record["import_seconds"] < 5
    assert {target["met"] for target in record["targets"]} == {None}
    assert record["versions"].keys() >= {"torch", "onnxruntime", "openvino"}


@pytest.mark.slow
def test_what_is_timed_is_what_is_exported(tmp_path: Path) -> None:
    options = inference._options(["--quick", "--networks", "unet"])
    network, path = inference.exported("unet", options, tmp_path)
    image = torch.from_numpy(inference.picture(32))
    with torch.no_grad():
        expected = BytesToBytes(network)(image).numpy().astype(int)
    assert np.abs(Translator(path).array(image.numpy()) - expected).max() <= 1
    for play in inference.translating(network, path, 32, options).values():
        play(1)


def taking(seconds: float) -> dict[str, Any]:
    return {"seconds": {"median": seconds}}


def test_targets_are_judged_by_their_own_bounds() -> None:
    record = {
        "overhead": {"unet 256": {"bare": taking(1.0), "ours": taking(1.02)}},
        "callers": {
            "unet 256": {"cpu, 1 caller": taking(1.0), "cpu, 2 callers": taking(0.9), "openvino, x": taking(9)}
        },
        "import_seconds": 0.2,
    }
    found = inference_report.targets(record, judged=True)
    assert [target["met"] for target in found] == [True, False, False]
    assert [target["measured"] for target in found] == pytest.approx([1.02, 0.2, 1 / 0.9])
    assert [target["met"] for target in inference_report.targets(record, judged=False)] == [None] * 3


def test_callers_share_the_pictures() -> None:
    counts: dict[int, int] = {}
    meeting = threading.Barrier(3, timeout=10)

    def play(count: int) -> None:
        meeting.wait()  # all at once
        counts[threading.get_ident()] = count

    inference.together(play, 3)(8)
    assert sorted(counts.values()) == [2, 3, 3]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "2026-01-02-inference-cpu.json"),
        ({"quick": True, "sides": [32]}, "2026-01-02-inference-cpu-quick.json"),
        ({"networks": ["unet"], "sides": [256]}, "2026-01-02-inference-cpu-unet-side-256.json"),
        ({"models": ["int8"]}, "2026-01-02-inference-cpu-int8.json"),
    ],
)
def test_a_partial_record_does_not_replace_a_full_one(changes: dict[str, Any], name: str) -> None:
    settings = {"networks": ["unet", "resnet"], "sides": [256, 512], "quick": False, "models": [], **changes}
    assert inference_report.file_name({"date": "2026-01-02", "settings": settings}) == name


@pytest.mark.parametrize(
    "wrong",
    [["--networks", "vgg"], ["--kinds", "abacus"], ["--sides", "300"], ["--rounds", "0"], ["--model", "a.onnx"]],
)
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        inference.main(wrong)
    assert wrong[0] in capsys.readouterr().err
