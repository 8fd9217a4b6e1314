"""Two channels of 16 bits become one of 16 bits: trained, exported, translated and scored without losing depth."""

from pathlib import Path

import numpy as np
import pytest
import tomli_w
import torch
from PIL import Image

from tests.forms.fields import configuration, field, make, mean
from translate import pixels
from translate.card import Card
from translate.cli import main
from translate.errors import ExportError
from translate.exporting import export
from translate.exporting.graph import BytesToBytes
from translate.forms import Form
from translate.runtime import Translator, metadata
from translate.training.resume import load_method

pyvips = pytest.importorskip("pyvips")


@pytest.mark.parametrize("suffix", [".tif", ".npy"])
def test_by_the_command_line(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make(tmp_path, suffix=suffix)
    Path("deep.toml").write_text(tomli_w.dumps(configuration(tmp_path, best="L1", cache=suffix == ".npy")))
    assert main(["train", "deep.toml"]) == 0
    assert main(["train", "deep.toml", "train.steps=6", "--resume"]) == 0
    assert np.asarray(Image.open("runs/deep/samples/step_000000006.png")).shape == (2 * 36 + 4, 3 * (32 + 8), 3)
    assert main(["export", "runs/deep", "-o", "deep.onnx"]) == 0
    card = metadata.card("deep.onnx")
    assert (card.takes, card.gives) == (Form.stored_as(2, "uint16"), Form.stored_as(1, "uint16"))
    assert (card.version, card.parity["levels"]) == (2, 65535)
    assert card.parity["max_float"] <= 2

    assert main(["run", "deep.onnx", "two", "-o", "out", "--suffix", ".png"]) == 0
    made = np.asarray(Image.open("out/5.png"))
    assert (made.dtype, made.shape) == (np.uint16, (36, 36))
    assert len(np.unique(made)) > 256  # of 1,296 pixels
    # Torch says the same, to two of 65,535 levels: sums in another order differ by 1e-5 of the range.
    _, method = load_method(Path("runs/deep"), print)
    graph = BytesToBytes(method.G, card.takes, card.gives)
    source = pixels.stored(Path(f"two/5{suffix}"), card.takes)
    with torch.no_grad():
        expected = graph(torch.from_numpy(source[None]))[0].numpy()
    assert np.abs(made - expected[:, :, 0].astype(int)).max() <= 2
    assert main(["evaluate", "deep.onnx", "--data", "deep.toml"]) == 0


class Mean(torch.nn.Module):
    """A network that has learnt it: no value is lost in it but to rounding in floats."""

    multiple, smallest, halo = 4, 4, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean(dim=1, keepdim=True)


def deep_card() -> Card:
    takes, gives = Form.stored_as(2, "uint16"), Form.stored_as(1, "uint16")
    facts = {"source_form": takes.records(), "target_form": gives.records(), "version": 2}
    return Card("mean", "a → b", "none", "a", "b", 2, 1, 32, **facts)


def test_every_level_survives(tmp_path: Path) -> None:
    """All 65,536 levels go through a file, the graph in ONNX Runtime and a file, and come back as they were."""
    export(Mean(), deep_card(), tmp_path / "mean.onnx")
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    pixels.write(levels.repeat(2, axis=2), tmp_path / "all.tif")
    translator = Translator(tmp_path / "mean.onnx")
    made = translator(tmp_path / "all.tif")
    assert made.mode == "I;16"
    made.save(tmp_path / "made.png")
    assert (np.asarray(Image.open(tmp_path / "made.png")) == levels[:, :, 0]).all()
    # … and where the two channels differ, the mean is the true one to half a level and what floats lose.
    source = field(3, 61, 2)
    exact = source.astype(np.float64).mean(axis=2, keepdims=True)
    assert np.abs(translator.array(source) - exact).max() <= 0.51
    assert np.abs(mean(source) - exact).max() <= 0.5


class Off(torch.nn.Module):
    """A network that is off by 1e-4 of [-1, 1]: 0.013 of 255 levels, and 3.3 of 65,535."""

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x) + 1e-4


def test_parity_is_as_strict_as_the_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.exporting.graph.full", Off)
    plain = Card("mean", "a → b", "none", "a", "b", 2, 1, 32)
    assert 0.01 < export(Mean(), plain, tmp_path / "plain.onnx").parity["max_float"] < 0.02
    with pytest.raises(ExportError, match=r"differs from torch by 3\.\d+ of 65535 levels, more than 2"):
        export(Mean(), deep_card(), tmp_path / "deep.onnx")


def test_smaller_precisions_would_lose_it(tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match="int8 is measured in levels of 8-bit pictures, mean takes 2 channels of uint16"
    ):
        export(Mean(), deep_card(), tmp_path / "deep.onnx", "int8")
