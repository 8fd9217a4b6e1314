"""Dice: random choices that depend on a few numbers alone.

Only `random()` of a seeded PCG64 is used: its stream is the one that numpy promises not to change.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


class Dice:
    """Random choices that depend on the numbers given, and on nothing else."""

    def __init__(self, *key: int) -> None:
        self._random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key))).random

    def between(self, low: float, high: float) -> float:
        return low + (high - low) * float(self._random())

    def whole(self, low: int, high: int) -> int:
        """One of low..high, both included."""
        return low + int(float(self._random()) * (high - low + 1))

    def chance(self, share: float) -> bool:
        return float(self._random()) < share

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.whole(0, len(items) - 1)]

    def lumps(self, count: int, low: float = 0.86) -> tuple[float, ...]:
        return tuple(self.between(low, 1.0) for _ in range(count))
