"""Channels of equal range before a norm: the same function, and fewer levels lost to eight bits."""

import numpy as np
import pytest
import torch
from torch import nn

from translate.exporting.equalise import RANGE, equalised
from translate.exporting.graph import BytesToBytes
from translate.networks import ResNet, UNet
from translate.networks.norm import per_image


def pictures(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (32, 48, 3), np.uint8) for _ in range(count)]


def uneven(network: nn.Module) -> nn.Module:
    """With channels before norms that differ a thousandfold, and biases."""
    torch.manual_seed(1)
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and layer.weight.shape[0] > 3:
                channels = layer.out_channels
                shape = (1, -1, 1, 1) if isinstance(layer, nn.ConvTranspose2d) else (-1, 1, 1, 1)
                layer.weight.mul_(10 ** torch.linspace(0.5, 3, channels).reshape(shape))
                if layer.bias is not None:
                    layer.bias.uniform_(-1, 1)
    return network.eval()


NETWORKS = [uneven(ResNet(blocks=1, width=8)), uneven(per_image(UNet(depth=4, width=8)))]


@pytest.mark.parametrize("network", NETWORKS, ids=["resnet", "unet"])
def test_the_function_stays_what_it_was(network: nn.Module) -> None:
    before, after = BytesToBytes(network), BytesToBytes(equalised(network, pictures(3)))
    other = torch.from_numpy(np.random.default_rng(9).integers(0, 256, (2, 40, 32, 3), np.uint8))
    with torch.no_grad():
        assert (before.levels(other) - after.levels(other)).abs().max() < 0.1


@pytest.mark.parametrize("network", NETWORKS, ids=["resnet", "unet"])
def test_every_channel_before_a_norm_has_the_range(network: nn.Module) -> None:
    equal, reached = equalised(network, pictures(3)), []
    for block in equal.modules():
        if isinstance(block, nn.Sequential):
            for place in range(len(block) - 1):
                if isinstance(block[place], nn.Conv2d | nn.ConvTranspose2d) and isinstance(
                    block[place + 1], nn.InstanceNorm2d
                ):
                    reached.append([])
                    block[place].register_forward_hook(lambda _, __, output, to=reached[-1]: to.append(output))
    with torch.no_grad():
        for picture in pictures(3):
            BytesToBytes(equal)(torch.from_numpy(picture[None]))
    assert len(reached) >= 5
    for outputs in reached:
        least = torch.stack([output.amin((0, 2, 3)) for output in outputs]).amin(0)
        most = torch.stack([output.amax((0, 2, 3)) for output in outputs]).amax(0)
        torch.testing.assert_close(most, torch.full_like(most, RANGE), rtol=1e-2, atol=0)
        torch.testing.assert_close(least, torch.full_like(least, -RANGE), rtol=1e-2, atol=0)


def test_epsilon_damps_what_it_damped_before() -> None:
    """A channel that hardly moves comes out small, as ε beside its variance had it, and not blown up."""
    network = nn.Sequential(nn.Conv2d(3, 2, 1, bias=False), nn.InstanceNorm2d(2)).eval()
    network.multiple = network.smallest = network.halo = 1
    with torch.no_grad():
        network[0].weight.copy_(torch.tensor([[1.0, 0, 0], [0.003, 0, 0]])[..., None, None])
    equal, picture = equalised(network, pictures(1)), pictures(1)[0]
    x = torch.from_numpy(picture[None]).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        before, after = network(x), equal(x)
    assert before[:, 1].std() < 0.7
    torch.testing.assert_close(after, before, atol=1e-3, rtol=1e-3)


def test_eight_bits_lose_less(tmp_path) -> None:
    import onnx

    from translate.card import Card
    from translate.exporting import export as one
    from translate.exporting.int8 import quantised
    from translate.exporting.precision import Judge

    network, card, errors = NETWORKS[0], Card("n", "a → b", "none", "a", "b", size=32), []
    for name, form in (("plain", network), ("equal", equalised(network, pictures(4)))):
        one(form, card, tmp_path / f"{name}.onnx")
        model = onnx.load(tmp_path / f"{name}.onnx")
        judge = Judge(model, [{"image": picture[None]} for picture in pictures(6)[4:]])
        found, _ = quantised(model, pictures(4), lambda other: 0.0, lambda other: True)
        errors.append(judge(found)["mean_levels"])
    assert errors[1] < 0.5 * errors[0]
