"""Metrics as they are gathered picture by picture: what each gives, how long it takes, and why some cannot be had."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from translate.errors import ConfigError, DataError, MissingWeightsError
from translate.metrics import WEIGHTS, of_sets, paired
from translate.metrics import weights as files
from translate.metrics.classes import CLASS_ACCURACY, CLASS_IOU, PIXEL_ACCURACY
from translate.metrics.sets import FEWEST
from translate.suggest import suggestion

Picture = np.ndarray

Describe = Callable[[Sequence[Picture]], np.ndarray]

OF_CLASSES = ("accuracy", "IoU", PIXEL_ACCURACY, CLASS_ACCURACY, CLASS_IOU)
"""Metrics that may be wanted but are not gathered here: `translate.evaluation.classes` has them."""

OF_DRAWN = ("spread",)
"""Likewise of what is drawn from noise: `translate.evaluation.drawn` has it."""

_CHUNK = 16


class Gathering:
    """Numbers of all predictors by all metrics that can be had.

    Args:
        wanted: names of metrics; none: all.
        count: pictures that will come.
        no_pairs: why an output cannot be compared with its truth; empty where it can.
        weights: files of pretrained weights by their names in `translate.metrics.weights`.
        device: where the networks of metrics compute.

    Raises:
        ConfigError: there is no such metric, or no such weights.
    """

    def __init__(
        self, wanted: Sequence[str], count: int, no_pairs: str, weights: Mapping[str, Path], device: str
    ) -> None:
        _known(weights, files.KNOWN, "file of weights called")
        self._paired = paired(weights.get("alexnet"), device)
        self._sets = of_sets(weights.get("inception"), device)
        _known(wanted, {**self._paired, **self._sets, **dict.fromkeys((*OF_CLASSES, *OF_DRAWN))}, "metric")
        self.missing: dict[str, str] = {}
        self.seconds: dict[str, float] = defaultdict(float)
        self.weights: dict[str, dict[str, object]] = {}
        self.numbers: dict[str, dict[str, list[float]]] = {}
        if wanted:
            self._paired = {name: metric for name, metric in self._paired.items() if name in wanted}
            self._sets = {name: metric for name, metric in self._sets.items() if name in wanted}
        if no_pairs:
            if wanted:
                self.missing |= dict.fromkeys(self._paired, no_pairs)
            self._paired = {}
        for name in [*self._paired, *self._sets]:
            with self._or_missing(name):
                if name in self._sets:
                    self._sets[name].enough(count)
                if name in WEIGHTS:
                    self._weights(WEIGHTS[name], weights.get(WEIGHTS[name]))
        self._rows: dict[tuple[str, Describe], list[np.ndarray]] = defaultdict(list)
        self._waiting: dict[tuple[str, Describe], list[Picture]] = defaultdict(list)
        self._count = count

    def pair(self, predictor: str, output: Picture, target: Picture) -> None:
        """Score an output by its truth."""
        found = self.numbers.setdefault(predictor, {})
        for name in list(self._paired):
            if name not in self.missing:
                with self._or_missing(name), self._timed(name):
                    number = self._paired[name](output, target)
                    found.setdefault(name, []).append(number)

    def take(self, whose: str, place: int, picture: Picture) -> None:
        """A picture of a set, a predictor's or a real one, and its place there."""
        for describe, names in self._describers().items():
            most = self._sets[names[0]].most
            if not most or place in _spread(self._count, most):
                waiting = self._waiting[whose, describe]
                waiting.append(picture)
                if len(waiting) == _CHUNK:
                    self._describe(whose, describe, names)

    def sets(self, real: str, others: Sequence[str]) -> dict[str, dict[str, float]]:
        """The distances of all sets from the real one: by set, by metric."""
        for whose, describe in list(self._waiting):
            self._describe(whose, describe, self._describers().get(describe, []))
        found: dict[str, dict[str, float]] = {whose: {} for whose in others}
        for name, metric in self._sets.items():
            for whose in others:
                if name not in self.missing:
                    with self._or_missing(name), self._timed(name):
                        a, b = (np.concatenate(self._rows[each, metric.describe]) for each in (whose, real))
                        metric.enough(len(a), len(b))
                        found[whose] |= metric.distances(a, b)
        return found

    def halves(self, real: str) -> dict[str, float]:
        """The distance of the real set's halves, every other picture each; nothing where they are too small."""
        found: dict[str, float] = {}
        for name, metric in self._sets.items():
            rows = self._rows.get((real, metric.describe), [])
            if name not in self.missing and sum(map(len, rows)) >= 2 * FEWEST:
                whole = np.concatenate(rows)
                with self._timed(name):
                    found |= metric.distances(whole[::2], whole[1::2])
        return found

    def _describers(self) -> dict[Describe, list[str]]:
        """How pictures of sets are described, and for which metrics."""
        found: dict[Describe, list[str]] = defaultdict(list)
        for name, metric in self._sets.items():
            if name not in self.missing:
                found[metric.describe].append(name)
        return found

    def _describe(self, whose: str, describe: Describe, names: Sequence[str]) -> None:
        pictures = self._waiting.pop((whose, describe))
        if names:
            with self._or_missing(*names), self._timed(names[0]):
                self._rows[whose, describe].append(describe(pictures))

    def _weights(self, name: str, file: Path | None) -> None:
        path = files.find(name, file)
        self.weights[name] = {"file": path.name, "published": files.published(name, path)}

    @contextmanager
    def _or_missing(self, *names: str) -> Iterator[None]:
        """What a metric cannot do is no reason to go without the others."""
        try:
            yield
        except (MissingWeightsError, DataError) as error:
            self.missing |= dict.fromkeys(names, str(error))
        except ModuleNotFoundError as error:
            why = f"{error.name} is not installed: pip install 'translate-gan[evaluate]'"
            self.missing |= dict.fromkeys(names, why)

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


def _known(given: Sequence[str] | Mapping[str, object], known: Mapping[str, object], what: str) -> None:
    for name in given:
        if name not in known:
            raise ConfigError(f"there is no {what} {name!r}{suggestion(name, known)}")


@cache
def _spread(count: int, most: int) -> frozenset[int]:
    """At most so many places, evenly over all."""
    return frozenset(np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist())
