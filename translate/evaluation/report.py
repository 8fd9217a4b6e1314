"""A report of an evaluation: one HTML file with the numbers, how sure they are, and the pictures, worst first."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from translate.evaluation import drawing, page
from translate.evaluation.curves import curves
from translate.evaluation.gallery import LIMIT, Gallery, Shown, Thumbnail
from translate.evaluation.heat import SPAN, colours
from translate.evaluation.summary import (
    UNITS,
    Mean,
    histograms,
    metrics_of,
    models_of,
    predictors_of,
    summary,
    text,
    worst_first,
)
from translate.metrics import LESS_IS_BETTER

if TYPE_CHECKING:
    from translate.evaluation.scores import Scores

__all__ = ["Gallery", "write"]

Numbers = Mapping[str, Mapping[str, Sequence[float]]]
"""model → metric → a number a picture."""

_DIGITS = 6
"""Of a number in the page's data: what sorting and showing need."""


def write(
    path: Path,
    scores: Scores,
    gallery: Gallery | None = None,
    runs: Mapping[str, Path] | None = None,
    limit: int = LIMIT,
    when: datetime | None = None,
) -> None:
    """Write the report of an evaluation.

    Args:
        path: the HTML file, replaced in one step.
        scores: of the evaluation; of its `facts` are shown `command`, `data` and `card`.
        gallery: what watched it; without it there are numbers alone.
        runs: model → folder of the run that it came from, for curves of its log.
        limit: bytes that pictures may take; the worst ones have them before others.
        when: it was evaluated; now, unless told.

    Raises:
        PictureError: it cannot be written there.
    """
    models = models_of(scores)
    series = {model: place % 6 for place, model in enumerate([*models, *(set(runs or {}) - set(models))])}
    numbers = {model: scores.numbers.get(model, {}) for model in models}
    ranked = worst_first(scores.names, numbers) if metrics_of(numbers) else list(scores.names)
    shown = gallery.within(ranked, limit) if gallery else []
    page.write(
        path,
        page.page(
            "report.html",
            title=scores.title,
            when=when or datetime.now().astimezone(),
            pictures=len(scores.names),
            facts=scores.facts,
            models=[{"name": model, "series": series[model], "card": _card(scores, model)} for model in models],
            table=table(scores),
            missing=scores.missing,
            histograms=[drawing.bars(histogram, series) for histogram in histograms(numbers)],
            curves=[drawing.lines(curve, series) for curve in curves(runs or {})],
            entries=[_entry(gallery, one, scores.names.index(one.name), numbers) for one in shown if gallery],
            collected=len(gallery.shown) if gallery else 0,
            rows=_rows(scores.names, numbers),
            heat=_scale(),
            span=SPAN,
            metrics=_metrics(metrics_of(numbers)),
            data=_data(scores.names, numbers),
        ),
    )


def table(scores: Scores) -> dict[str, Any]:
    """The table of means: columns for metrics, and a row a predictor, models first."""
    means = summary(scores.numbers)
    paired, of_sets = metrics_of(scores.numbers), metrics_of(scores.sets)
    models = models_of(scores)
    placed = {
        metric: drawing.whiskers({model: means[model][metric] for model in models if metric in means.get(model, {})})
        for metric in paired
    }
    rows = []
    for predictor in [*models, *(name for name in predictors_of(scores) if name not in models)]:
        found, sets = means.get(predictor, {}), scores.sets.get(predictor, {})
        cells = [_cell(metric, found.get(metric), placed[metric].get(predictor)) for metric in paired]
        cells += [_number(metric, sets.get(metric)) for metric in of_sets]
        rows.append({"name": predictor, "model": predictor in models, "cells": cells})
    return {"paired": _metrics(paired), "sets": _metrics(of_sets), "rows": rows}


def _cell(metric: str, mean: Mean | None, place: Mapping[str, float] | None) -> dict[str, Any] | None:
    if mean is None:
        return None
    interval = (text(metric, mean.low), text(metric, mean.high)) if math.isfinite(mean.low) else None
    return {"text": text(metric, mean.value), "interval": interval, "best": mean.best, "place": place}


def _number(metric: str, number: float | None) -> dict[str, Any] | None:
    """Of a whole set."""
    return None if number is None else {"text": text(metric, number), "interval": None, "best": False, "place": None}


def _metrics(names: Sequence[str]) -> list[dict[str, Any]]:
    return [{"name": name, "less": name in LESS_IS_BETTER, "unit": UNITS.get(name, "")} for name in names]


def _card(scores: Scores, model: str) -> dict[str, str]:
    """A model's card as lines of text; empty where there is none."""
    card = scores.facts.get("card", {}).get(model) or {}
    return {
        str(name): value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        for name, value in card.items()
        if value not in ("", {}, [])
    }


def _entry(gallery: Gallery, shown: Shown, index: int, numbers: Numbers) -> dict[str, Any]:
    """One picture with its numbers."""
    return {
        "name": shown.name,
        "index": index,
        "source": _image(gallery, shown.source),
        "target": _image(gallery, shown.target),
        "outputs": {model: _image(gallery, shown.outputs[model]) for model in numbers if model in shown.outputs},
        "differences": {
            model: _image(gallery, shown.differences[model]) for model in numbers if model in shown.differences
        },
        "numbers": [
            (metric, [text(metric, columns[metric][index]) if metric in columns else "–" for columns in numbers.values()])
            for metric in metrics_of(numbers)
        ],
    }


def _image(gallery: Gallery, thumbnail: Thumbnail | None) -> dict[str, Any] | None:
    if thumbnail is None:
        return None
    return {"data": gallery.data(thumbnail), "width": thumbnail.width, "height": thumbnail.height}


def _rows(names: Sequence[str], numbers: Numbers) -> list[dict[str, Any]]:
    """The table of all pictures: of each metric, each model's number."""
    columns = [(metric, of_model.get(metric)) for metric in metrics_of(numbers) for of_model in numbers.values()]
    return [
        {"name": name, "cells": [text(metric, column[index]) if column else "–" for metric, column in columns]}
        for index, name in enumerate(names)
    ]


def _scale() -> list[tuple[float, str]]:
    """The heat map's colours, at shares from 0 to 1."""
    found = colours()
    return [(place / 255, "#{:02x}{:02x}{:02x}".format(*found[place])) for place in range(0, 256, 15)]


def _data(names: Sequence[str], numbers: Numbers) -> dict[str, Any]:
    """What the script sorts by: metric → model → a number a picture, null where it is infinite."""
    metrics = metrics_of(numbers)
    return {
        "names": list(names),
        "models": list(numbers),
        "metrics": metrics,
        "less": [metric in LESS_IS_BETTER for metric in metrics],
        "numbers": [
            [[_rounded(number) for number in columns.get(metric, [])] for columns in numbers.values()]
            for metric in metrics
        ],
    }


def _rounded(number: float) -> float | None:
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else None
