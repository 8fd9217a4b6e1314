"""What every translating generator and every method with a direction keeps when it is exported."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.tiny import ignore, plan
from translate.card import Card
from translate.exporting import describe, export
from translate.exporting.graph import BytesToBytes
from translate.methods import METHODS
from translate.networks import GENERATORS
from translate.networks.norm import per_image
from translate.runtime import Translator
from translate.training.resume import load_method
from translate.training.run import Run

SMALL = {"unet": {"depth": 4, "width": 4}, "resnet": {"blocks": 1, "width": 4}}
VARIANTS = {"unet, nearest": ("unet", {"depth": 4, "width": 4, "upsample": "nearest"})}
TRANSLATING = [*(name for name in GENERATORS if name != "dcgan_generator"), *VARIANTS]


def small(name: str, *channels: int) -> nn.Module:
    """The generator, or the variant of one, of that name, as small as it can be."""
    kind, arguments = VARIANTS.get(name) or (name, SMALL[name])
    return GENERATORS[kind](*channels, **arguments)


def card(**changes) -> Card:
    facts = {"name": "tiny", "task": "a → b", "method": "pix2pix", "source": "a", "target": "b", "size": 32}
    return Card(**{**facts, **changes})


@pytest.mark.parametrize("channels", [(3, 3), (1, 3)])
@pytest.mark.parametrize("name", TRANSLATING)
def test_the_file_says_what_the_network_says(name: str, channels: tuple[int, int], tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = per_image(small(name, *channels))
    written = export(network, card(source_channels=channels[0], target_channels=channels[1]), tmp_path / "m.onnx")
    assert written.parity["max_float"] <= 0.05
    assert written.multiple == network.multiple
    translator, graph = Translator(tmp_path / "m.onnx"), BytesToBytes(network)
    assert translator.card == written
    random = np.random.default_rng(0)
    for shape in ((1, 32, 32), (3, 17, 61), (1, 100, 9)):
        picture = random.integers(0, 256, (*shape, channels[0]), np.uint8)
        with torch.no_grad():
            expected = graph(torch.from_numpy(picture)).numpy().astype(int)
        assert np.abs(translator.array(picture) - expected).max() <= 1
    # One pixel is a picture too.
    assert translator.array(np.full((1, 1, 1, channels[0]), 200, np.uint8)).shape == (1, 1, 1, channels[1])


@pytest.mark.parametrize("name", TRANSLATING)
def test_one_file_with_nothing_of_this_machine_in_it(name: str, tmp_path: Path) -> None:
    import onnx

    export(small(name).eval(), card(), tmp_path / "m.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model)
    assert not [node for node in model.graph.node if node.op_type == "ConvTranspose"]
    assert str(Path.cwd()).encode() not in (tmp_path / "m.onnx").read_bytes()
    (image,), (translated,) = model.graph.input, model.graph.output
    dims = [[d.dim_param or d.dim_value for d in t.type.tensor_type.shape.dim] for t in (image, translated)]
    assert (image.name, translated.name, dims) == ("image", "translated", [["n", "h", "w", 3]] * 2)


@pytest.mark.parametrize("name", [name for name, method in METHODS.items() if method.directions])
def test_a_run_becomes_a_file(name: str, town: Path, tmp_path: Path) -> None:
    run = Run(plan(name, town, steps=2), tmp_path / "runs", ignore)
    run.train(resume=False)
    saved, method = load_method(run.folder, ignore)
    for direction in method.directions:
        network, described = describe(
            method, saved["config"], {"step": saved["step"], "data": saved["data"]}, direction
        )
        export(network, described, tmp_path / f"{direction}.onnx")
        translator = Translator(tmp_path / f"{direction}.onnx")
        assert translator.card.training["step"] == 2
        assert translator.card.method == name
        # It is the averaged network, as it is shown on sample sheets.
        batch = run_pictures(run)
        shown = run.trainer.show(batch)["translated"] if direction == "forward" else None
        if shown is not None:
            expected = (shown * 127.5 + 127.5).round().permute(0, 2, 3, 1).clamp(0, 255).numpy()
            source = batch.source.permute(0, 2, 3, 1).clamp(0, 255).numpy()
            assert np.abs(translator.array(source) - expected).max() <= 1


DRAWING = [name for name, method in METHODS.items() if method.drawer]


def test_methods_that_draw_translate_nothing() -> None:
    assert {"dcgan", "cgan", "wgan", "wgan_gp", "unrolled"} <= set(DRAWING)
    for name in DRAWING:
        assert not METHODS[name].directions
        assert METHODS[name].drawer in METHODS[name].averaged


@pytest.mark.parametrize("name", DRAWING)
def test_a_run_that_draws_becomes_a_file(name: str, town: Path, tmp_path: Path) -> None:
    import onnx

    run = Run(plan(name, town, steps=2), tmp_path / "runs", ignore)
    run.train(resume=False)
    saved, method = load_method(run.folder, ignore)
    livened(getattr(method, method.drawer))
    network, described = describe(method, saved["config"], {"step": saved["step"], "data": saved["data"]})
    written = export(network, described, tmp_path / "m.onnx")
    translator = Translator(tmp_path / "m.onnx")
    card = translator.card
    assert card == written == Card.from_json(card.to_json())
    assert (card.method, card.source, card.training["step"], card.version) == (name, "noise", 2, 3)
    assert card.latent == network.latent
    # Names of the folders of the town, in their order.
    assert card.classes == (["day", "edges", "night"] if network.classes else [])
    for count in (1, 3, 7):
        noise = translator.noise(range(100, 100 + count))
        labels = [n % len(card.classes) for n in range(count)] if card.classes else None
        with torch.no_grad():
            told = [] if labels is None else [torch.tensor(labels)]
            expected = (
                (network(torch.from_numpy(noise), *told) * 127.5 + 127.5).permute(0, 2, 3, 1).clamp(0, 255).numpy()
            )
        assert expected.std() > 20  # there is something to be seen
        assert np.abs(translator.draw(noise, labels) - expected).max() <= 0.5 + 0.05
    model = onnx.load(tmp_path / "m.onnx")
    onnx.checker.check_model(model)
    kinds = {node.op_type for node in model.graph.node}
    assert not kinds & {"ConvTranspose", "BatchNormalization", "RandomNormal", "RandomNormalLike"}


def livened(network: nn.Module) -> None:
    """Two steps leave a grey sheet: larger weights, and statistics that are no longer those of the start."""
    torch.manual_seed(0)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                module.weight.mul_(16)
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)


def run_pictures(run: Run):
    from translate.data.loading import Pictures

    return Pictures(run.plan.layout, run.plan.transform).fixed(2)
