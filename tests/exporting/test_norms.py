"""Norms as they are exported: folded or written out, the same numbers, and statistics that can be told and given."""

import numpy as np
import pytest
import torch
from torch import nn

from translate.exporting.graph import BytesToBytes, Exported
from translate.exporting.norms import folded, measured
from translate.networks import ResNet, UNet
from translate.networks.norm import per_image


def seen(network: nn.Module) -> nn.Module:
    """With statistics and affine weights that are not those of the start."""
    torch.manual_seed(3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in (
                (module.running_mean, -1, 1),
                (module.running_var, 0.5, 2),
                (module.weight.data, 0.5, 2),
                (module.bias.data, -1, 1),
            ):
                nn.init.uniform_(tensor, low, high)
    return network.eval()


@pytest.mark.parametrize("network", [UNet(depth=4, width=4), ResNet(blocks=2, width=4, norm="batch")])
def test_batchnorm_is_folded_away(network: nn.Module) -> None:
    x = torch.rand(2, 3, 32, 48) * 2 - 1
    plain = folded(seen(network))
    assert not [module for module in plain.modules() if isinstance(module, nn.BatchNorm2d)]
    with torch.no_grad():
        torch.testing.assert_close(plain(x), network(x), atol=1e-5, rtol=0)


@pytest.mark.parametrize("network", [per_image(seen(UNet(depth=4, width=4))), ResNet(blocks=2, width=4).eval()])
def test_written_out_it_is_instancenorm(network: nn.Module) -> None:
    x = torch.rand(2, 3, 32, 48) * 2 - 1
    written, statistics = measured(network)
    statistics.start(None, None)
    with torch.no_grad():
        torch.testing.assert_close(written(x), network(x), atol=1e-5, rtol=0)
    assert statistics.row().shape == (2, statistics.size)


def test_statistics_are_means_and_variances_in_the_order_of_execution() -> None:
    network = ResNet(blocks=1, width=4).eval()
    norms = [module for module in network.modules() if isinstance(module, nn.InstanceNorm2d)]
    expected = []
    for norm in norms:
        norm.register_forward_pre_hook(
            lambda _, args: expected.extend((args[0].mean((2, 3)), args[0].var((2, 3), correction=0)))
        )
    written, statistics = measured(network)
    x = torch.rand(2, 3, 16, 24)
    with torch.no_grad():
        network(x)
        statistics.start(None, None)
        written(x)
    torch.testing.assert_close(statistics.row(), torch.cat(expected, 1), atol=1e-5, rtol=1e-4)


def test_given_statistics_are_used_and_the_true_ones_told() -> None:
    norm, statistics = measured(nn.Sequential(nn.InstanceNorm2d(2)))
    x = torch.rand(1, 2, 8, 8, dtype=torch.float64).float()
    given = torch.tensor([[0.3, -0.2, 1.5, 0.7]])
    for frozen in (True, False):
        statistics.start(given, torch.tensor([frozen]))
        y = norm(x)
        means, variances = x.mean((2, 3)), x.var((2, 3), correction=0)
        torch.testing.assert_close(statistics.row(), torch.cat((means, variances), 1), atol=1e-6, rtol=1e-5)
        if frozen:
            means, variances = given[:, :2], given[:, 2:]
        expected = (x - means[..., None, None]) / (variances[..., None, None] + 1e-5).sqrt()
        torch.testing.assert_close(y, expected)


def test_a_part_comes_out_as_in_the_whole() -> None:
    """Given the whole picture's statistics, what lies further than the halo from a cut does not feel it."""
    torch.manual_seed(0)
    network = ResNet(blocks=1, width=4).eval()
    graph = Exported(network)
    picture = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (1, 96, 128, 3), np.uint8))
    with torch.no_grad():
        whole, row = graph(picture)
        assert torch.equal(whole, BytesToBytes(network)(picture))
        part, _ = graph(picture[:, :, :80], row, torch.tensor([True]))
        apart, _ = graph(picture[:, :, :80])
    inside = 80 - network.halo
    difference = (part.int() - whole[:, :, :80].int()).abs()
    assert difference[:, :, :inside].max() <= 1
    assert difference[:, :, inside:].max() > 1
    assert (apart[:, :, :inside].int() - whole[:, :, :inside].int()).abs().max() > 1


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("blocks", [1, 3])
def test_the_halo_is_how_far_an_output_pixel_sees(blocks: int, antialias: bool) -> None:
    network = ResNet(inputs=1, outputs=1, blocks=blocks, width=2, norm="none", antialias=antialias).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.abs_().clamp_(min=1e-3)  # nothing cancels, and no ReLU is off
    reach = 0
    for place in range(128, 132):  # each phase of the strides
        x = torch.full((1, 1, 256, 256), 1e-6, dtype=torch.float64, requires_grad=True)
        network(x)[0, 0, place, place].backward()
        rows = x.grad[0, 0].abs().sum(1).nonzero()
        reach = max(reach, place - int(rows.min()), int(rows.max()) - place)
    assert network.halo - 4 <= reach <= network.halo
