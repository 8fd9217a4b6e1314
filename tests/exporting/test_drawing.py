"""What becomes of a network that draws from noise on its way into a file."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from tests.tiny import configuration, ignore
from translate import config
from translate.card import Card
from translate.cli import main
from translate.errors import ExportError
from translate.exporting import describe, export
from translate.exporting.drawing import Drawing, ExportedDrawing, FromOnePixel, inputs, verify_drawing
from translate.exporting.export import _drawing_to_onnx
from translate.methods import METHODS
from translate.networks import DCGANGenerator
from translate.runtime import Translator
from translate.training.run import Run

CARD = Card("tiny", "noise → b", "cgan", "noise", "b", size=16, latent=6, classes=["a", "b", "c"], version=3)


def network(classes: int = 3) -> nn.Module:
    """One with something to be seen, and statistics of its own."""
    torch.manual_seed(0)
    made = DCGANGenerator(latent=6, size=16, width=8, classes=classes)
    for module in made.modules():
        if isinstance(module, nn.ConvTranspose2d):
            nn.init.normal_(module.weight, 0, 0.2)
    for _ in range(5):
        made(torch.randn(64, 6), torch.arange(64) % 3 if classes else None)
    return made.eval()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "m.onnx"
    assert export(network(), CARD, path).precision == "fp32"
    return path


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(4, 1, 0), (4, 2, 1), (7, 3, 2), (3, 1, 1), (5, 1, 0)])
@pytest.mark.parametrize("bias", [True, False])
def test_of_one_pixel_a_product_is_the_same(kernel: int, stride: int, padding: int, bias: bool) -> None:
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(5, 3, kernel, stride, padding, bias=bias)
    x = torch.randn(4, 5, 1, 1)
    found, right = FromOnePixel(layer)(x), layer(x)
    assert found.shape == right.shape
    assert torch.allclose(found, right, atol=1e-6)


def test_only_layers_of_one_pixel_become_products() -> None:
    form = ExportedDrawing(network()).network
    kinds = [type(module).__name__ for module in form.modules()]
    assert (kinds.count("FromOnePixel"), kinds.count("SubPixel")) == (1, 2)
    assert not {"ConvTranspose2d", "BatchNorm2d"} & set(kinds)


def test_the_file_draws_what_the_network_draws(whole: Path) -> None:
    model = onnx.load(whole)
    onnx.checker.check_model(model, full_check=True)
    sides = {
        value.name: [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    assert sides == {"noise": ["n", 6], "label": ["n"], "translated": ["n", 16, 16, 3]}
    translator, right = Translator(whole), Drawing(network())
    assert translator.card.parity["sizes"] == ["16×16", "16×16 (2 at once)", "16×16 (5 at once)"]
    assert translator.card.parity["max_float"] <= 0.05
    noise, labels = translator.noise(range(9)), [2, 1, 0] * 3
    with torch.no_grad():
        expected = right(torch.from_numpy(noise), torch.tensor(labels)).numpy().astype(int)
    assert expected.std() > 20
    found = translator.draw(noise, labels)
    assert np.abs(found - expected).max() <= 1
    # The label is heeded, and a picture knows nothing of the others.
    assert np.abs(translator.draw(noise, [0] * 9).astype(int) - expected).max() > 20
    alone = np.concatenate([translator.draw(noise[n : n + 1], labels[n : n + 1]) for n in range(9)])
    assert np.abs(alone.astype(int) - found).max() <= 1


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_smaller_precisions_are_measured_on_what_is_drawn(precision: str, whole: Path, tmp_path: Path) -> None:
    card = export(network(), CARD, tmp_path / "m.onnx", precision)
    told = card.parity[precision]
    assert (card.precision, told["pictures"], told["held_out"]) == (precision, 16, False)
    assert 0 < told["mean_levels"] < 1
    assert told["ssim"] >= 0.98
    full, small = Translator(whole), Translator(tmp_path / "m.onnx", engine="cpu")
    noise, labels = full.noise(range(16)), [n % 3 for n in range(16)]
    off = np.abs(full.draw(noise, labels).astype(int) - small.draw(noise, labels))
    assert off.mean() == pytest.approx(told["mean_levels"], abs=0.02)
    kinds = {onnx.numpy_helper.to_array(t).dtype.name for t in onnx.load(tmp_path / "m.onnx").graph.initializer}
    assert {"fp16": "float16", "bf16": "bfloat16"}[precision] in kinds


def test_int8_is_for_what_translates(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="int8 is for models that translate pictures, tiny draws them"):
        export(network(), CARD, tmp_path / "m.onnx", "int8")
    assert not list(tmp_path.iterdir())


def test_a_graph_that_draws_otherwise_is_refused() -> None:
    right, other = network(0), network(0)
    with torch.no_grad():
        other.layers[0].weight[0, 0] += 0.05
    card = Card("tiny", "noise → b", "dcgan", "noise", "b", size=16, latent=6, version=3)
    model = _drawing_to_onnx(ExportedDrawing(other).eval(), card)
    assert verify_drawing(model, Drawing(other), card)["max_float"] <= 0.05
    with pytest.raises(ExportError, match="differs from torch by"):
        verify_drawing(model, Drawing(right), card)


def test_what_is_compared_is_drawn_with_every_label() -> None:
    feeds = inputs(CARD, 5)
    assert feeds["label"].tolist() == [0, 1, 2, 0, 1]
    assert feeds["noise"].shape == (5, 6)
    assert list(inputs(network(0), 5)) == ["noise"]


# --- the card ---


def described(method: str, town: Path, changed: dict[str, object] | None = None, **given: object):
    plan = config.plan(configuration(method, town))
    resolved = {**plan.resolved, **(changed or {})}
    return describe(config.build_method(plan.resolved), resolved, {"step": 1}, **given)  # type: ignore[arg-type]


def test_names_of_labels_are_those_of_folders(town: Path) -> None:
    _, card = described("cgan", town, {"domains": ["noise", "view"]})
    assert card.classes == ["day", "edges", "night"]
    assert (card.task, card.source, card.target) == ("noise → view", "noise", "view")
    assert (card.size, card.target_channels, card.latent, card.statistics) == (32, 3, 8, "running")
    # Of a run that kept none, and names that no card can have.
    for names in ([], ["day", "edges", "x" * 41]):
        assert described("cgan", town, {"classes": names})[1].classes == ["0", "1", "2"]
    assert described("dcgan", town)[1].task == "noise → picture"


def test_batchnorm_of_single_pictures(town: Path) -> None:
    network, card = described("dcgan", town, statistics="image")
    assert card.statistics == "image"
    assert not [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def test_there_is_no_way_back_into_noise(town: Path) -> None:
    with pytest.raises(ExportError, match="dcgan does not translate backward: it has only forward, from noise"):
        described("dcgan", town, direction="backward")


def test_only_8_bits_are_drawn(town: Path) -> None:
    deep = {"forms": {"image": [{"channels": 3, "depth": "uint16", "range": [0, 65535]}]}}
    with pytest.raises(ExportError, match="only squares in 8-bit grey or RGB"):
        described("dcgan", town, deep)


def test_classes_that_do_not_follow_from_the_data(town: Path) -> None:
    from translate.errors import ConfigError

    plan = config.plan(configuration("cgan", town))
    assert config.plan(plan.resolved).resolved == plan.resolved
    with pytest.raises(ConfigError, match="classes: they follow from"):
        config.plan({**plan.resolved, "classes": ["a", "b", "c"]})
    assert "classes" not in config.plan(configuration("dcgan", town)).resolved


# --- the command ---


def test_a_run_through_the_command(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(config.plan(configuration("cgan", town, steps=1)), tmp_path / "runs", ignore)
    run.train(resume=False)
    out = tmp_path / "m.onnx"

    def told(*words: str) -> str:
        status = main(["export", str(run.folder), "-o", str(out), *words])
        given = capsys.readouterr()
        assert status == (1 if given.err else 0)
        return given.err or given.out

    assert "--history shows what training made of two pictures, cgan draws from noise" in told("--history")
    assert "cgan takes none" in told("--precision", "fp16", "--pictures", str(town))
    assert "int8 is for models that translate" in told("--precision", "int8")
    assert "does not translate backward" in told("--direction", "backward")
    assert not out.exists()
    assert "noise → picture" in told("--license", "CC0-1.0")
    assert Translator(out).card.license == "CC0-1.0"
    assert METHODS["cgan"].drawer == "G"
    # What a reader of the bare file needs stands in it.
    assert onnx.load(out).doc_string == (
        "noise → picture: noise float32 [N, 8] and label int64 [N] → translated uint8 [N, 32, 32, 3]"
    )
    directions = {"smile": {"direction": [0.5, 0, 0, 0, 0, 0, 0, -1], "high": "smiling"}}
    (tmp_path / "attributes.json").write_text(json.dumps(directions))
    told("--attributes", str(tmp_path / "attributes.json"))
    assert Translator(out).card.attributes == directions
    (tmp_path / "attributes.json").write_text('{"smile": {"direction": [0.5]}}')
    assert "attributes.smile.direction must be 8 numbers" in told("--attributes", str(tmp_path / "attributes.json"))


def test_a_classifier_through_the_command(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it could only ignore is refused, each in its own sentence."""
    run = Run(config.plan(configuration("classifier", town, steps=1)), tmp_path / "runs", ignore)
    run.train(resume=False)
    out = tmp_path / "c.onnx"
    command = ["export", str(run.folder), "-o", str(out)]
    for words, told in (
        (["--attributes", str(tmp_path / "none.json")], "--attributes are directions of noise, and a classifier"),
        (["--direction", "backward"], "--direction backward: a classifier reads pictures"),
        (["--statistics", "image"], "--statistics image: a classifier reads pictures as it was scored"),
        (["--precision", "fp16"], "a classifier is exported as fp32"),
    ):
        assert main([*command, *words]) == 1
        assert told in capsys.readouterr().err
        assert not out.exists()
    assert main([*command, "--statistics", "running"]) == 0
    assert out.exists()
