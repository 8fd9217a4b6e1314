"""Halving and doubling through low-pass filters, so that detail does not flicker with its place   (Zhang 2019, §3.2).

Without them a shift of the picture by a pixel changes which pixels a stride keeps.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from translate.networks.pad import pad


class BlurDown(nn.Module):
    """`[N, C, H, W]` → `[N, C, ⌈H/2⌉, ⌈W/2⌉]`: every second pixel after [1, 2, 1]/4 both ways, edges reflected."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", _outer([1.0, 2.0, 1.0]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.kernel.to(x.dtype).expand(x.shape[1], 1, -1, -1)
        return functional.conv2d(pad(x, (1, 1, 1, 1), "reflect"), kernel, stride=2, groups=x.shape[1])


class BlurUp(nn.Module):
    """`[N, C, H, W]` → `[N, C, 2H, 2W]`: zeros between the pixels, then [1, 3, 3, 1]/4 both ways, border repeated."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Three of four pixels are zeros before filtering: the sum is 4.
        self.register_buffer("kernel", 4 * _outer([1.0, 3.0, 3.0, 1.0]), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.kernel.to(x.dtype).expand(x.shape[1], 1, -1, -1)
        padded = pad(x, (1, 1, 1, 1), "replicate")
        # What the border pixels spread outside of the doubled picture is cut off.
        return functional.conv_transpose2d(padded, kernel, stride=2, padding=3, groups=x.shape[1])


def _outer(row: list[float]) -> Tensor:
    """A separable kernel `[1, 1, k, k]` of sum 1."""
    values = torch.tensor(row)
    kernel = values[:, None] * values
    return (kernel / kernel.sum())[None, None]
