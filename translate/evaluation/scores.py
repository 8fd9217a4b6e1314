"""Numbers of several predictors on the same pictures: what they are kept in, and their table."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from textwrap import fill
from typing import Any

import numpy as np

from translate.errors import DataError
from translate.evaluation import bootstrap
from translate.files import write_whole

HEADINGS = {
    "L1": "L1 of 255",
    "PSNR": "PSNR dB",
    "IoU": "IoU each",
    "SWD": "SWD ×10³",
    "pixel accuracy": "pixel acc.",
    "class accuracy": "class acc.",
    "spread": "spread /255",
}
"""Of metrics whose names alone do not say it."""
DECIMALS = {"L1": 2, "PSNR": 2, "FID": 2, "SWD": 2, "KID": 4, "spread": 1}
"""All others have 3."""

WIDTH, _COLUMN, _NAME = 100, 13, 22
"""Of a table: letters a line, and those that a column and a predictor's name have at least."""


@dataclass(frozen=True)
class Scores:
    """Per predictor and metric, one number for each picture, or one for the whole set."""

    title: str
    """What was translated, and how many pictures of which data."""
    names: list[str]
    """The pictures, in order."""
    numbers: dict[str, dict[str, list[float]]]
    """predictor → paired metric → a number a picture, in the order of `names`."""
    sets: dict[str, dict[str, float]] = field(default_factory=dict)
    """predictor → metric of sets → its number. Metrics named `SWD 64` are parts of `SWD`, at that level, those named
    `accuracy 7` of `accuracy`, of that class."""
    missing: dict[str, str] = field(default_factory=dict)
    """metric → why it could not be had, in one sentence."""
    facts: dict[str, Any] = field(default_factory=dict)
    """How they came about: `command`, `data`, `config`, `pictures`, `card` (of each predictor that has one), `seconds`
    (of each metric), `weights` (files that metrics computed with) and `notes` (what a reader must know)."""

    def mean(self, predictor: str, metric: str) -> float:
        """The mean over all pictures."""
        return fmean(self.numbers[predictor][metric])

    def interval(self, predictor: str, metric: str, seed: int = 0) -> tuple[float, float]:
        """The mean's 95 % confidence interval over pictures drawn again, as `translate.evaluation.bootstrap` has it.

        The same draws serve all predictors. It says how far the mean depends on which pictures were taken, and nothing
        of another training. An infinite number (the PSNR of equal pictures) makes both ends infinite.
        """
        numbers = np.array(self.numbers[predictor][metric], np.float64)
        if not np.isfinite(numbers).all():
            return math.inf, math.inf
        return bootstrap.interval(bootstrap.means(numbers[:, None], seed)[:, 0], len(numbers))

    def table(self) -> str:
        """Means with intervals, and numbers of sets, a predictor a line; 100 letters wide unless names are long."""
        lines = [self.title]
        if paired := _metrics(self.numbers):
            lines += _blocks(self.numbers, paired, self._mean)
            lines.append("  ± half the width of the mean's 95 % interval over pictures (bootstrap)")
        of_sets = _metrics(self.sets)
        parts = {begin: [metric for metric in of_sets if metric.startswith(begin)] for begin in ("SWD ", "accuracy ")}
        whole = [metric for metric in of_sets if not any(metric in some for some in parts.values())]
        for metrics in (whole, *parts.values()):
            if metrics:
                lines += ["", *_blocks(self.sets, metrics, self._of_set)]
        remarks = [f"note: {note}" for note in self.facts.get("notes", [])]
        for why in dict.fromkeys(self.missing.values()):
            metrics = [metric for metric, reason in self.missing.items() if reason == why]
            remarks.append(f"missing: {', '.join(metrics)}: {why}")
        wrapped = (_wrapped(text) for text in remarks)
        return "\n".join([*lines, *([""] if remarks else []), *wrapped])

    def save(self, path: Path) -> None:
        """Everything, as JSON; what is infinite is null there. Means and intervals are added, for other programs."""
        summary = {
            predictor: {
                metric: {"mean": self.mean(predictor, metric), "interval": list(self.interval(predictor, metric))}
                for metric in metrics
            }
            for predictor, metrics in self.numbers.items()
        }
        record = {
            "title": self.title,
            "pictures": self.names,
            "scores": self.numbers,
            "sets": self.sets,
            "missing": self.missing,
            "facts": self.facts,
            "summary": summary,
        }
        write_whole(path, json.dumps(known_to_json(record), indent=1, ensure_ascii=False).encode())

    @classmethod
    def load(cls, path: Path) -> Scores:
        """What `save` wrote.

        Raises:
            DataError: the file is missing, or holds no scores.
        """
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            numbers = {
                predictor: {metric: [*map(_number, of_one)] for metric, of_one in metrics.items()}
                for predictor, metrics in record["scores"].items()
            }
            loaded = cls(
                str(record["title"]),
                [str(name) for name in record["pictures"]],
                numbers,
                record.get("sets", {}),
                record.get("missing", {}),
                record.get("facts", {}),
            )
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError(f"{path} holds no scores: give a file that translate evaluate --save wrote") from None
        lengths = {len(of_one) for metrics in numbers.values() for of_one in metrics.values()}
        if lengths - {len(loaded.names)}:
            raise DataError(f"{path}: not one number a picture: it was not written by translate evaluate --save")
        return loaded

    def _mean(self, predictor: str, metric: str) -> str:
        decimals, mean = DECIMALS.get(metric, 3), self.mean(predictor, metric)
        low, high = self.interval(predictor, metric)
        spread = f"±{(high - low) / 2:.{decimals}f}" if math.isfinite(mean) and len(self.names) > 1 else ""
        return f"{mean:.{decimals}f}{spread:>{decimals + 4}}"

    def _of_set(self, predictor: str, metric: str) -> str:
        return f"{self.sets[predictor][metric]:.{DECIMALS.get(metric.split()[0], 3)}f}"


def known_to_json(value: Any) -> Any:
    """The same with null for what JSON has no word for: an infinite PSNR, the ends of an interval from one picture."""
    if isinstance(value, Mapping):
        return {key: known_to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [known_to_json(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _metrics(table: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """All that some predictor has, in the order in which they come."""
    return list(dict.fromkeys(metric for of_one in table.values() for metric in of_one))


def _blocks(table: Mapping[str, Mapping[str, Any]], metrics: list[str], text: Callable[[str, str], str]) -> list[str]:
    """A line a predictor, a column a metric; in several blocks where that is too wide."""
    name = max(_NAME, *(len(predictor) + 2 for predictor in table))
    column = max(_COLUMN, *(len(HEADINGS.get(metric, metric)) + 1 for metric in metrics))  # classes have any names
    many = max(1, (WIDTH - name) // column)
    lines: list[str] = []
    for start in range(0, len(metrics), many):
        some = metrics[start : start + many]
        lines.append(" " * name + "".join(f"{HEADINGS.get(metric, metric):>{column}}" for metric in some))
        for predictor, found in table.items():
            if any(metric in found for metric in some):
                cells = (text(predictor, metric) if metric in found else "" for metric in some)
                lines.append(f"  {predictor:<{name - 2}}" + "".join(f"{cell:>{column}}" for cell in cells))
    return lines


def _wrapped(text: str) -> str:
    """Within the table's width; addresses and names of files stay whole, to be copied."""
    inner = {"break_long_words": False, "break_on_hyphens": False}
    return fill(text, WIDTH, initial_indent="  ", subsequent_indent="    ", **inner)  # type: ignore[arg-type]


def _number(value: float | None) -> float:
    return math.inf if value is None else float(value)
