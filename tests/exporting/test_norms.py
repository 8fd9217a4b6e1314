"""Norms as they are exported: folded or in float32, the same numbers; opened, statistics can be told and given."""

import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from translate.card import Card
from translate.exporting import export
from translate.exporting.graph import BytesToBytes
from translate.exporting.norms import folded, full
from translate.networks import ResNet, UNet
from translate.networks.norm import per_image
from translate.runtime import Translator


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


def test_in_half_precision_a_norm_computes_in_float32() -> None:
    norm = nn.InstanceNorm2d(2, affine=True).requires_grad_(False)
    norm.weight.copy_(torch.tensor([1.0001, 2.0]))  # what half precision cannot say
    x = (torch.rand(1, 2, 8, 8) * 300 + 1000).half()  # squares that it cannot hold
    given = full(nn.Sequential(norm)).half()(x)
    assert given.dtype == torch.float16
    assert torch.equal(given, norm(x.float()).half())


class Given(nn.Module):
    """A norm by given statistics, which writes down what it would have measured."""

    def __init__(self, norm: nn.InstanceNorm2d, row: Iterator[torch.Tensor], told: list[torch.Tensor]) -> None:
        super().__init__()
        self.norm, self.row, self.told = norm, row, told

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.told.extend((x.mean((2, 3)), x.var((2, 3), correction=0)))
        mean, variance = next(self.row)[..., None, None], next(self.row)[..., None, None]
        y = (x - mean) / (variance + self.norm.eps).sqrt()
        if not self.norm.affine:
            return y
        return y * self.norm.weight[:, None, None] + self.norm.bias[:, None, None]


@pytest.mark.parametrize("network", [per_image(seen(UNet(depth=4, width=4))), ResNet(blocks=2, width=4).eval()])
def test_opened_a_graph_takes_statistics_and_tells_its_own(network: nn.Module, tmp_path: Path) -> None:
    """Beside torch with the same norms written out: the same pictures, and rows in the order of execution."""
    card = export(network, Card("n", "a → b", "none", "a", "b", size=32), tmp_path / "n.onnx")
    norms = [module for module in network.modules() if isinstance(module, nn.InstanceNorm2d)]
    assert sorted(card.norms) == sorted(norm.num_features for norm in norms)
    row = torch.rand(1, card.row) + 0.5
    told: list[torch.Tensor] = []
    rows = iter(row.split([size for channels in card.norms for size in (channels, channels)], 1))
    written = copy.deepcopy(network)
    for name, module in list(written.named_modules()):
        if isinstance(module, nn.InstanceNorm2d):
            parent = written.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], Given(module, rows, told))
    image = np.random.default_rng(0).integers(0, 256, (1, 37, 44, 3), np.uint8)
    with torch.no_grad():
        expected = BytesToBytes(written)(torch.from_numpy(image)).numpy()
    found, measured = Translator(tmp_path / "n.onnx").with_statistics(image, row.numpy())
    assert np.abs(found.astype(int) - expected).max() <= 1
    torch.testing.assert_close(torch.from_numpy(measured), torch.cat(told, 1), atol=1e-4, rtol=1e-3)


def test_a_part_comes_out_as_in_the_whole(tmp_path: Path) -> None:
    """Given the whole picture's statistics, what lies further than the halo from a cut does not feel it."""
    torch.manual_seed(0)
    network = ResNet(blocks=1, width=4).eval()
    export(network, Card("n", "a → b", "none", "a", "b", size=32), tmp_path / "n.onnx")
    model = Translator(tmp_path / "n.onnx")
    picture = np.random.default_rng(0).integers(0, 256, (1, 96, 128, 3), np.uint8)
    whole, row = model.with_statistics(picture)
    part, _ = model.with_statistics(np.ascontiguousarray(picture[:, :, :80]), row)
    apart = model.array(np.ascontiguousarray(picture[:, :, :80]))
    inside = 80 - network.halo
    difference = np.abs(part.astype(int) - whole[:, :, :80])
    assert difference[:, :, :inside].max() <= 1
    assert difference[:, :, inside:].max() > 1
    assert np.abs(apart[:, :, :inside].astype(int) - whole[:, :, :inside]).max() > 1


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
