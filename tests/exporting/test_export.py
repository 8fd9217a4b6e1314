"""Exports that are refused, and the file used by those who have nothing of ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.tiny import configuration
from translate import config
from translate.card import Card
from translate.errors import ExportError
from translate.exporting import describe, export
from translate.exporting.graph import BytesToBytes
from translate.methods.classifier import Classification
from translate.methods.dcgan import DCGAN
from translate.networks import Classifier, DCGANDiscriminator, DCGANGenerator, ResNet

README = Path(__file__).parents[2] / "README.md"


def card() -> Card:
    return Card(name="tiny", task="a → b", method="pix2pix", source="a", target="b", size=32)


class Identity(nn.Module):
    multiple, smallest, halo = 1, 1, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


class Padded(Identity):
    """Shows what it was given: 16 times the size it needs."""

    multiple = smallest = 16

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen = x
        return x


def test_bytes_come_back_as_they_went_in(tmp_path: Path) -> None:
    """Every level survives the trip to [-1, 1] and back, in torch and in the file."""
    from translate.runtime import Translator

    levels = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert (BytesToBytes(Identity())(torch.from_numpy(levels)).numpy() == levels).all()
    export(Identity(), card(), tmp_path / "identity.onnx")
    assert (Translator(tmp_path / "identity.onnx").array(levels) == levels).all()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (11, 17), (1, 1), (3, 40)])
def test_padding_is_reflection_and_is_cut_off_again(height: int, width: int) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, height, width, 3), np.uint8)
    network = Padded()
    assert (BytesToBytes(network)(torch.from_numpy(picture)).numpy() == picture).all()
    wanted = (-(-height // 16) * 16, -(-width // 16) * 16)
    expected = np.pad(picture[0], ((0, wanted[0] - height), (0, wanted[1] - width), (0, 0)), mode="reflect")
    seen = (network.seen[0] * 127.5 + 127.5).round().permute(1, 2, 0).numpy()
    assert (seen == expected).all()


def test_a_graph_that_says_something_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rewrite that changes one weight by a fiftieth is caught, and nothing is written."""
    from translate.exporting import export as module

    def wrong(network: nn.Module) -> nn.Module:
        network = subpixel(network)
        with torch.no_grad():
            next(p for n, p in network.named_parameters() if "phases" in n).mul_(1.02)
        return network

    file = sys.modules["translate.exporting.graph"]
    subpixel = file.subpixel
    monkeypatch.setattr(file, "subpixel", wrong)
    torch.manual_seed(0)
    with pytest.raises(ExportError, match="differs from torch by"):
        module(ResNet(blocks=1, width=4).eval(), card(), tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_a_nan_is_refused(tmp_path: Path) -> None:
    network = ResNet(blocks=1, width=4).eval()
    nn.init.constant_(next(network.parameters()), float("nan"))
    with pytest.raises(ExportError, match="nothing was written"):
        export(network, card(), tmp_path / "m.onnx")


def test_what_does_not_translate_is_not_exported() -> None:
    reads = Classification(Classifier(classes=2))
    with pytest.raises(ExportError, match="digits: classifier does not translate forward: it has no picture into"):
        describe(reads, {"name": "digits", "method": {"name": "classifier"}}, {})
    draws = DCGAN(DCGANGenerator(), DCGANDiscriminator())
    with pytest.raises(ExportError, match="faces: dcgan does not translate backward: it has only forward, from noise"):
        describe(draws, {"name": "faces", "method": {"name": "dcgan"}}, {}, "backward")


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_full_disk(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(b"the model that was there")
    script = """
import resource, signal, sys
from pathlib import Path
from translate.errors import ExportError
from translate.exporting.export import write
import onnx
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write(onnx.ModelProto(doc_string="x" * 5000), Path(sys.argv[1]))
except ExportError as error:
    print(error)
"""
    command = [sys.executable, "-c", script, str(tmp_path / "m.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "cannot be written: File too large" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    assert (tmp_path / "m.onnx").read_bytes() == b"the model that was there"


def test_the_readmes_lines_without_this_package(tmp_path: Path) -> None:
    """The README's five lines are run as they stand there, where `translate` and torch cannot be imported."""
    lines = re.search(r"<!-- bare -->\n```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert lines, "the README shows how to use a model with onnxruntime alone"
    assert len(lines[1].splitlines()) <= 5 + 1  # and an empty one
    export(Identity(), card(), tmp_path / "model.onnx")
    from PIL import Image

    picture = np.random.default_rng(0).integers(0, 256, (33, 47, 3), np.uint8)
    Image.fromarray(picture).save(tmp_path / "input.png")
    blocked = "import sys\nfor name in ('translate', 'torch', 'onnx'): sys.modules[name] = None\n"
    done = subprocess.run([sys.executable, "-c", blocked + lines[1]], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (np.asarray(Image.open(tmp_path / "output.png")) == picture).all()


def test_the_source_has_the_colours(town: Path) -> None:
    """The way back takes photos, which have no classes; runs of earlier versions say nothing of colours."""
    made = config.plan({**configuration("cyclegan", town), "palette": {"sky": "#87CEEB", "sun": "#ffe150"}}).resolved
    method = config.build_method(made).eval()
    cards = {direction: describe(method, made, {}, direction)[1] for direction in ("forward", "backward")}
    assert [(way, card.palette) for way, card in cards.items()] == [
        ("forward", {"sky": "#87ceeb", "sun": "#ffe150"}),
        ("backward", {}),
    ]
    del made["palette"]
    assert describe(method, made, {})[1].palette == {}
