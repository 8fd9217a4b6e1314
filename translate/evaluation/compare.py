"""Is one model better than another? Their scores on the same pictures, compared picture by picture.

The mean difference has an interval by drawing pictures again with replacement, both models' numbers together (Efron &
Tibshirani 1993; Koehn 2004). How hard a picture is falls out of the difference, so that far smaller ones are told apart
than by looking whether the intervals of two means overlap. A verdict is given where chance would bring about such a
difference, in any comparison of the family, less than once in twenty times (Holm 1979). It speaks of these models on
pictures like these: not of another training with another seed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill
from typing import Literal

import numpy as np

from translate.errors import ConfigError, DataError
from translate.evaluation import bootstrap
from translate.evaluation.scores import WIDTH, Scores, known_to_json
from translate.evaluation.summary import arrow, less_is_better, metrics_of, models_of, text, whole
from translate.files import write_whole
from translate.suggest import suggestion

Verdict = Literal["better", "worse", "cannot tell"]


@dataclass(frozen=True)
class Contestant:
    """A model's scores."""

    name: str
    pictures: list[str]
    numbers: dict[str, list[float]]
    """metric → a number a picture."""
    sets: dict[str, float]
    """metric of sets → its number."""
    data: str = ""
    """Fingerprint of the data, where the scores have one."""


@dataclass(frozen=True)
class Difference:
    """How a model's mean differs from the baseline's, by one metric."""

    metric: str
    baseline: str
    model: str
    means: tuple[float, float]
    """The baseline's and the model's."""
    difference: float
    """The model's mean less the baseline's."""
    low: float
    high: float
    """The difference's 95 % interval, of this line alone."""
    chance: float
    """p-value of no difference, this line alone."""
    adjusted: float
    """The same, adjusted for all lines (Holm)."""
    verdict: Verdict
    """What the model is, beside the baseline."""


@dataclass(frozen=True)
class Comparison:
    """What came out."""

    contestants: list[Contestant]
    """The baseline first; all on the same pictures in the same order."""
    differences: list[Difference]
    notes: list[str]
    """What a reader must know."""

    @property
    def names(self) -> list[str]:
        """The pictures."""
        return self.contestants[0].pictures

    def of(self, model: str) -> list[Difference]:
        """The lines of one model."""
        return [line for line in self.differences if line.model == model]

    def sets(self) -> list[str]:
        """Metrics of sets that all have."""
        return whole([m for m in self.contestants[0].sets if all(m in one.sets for one in self.contestants)])

    def table(self) -> str:
        """As text: a block a model, a line a metric."""
        baseline, *others = self.contestants
        lines = []
        for one in others:
            lines += [f"{one.name} against {baseline.name}, {len(self.names)} pictures"]
            lines += [f"  {'':<12}{'baseline':>10}{'this':>10}{'difference':>12}   {'95 % interval':<24}verdict"]
            for line in self.of(one.name):
                lines.append(_line(line))
            for metric in self.sets():
                values = "".join(f"{text(metric, contestant.sets[metric]):>10}" for contestant in (baseline, one))
                gap = text(metric, one.sets[metric] - baseline.sets[metric], sign=True)
                lines.append(f"  {_arrow(metric):<12}{values}{gap:>12}   {'of the whole set':<24}no verdict")
            lines.append("")
        return "\n".join([*lines, *(fill(note, WIDTH, subsequent_indent="  ") for note in self.notes)])

    def save(self, path: Path) -> None:
        """Everything, as JSON: lines with numbers and verdicts, and each picture's numbers."""
        record = {
            "pictures": self.names,
            "differences": [asdict(line) for line in self.differences],
            "contestants": [
                {
                    "name": one.name,
                    "sets": one.sets,
                    "numbers": one.numbers,
                }
                for one in self.contestants
            ],
            "notes": self.notes,
        }
        write_whole(path, (json.dumps(known_to_json(record), indent=1, ensure_ascii=False) + "\n").encode())


def compare(
    contestants: Sequence[Contestant], metrics: Sequence[str] = (), seed: int = 0, resamples: int = bootstrap.RESAMPLES
) -> Comparison:
    """Compare each contestant with the first one, by every metric that all of them have a number a picture of.

    Metrics of sets, of which there is one number each, stand beside them without a verdict.

    Args:
        contestants: two or more.
        metrics: those that are wanted; none: all.
        seed: of the pictures that are drawn.
        resamples: how often they are drawn.

    Raises:
        DataError: there is nobody to compare with, or the pictures are not the same.
        ConfigError: a metric is wanted that not all have.
    """
    if len(contestants) < 2:
        raise DataError("comparing takes two: give another file of scores, run or model")
    aligned = [_aligned(one, contestants[0]) for one in contestants]
    baseline, *others = aligned
    common = [metric for metric in baseline.numbers if all(metric in one.numbers for one in others)]
    of_sets = [metric for metric in baseline.sets if all(metric in one.sets for one in others)]
    for metric in metrics:
        if metric not in common + of_sets:
            raise ConfigError(f"not all of them have {metric} of each picture{suggestion(metric, common + of_sets)}")
    chosen = [metric for metric in common if not metrics or metric in metrics]
    lines = [(one, metric) for one in others for metric in chosen]
    found = [_difference(baseline, one, metric, seed, resamples) for one, metric in lines]
    adjusted = bootstrap.holm([chance for *_, chance in found])
    differences = []
    for (one, metric), (means, difference, low, high, chance), certain in zip(lines, found, adjusted, strict=True):
        verdict = _verdict(metric, difference, certain)
        differences.append(
            Difference(metric, baseline.name, one.name, means, difference, low, high, chance, certain, verdict)
        )
    return Comparison(aligned, differences, _notes(aligned, differences, metrics))


