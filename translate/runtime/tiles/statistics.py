"""The statistics of a whole picture, from parts of it.

A norm's statistics depend on those of all norms before it, so they are a fixed point: given s, the norms must measure
s. A pass over all parts of the picture with s given measures M(s). Taking that as the next s does not do: a norm then
is given what was measured behind the others' old statistics, and the error grows from norm to norm before it falls.

So there is also a sample of the picture, m(s), small enough to be measured again and again. How the two differ hardly
depends on s: it is taken once a pass, and s' = m(s') + (M(s) − m(s)) is solved on the sample, norm by norm. A norm is
exact one pass after all before it are: the first after the first pass, all after as many passes as there are norms,
and close long before (docs/large.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Row = npt.NDArray[np.float64]
"""`[S]`: of each norm, in the order of execution, its channels' means and then their biased variances."""

Measure = Callable[[Row], Row]
"""What the norms measure when they are given a row."""

EPSILON = 1e-5
"""What norms add to a variance: below it a difference changes nothing."""


@dataclass(frozen=True)
class Layout:
    """Where in a row each norm's means and variances are."""

    channels: tuple[int, ...]
    """Of each norm."""

    @property
    def norms(self) -> list[slice]:
        """The part of a row that is each norm's."""
        ends = np.cumsum([0, *(2 * count for count in self.channels)])
        return [slice(int(begin), int(end)) for begin, end in pairwise(ends)]

    def split(self, row: Row) -> tuple[Row, Row]:
        """Means and variances `[S / 2]` each."""
        halves = [np.split(row[norm], 2) for norm in self.norms]
        return np.concatenate([mean for mean, _ in halves]), np.concatenate([variance for _, variance in halves])

    def join(self, mean: Row, variance: Row) -> Row:
        """The row of means and variances."""
        places = np.cumsum(self.channels)[:-1]
        pairs = zip(np.split(mean, places), np.split(variance, places), strict=True)
        return np.concatenate([half for pair in pairs for half in pair])


class Pool:
    """Statistics of the whole from statistics of parts, weighted by their pixels; a part may count negative."""

    def __init__(self, layout: Layout, total: Row | None = None) -> None:
        self.layout = layout
        self.total = np.zeros(1 + sum(2 * count for count in layout.channels)) if total is None else total
        """Weight, sums and sums of squares: all that is to be kept to go on later."""

    def add(self, row: Row, weight: float) -> None:
        """Count a part of `weight` pixels."""
        mean, variance = self.layout.split(row)
        self.total += weight * np.concatenate([[1.0], mean, variance + mean**2])

    def row(self) -> Row:
        """The statistics of all that was counted."""
        mean, square = np.split(self.total[1:] / self.total[0], 2)
        return self.layout.join(mean, np.maximum(square - mean**2, 0))


@dataclass(frozen=True)
class Correction:
    """From what the sample measures to what the whole does: means by deviations, variances by a factor."""

    shift: Row
    factor: Row

    @classmethod
    def between(cls, layout: Layout, whole: Row, sample: Row) -> Correction:
        (mean, variance), (mean_there, variance_there) = layout.split(sample), layout.split(whole)
        deviation = np.sqrt(variance + EPSILON)
        return cls((mean_there - mean) / deviation, (variance_there + EPSILON) / (variance + EPSILON))

    def __call__(self, layout: Layout, sample: Row) -> Row:
        mean, variance = layout.split(sample)
        moved = mean + self.shift * np.sqrt(variance + EPSILON)
        return layout.join(moved, np.maximum(self.factor * (variance + EPSILON) - EPSILON, 0))


def solve(layout: Layout, sample: Measure, start: Row, correction: Correction | None = None) -> Row:
    """The row that the sample, corrected, measures when it is given that row: norm by norm, a run of it each."""
    row = start.copy()
    for norm in layout.norms:
        measured = sample(row)
        row[norm] = (measured if correction is None else correction(layout, measured))[norm]
    return row


def distance(layout: Layout, measured: Row, given: Row) -> float:
    """How far two rows are apart where it is most: in deviations, or in the logarithm of one."""
    (mean, variance), (mean_given, variance_given) = layout.split(measured), layout.split(given)
    shift = np.abs(mean - mean_given) / np.sqrt(variance_given + EPSILON)
    stretch = np.abs(np.log((variance + EPSILON) / (variance_given + EPSILON))) / 2
    return float(max(shift.max(), stretch.max()))


def pooled(layout: Layout, rows: Iterable[Row]) -> Row:
    """The statistics of equally large parts together."""
    pool = Pool(layout)
    for row in rows:
        pool.add(row, 1.0)
    return pool.row()
