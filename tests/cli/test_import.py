"""`translate import`: a file of the authors' code becomes a model of ours, or one sentence says why not."""

from pathlib import Path

import pytest
import torch

from tests.exporting.authors import VARIANTS
from translate.cli import main
from translate.runtime import Translator

SMALL = VARIANTS["ResNet, batch"]


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the authors' code puts it."""
    monkeypatch.chdir(tmp_path)
    path = Path("checkpoints/facades_pix2pix/latest_net_G.pth")
    path.parent.mkdir(parents=True)
    torch.save(SMALL.state(SMALL.build()), path)
    return path


def test_the_whole_way(weights: Path, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--domains", "labels, photo", "--size", "48", "--statistics", "running"]
    assert main(["import", str(weights), "-o", "models/facades.onnx", *words]) == 0
    out = capsys.readouterr().out
    assert f"{weights}: a ResNet of 1 block and width 8 with BatchNorm\n" in out
    assert "models/facades.onnx: labels → photo, " in out
    assert "ONNX Runtime and torch differ by at most" in out
    card = Translator("models/facades.onnx").card
    assert (card.name, card.source, card.target, card.size) == ("facades_pix2pix", "labels", "photo", 48)
    assert (card.statistics, card.multiple) == ("running", 4)
    assert main(["run", "models/facades.onnx", str(town / "day"), "-o", "out"]) == 0
    assert "8 translated, 0 failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.pth"], "none.pth: No such file or directory"),
        (["{}", "--domains", "photo"], "--domains photo: it must be two words, such as labels,photo"),
        (["{}", "--domains", "a,b,c"], "--domains a,b,c: it must be two words"),
        (["{}", "--domains", ",b"], "--domains ,b: it must be two words"),
        (["{}", "--size", "4"], "size = 4: it must be 16 to 4096 pixels"),
        (["text.pth"], "text.pth: it is no file of weights that torch can read"),
    ],
)
def test_a_mistake(weights: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.pth").write_text("a text")
    assert main(["import", *(word.format(weights) for word in words), "-o", "models/m.onnx"]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"translate: {said}")
    assert error.count("\n") == 1
    assert not Path("models").exists()


def test_a_warning_is_said(weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.commands.export._exported", lambda *_: None)
    monkeypatch.setattr("translate.exporting.export", lambda *_: None)
    old = VARIANTS["pix2pix, torch 0.4"]
    torch.save(old.state(old.build()), weights)
    assert main(["import", str(weights), "-o", "m.onnx"]) == 0
    assert "with BatchNorm; it was written by a torch older than 0.4.1" in capsys.readouterr().out
