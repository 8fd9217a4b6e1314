"""Padding in the precision of what is padded."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def pad(x: Tensor, widths: tuple[int, int, int, int], mode: str) -> Tensor:
    """`functional.pad`, which only copies, and so needs no more precision than it is given.

    torch's autocast on the CPU widens it to float32: two casts of the whole map around every convolution, a fifth of
    the time of CycleGAN's step.
    """
    kind = x.device.type
    if not (torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)):
        return functional.pad(x, widths, mode)
    with torch.autocast(kind, enabled=False):
        return functional.pad(x, widths, mode)


class ReflectionPad(nn.ReflectionPad2d):
    """`nn.ReflectionPad2d` by `pad`."""

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → `[N, C, H + top + bottom, W + left + right]`."""
        return pad(x, self.padding, "reflect")
