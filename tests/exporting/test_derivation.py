"""A derivation in a model's file: what the file derives is what torch derives, and what training saw."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.data.test_derived import photo
from tests.data.test_derived_layout import section
from translate import cli, config, pixels
from translate.batches import to_bytes
from translate.card import Card
from translate.data.derived import DERIVATIONS, derivation
from translate.errors import ExportError
from translate.exporting import derivation as exporting
from translate.exporting import export
from translate.runtime import Translator, metadata
from translate.runtime.deriving import KEY

ARGUMENTS: dict[str, dict[str, Any]] = {"canny": {"reach": 4}, "blur": {"sigma": 1.0}, "jpeg": {"qualities": [20, 40]}}


class First(nn.Module):
    """Three channels of whatever it is given."""

    multiple = smallest = 1
    halo = 1

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :1].repeat(1, 3, 1, 1)


def card(name: str, **arguments: Any) -> Card:
    kind = derivation({"name": name, **arguments})
    derived = {"name": name, "arguments": arguments, "does": kind.does}
    return Card("tiny", "a → b", "none", "a", "b", source_channels=kind.channels, size=48, derived=derived)


def by_torch(picture: np.ndarray, name: str, **arguments: Any) -> np.ndarray:
    tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1
    return to_bytes(derivation({"name": name, **arguments})(tensor))[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("name", DERIVATIONS)
def test_the_file_derives_what_torch_derives(name: str, tmp_path: Path) -> None:
    arguments = ARGUMENTS.get(name, {})
    written = export(First(), card(name, **arguments), tmp_path / "m.onnx")
    assert written.derived["parity"]["differ"] <= 1e-3
    assert written.derived["parity"]["sizes"][0] == "48×48"
    translator = Translator(tmp_path / "m.onnx", engine="cpu")
    assert translator.card == written
    assert len(base64.b64decode(metadata.metadata(tmp_path / "m.onnx")[KEY])) < 60_000
    for size in ((48, 48), (61, 37), (1, 1), (7, 130)):
        (picture,) = photo(*size, count=1, seed=5)
        found, expected = translator.derive(picture), by_torch(picture, name, **arguments)
        assert found.dtype == np.uint8
        assert found.shape == expected.shape
        # Sums and products are the same to the bit; powers and what is interpolated may round otherwise.
        assert (found != expected).mean() <= (1e-3 if name in ("lightness", "downsample", "jpeg") else 0)
        assert np.array_equal(translator.array(found), np.asarray(translator(found)))


def test_a_file_without_one_has_no_trace_of_it(tmp_path: Path) -> None:
    plain = replace(card("grey"), derived={})
    assert export(First(), plain, tmp_path / "m.onnx").derived == {}
    assert KEY not in metadata.metadata(tmp_path / "m.onnx")


def test_a_graph_that_says_otherwise_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Other(exporting.Derived):
        def forward(self, image: Tensor) -> Tensor:
            derived = super().forward(image)
            return derived if torch.compiler.is_compiling() else 255 - derived

    monkeypatch.setattr(exporting, "Derived", Other)
    with pytest.raises(ExportError, match="differs from torch in"):
        export(First(), card("grey"), tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_from_photos_to_a_file_that_derives(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    edges = {"name": "canny", "reach": 3, "low": 0.05}
    config.write(tmp_path / "c.toml", {**section(town, edges, train={"steps": 2}), "domains": ["edges", "photo"]})
    assert cli.main(["train", "c.toml"]) == 0
    assert cli.main(["export", "runs/pix2pix", "-o", "m.onnx"]) == 0
    translator = Translator("m.onnx", engine="cpu")
    assert translator.card.derived["name"] == "canny"
    assert translator.card.derived["arguments"] == {
        "low": 0.05, "high": 0.2, "sigma": 1.0, "reach": 3, "invert": False,
    }  # fmt: skip
    inputs = ["run", "m.onnx", f"{town}/day", "-o", "out", "--derive", "--engine", "cpu", "--suffix", "png"]
    assert cli.main(inputs) == 0
    for path in pixels.find(town / "day"):
        derived = by_torch(pixels.read(path, 3), **edges)
        assert np.array_equal(translator.derive(path), derived)
        assert np.array_equal(pixels.read(tmp_path / "out" / f"{path.stem}.png"), translator.array(derived))
    assert cli.main(["run", "m.onnx", str(path), "-o", "one.png", "--derive"]) == 0
    assert cli.main(["evaluate", "m.onnx", "--data", "c.toml", "--save", "scores.json"]) == 0


def test_the_way_back_of_a_cycle_derives_nothing(town: Path, tmp_path: Path) -> None:
    from translate.exporting import describe

    base = section(town, {"name": "blur"})
    small = {"name": "resnet", "blocks": 1, "width": 4}
    critic = {"name": "patchgan", "layers": 1, "width": 4}
    base |= {"method": {"name": "cyclegan"}, "networks": {"G": small, "F": small, "D_X": critic, "D_Y": critic}}
    resolved = config.plan({**base, "domains": ["blurred", "photo"]}).resolved
    method = config.build_method(resolved).eval()
    facts = {"step": 1, "pictures": 6, "data": "", "held_out": 2}
    assert describe(method, resolved, facts, "forward")[1].derived["name"] == "blur"
    assert describe(method, resolved, facts, "backward")[1].derived == {}


def test_what_lies_below_a_hole_does_not_reach_the_network(town: Path, tmp_path: Path) -> None:
    from translate.exporting import describe

    resolved = config.plan(section(town, {"name": "mask"})).resolved
    facts = {"step": 1, "pictures": 6, "data": "", "held_out": 2}
    network, told = describe(config.build_method(resolved).eval(), resolved, facts)
    export(network, told, tmp_path / "m.onnx")
    translator = Translator(tmp_path / "m.onnx", engine="cpu")
    (picture,) = photo(32, 32, count=1)
    derived = translator.derive(picture)
    assert (derived[..., 3] == 0).any()
    below = derived.copy()
    below[derived[..., 3] == 0, :3] = (1, 2, 3)
    assert np.array_equal(translator.array(below), translator.array(derived))
