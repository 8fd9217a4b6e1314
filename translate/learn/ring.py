"""Eight Gaussians on a ring, and how much of it a generator covers.

A ring is what showed the world mode collapse: a sample is a point, a mode is a place, and both can be counted.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

MODES, RADIUS, DEVIATION = 8, 2.0, 0.02
"""Metz 2017, appendix A: 8 Gaussians of standard deviation 0.02 on a circle of radius 2."""
WITHIN = 3
"""A sample is of high quality within so many standard deviations of the nearest mode  (Srivastava 2017, §4.1)."""
SAMPLES = 2500
"""Samples that a generator is judged by, as there."""
ENOUGH = 20
"""High-quality samples from which on a mode counts as covered, of `SAMPLES`: a sixteenth of its fair share.

(The paper calls a mode captured if it is the nearest of any sample. One stray sample is no mode learned.)
"""


class Coverage(NamedTuple):
    """What a set of points covers of the modes."""

    modes: int
    """Covered ones."""
    share: float
    """Of the points, those of high quality, 0 to 1."""
    counts: tuple[int, ...]
    """High-quality points of each mode."""


def centres() -> Tensor:
    """`[8, 2]`, counter-clockwise from the right."""
    angle = torch.arange(MODES) * (2 * math.pi / MODES)
    return RADIUS * torch.stack([angle.cos(), angle.sin()], 1)


def points(count: int, draw: torch.Generator) -> Tensor:
    """Samples of the ring `[count, 2]`, each mode as likely as the others."""
    modes = torch.randint(MODES, (count,), generator=draw)
    return centres()[modes] + DEVIATION * torch.randn(count, 2, generator=draw)


def coverage(points: Tensor) -> Coverage:
    """How many modes `points` `[N, 2]` cover, and the share of them that is of high quality.

    A mode is covered by `ENOUGH` high-quality points of each `SAMPLES`.
    """
    distance, nearest = torch.cdist(points, centres()).min(1)
    good = distance <= WITHIN * DEVIATION
    counts = torch.bincount(nearest[good], minlength=MODES)
    enough = ENOUGH * len(points) / SAMPLES
    return Coverage(int((counts >= enough).sum()), float(good.float().mean()), tuple(counts.tolist()))
