"""Differentiable augmentation: D sees T(x) and T(G(z)), and G learns through T                            (Zhao 2020)

T is drawn on the device from the generator that the trainer seeds, and never asks the device for a value, so that a
round can be recorded. (Kornia draws on the CPU, clamps to [0, 1], which takes the gradient away, and inverts a matrix
to move a picture by whole pixels. The tests compare with it.) Strengths are those of the authors' code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from translate import shares

Change = Callable[[Tensor], Tensor]


class Augmentation(NamedTuple):
    """One draw of T, for as many pictures as it was drawn for: the same for all that it is applied to."""

    changes: list[tuple[Change, bool]]
    """In order; whether each moves things, or only colours them."""

    def picture(self, image: Tensor) -> Tensor:
        """T of a picture that is judged, `[N, C, H, W]` in [-1, 1]; what is left empty is 0."""
        for change, _ in self.changes:
            image = change(image)
        return image

    def condition(self, given: Tensor) -> Tensor:
        """What a picture is judged by: where that is a picture it moves along, or the two would not fit any more."""
        for change, moves in self.changes if given.ndim == 4 else ():
            given = change(given) if moves else given
        return given


def draw(names: Sequence[str], like: Tensor) -> Augmentation:
    """T for as many pictures as `like` `[N, C, H, W]` and of their size, of these `KINDS`."""
    return Augmentation([(KINDS[name](like), name in MOVING) for name in names])


def color(like: Tensor) -> Change:
    """Brightness ± 0.5, then saturation × 0 to 2, then contrast × 0.5 to 1.5."""
    brightness, saturation, contrast = (_uniform(like)[:, None, None, None] for _ in range(3))

    def change(image: Tensor) -> Tensor:
        image = image + (brightness - 0.5)
        grey = image.mean(1, keepdim=True)
        image = (image - grey) * (2 * saturation) + grey
        mean = image.mean((1, 2, 3), keepdim=True)
        return (image - mean) * (contrast + 0.5) + mean

    return change


def translation(like: Tensor, share: float = 1 / 8) -> Change:
    """Moved by whole pixels, up to so large a share of each side."""
    shifts = [_whole(like, -int(side * share + 0.5), int(side * share + 0.5)) for side in like.shape[2:]]

    def change(image: Tensor) -> Tensor:
        for axis, shift in zip((2, 3), shifts, strict=True):
            side = image.shape[axis]
            places = torch.arange(side, device=image.device) - shift[:, None]
            inside = (places >= 0) & (places < side)
            along = (-1, 1, side, 1) if axis == 2 else (-1, 1, 1, side)
            index = places.clamp(0, side - 1).view(along).expand(image.shape)
            image = image.gather(axis, index) * inside.view(along).to(image.dtype)
        return image

    return change


def cutout(like: Tensor, share: float = 0.5) -> Change:
    """A hole of so large a share of each side, centred anywhere in the picture."""
    holes = []
    for side in like.shape[2:]:
        size = int(side * share + 0.5)
        start = _whole(like, 0, side - size % 2)[:, None] - size // 2
        places = torch.arange(side, device=like.device)
        holes.append((places >= start) & (places < start + size))
    rows, columns = holes
    kept = ~(rows[:, None, :, None] & columns[:, None, None, :])
    return lambda image: image * kept.to(image.dtype)


KINDS: dict[str, Callable[[Tensor], Change]] = {"color": color, "translation": translation, "cutout": cutout}
MOVING = frozenset({"translation", "cutout"})


def _uniform(like: Tensor) -> Tensor:
    """U(0, 1) `[N]`, float32 at least, drawn for all processes."""
    wide = torch.promote_types(like.dtype, torch.float32)
    return shares.mine(torch.rand(len(like) * shares.count(), device=like.device, dtype=wide))


def _whole(like: Tensor, least: int, most: int) -> Tensor:
    """Whole numbers from `least` to `most`, both included, `[N]`, drawn for all processes."""
    return shares.mine(torch.randint(least, most + 1, (len(like) * shares.count(),), device=like.device))
