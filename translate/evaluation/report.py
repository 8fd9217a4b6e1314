"""A report of an evaluation: one HTML file with the numbers, how sure they are, and the pictures, worst first."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from translate.evaluation import drawing, page
from translate.evaluation.curves import curves
from translate.evaluation.gallery import LIMIT, Gallery, Shown, Thumbnail
from translate.evaluation.heat import SPAN, colours
from translate.evaluation.scores import Scores
from translate.evaluation.summary import (
    NEITHER,
    UNITS,
    Mean,
    histograms,
    less_is_better,
    metrics_of,
    models_of,
    predictors_of,
    summary,
    text,
    whole,
    worst_first,
)

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
    numbers = {model: scores.numbers.get(model, {}) for model in models}
    series = colour_numbers([*models, *(runs or {})])
    ranked = worst_first(scores.names, numbers) if metrics_of(numbers) else list(scores.names)
    page.write(
        path,
        page.page(
            "report.html",
            title=scores.title,
            when=when or datetime.now().astimezone(),
            facts=scores.facts,
            cards={model: _card(scores, model) for model in models},
            table=table(scores),
            missing=scores.missing,
            curves=[drawing.lines(curve, series) for curve in curves(runs or {})],
            **pictures(scores.names, numbers, ranked, gallery, limit),
        ),
    )


def pictures(
    names: Sequence[str],
    numbers: Numbers,
    ranked: Sequence[str],
    gallery: Gallery | None,
    limit: int,
    by_gap: bool = False,
) -> dict[str, Any]:
    """What the parts of a page on single pictures show: how their numbers spread, and small pictures.

    Args:
        names: of the pictures, in the order of the numbers.
        numbers: of each model.
        ranked: the names in the order in which they are worth a place.
        gallery: where small pictures are, if anywhere.
        limit: bytes that they may take.
        by_gap: whether they are ranked by how far models are apart.
    """
    series = colour_numbers(list(numbers))
    place = {name: index for index, name in enumerate(names)}
    shown = gallery.within(ranked, limit) if gallery else []
    return {
        "pictures": len(names),
        "by_gap": by_gap,
        "given": gallery.given if gallery else "",
        "models": [{"name": model, "series": series[model]} for model in numbers],
        "histograms": [drawing.bars(histogram, series) for histogram in histograms(numbers)],
        "entries": [_entry(gallery, one, place[one.name], numbers) for one in shown if gallery],
        "collected": len(gallery.shown) if gallery else 0,
        "rows": _rows(names, numbers),
        "heat": _scale(),
        "span": SPAN,
        "metrics": _metrics(metrics_of(numbers)),
        "data": _data(names, numbers),
    }


def colour_numbers(names: Sequence[str]) -> dict[str, int]:
    """What is drawn in which colour of the page; there are six."""
    return {name: place % 6 for place, name in enumerate(dict.fromkeys(names))}


def table(scores: Scores) -> dict[str, Any]:
    """The table of means: columns for metrics, and a row a predictor, models first."""
    means = summary(scores.numbers)
    paired = metrics_of(scores.numbers)
    of_sets = whole(metrics_of(scores.sets))
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
    equal = sum(math.isinf(number) for model in models for number in scores.numbers.get(model, {}).get("PSNR", []))
    return {"paired": _metrics(paired), "sets": _metrics(of_sets), "rows": rows, "equal": equal}


def _cell(metric: str, mean: Mean | None, place: Mapping[str, float] | None) -> dict[str, Any] | None:
    if mean is None:
        return None
    interval = (text(metric, mean.low), text(metric, mean.high)) if math.isfinite(mean.low) else None
    return {"text": text(metric, mean.value), "interval": interval, "best": mean.best, "place": place}


def _number(metric: str, number: float | None) -> dict[str, Any] | None:
    """Of a whole set."""
    return None if number is None else {"text": text(metric, number), "interval": None, "best": False, "place": None}


def _metrics(names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"name": name, "less": less_is_better(name), "neither": name in NEITHER, "unit": UNITS.get(name, "")}
        for name in names
    ]


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
            (
                metric,
                [text(metric, columns[metric][index]) if metric in columns else "–" for columns in numbers.values()],
            )
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
        "less": [less_is_better(metric) for metric in metrics],
        "numbers": [
            [[_rounded(number) for number in columns.get(metric, [])] for columns in numbers.values()]
            for metric in metrics
        ],
    }


def _rounded(number: float) -> float | None:
    return float(f"{number:.{_DIGITS}g}") if math.isfinite(number) else None
