"""The order of samples in shards: shard after shard would hardly shuffle, all at random would need all of them at hand.

For each epoch the shards are permuted and taken in windows of a few; the samples of a window are permuted. So only a
window's shards must be at hand, every sample comes once an epoch, and the order is still a function of (seed, epoch).
Unlike in a permutation of all, samples of one shard always come in one window.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Epoch(NamedTuple):
    """One pass over the samples."""

    permutation: np.ndarray
    """int64 `[samples]`."""
    starts: np.ndarray
    """int64 `[windows]`: the rank at which each begins."""
    shards: list[list[int]]
    """Of each window."""


@dataclass(frozen=True)
class Windows:
    """Which samples to train on lie in which shard, and how many shards a window has.

    Args:
        groups: the samples of each shard that has any, int64.
        numbers: those shards.
        width: shards in a window; 0: all.
        always: shards that every window needs as well.
    """

    groups: tuple[np.ndarray, ...]
    numbers: tuple[int, ...]
    width: int
    always: tuple[int, ...] = ()

    def epoch(self, seed: int, epoch: int) -> Epoch:
        """The order of an epoch: a function of both numbers."""
        draw = np.random.Generator(np.random.Philox(key=[seed, epoch]))
        if not self.width:
            permutation = draw.permutation(sum(map(len, self.groups)))
            return Epoch(permutation, np.zeros(1, np.int64), [[*self.always, *self.numbers]])
        order = draw.permutation(len(self.groups))
        windows = [order[start : start + self.width] for start in range(0, len(order), self.width)]
        parts = [draw.permutation(np.concatenate([self.groups[place] for place in window])) for window in windows]
        starts = np.cumsum([0, *map(len, parts[:-1])])
        shards = [[*self.always, *(self.numbers[place] for place in window)] for window in windows]
        return Epoch(np.concatenate(parts), starts, shards)
