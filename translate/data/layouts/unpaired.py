"""Pictures of two domains that have nothing to do with each other."""

from __future__ import annotations

import numpy as np

from translate.batches import Pair
from translate.data.files import File, find
from translate.data.layouts.base import Layout, Picture, enough


class Unpaired(Layout):
    """Two folders that have nothing to do with each other: every source in turn, each with any target.

    Args:
        source: folder of the source pictures, of any sizes.
        target: folder of the target pictures, of any sizes; as many or as few.
        holdout: how many of each are held out, the last ones by name.
        source_channels: 1 grey or 3 RGB.
        target_channels: 1 grey or 3 RGB.

    An epoch is as long as the larger folder.
    """

    batch = Pair
    aligned = False
    roots = ("source", "target")

    def __init__(
        self, source: str, target: str, holdout: int = 0, source_channels: int = 3, target_channels: int = 3
    ) -> None:
        self.folders = tuple(find(folder) for folder in (source, target))
        for folder, paths in zip((source, target), self.folders, strict=True):
            enough(len(paths), holdout, folder)
        self._counts = tuple(len(paths) - holdout for paths in self.folders)
        # A sample is the places of its two pictures; that of a target to train on is drawn when it is read.
        train = [(place % self._counts[0], None) for place in range(max(self._counts) if all(self._counts) else 0)]
        held_out = [tuple(count + place for count in self._counts) for place in range(holdout)]
        where = f"{source} and {target}"
        super().__init__([*train, *held_out], holdout, where, source=source_channels, target=target_channels)

    def read(self, sample: tuple[int, int | None], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        return tuple(self.picture(*part) for part in self.parts(sample, seed)), ()

    def pieces(self) -> list[tuple[File, str]]:
        return [(path, role) for paths, role in zip(self.folders, self.channels, strict=True) for path in paths]

    def train_pieces(self) -> list[tuple[File, str]]:
        chosen = (paths[:count] for paths, count in zip(self.folders, self._counts, strict=True))
        return [(path, role) for paths, role in zip(chosen, self.channels, strict=True) for path in paths]

    def parts(self, sample: tuple[int, int | None], seed: int) -> tuple[tuple[File, str], ...]:
        source, target = sample
        if target is None:
            target = int(np.random.default_rng(seed).integers(self._counts[1]))
        paths = (self.folders[0][source], self.folders[1][target])
        return tuple(zip(paths, self.channels, strict=True))

    def piece(self, piece: tuple[File, str]) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        return (self.picture(*piece),), ()

    def names(self, piece: tuple[File, str]) -> list[str | int]:
        path, role = piece
        return [path.name, self.channels[role]]
