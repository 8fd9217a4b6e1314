"""Pictures of two domains that have nothing to do with each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from translate.batches import Pair
from translate.data.files import File, find
from translate.data.layouts.base import (
    PICTURES,
    Layout,
    Picture,
    declared,
    enough,
    folders,
    shown_as,
    together,
)
from translate.forms import Values


class Unpaired(Layout):
    """Two folders that have nothing to do with each other: every source in turn, each with any target.

    Args:
        source: folder of the source pictures, of any sizes, or several: the channels of files of one stem are put
            together.
        target: folder of the target pictures, of any sizes; as many or as few.
        holdout: how many of each are held out, the last ones by name.
        source_channels: 1 grey, 3 RGB, or any other number; of several folders of each, or one for all.
        target_channels: likewise.
        source_values: what is stored, as in `Form.declared`; without it 8-bit levels.
        target_values: likewise.

    An epoch is as long as the larger folder.
    """

    batch = Pair
    aligned = False
    roots = ("source", "target")

    def __init__(
        self,
        source: str | list[str],
        target: str | list[str],
        holdout: int = 0,
        source_channels: int | list[int] = 3,
        target_channels: int | list[int] = 3,
        source_values: Values = PICTURES,
        target_values: Values = PICTURES,
    ) -> None:
        forms = {
            "source": declared("source_", source_channels, source_values, len(folders(source))),
            "target": declared("target_", target_channels, target_values, len(folders(target))),
        }
        self.folders = tuple(
            find(given) if isinstance(given, str) else list(together(given).values()) for given in (source, target)
        )
        for given, paths in zip((source, target), self.folders, strict=True):
            enough(len(paths), holdout, shown_as(given))
        self._counts = tuple(len(paths) - holdout for paths in self.folders)
        # A sample is the places of its two pictures; that of a target to train on is drawn when it is read.
        train = [(place % self._counts[0], None) for place in range(max(self._counts) if all(self._counts) else 0)]
        held_out = [tuple(count + place for count in self._counts) for place in range(holdout)]
        super().__init__([*train, *held_out], holdout, f"{shown_as(source)} and {shown_as(target)}", **forms)

    def places(self, piece: tuple[Any, str]) -> tuple[int, ...]:
        return (list(self.channels).index(piece[1]),)

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

    def names(self, piece: tuple[Any, str]) -> list[Any]:
        path, role = piece
        return [[one.name for one in path] if isinstance(path, tuple) else path.name, self.channels[role]]
