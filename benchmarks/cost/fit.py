"""Exponents: a straight line through the logarithms, and which points may be on it. Pure functions of numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

OUTSIDE = 2.0
"""A point is fitted if it costs at least so many times what the smallest of its axis costs: whatever does not grow with
the axis (launching kernels, the optimisers' pass over the weights, torch's own memory) is at most half of it, as it
cannot be more than all of the smallest."""
TOLERANCE = 0.3
"""How far an exponent may lie from what is expected."""

# Axis → exponent from, to. Width: a convolution's arithmetic and weights grow with its square, activations with itself.
TIME = {"side": (2.0, 2.0), "batch": (1.0, 1.0), "width": (2.0, 2.0)}
MEMORY = {"side": (2.0, 2.0), "batch": (1.0, 1.0), "width": (1.0, 2.0)}

Pairs = Sequence[tuple[float, float]]


class Fit(NamedTuple):
    """y = a·x^`exponent`, over `used` values of x."""

    exponent: float
    r2: float | None
    """Of the logarithms; None where two points leave nothing to explain."""
    residual: float | None
    """The largest deviation of a point from the line, as a share of the line; None as above."""
    last: float
    """The exponent between the two largest points alone."""
    used: list[float]
    left_out: list[float]
    constant: float | None
    """c of y = c + a·x^p through all points, those left out as well; None with fewer than four."""
    growing: float | None
    """p of the same."""


def fit(pairs: Pairs) -> Fit | None:
    """The power law of `pairs` (x, y), both above 0, where they are `OUTSIDE`; None if fewer than two are."""
    pairs = sorted(pairs)
    used = [pair for pair in pairs if pair[1] >= OUTSIDE * pairs[0][1]]
    if len(used) < 2:
        return None
    exponent, r2, residual = power_law(used)
    last, _, _ = power_law(used[-2:])
    exact = len(used) == 2
    left_out = [x for x, _ in pairs if x not in {x for x, _ in used}]
    constant, growing = beyond_constant(pairs) if len(pairs) > 3 else (None, None)
    places = [x for x, _ in used]
    return Fit(exponent, None if exact else r2, None if exact else residual, last, places, left_out, constant, growing)


def beyond_constant(pairs: Pairs) -> tuple[float, float]:
    """c and p of the law y = c + a·x^p, c ≥ 0, that misses all points by the least squares of the logarithms of y.

    c is sought in steps of a thousandth of the smallest y; for each, a and p are those of the power law of y - c.
    """
    least = min(y for _, y in pairs)

    def missed(constant: float) -> float:
        return sum(math.log(_law(pairs, constant, x) / y) ** 2 for x, y in pairs)

    constant = min((least * step / 1000 for step in range(1000)), key=missed)
    return constant, power_law([(x, y - constant) for x, y in pairs])[0]


def _law(pairs: Pairs, constant: float, x: float) -> float:
    """y at x by the power law of what is above a constant."""
    exponent, _, _ = power_law([(at, y - constant) for at, y in pairs])
    level = sum(math.log(y - constant) - exponent * math.log(at) for at, y in pairs) / len(pairs)
    return constant + math.exp(level) * x**exponent


def power_law(pairs: Pairs) -> tuple[float, float, float]:
    """Least squares of log y on log x: exponent, r² and the largest relative deviation.

    r² is 1 where y does not change at all.
    """
    xs, ys = ([math.log(pair[place]) for pair in pairs] for place in (0, 1))
    middle_x, middle_y = sum(xs) / len(xs), sum(ys) / len(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    exponent = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread
    misses = [y - middle_y - exponent * (x - middle_x) for x, y in zip(xs, ys, strict=True)]
    total = sum((y - middle_y) ** 2 for y in ys)
    unexplained = sum(miss**2 for miss in misses)
    return exponent, 1 - unexplained / total if total else 1.0, max(abs(math.expm1(miss)) for miss in misses)


def verdict(law: Fit, expected: tuple[float, float]) -> str:
    """In words."""
    if law.exponent > expected[1] + TOLERANCE:
        return "grows faster"
    if law.exponent >= expected[0] - TOLERANCE:
        return "as expected"
    grows = law.growing is not None and expected[0] - TOLERANCE <= law.growing <= expected[1] + TOLERANCE
    return "as expected beyond the constant" if grows else "grows slower"


def predict(pairs: Pairs, x: float, exponent: float) -> float | None:
    """What to reckon with at `x`, from the measured `pairs` (x, y), erring on the high side; None where there is none.

    Between or beyond two points: a constant and a part that grows with x^`exponent`. Beyond a single one all grows;
    below the smallest nothing shrinks.
    """
    pairs = sorted(pairs)
    lower, upper = [pair for pair in pairs if pair[0] <= x], [pair for pair in pairs if pair[0] > x]
    if not lower:
        return upper[0][1] if upper else None
    if len(lower) == 1 and not upper:
        return lower[0][1] * (x / lower[0][0]) ** exponent
    (x1, y1), (x2, y2) = (lower[-1], upper[0]) if upper else lower[-2:]
    slope = max(0.0, (y2 - y1) / (x2**exponent - x1**exponent))
    return max(y1, y1 + slope * (x**exponent - x1**exponent))
