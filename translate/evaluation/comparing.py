"""A comparison as a page: verdicts with their intervals, and the pictures on which models differ most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from translate.evaluation import page
from translate.evaluation.bootstrap import finite
from translate.evaluation.compare import Comparison, Difference
from translate.evaluation.drawing import Scale
from translate.evaluation.gallery import LIMIT, Gallery
from translate.evaluation.report import Numbers, pictures
from translate.evaluation.summary import NEITHER, UNITS, less_is_better, metrics_of, text

_CLASSES = {"better": "better", "worse": "worse", "cannot tell": "unsure"}


def write(
    path: Path,
    comparison: Comparison,
    gallery: Gallery | None = None,
    command: str = "",
    limit: int = LIMIT,
    when: datetime | None = None,
) -> None:
    """Write a comparison as one HTML file.

    Args:
        path: the file, replaced in one step.
        comparison: what came out.
        gallery: what watched the models; without it there are numbers alone.
        command: what was typed.
        limit: bytes that pictures may take; those on which models differ most have them before others.
        when: it was made; now, unless told.

    Raises:
        PictureError: it cannot be written there.
    """
    baseline, *others = comparison.contestants
    metrics = list(dict.fromkeys(line.metric for line in comparison.differences))
    numbers = {one.name: {metric: one.numbers[metric] for metric in metrics} for one in comparison.contestants}
    page.write(
        path,
        page.page(
            "compare.html",
            baseline=baseline.name,
            when=when or datetime.now().astimezone(),
            command=command,
            blocks=[
                {
                    "name": one.name,
                    "summary": summary(comparison.of(one.name)),
                    "lines": [_line(line, _reach(comparison, line.metric)) for line in comparison.of(one.name)],
                    "sets": [_set(metric, baseline.sets[metric], one.sets[metric]) for metric in comparison.sets()],
                }
                for one in others
            ],
            notes=comparison.notes,
            **pictures(comparison.names, numbers, widest_first(comparison.names, numbers), gallery, limit, True),
        ),
    )


def summary(lines: Sequence[Difference]) -> list[dict[str, Any]]:
    """What a model is, by which metrics: the verdicts that there are, in that order."""
    found = []
    for verdict, kind in _CLASSES.items():
        metrics = [line.metric for line in lines if line.verdict == verdict]
        if metrics:
            found.append({"verdict": verdict, "kind": kind, "metrics": metrics})
    return found


def widest_first(names: Sequence[str], numbers: Numbers) -> list[str]:
    """The pictures by how far models are apart on them, in units of the usual gap, by the metric where that is most."""
    apart = np.zeros(len(names))
    for metric in metrics_of(numbers):
        values = finite([of_model[metric] for of_model in numbers.values()])
        gap = values.max(1) - values.min(1)
        apart = np.maximum(apart, gap / (gap.mean() or 1))
    return [names[index] for index in np.argsort(-apart, kind="stable")]


def _reach(comparison: Comparison, metric: str) -> float:
    """How far from 0 the drawings of a metric go: as far as any of its intervals, in all blocks."""
    ends = [end for line in comparison.differences if line.metric == metric for end in (line.low, line.high)]
    return max((abs(end) for end in ends if math.isfinite(end)), default=0) or 1


def _line(line: Difference, reach: float) -> dict[str, Any]:
    metric, place = line.metric, Scale(-reach, reach, 4, 192)
    return {
        "metric": {"name": metric, "less": less_is_better(metric), "unit": UNITS.get(metric, "")},
        "means": [text(metric, mean) for mean in line.means],
        "difference": text(metric, line.difference, sign=True),
        "interval": f"{text(metric, line.low, sign=True)} … {text(metric, line.high, sign=True)}",
        "place": {"x": place(line.difference), "low": place(line.low), "high": place(line.high)},
        "chance": f"{line.adjusted:.2g}" if line.adjusted >= 0.001 else "< 0.001",
        "verdict": line.verdict,
        "kind": _CLASSES[line.verdict],
    }


def _set(metric: str, baseline: float, model: float) -> dict[str, Any]:
    return {
        "metric": {
            "name": metric,
            "less": less_is_better(metric),
            "neither": metric in NEITHER,
            "unit": UNITS.get(metric, ""),
        },
        "means": [text(metric, baseline), text(metric, model)],
        "difference": text(metric, model - baseline, sign=True),
    }
