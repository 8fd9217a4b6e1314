"""Networks that grow: layers for larger pictures are added while they learn                  (Karras 2018, §2)

How far a network has grown is one number. At a whole number L it has L levels beyond its first one; between L − 1 and L
the level L fades in, and the fraction is the paper's α (figure 2). The number lies on the device, as a buffer, so that
a recorded round can read it. Which layers take part is the host's to know.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Growing(nn.Module):
    """Base of networks that grow; it is built fully grown.

    Args:
        start: side of the pictures at level 0.
        size: side at the last level, `start` doubled so many times.

    Raises:
        ValueError: it is not.
    """

    grown: Tensor

    def __init__(self, start: int, size: int) -> None:
        super().__init__()
        last = max(size // max(start, 1), 1).bit_length() - 1
        if start < 4 or start & (start - 1) or start << last != size:
            raise ValueError(f"start = {start}, size = {size}: both must be 4 doubled a few times, start first")
        self.sides = [start << level for level in range(last + 1)]
        self.register_buffer("grown", torch.zeros(()))
        self.register_load_state_dict_post_hook(_agree)
        self.grow(last)

    @property
    def side(self) -> int:
        """Side of the pictures at the level that it has reached."""
        return self.sides[self.level]

    @property
    def shown_side(self) -> Tensor:
        """A number for the log, start · 2^grown: between 16 and 32 while 32² fades in. A scalar on the device."""
        return self.sides[0] * 2**self.grown

    def grow(self, grown: float) -> None:
        """Be so far grown, from 0 to the last level: shrinking is allowed."""
        self.level = math.ceil(grown)
        self.fading = grown < self.level
        self.grown.fill_(grown)

    def agree(self) -> None:
        """Let the host know what the buffer says, which was loaded or copied."""
        self.grow(float(self.grown))

    def faded(self, before: Tensor, now: Tensor) -> Tensor:
        """(1 − α) before + α now, float32 at least: while a level fades in."""
        wide = torch.promote_types(now.dtype, torch.float32)
        return torch.lerp(before.to(wide), now.to(wide), (self.grown - (self.level - 1)).to(wide))

    def reduced(self, image: Tensor) -> Tensor:
        """Full-size pictures `[N, C, size, size]` as they are at this stage, `[N, C, side, side]`.

        While a level fades in, real pictures go from the former resolution to the new one by the same α, as generated
        ones do                                                                          (Karras 2018, appendix A).
        """
        image = functional.avg_pool2d(image, self.sides[-1] // self.side)
        return self.faded(doubled(halved(image)), image) if self.fading else image

    def enlarged(self, image: Tensor) -> Tensor:
        """Pictures of this stage at full size, by nearest pixels."""
        return doubled(image, self.sides[-1] // self.side)


def doubled(image: Tensor, factor: int = 2) -> Tensor:
    """Nearest neighbour, `[N, C, H, W]` → `[N, C, 2H, 2W]`."""
    return functional.interpolate(image, scale_factor=factor, mode="nearest") if factor > 1 else image


def halved(image: Tensor) -> Tensor:
    """The mean of each 2×2 pixels, `[N, C, H, W]` → `[N, C, H/2, W/2]`."""
    return functional.avg_pool2d(image, 2)


def _agree(network: Growing, _: Any) -> None:
    network.agree()
