"""How sure is a mean over pictures? They are drawn again with replacement, and it is seen how far the mean moves.

A mean of n pictures is drawn anew `RESAMPLES` times (Efron & Tibshirani 1993, §13.3). Percentiles of these means are a
little too narrow for few pictures, by √((n−1)/n) and because a normal law stands where Student's belongs; so the
percentiles that are taken are further out, α′/2 = Φ(−√(n/(n−1)) · t_{α/2, n−1}): the expanded percentile interval
(Hesterberg 2015). One draw serves all columns, so that differences on the same pictures are paired (Koehn 2004).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

RESAMPLES = 10_000
LEVEL = 0.95
FEWEST = 6
"""Pictures below which nothing is told apart: even if all five of them agree, chance does that once in 16 times."""

ROUNDING = 10 * math.log10(255**2 * 12)
"""PSNR of an error of 1/12 level², which is what rounding to whole levels costs: 58.9 dB."""

_AT_ONCE = 4_000_000
"""Counts that are held at a time: 32 MB, however many pictures there are."""


def finite(columns: Sequence[Sequence[float]]) -> np.ndarray:
    """Numbers of several predictors on the same pictures, `[pictures, predictors]`, none of them infinite.

    The PSNR of equal pictures is infinite. It counts as the largest finite one there, and at least as `ROUNDING`: so
    no order is turned around, and two pictures that are both equal to the target differ by nothing.
    """
    values = np.array(columns, np.float64).T
    known = values[np.isfinite(values)]
    return np.where(np.isposinf(values), max(known.max(initial=ROUNDING), ROUNDING), values)


def means(values: np.ndarray, seed: int = 0, resamples: int = RESAMPLES) -> np.ndarray:
    """Means over pictures drawn with replacement: `[pictures, columns]` → `[resamples, columns]`."""
    count, columns = values.shape
    rng = np.random.default_rng(seed)
    first = values[0]  # a column that is constant keeps its very number, not one that rounding has touched
    drawn = np.empty((resamples, columns))
    step = max(1, _AT_ONCE // count)
    for start in range(0, resamples, step):
        part = drawn[start : start + step]
        times = rng.multinomial(count, np.full(count, 1 / count), size=len(part))
        part[:] = first + times @ (values - first) / count
    return drawn


def interval(drawn: np.ndarray, pictures: int, level: float = LEVEL) -> tuple[float, float]:
    """Where the mean lies with that probability, from the means `[resamples]` of so many pictures.

    One picture says nothing of others: its interval is infinite.
    """
    from scipy.special import ndtr, stdtrit

    if pictures < 2:
        return -math.inf, math.inf
    tail = ndtr(math.sqrt(pictures / (pictures - 1)) * stdtrit(pictures - 1, (1 - level) / 2))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def chance(drawn: np.ndarray, pictures: int) -> float:
    """The p-value of a difference of nothing, two-sided: the level at which `interval` would just touch 0."""
    from scipy.special import ndtri, stdtr

    if pictures < FEWEST or not drawn.any():
        return 1.0
    beyond = min((drawn <= 0).sum(), (drawn >= 0).sum())
    tail = min((beyond + 1) / (len(drawn) + 1), 0.5)
    return float(2 * stdtr(pictures - 1, ndtri(tail) / math.sqrt(pictures / (pictures - 1))))


def holm(chances: Sequence[float]) -> list[float]:
    """p-values of a family, adjusted so that any false one among them is as rare as one alone (Holm 1979)."""
    order = sorted(range(len(chances)), key=chances.__getitem__)
    adjusted, least = [0.0] * len(chances), 0.0
    for place, index in enumerate(order):
        least = max(least, min(1.0, (len(chances) - place) * chances[index]))
        adjusted[index] = least
    return adjusted
