"""Whatever pictures are made of, a run scores as its export does."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.forms.fields import configuration, field
from tests.tiny import ignore
from translate import config, pixels
from translate.cli import main
from translate.config import Plan
from translate.evaluation import evaluate
from translate.evaluation.held_out import HeldOut
from translate.evaluation.predictors import opened
from translate.training.run import Run

pytest.importorskip("torch")

COLOURS = ["#000000", "#ff0000", "#0000ff"]
_FLOATS = {"depth": "float32", "range": [-3, 3]}
FORMS: dict[str, dict[str, Any]] = {
    "uint16": {"source": "deep", "target": "deeper", "channels": (1, 1), "values": ({"depth": "uint16"},) * 2},
    "float target": {"source": "grey", "target": "floats", "channels": (1, 1), "values": ({}, _FLOATS)},
    "several inputs": {"source": ["grey", "colours"], "target": "grey", "channels": ([1, 3], 1), "values": ({}, {})},
    "one-hot source": {"source": "indices", "target": "grey", "channels": (1, 1), "values": ({"classes": 3}, {})},
    "colour classes": {"source": "grey", "target": "colours", "channels": (1, 3), "values": ({}, {"classes": COLOURS})},
    "index classes": {"source": "grey", "target": "indices", "channels": (1, 1), "values": ({}, {"classes": 3})},
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One scene in every form, by folder."""
    folder = tmp_path_factory.mktemp("folders")
    colours = np.array([list(bytes.fromhex(colour[1:])) for colour in COLOURS], np.uint8)
    for number in range(5):
        deep = field(number, 36, 1)
        indices = (deep.astype(int) * 3 // 65536).astype(np.uint8)
        made = {
            "deep": deep,
            "deeper": field(number + 50, 36, 1),
            "grey": (deep // 257).astype(np.uint8),
            "floats": (deep / 65535 * 6 - 3).astype(np.float32),
            "indices": indices,
            "colours": colours[indices[:, :, 0]],
        }
        for name, picture in made.items():
            (folder / name).mkdir(exist_ok=True)
            suffix = ".npy" if name in ("floats", "deep", "deeper") else ".png"
            pixels.write(picture, folder / name / f"{number}{suffix}")
    return folder


def plan(folders: Path, form: str, **train: Any) -> Plan:
    """Of one step of training."""
    written, chosen = configuration(folders, steps=1, sample_every=0, **train), FORMS[form]
    source, target = chosen["source"], str(folders / chosen["target"])
    data = {
        "layout": "two_folders",
        "source": [str(folders / name) for name in source] if isinstance(source, list) else str(folders / source),
        "target": target,
        "holdout": 2,
    }
    for role, channels, values in zip(("source", "target"), chosen["channels"], chosen["values"], strict=True):
        data |= {f"{role}_channels": channels, f"{role}_values": values}
    return config.plan(written | {"data": data})


@pytest.mark.parametrize("form", FORMS)
def test_a_run_scores_as_its_export_does(form: str, folders: Path, tmp_path: Path) -> None:
    made = plan(folders, form)
    Run(made, tmp_path, ignore).train(resume=False)
    assert main(["export", str(tmp_path / "deep"), "-o", str(tmp_path / "exported.onnx")]) == 0
    scores = evaluate([tmp_path / "deep", tmp_path / "exported.onnx"], made, device="cpu")
    assert scores.numbers["deep"]
    for metric, numbers in scores.numbers["deep"].items():
        assert numbers == pytest.approx(scores.numbers["exported"][metric], rel=1e-2, abs=1e-3), metric


@pytest.mark.parametrize("form", ["colour classes", "index classes"])
def test_classes_are_scored_as_classes(form: str, folders: Path, tmp_path: Path) -> None:
    """How far apart their numbers or colours are means nothing."""
    made = plan(folders, form)
    run = Run(made, tmp_path, ignore)
    run.train(resume=False)
    truth = [np.asarray(sample.target) for sample in HeldOut(made)]
    scores = evaluate([run.folder], made, metrics=["L1", "accuracy"], device="cpu")
    assert list(scores.missing) == ["L1"]
    assert "gives classes" in scores.missing["L1"]
    assert set(scores.numbers["deep"]) == {"accuracy", "IoU"}
    outputs = [next(iter(opened([run.folder], device="cpu").values())).array(s.source) for s in HeldOut(made)]
    expected = [(output == target).all(2).mean() for output, target in zip(outputs, truth, strict=True)]
    assert scores.numbers["deep"]["accuracy"] == pytest.approx(expected)
    assert scores.sets["deep"]["pixel accuracy"] == pytest.approx(np.mean(expected))
