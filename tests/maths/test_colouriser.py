"""The network that colours: lightness comes through whatever the weights say, gradients too, and the file agrees."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.test_derived_layout import section
from translate import colour, config
from translate.card import Card
from translate.exporting import export
from translate.networks import NETWORKS
from translate.networks.colouriser import UNetAB
from translate.runtime import Translator


def small() -> UNetAB:
    torch.manual_seed(0)
    network = UNetAB(depth=4, width=4, norm="instance")
    with torch.no_grad():  # so that a* and b* go as far as they can
        for weight in network.unet.out.parameters():
            weight.mul_(200)
    return network.eval()


def test_lightness_is_kept_whatever_the_colours() -> None:
    network, x = small(), torch.rand(2, 1, 32, 48) * 2 - 1
    rgb = (network(x) + 1) / 2
    assert rgb.shape == (2, 3, 32, 48)
    assert rgb.std(1).max() > 0.3  # it does colour
    assert (colour.lightness(rgb) - 50 * (x + 1)).abs().max() < 0.05  # of 100


def test_half_precision_around_it_does_not_reach_the_colours() -> None:
    network, x = small(), torch.rand(1, 1, 16, 16) * 2 - 1
    with torch.autocast("cpu", torch.bfloat16):
        rgb = network(x)
    assert rgb.dtype == torch.float32
    assert (colour.lightness((rgb + 1) / 2) - 50 * (x + 1)).abs().max() < 0.05


def test_every_weight_has_a_finite_gradient() -> None:
    network = small().train()
    x = torch.cat(
        (torch.rand(1, 1, 32, 16) * 2 - 1, torch.full((1, 1, 32, 8), -1.0), torch.full((1, 1, 32, 8), 1.0)), 3
    )
    network(x).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all(), name
    assert network.unet.out[1].weight.grad.abs().max() > 0


def test_other_channels_are_refused(town: Path) -> None:
    with pytest.raises(ValueError, match="it takes 1 channel, lightness"):
        NETWORKS["unet_ab"](3, 3)
    generator = {"G": {"name": "unet_ab", "depth": 5, "width": 4}}
    made = config.plan(section(town, {"name": "lightness"}, networks=generator))
    assert made.resolved["networks"]["G"]["name"] == "unet_ab"
    with pytest.raises(Exception, match="it takes 1 channel, lightness"):
        config.plan(section(town, {"name": "blur"}, networks=generator))


def test_the_file_says_what_the_network_says(tmp_path: Path) -> None:
    derived = {"name": "lightness", "arguments": {}, "does": "lightness L* of CIE Lab"}
    card = Card("tiny", "a → b", "none", "a", "b", source_channels=1, size=32, statistics="image", derived=derived)
    written = export(small(), card, tmp_path / "m.onnx")
    assert written.parity["max_float"] <= 0.05
    translator = Translator(tmp_path / "m.onnx", engine="cpu")
    photo = np.random.default_rng(0).integers(0, 256, (29, 41, 3), np.uint8)
    lightness = translator.derive(photo)
    coloured = translator.array(lightness)
    assert coloured.shape == photo.shape
    # Of what was coloured the lightness is derived again: to the rounding of three channels.
    assert np.abs(translator.derive(coloured).astype(int) - lightness).max() <= 2
