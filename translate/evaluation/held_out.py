"""What is scored on: the pictures of a configuration that are held out, taken the way that the models go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from translate.batches import Pair
from translate.config import Plan
from translate.errors import DataError

Picture = np.ndarray

_MOST = 1000
"""Training pictures, evenly over all of them, that a mean is taken of."""


class Sample(NamedTuple):
    """One picture to translate, and a real picture of the other domain."""

    name: str
    source: Picture
    """`[H, W, C]` as stored, at the size of training."""
    target: Picture
    """The truth where the data is paired, else any."""
    size: tuple[int, int]
    """Height and width of the source as it is stored."""


class HeldOut:
    """The held-out pictures of a configuration.

    Args:
        plan: names the data and the size.
        backward: translate from its target to its source.

    Raises:
        DataError: nothing is held out, or it is no data of two domains.
    """

    def __init__(self, plan: Plan, backward: bool = False) -> None:
        self.plan, self.layout, self._backward = plan, plan.layout, backward
        if self.layout.batch is not Pair:
            raise DataError(f"{self.layout.where}: scores need data of two domains, paired or not")
        if not self.layout.held_out:
            raise DataError(f"{self.layout.where}: nothing is held out to score on: set data.holdout")
        folders = [Path(str(plan.resolved["data"].get(role, role))).resolve() for role in ("source", "target")]
        if folders[0] == folders[1]:
            raise DataError(f"{folders[0]} is both source and target: data.target must be another folder")
        self.paired = self.layout.aligned
        self.names = [_name(self._parts(sample)) for sample in self.layout.held_out]

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Sample]:
        """One after the other, read when it is its turn."""
        for name, sample in zip(self.names, self.layout.held_out, strict=True):
            yield Sample(name, *self._read(sample))

    def training_targets(self, most: int = _MOST) -> Iterator[Picture]:
        """Real pictures of the models' target domain that were to learn from, evenly over all of them."""
        train: Sequence[Any] = self.layout.train
        if not self.paired:
            role = "source" if self._backward else "target"
            train = [piece for piece in self.layout.train_pieces() if piece[1] == role]
        for place in np.linspace(0, len(train) - 1, min(most, len(train))).round().astype(int):
            if self.paired:
                yield self._read(train[place])[1]
            else:
                picture = self.layout.picture(*train[place])
                yield self.plan.transform.plain((picture,), places=self.layout.places(train[place]))[0]

    def _read(self, sample: Any) -> tuple[Picture, Picture, tuple[int, int]]:
        stored, way = self.layout.read(sample, 0)[0], -1 if self._backward else 1
        source, target = self.plan.pictures(stored)[::way]
        return source, target, stored[::way][0].shape[:2]

    def _parts(self, sample: Any) -> Any:
        """What tells whose name a sample has: the pair's, or that of the picture which is translated."""
        if self.paired:
            return self.layout.names(sample)
        return self.layout.names(self.layout.parts(sample, 0)[1 if self._backward else 0])


def _name(names: Any) -> str:
    return _name(names[0]) if isinstance(names, list | tuple) else str(names)
