"""Where lines, bars and intervals go in small drawings; the templates put them into SVG."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from translate.evaluation.curves import Curve
from translate.evaluation.summary import BINS, Histogram, Mean

WIDTH, HEIGHT = 320, 170
"""Of a drawing, in its own units; on a page it is as wide as there is room."""

LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 24
_INNER_WIDTH, _INNER_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


@dataclass(frozen=True)
class Scale:
    """Numbers `low` … `high` onto a stretch of the drawing."""

    low: float
    high: float
    start: float
    length: float

    def __call__(self, value: float) -> float:
        """Where a number is, to a tenth of a unit; what is beyond an end is at that end."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + self.length * min(max(share, 0.0), 1.0), 1)


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers between two, 1, 2 or 5 times a power of ten apart; at least two."""
    rough = (high - low) / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)
    found = [n * step for n in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return [float(f"{number:.12g}") for number in found] if len(found) > 1 else ticks(low, high, about + 1)


def short(value: float) -> str:
    """A number at an axis: as few letters as tell it from its neighbours."""
    if abs(value) >= 1000 and value % 100 == 0:
        return f"{value / 1000:g}k".replace("-", "−")
    return f"{value:.4g}".replace("-", "−")


def whiskers(means: Mapping[str, Mean]) -> dict[str, dict[str, float]]:
    """Means of one metric, with intervals, on one scale of 0 to 100: predictor → `x`, `low`, `high`."""
    finite = [mean for mean in means.values() if all(map(math.isfinite, (mean.low, mean.high)))]
    if len(finite) < 2:  # a scale that holds one interval alone shows nothing
        return {}
    low, high = min(mean.low for mean in finite), max(mean.high for mean in finite)
    if low == high:
        return {}
    place = Scale(low, high, 3, 94)
    return {
        predictor: {"x": place(mean.value), "low": place(mean.low), "high": place(mean.high)}
        for predictor, mean in means.items()
        if math.isfinite(mean.value)
    }


def bars(histogram: Histogram, series: Mapping[str, int]) -> dict[str, Any]:
    """A histogram as outlines, one a model, to be laid over each other.

    Args:
        histogram: of one metric.
        series: model → the number of its colour.
    """
    across = Scale(histogram.low, histogram.high, LEFT, _INNER_WIDTH)
    up = Scale(0, histogram.most, TOP + _INNER_HEIGHT, -_INNER_HEIGHT)
    width = _INNER_WIDTH / BINS
    outlines = []
    for model, counts in histogram.counts.items():
        path = f"M{LEFT} {up(0)}" + "".join(f"V{up(count)}h{width:.3f}" for count in counts) + f"V{up(0)}Z"
        outlines.append({"series": series[model], "label": model, "path": path})
    return {
        "metric": histogram.metric,
        "low": histogram.low,
        "high": histogram.high,
        "outlines": outlines,
        "across": [(across(at), short(at)) for at in ticks(histogram.low, histogram.high)],
        "up": [(up(at), short(at)) for at in ticks(0, histogram.most, 3) if at == int(at)],
    }


def lines(curve: Curve, series: Mapping[str, int]) -> dict[str, Any]:
    """A curve over the steps, a line a run, with what is shown where the pointer is."""
    points = [point for of_run in curve.runs.values() for point in of_run]
    steps, values = [step for step, _ in points], [value for _, value in points]
    across = Scale(*_apart(min(steps), max(steps)), LEFT, _INNER_WIDTH)
    up = Scale(*_apart(min(values), max(values)), TOP + _INNER_HEIGHT, -_INNER_HEIGHT)
    drawn = []
    for run, of_run in curve.runs.items():
        best = curve.best(run)
        drawn.append(
            {
                "series": series[run],
                "label": run,
                "points": " ".join(f"{across(step)},{up(value)}" for step, value in of_run),
                "single": [(across(step), up(value)) for step, value in of_run] if len(of_run) == 1 else [],
                "best": best and {"x": across(best[0]), "y": up(best[1]), "step": best[0], "value": short(best[1])},
            }
        )
    return {
        "term": curve.term,
        "lines": drawn,
        "across": [(across(at), short(at)) for at in ticks(across.low, across.high)],
        "up": [(up(at), short(at)) for at in ticks(up.low, up.high, 3)],
        "data": {
            "low": across.low,
            "high": across.high,
            "runs": [[run, _places(of_run, up)] for run, of_run in curve.runs.items()],
        },
    }


def _places(points: Sequence[tuple[int, float]], up: Scale) -> list[tuple[int, float, str]]:
    """step, height in the drawing, value as text: what a reader asks for with the pointer."""
    return [(step, up(value), f"{value:.4g}") for step, value in points]


def _apart(low: float, high: float) -> tuple[float, float]:
    """Two ends that are not the same, with a little room for a line that is flat."""
    return (low, high) if low < high else (low - (abs(low) or 1) * 0.1, high + (abs(high) or 1) * 0.1)
