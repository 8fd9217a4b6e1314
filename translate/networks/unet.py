"""The U-Net generator of pix2pix (Isola 2017, appendix 6.1.1), of any depth.

Encoder: C64-C128-C256-C512-…, every block a stride-2 convolution. Decoder: the mirror image in transposed
convolutions, each fed with the encoder's output of its own resolution beside what comes from below.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate.networks.checks import at_least
from translate.networks.dropout import Dropout
from translate.networks.init import normal_init
from translate.networks.norm import needs_bias, norm_layer
from translate.networks.recompute import through

UPSAMPLES = ("transposed", "nearest")


class UNet(nn.Module):
    """Encoder and decoder with skips: `[N, inputs, H, W]` → `[N, outputs, H, W]` in [-1, 1].

    Args:
        inputs: channels in.
        outputs: channels out.
        depth: halvings; the bottleneck of a 256² picture is 1×1 at depth 8 (the paper's network, 54.4 M parameters).
        width: channels after the first halving; they double up to eight times that.
        norm: `batch`, `instance` or `none`.
        dropout: rate in the full-width decoder blocks outside the innermost one (three of them at depth 8). It is
            the paper's only noise (§3.1); off in eval mode.
        upsample: how the decoder doubles: `transposed`, the paper's convolutions of 4×4 with stride 2, or `nearest`,
            each pixel fourfold and a convolution of 3×3, which leaves no grid of its own in flat areas (Odena, Dumoulin
            and Olah 2016, Deconvolution and Checkerboard Artifacts).

    Raises:
        ValueError: a size below the least possible, or an unknown way of doubling.

    `H` and `W` must be multiples of `multiple` = 2^depth, which is also the `smallest`.
    With `recompute` the activations inside of every block are computed again for the gradient.
    """

    recompute = False

    def __init__(
        self,
        inputs: int = 3,
        outputs: int = 3,
        depth: int = 8,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.5,
        upsample: str = "transposed",
    ) -> None:
        super().__init__()
        at_least(1, inputs=inputs, outputs=outputs, width=width)
        at_least(2, depth=depth)
        if upsample not in UPSAMPLES:
            raise ValueError(f"upsample = {upsample!r}: choose one of {', '.join(UPSAMPLES)}")
        self.multiple = self.smallest = 2**depth
        self.halo = 0  # through the bottleneck every pixel sees every other
        widths = [width * min(2**level, 8) for level in range(depth)]
        self.downs = nn.ModuleList(
            _down(
                inputs if level == 0 else widths[level - 1],
                widths[level],
                # No norm at the first, whose statistics are the picture's, nor at the innermost, which may be 1×1.
                norm="none" if level in (0, depth - 1) else norm,
                bias=needs_bias(norm),
                activate=level > 0,
            )
            for level in range(depth)
        )
        self.ups = nn.ModuleList(
            _up(
                # From the second block on, half of what comes in is the skip.
                widths[level] * (1 if level == depth - 1 else 2),
                widths[level - 1],
                norm,
                dropout if 3 < level < depth - 1 else 0.0,
                upsample,
            )
            for level in range(depth - 1, 0, -1)
        )
        self.out = nn.Sequential(nn.ReLU(), *_double(widths[0] * 2, outputs, upsample), nn.Tanh())
        self.apply(normal_init)

    def forward(self, x: Tensor) -> Tensor:
        """Translate `x` `[N, inputs, H, W]` in [-1, 1]."""
        skips = []
        for down in self.downs:
            x = through(down, x, self.recompute)
            skips.append(x)
        x = through(self.ups[0], skips.pop(), self.recompute)
        for up in self.ups[1:]:
            x = through(up, torch.cat((skips.pop(), x), 1), self.recompute)
        return self.out(torch.cat((skips.pop(), x), 1))


def _down(inputs: int, outputs: int, norm: str, bias: bool, activate: bool) -> nn.Sequential:
    block = nn.Sequential()
    if activate:
        block.append(nn.LeakyReLU(0.2))
    block.append(nn.Conv2d(inputs, outputs, 4, 2, 1, bias=bias))
    block.append(norm_layer(norm)(outputs))
    return block


def _up(inputs: int, outputs: int, norm: str, dropout: float, upsample: str) -> nn.Sequential:
    doubled = _double(inputs, outputs, upsample, needs_bias(norm))
    block = nn.Sequential(nn.ReLU(), *doubled, norm_layer(norm)(outputs))
    if dropout:
        block.append(Dropout(dropout))
    return block


def _double(inputs: int, outputs: int, upsample: str, bias: bool = True) -> list[nn.Module]:
    if upsample == "nearest":
        return [nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)]
    return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=bias)]
