"""The benchmark of inference: it measures what it says, judges where it may, and runs."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
import torch

from benchmarks import inference, inference_report
from benchmarks.inference_models import TINY, Models, make
from tests.tiny import configuration
from translate import pixels
from translate.cli import main
from translate.exporting.graph import BytesToBytes
from translate.networks import GENERATORS
from translate.runtime import Translator
from translate.runtime.engines import ENGINES

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture
def without_export(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny model that is there already: exporting one takes most of the time."""
    network = GENERATORS["resnet"](3, 3, **TINY["resnet"])
    model = Models(network, {"fp32": ASSETS / "statistics.onnx"}, [inference.picture(32)[0]], {"weights": "none"})
    monkeypatch.setattr(inference, "make", lambda *_: model)


def test_the_benchmark_runs(without_export: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--quick", "--networks", "resnet", "--kinds", "eager,cpu,cpu-int8", "--out", str(tmp_path)]
    assert inference.main(words) == 0
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == f"{record['date']}-inference-cpu-quick-resnet.json"
    assert list(record["pictures"]["resnet 32"]) == ["eager", "cpu"]
    assert record["networks"]["resnet"]["from_torch"]["cpu"]["mean_levels"] > 1  # other weights: it is measured
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
    models = make("unet", options, tmp_path)
    assert list(models.files) == ["fp32", "bf16", "int8"], models.facts["refused"]
    image = torch.from_numpy(inference.picture(32))
    with torch.no_grad():
        expected = BytesToBytes(models.network)(image).numpy().astype(int)
    assert np.abs(Translator(models.files["fp32"]).array(image.numpy()) - expected).max() <= 1
    ways = inference.translating(models, 32, options)
    assert list(ways) == options.kinds
    for play in ways.values():
        play(1)
    assert all(0 <= far["mean_levels"] <= 1 for far in inference.distances(models, options).values())


@pytest.mark.slow
def test_a_runs_weights_are_judged_on_its_own_pictures(tmp_path: Path, town: Path) -> None:
    path = tmp_path / "tiny.toml"
    path.write_text(tomli_w.dumps(configuration("pix2pix", town, steps=1)))
    assert main(["train", str(path), "name=tiny", "--runs", str(tmp_path)]) == 0
    options = inference._options(["--quick", "--networks", "unet", "--run", f"unet={tmp_path / 'tiny'}"])
    models = make("unet", options, tmp_path)
    assert models.facts["weights"] == "1 steps"
    drawn = [pixels.read(file, 3) for file in (town / "edges").iterdir()]
    assert all(any(np.array_equal(picture, edges) for edges in drawn) for picture in models.pictures)


def taking(seconds: float) -> dict[str, Any]:
    return {"seconds": {"median": seconds}}


def test_targets_are_judged_by_their_own_bounds() -> None:
    record = {
        "pictures": {
            "unet 256": {"eager": taking(1.0), "cpu": taking(0.33), "openvino-int8": taking(0.1)},
            "resnet 512": {"eager": taking(1.0), "cpu-int8": taking(0.9)},  # no target of that size
        },
        "networks": {"unet": {"from_torch": {"openvino-int8": {"mean_levels": 1.1, "ssim": 0.99}}}},
        "overhead": {"unet 256": {"bare": taking(1.0), "ours": taking(1.02)}},
        "callers": {
            "unet 256": {"cpu, 1 caller": taking(1.0), "cpu, 2 callers": taking(0.9), "openvino, x": taking(9)}
        },
        "import_seconds": 0.2,
    }
    found = inference_report.targets(record, judged=True)
    assert [target["met"] for target in found] == [True, False, False, True, True, False, False]
    assert [target["measured"] for target in found] == pytest.approx([0.33, 0.1, 1.1, 0.99, 1.02, 0.2, 1 / 0.9])
    assert [target["met"] for target in inference_report.targets(record, judged=False)] == [None] * 7


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
        ({"trained": ["unet"]}, "2026-01-02-inference-cpu-trained-unet.json"),
    ],
)
def test_a_partial_record_does_not_replace_a_full_one(changes: dict[str, Any], name: str) -> None:
    settings = {"networks": ["unet", "resnet"], "sides": [256, 512], "quick": False, "trained": [], **changes}
    assert inference_report.file_name({"date": "2026-01-02", "machine": {}, "settings": settings}) == name


@pytest.mark.parametrize(
    "wrong",
    [
        ["--networks", "vgg"],
        ["--kinds", "abacus"],
        ["--sides", "300"],
        ["--rounds", "0"],
        ["--run", "vgg=runs/x"],
        ["--run", "unet"],
    ],
)
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        inference.main(wrong)
    assert wrong[0] in capsys.readouterr().err