def contestants(scores: Scores, label: str = "") -> list[Contestant]:
    """The models of some scores, in order.

    Args:
        scores: of one model or more; what learnt nothing is left out.
        label: what the scores are called, and with them a model that is alone there.
    """
    models = models_of(scores)
    return [
        Contestant(
            label if label and len(models) == 1 else f"{label}: {model}" if label else model,
            scores.names,
            scores.numbers.get(model, {}),
            scores.sets.get(model, {}),
            scores.facts.get("data", {}).get("fingerprint", ""),
        )
        for model in models
    ]


def labels(paths: Sequence[Path]) -> list[str]:
    """What files are called: by their names, or by their paths where those are the same."""
    short = len({path.stem for path in paths}) == len(paths)
    return [path.stem if short else str(path) for path in paths]


def _aligned(one: Contestant, baseline: Contestant) -> Contestant:
    """The contestant with its pictures in the baseline's order."""
    if one.pictures == baseline.pictures:
        return one
    place = {name: index for index, name in enumerate(one.pictures)}
    both = set(place) & set(baseline.pictures)
    repeated = len(place) < len(one.pictures) or len(set(baseline.pictures)) < len(baseline.pictures)
    if len(both) < len(baseline.pictures) or len(place) > len(both) or repeated:
        raise DataError(
            f"{one.name} and {baseline.name} are not of the same pictures: {len(both)} names of {len(one.pictures)} "
            f"and {len(baseline.pictures)} are in both; evaluate both on the same data"
        )
    order = [place[name] for name in baseline.pictures]
    numbers = {metric: [of_one[index] for index in order] for metric, of_one in one.numbers.items()}
    return Contestant(one.name, baseline.pictures, numbers, one.sets, one.data)


def _difference(
    baseline: Contestant, one: Contestant, metric: str, seed: int, resamples: int
) -> tuple[tuple[float, float], float, float, float, float]:
    values = bootstrap.finite([baseline.numbers[metric], one.numbers[metric]])
    gap = values[:, 1] - values[:, 0]
    drawn = bootstrap.means(gap[:, None], seed, resamples)[:, 0]
    low, high = bootstrap.interval(drawn, len(gap))
    first, second = values.mean(0).tolist()
    return (first, second), float(gap[0] + np.mean(gap - gap[0])), low, high, bootstrap.chance(drawn, len(gap))


def _verdict(metric: str, difference: float, chance: float) -> Verdict:
    if chance >= 1 - bootstrap.LEVEL:
        return "cannot tell"
    return "better" if (difference < 0) == less_is_better(metric) else "worse"


def _notes(contestants: Sequence[Contestant], differences: Sequence[Difference], metrics: Sequence[str]) -> list[str]:
    count, notes = len(contestants[0].pictures), []
    if len(differences) > 1:
        notes.append(
            f"Verdicts are for a family of {len(differences)} comparisons: the chance that any of them is false is 5 % "
            "at most (Holm). Each interval is for its own line, so one without 0 may still come with no verdict."
        )
    if len({one.data for one in contestants if one.data}) > 1:
        notes.append("The pictures have the same names but are of other data: see to it that the targets are the same.")
    if count < bootstrap.FEWEST:
        notes.append(f"{count} pictures are too few to tell anything: {bootstrap.FEWEST} are the least.")
    equal = sum(math.isinf(number) for one in contestants for number in one.numbers.get("PSNR", []))
    if equal and (not metrics or "PSNR" in metrics):
        notes.append(
            f"{equal} outputs equal their targets: their infinite PSNR counts as the largest finite one of the two "
            f"models, at least as {bootstrap.ROUNDING:.1f} dB, which is the noise of rounding."
        )
    if any(one.sets for one in contestants) and not metrics:
        notes.append(
            "Metrics of sets are one number of all pictures together: scores hold nothing from which to draw them "
            "again, so they get no interval and no verdict."
        )
    left_out = set(metrics_of({one.name: one.numbers for one in contestants})) - {line.metric for line in differences}
    if left_out and not metrics:
        notes.append(f"Not all have {', '.join(sorted(left_out))}: not compared.")
    notes.append(
        "Verdicts speak of these models on pictures like these, not of the same method trained with another seed."
    )
    return notes


def _line(line: Difference) -> str:
    metric = line.metric
    first, second = (text(metric, mean) for mean in line.means)
    interval = f"{text(metric, line.low, sign=True)} … {text(metric, line.high, sign=True)}"
    return (
        f"  {_arrow(metric):<12}{first:>10}{second:>10}{text(metric, line.difference, sign=True):>12}   "
        f"{interval:<24}{line.verdict}"
    )


def _arrow(metric: str) -> str:
    return metric + arrow(metric)
