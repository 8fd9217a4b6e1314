"""What all derivations have in common: a photo goes in, the source that a network is to learn from comes out.

One definition serves training, scoring and inference: `forward` is exported as a small ONNX graph that travels in the
model's file. The equations are kornia's wherever it has them, and tests hold them to kornia. They are written here
element by element (shifts, products and sums in a fixed order) rather than called, for two reasons. kornia's filters
are convolutions, which a GPU may round its own way and ONNX Runtime another, and where a threshold decides on an edge
the last bit may decide; and some of kornia's (the hysteresis of Canny) are loops over data, which no graph holds. What
is made of IEEE products and sums alone has the same bits in torch and in the exported graph.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from translate.errors import ConfigError

Draws = tuple[Tensor, ...]
"""What was left to chance, one row a picture."""


class Derivation(nn.Module, ABC):
    """Photos float `[N, 3, H, W]` in [-1, 1] → sources float `[N, channels, H, W]` in [-1, 1], of any height and width.

    Photos are rounded to 8-bit levels before, and sources after: training sees what a file of either holds.
    """

    channels: ClassVar[int] = 1
    """Of the source: 1 grey, 3 RGB, 4 RGBA."""
    does: ClassVar[str]
    """What the source is, in a few words, for the card."""

    def __init__(self) -> None:
        super().__init__()

    def forward(self, photo: Tensor) -> Tensor:
        """The source without chance: for what is shown, scored and exported."""
        return self._made(photo, self.still(photo))

    def drawn(self, photo: Tensor) -> Tensor:
        """The source of a step of training, whose generators are seeded."""
        return self._made(photo, self.chance(photo))

    def chance(self, photo: Tensor) -> Draws:
        """What training draws, from torch's global generator of the CPU, for the whole of a shared batch; our rows."""
        return self.still(photo)

    def still(self, photo: Tensor) -> Draws:
        """What stands in for chance where there is to be none."""
        return ()

    @abstractmethod
    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        """Levels 0 … 255 float32 `[N, 3, H, W]` → levels `[N, channels, H, W]`, to be rounded and clamped."""

    @torch.no_grad()
    def _made(self, photo: Tensor, draws: Draws) -> Tensor:
        levels = (photo.float() * 127.5 + 127.5).round().clamp(0, 255)
        # As `translate.batches.to_device` turns levels into floats.
        return self.derive(levels, *draws).round().clamp(0, 255) / 127.5 - 1


def luma(levels: Tensor) -> Tensor:
    """ITU-R BT.601 luma `[N, 1, H, W]` of RGB, unrounded."""
    red, green, blue = levels.split(1, dim=1)
    return 0.299 * red + 0.587 * green + 0.114 * blue


def smoothed(x: Tensor, sigma: float, radius: int) -> Tensor:
    """`x` `[N, C, H, W]` under a Gaussian of so many pixels, cut off at `radius` and normalised; edges are repeated."""
    weights = [math.exp(-0.5 * (offset / sigma) ** 2) for offset in range(radius + 1)]
    total = weights[0] + 2 * sum(weights[1:])
    for dim in (3, 2):
        padded = repeated(x, radius, dim)
        length = x.shape[dim]
        out = padded.narrow(dim, radius, length) * (weights[0] / total)
        for offset, weight in enumerate(weights[1:], 1):
            both = padded.narrow(dim, radius - offset, length) + padded.narrow(dim, radius + offset, length)
            out = out + both * (weight / total)
        x = out
    return x


def slopes(x: Tensor) -> tuple[Tensor, Tensor]:
    """Sobel's derivatives to the right and downwards, eight times as large as those of a plane; edges are repeated."""
    padded = repeated(repeated(x, 1, 3), 1, 2)
    height, width = x.shape[2], x.shape[3]

    def at(down: int, right: int) -> Tensor:
        return padded.narrow(2, 1 + down, height).narrow(3, 1 + right, width)

    across = (at(-1, 1) - at(-1, -1)) + 2 * (at(0, 1) - at(0, -1)) + (at(1, 1) - at(1, -1))
    along = (at(1, -1) - at(-1, -1)) + 2 * (at(1, 0) - at(-1, 0)) + (at(1, 1) - at(-1, 1))
    return across, along


def repeated(x: Tensor, radius: int, dim: int) -> Tensor:
    """`x` with its first and last pixels along `dim` (2 or 3) repeated `radius` times."""
    return functional.pad(x, (radius, radius, 0, 0) if dim == 3 else (0, 0, radius, radius), mode="replicate")


def within(low: float, high: float, /, **arguments: float) -> None:
    """Refuse arguments that are out of range."""
    for name, value in arguments.items():
        if not low <= value <= high:
            raise ConfigError(f"derive: {name} = {value:g}: give {low:g} to {high:g}")
