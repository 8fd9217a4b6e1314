"""What numbers of pictures come to: means with intervals, who is best where that can be told, how numbers spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from translate.evaluation import bootstrap
from translate.evaluation.gallery import REFERENCES
from translate.evaluation.scores import DECIMALS, Scores
from translate.metrics import LESS_IS_BETTER

UNITS = {"L1": "levels of 255", "PSNR": "dB", "SWD": "×10³", "spread": "levels of 255"}

NEITHER = ("spread",)
"""Metrics of which neither less nor more is better."""

TRUTH = "the truth itself"
"""Nobody competes with it."""

BINS = 24


@dataclass(frozen=True)
class Mean:
    """A mean over pictures and the interval in which it lies with 95 %."""

    value: float
    low: float
    high: float
    best: bool = False
    """Whether it is better than that of everyone else, each difference being sure."""


def models_of(scores: Scores) -> list[str]:
    """The predictors that are models: what they are compared with beside them learnt nothing."""
    return [predictor for predictor in predictors_of(scores) if predictor not in REFERENCES]


def predictors_of(scores: Scores) -> list[str]:
    """Everyone who is scored, with or without numbers of single pictures."""
    return list(dict.fromkeys([*scores.numbers, *scores.sets, *scores.facts.get("card", {})]))


def metrics_of(numbers: Mapping[str, Mapping[str, object]]) -> list[str]:
    """All metrics that somebody has, in the order in which they come."""
    return list(dict.fromkeys(metric for metrics in numbers.values() for metric in metrics))


def whole(metrics: Sequence[str]) -> list[str]:
    """Without the parts of metrics that are there themselves, such as `SWD 64` of `SWD`."""
    return [metric for metric in metrics if metric.split()[0] not in metrics or metric == metric.split()[0]]


def less_is_better(metric: str) -> bool:
    """Whether less is better; parts of a metric (`SWD 64`) go its way."""
    return metric.split()[0] in LESS_IS_BETTER


def arrow(metric: str) -> str:
    """Which way is better, as it is written behind a metric's name; nothing where neither is."""
    return "" if metric in NEITHER else " ↓" if less_is_better(metric) else " ↑"


def text(metric: str, value: float, sign: bool = False) -> str:
    """A number of a metric as it is written: with the decimals that mean something."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:{'+' if sign else ''}.{DECIMALS.get(metric.split()[0], 3)}f}".replace("-", "−")


def summary(numbers: Mapping[str, Mapping[str, Sequence[float]]], seed: int = 0) -> dict[str, dict[str, Mean]]:
    """predictor → metric → its mean over the pictures.

    Args:
        numbers: predictor → metric → a number a picture.
        seed: of what is drawn.
    """
    found: dict[str, dict[str, Mean]] = {predictor: {} for predictor in numbers}
    for metric in metrics_of(numbers):
        columns = {predictor: metrics[metric] for predictor, metrics in numbers.items() if metric in metrics}
        values = bootstrap.finite(list(columns.values()))
        drawn = bootstrap.means(values, seed)
        for place, (predictor, column) in enumerate(columns.items()):
            if all(map(math.isinf, column)):
                found[predictor][metric] = Mean(math.inf, math.inf, math.inf)
                continue
            low, high = bootstrap.interval(drawn[:, place], len(values))
            best = _beats_all(list(columns), place, values, drawn, metric)
            found[predictor][metric] = Mean(float(values[:, place].mean()), low, high, best)
    return found


def _beats_all(predictors: list[str], place: int, values: np.ndarray, drawn: np.ndarray, metric: str) -> bool:
    sign = -1 if less_is_better(metric) else 1
    rivals = [other for other, name in enumerate(predictors) if other != place and name != TRUTH]
    if predictors[place] == TRUTH or not rivals or len(values) < bootstrap.FEWEST:
        return False
    ahead = (sign * (drawn[:, place] - drawn[:, other]) for other in rivals)
    return all(bootstrap.interval(difference, len(values))[0] > 0 for difference in ahead)


def worst_first(names: Sequence[str], numbers: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    """The pictures in the order in which they are worth a look, by whichever metric and model.

    First come the worst one of each metric and model, then each one's second worst, and so on.
    """
    best_place = np.full(len(names), len(names))
    for metrics in numbers.values():
        for metric, column in metrics.items():
            badness = np.array(column, np.float64) * (1 if less_is_better(metric) else -1)
            places = np.empty(len(names), np.int64)
            places[np.argsort(-badness, kind="stable")] = np.arange(len(names))
            best_place = np.minimum(best_place, places)
    return [names[index] for index in np.argsort(best_place, kind="stable")]


@dataclass(frozen=True)
class Histogram:
    """How the numbers of one metric spread over the pictures."""

    metric: str
    low: float
    high: float
    counts: dict[str, list[int]]
    """model → pictures in each of `BINS` bins of equal width from `low` to `high`."""

    @property
    def most(self) -> int:
        """The highest bar."""
        return max(max(counts) for counts in self.counts.values())


def histograms(numbers: Mapping[str, Mapping[str, Sequence[float]]]) -> list[Histogram]:
    """One of each metric."""
    found = []
    for metric in metrics_of(numbers):
        columns = {predictor: metrics[metric] for predictor, metrics in numbers.items() if metric in metrics}
        values = bootstrap.finite(list(columns.values()))
        low, high = float(values.min()), float(values.max())
        if low == high:
            low, high = low - 0.5, high + 0.5
        counts = {
            predictor: np.histogram(values[:, place], BINS, (low, high))[0].tolist()
            for place, predictor in enumerate(columns)
        }
        found.append(Histogram(metric, low, high, counts))
    return found
