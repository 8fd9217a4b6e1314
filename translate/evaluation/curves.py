"""How runs went: the scores and losses of their logs, as lines to draw."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from translate.metrics import LESS_IS_BETTER

LOG = "log.jsonl"
SCORES = "held_out/"

_MOST = 240
"""Points of a line: more than a small picture can show."""

_NOT_DRAWN = ("step", "warning")


@dataclass(frozen=True)
class Curve:
    """A term of the log over the steps, of each run that has it."""

    term: str
    runs: dict[str, list[tuple[int, float]]]
    """run → (step, value), by step."""

    @property
    def is_score(self) -> bool:
        """Whether it is a metric on what was held out, rather than a loss."""
        return self.term.startswith(SCORES)

    def best(self, run: str) -> tuple[int, float] | None:
        """Of a score, the step at which the run was at its best."""
        if not self.is_score:
            return None
        sign = 1 if self.term.removeprefix(SCORES) in LESS_IS_BETTER else -1
        return min(self.runs[run], key=lambda point: sign * point[1])


def curves(runs: Mapping[str, Path]) -> list[Curve]:
    """What the logs of runs hold, scores first; a run without a log has no curves.

    Args:
        runs: what each is called → its folder.
    """
    found: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for run, folder in runs.items():
        for term, points in _terms(folder / LOG).items():
            found.setdefault(term, {})[run] = _fewer(points)
    known = [Curve(term, of_runs) for term, of_runs in found.items()]
    return sorted(known, key=lambda curve: (not curve.is_score, curve.term.partition("/")[0]))


def _terms(log: Path) -> dict[str, list[tuple[int, float]]]:
    terms: dict[str, list[tuple[int, float]]] = {}
    if not log.is_file():
        return terms
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
            step = int(line["step"])
        except (ValueError, KeyError, TypeError):  # a line that a crash cut short
            continue
        for term, value in line.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if term not in _NOT_DRAWN and number and math.isfinite(value):
                terms.setdefault(term, []).append((step, float(value)))
    return {term: sorted(points) for term, points in terms.items()}


def _fewer(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Neighbours that would fall together are one point, their mean, at the last one's step."""
    size = math.ceil(len(points) / _MOST)
    groups = (points[start : start + size] for start in range(0, len(points), size))
    return [(group[-1][0], math.fsum(value for _, value in group) / len(group)) for group in groups]
