"""Distances of a set of pictures from a set of real ones, in two steps, so that what is real is described once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from translate.errors import DataError
from translate.metrics import inception, sliced
from translate.metrics.frechet import frechet
from translate.metrics.kernel import kid

Picture = np.ndarray

FEWEST = 10
"""Pictures of each set below which no number is given."""
FULL_RANK = inception.FEATURES + 1
"""Pictures from which FID's covariances may have full rank. With fewer it is too large, the more so the fewer."""


@dataclass(frozen=True)
class OfSets:
    """A distance of two sets of pictures: `metric(outputs, real targets)`, each a sequence of `[H, W, C]`."""

    name: str
    describe: Callable[[Sequence[Picture]], np.ndarray]
    """Pictures → an array with a row a picture; of several parts of a set the rows may be put together."""
    distances: Callable[[np.ndarray, np.ndarray], dict[str, float]]
    """Two such arrays → the distance by the metric's name, and what it is made of by other names."""
    most: int = 0
    """Pictures of a set that are looked at, evenly over all of them; 0: all."""

    def __call__(self, outputs: Sequence[Picture], targets: Sequence[Picture]) -> float:
        """The distance, levels being 0 … 255.

        Raises:
            DataError: there are fewer pictures than any number could be given for, or they do not fit.
            MissingWeightsError: the pretrained weights are not here.
        """
        self.enough(len(outputs), len(targets))
        return self.distances(self.describe(outputs), self.describe(targets))[self.name]

    def enough(self, *counts: int) -> None:
        """Raise DataError unless sets of so many pictures can be compared."""
        if min(counts) < FEWEST:
            raise DataError(f"{self.name} compares sets, of {FEWEST} pictures at the least, not {min(counts)}")


def of_sets(inception_file: Path | None = None, device: str = "cpu") -> dict[str, OfSets]:
    """The metrics of sets, by name.

    Args:
        inception_file: Inception's weights, if not where they are looked for.
        device: where features are computed.
    """
    features = partial(inception.features, file=inception_file, device=device)
    return {
        "FID": OfSets("FID", features, lambda x, y: {"FID": frechet(x, y)}),
        "KID": OfSets("KID", features, lambda x, y: {"KID": kid(x, y)}),
        "SWD": OfSets("SWD", _stacked, _swd, sliced.MOST),
    }


def _stacked(pictures: Sequence[Picture]) -> np.ndarray:
    try:
        return np.stack(pictures)
    except ValueError:
        raise DataError("SWD compares pictures of one size: resize them") from None


def _swd(x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    levels = sliced.levels(list(x), list(y))
    return {"SWD": float(np.mean(list(levels.values()))), **{f"SWD {side}": value for side, value in levels.items()}}
