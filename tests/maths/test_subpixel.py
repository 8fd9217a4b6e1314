"""A transposed convolution and its sub-pixel form are the same function."""

import pytest
import torch
from torch import nn

from translate.exporting.subpixel import SubPixel, fits, subpixel
from translate.networks import UNet


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "extra"),
    [(4, 2, 1, 0), (3, 2, 1, 1), (2, 2, 0, 0), (5, 2, 2, 1), (6, 2, 2, 0), (8, 4, 2, 0), (3, 3, 0, 0), (3, 1, 1, 0)],
)
@pytest.mark.parametrize("bias", [True, False])
def test_same_numbers(kernel: int, stride: int, padding: int, extra: int, bias: bool) -> None:
    torch.manual_seed(0)
    layer = nn.ConvTranspose2d(3, 5, kernel, stride, padding, output_padding=extra, bias=bias).double()
    assert fits(layer)
    x = torch.randn(2, 3, 7, 6, dtype=torch.float64)
    torch.testing.assert_close(SubPixel(layer)(x), layer(x), atol=1e-13, rtol=0)


@pytest.mark.parametrize(
    "layer",
    [
        nn.ConvTranspose2d(2, 2, 4, 2, 0),  # grows by more than its stride
        nn.ConvTranspose2d(2, 2, (4, 2), 2, (1, 0)),  # not square
        nn.ConvTranspose2d(2, 2, 4, 2, 1, groups=2),
        nn.ConvTranspose2d(2, 2, 1, 2, 0, output_padding=1),  # phases without a tap
    ],
)
def test_what_does_not_fit_is_left_alone(layer: nn.ConvTranspose2d) -> None:
    assert not fits(layer)
    assert isinstance(subpixel(nn.Sequential(layer))[0], nn.ConvTranspose2d)


def test_a_whole_network() -> None:
    torch.manual_seed(0)
    network = UNet(depth=5, width=4).double().eval()
    rewritten = subpixel(network)
    assert not any(isinstance(module, nn.ConvTranspose2d) for module in rewritten.modules())
    assert any(isinstance(module, nn.ConvTranspose2d) for module in network.modules())
    x = torch.randn(1, 3, 64, 32, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(rewritten(x), network(x), atol=1e-12, rtol=0)
