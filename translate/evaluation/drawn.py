"""How good are pictures that are drawn from noise? As a set they are compared with real ones that were held out.

There is no truth to a single picture. Of seed 0, 1, … as many are drawn as are held out, with the labels that those
have: distances of the two sets (SWD, FID, KID), how different the pictures of one label are (the spread), and, where a
classifier is given, how often it finds in a picture what was to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from translate.batches import Labelled, Pair
from translate.card import Card
from translate.config import Plan
from translate.errors import DataError
from translate.evaluation.classifying import Classifier
from translate.evaluation.fitting import mean, relation
from translate.evaluation.gallery import Gallery
from translate.evaluation.gathering import OF_CLASSES, Gathering
from translate.evaluation.predictors import Predictor
from translate.evaluation.scores import Scores
from translate.metrics.sets import FULL_RANK

Picture = np.ndarray
Watch = Callable[[str, Picture, Picture | None, dict[str, Picture]], None]
"""(name, source, target if it is the truth, {predictor: output}), once a picture, in order. Of what is drawn from noise
the source is a real picture, of the same label where there are labels."""

MEAN, TRUTH, REAL = "predict the mean", "the truth itself", "real against real"
TRUSTED = 0.9
"""Share of real pictures that a classifier must read rightly before it judges drawn ones."""
TARGETS = "\0targets"
"""Whose the real pictures are that all sets are compared with: no name of a file."""
ACCURACY, SPREAD = "accuracy", "spread"
_AT_ONCE = 16
_MOST = 1000
"""Training pictures, evenly over all of them, that a mean is taken of."""


class Reals:
    """The held-out pictures of a configuration, one domain of them.

    Args:
        plan: names the data and the size.

    Raises:
        DataError: nothing is held out, or the data are pairs or domains.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan, self.layout = plan, plan.layout
        where = self.layout.where
        if self.layout.batch is Pair:
            raise DataError(
                f"{where}: pictures drawn from noise are compared with pictures of one domain: give data of layout "
                "images, labelled or arrays"
            )
        if not self.layout.held_out:
            raise DataError(f"{where}: nothing is held out to score on: set data.holdout")
        self.classes = list(self.layout.classes) if self.layout.batch is Labelled else []

    def __len__(self) -> int:
        return len(self.layout.held_out)

    def __iter__(self) -> Iterator[tuple[Picture, int]]:
        """Each held-out picture, uint8 `[size, size, C]`, and its label, 0 where there are none."""
        return map(self._read, self.layout.held_out)

    def some(self, most: int) -> Iterator[tuple[Picture, int]]:
        """Held-out pictures and their labels, evenly over all of them."""
        return self._evenly(self.layout.held_out, most)

    def training(self, most: int = _MOST) -> Iterator[Picture]:
        """Pictures that were to learn from, evenly over all of them."""
        return (picture for picture, _ in self._evenly(self.layout.train, most))

    def fits(self, card: Card) -> None:
        """Raise DataError unless what a model draws can be compared with these pictures."""
        form, size = self.layout.forms["image"], self.plan.transform.size
        if not card.draws:
            raise DataError(
                f"{card.name} translates pictures, others here draw them from noise: score each by themselves"
            )
        if card.size != size:
            raise DataError(
                f"{card.name} draws {card.size}×{card.size}, the data are taken at {size}×{size}: set "
                f"transform.size={card.size}"
            )
        if not form.ordinary or form.channels != card.target_channels:
            raise DataError(
                f"{card.name} draws {card.gives}, the data are {form}: give data of such pictures, or set data.channels"
            )
        if card.classes and len(card.classes) != len(self.classes):
            raise DataError(
                f"{card.name} draws {len(card.classes)} classes, the data have {len(self.classes)}: give those that it "
                "was trained on, with their labels"
            )

    def _evenly(self, samples: Sequence[Any], most: int) -> Iterator[tuple[Picture, int]]:
        for place in np.linspace(0, len(samples) - 1, min(most, len(samples))).round().astype(int):
            yield self._read(samples[place])

    def _read(self, sample: object) -> tuple[Picture, int]:
        stored, labels = self.layout.read(sample, 0)
        return self.plan.pictures(stored)[0], (labels[0] if labels else 0)


class Spread:
    """How different the pictures of a set are: the root mean square distance of a level from its mean over the set.

    Of labelled pictures means are those of their label: one picture a label, drawn again and again, has spread 0.
    `translate.training.symptoms.spread` is another measure, of a batch in [-1, 1]: there deviations of values are
    averaged, here their squares, and the root is taken of that.
    """

    def __init__(self) -> None:
        self._sums: dict[int, tuple[int, np.ndarray, np.ndarray]] = {}

    def take(self, picture: Picture, label: int) -> None:
        """Count in a picture, uint8 `[H, W, C]`."""
        levels = picture.astype(np.float64)
        count, total, squares = self._sums.get(label, (0, 0.0, 0.0))
        self._sums[label] = count + 1, total + levels, squares + levels**2

    def value(self) -> float:
        """In levels of 255."""
        count = sum(number for number, _, _ in self._sums.values())
        variances = [squares - total**2 / number for number, total, squares in self._sums.values()]
        return float(np.sqrt(np.maximum(sum(variances), 0).mean() / count))


def score_drawn(
    predictors: Mapping[str, Predictor],
    plan: Plan,
    gathered: Callable[..., Gathering],
    metrics: Sequence[str],
    classifier: Classifier | None,
    command: str,
    watch: Watch | None,
) -> Scores:
    """Score models that draw from noise; arguments as those of `evaluate`, which calls this.

    Args:
        predictors: by name.
        plan: names the data and the size.
        gathered: `Gathering`, but for how many pictures come, and why there are no pairs.
        metrics: names of those that are wanted; none: all that can be had.
        classifier: says what a picture shows.
        command: what was typed.
        watch: is shown every picture.

    Raises:
        DataError: models, data and classifier do not belong together.
    """
    reals = Reals(plan)
    cards = [predictor.card for predictor in predictors.values()]
    for card in cards:
        reals.fits(card)
    what = relation(cards, plan.layout, "pictures")
    gathering = gathered(count=len(reals), no_pairs="it compares a picture with its truth, what is drawn has none")
    labelled = bool(cards[0].classes)
    _missing(gathering, metrics, classifier, labelled)
    if classifier and not labelled:
        raise DataError(f"{cards[0].name} is not told what to draw: leave the classifier out")
    if classifier:
        classifier.suits(reals.classes, next(iter(reals))[0])
    if isinstance(watch, Gallery):
        watch.given = "a real one"
    seen = _look(predictors, reals, gathering, labelled, classifier, watch)
    numbers, sets = _numbers(seen, reals, gathering, list(predictors), not metrics or SPREAD in metrics)
    facts = {
        "command": command,
        "data": {"where": plan.layout.where, "fingerprint": plan.layout.fingerprint()},
        "pictures": len(reals),
        "paired": False,
        "drawn": True,
        "card": {name: asdict(predictor.card) for name, predictor in predictors.items()},
        "config": plan.resolved,
        "weights": gathering.weights,
        "seconds": {name: round(seconds, 3) for name, seconds in gathering.seconds.items()},
        "notes": [*_notes(gathering, sets, len(reals)), *(_trusted(classifier, numbers) if classifier else [])],
    }
    title = f"{cards[0].task}, {len(reals)} drawn from seeds 0 to {len(reals) - 1}, and as many {what}"
    return Scores(title, seen.names, numbers, sets, gathering.missing, facts)


class _Seen(NamedTuple):
    """What is known of all pictures once they were looked at, those that are real among them."""

    names: list[str]
    labels: list[int]
    spreads: dict[str, Spread]
    read: dict[str, list[int]]
    """predictor → what the classifier took each picture for; empty where there is none."""


def _look(
    predictors: Mapping[str, Predictor],
    reals: Reals,
    gathering: Gathering,
    labelled: bool,
    classifier: Classifier | None,
    watch: Watch | None,
) -> _Seen:
    """Look at every picture once; the gathering has those that sets are compared of."""
    everyone = (*predictors, TRUTH)
    seen = _Seen([], [], {name: Spread() for name in everyone}, {name: [] for name in everyone if classifier})
    for place, (real, label, outputs) in enumerate(_drawn(predictors, reals)):
        seen.names.append(_named(place, label, reals if labelled else None))
        seen.labels.append(label)
        gathering.take(TARGETS, place, real)
        for name, picture in {**outputs, TRUTH: real}.items():
            if name != TRUTH:
                gathering.take(name, place, picture)
            seen.spreads[name].take(picture, label if labelled else 0)
            if classifier:
                seen.read[name].append(classifier.read(picture))
        if watch:
            watch(seen.names[-1], real, None, outputs)
    return seen


def _numbers(
    seen: _Seen, reals: Reals, gathering: Gathering, names: list[str], spread: bool
) -> tuple[dict[str, dict[str, list[float]]], dict[str, dict[str, float]]]:
    """Those of each picture, and those of the sets."""
    sets = _sets(gathering, reals, names)
    if spread:
        for name, of_one in seen.spreads.items():
            sets.setdefault(name, {})[SPREAD] = of_one.value()
    numbers = {name: {ACCURACY: _right(found, seen.labels)} for name, found in seen.read.items()}
    for name in numbers:
        sets.setdefault(name, {}).update(_by_class(numbers[name][ACCURACY], seen.labels, reals.classes))
    return numbers, {name: found for name, found in sets.items() if found}


def _missing(gathering: Gathering, metrics: Sequence[str], classifier: Classifier | None, labelled: bool) -> None:
    """What cannot be had here, with the reason."""
    others = "it compares label maps, and these are pictures drawn from noise"
    gathering.missing |= {name: others for name in metrics if name in OF_CLASSES and name != ACCURACY}
    if labelled and not classifier and (not metrics or ACCURACY in metrics):
        gathering.missing[ACCURACY] = (
            "whether a picture shows what was asked for, a classifier tells: give --classifier"
        )
    elif ACCURACY in metrics and not classifier:
        gathering.missing[ACCURACY] = "these models are not told what to draw"


def _drawn(predictors: Mapping[str, Predictor], reals: Reals) -> Iterator[tuple[Picture, int, dict[str, Picture]]]:
    """Each real picture, its label, and what every model draws with the next seed and that label."""
    pictures, first = iter(reals), 0
    while some := list(islice(pictures, _AT_ONCE)):
        seeds, labels = range(first, first + len(some)), [label for _, label in some]
        drawn = {name: predictor.drawn(seeds, labels) for name, predictor in predictors.items()}
        for row, (picture, label) in enumerate(some):
            yield picture, label, {name: of_one[row] for name, of_one in drawn.items()}
        first += len(some)


def _named(place: int, label: int, reals: Reals | None) -> str:
    return f"seed {place}" + (f", {reals.classes[label]}" if reals else "")


def _sets(gathering: Gathering, reals: Reals, names: list[str]) -> dict[str, dict[str, float]]:
    """The distances of sets; beside them that of other real pictures, and of a set of one picture, their mean."""
    rivals, count = list(names), 0
    if reals.layout.train:
        middle = mean(reals.training())
        rivals.append(MEAN)
        for place in range(len(reals)):
            gathering.take(MEAN, place, middle)
        for place, picture in enumerate(reals.training(len(reals))):
            gathering.take(REAL, place, picture)
            count += 1
    if count == len(reals):
        return gathering.sets(TARGETS, [*rivals, REAL])
    sets = gathering.sets(TARGETS, rivals)
    return {**sets, REAL: gathering.halves(TARGETS)}


def _right(read: Sequence[int], labels: Sequence[int]) -> list[float]:
    return [float(one == other) for one, other in zip(read, labels, strict=True)]


def _by_class(right: Sequence[float], labels: Sequence[int], classes: Sequence[str]) -> dict[str, float]:
    """The accuracy of each class that there is."""
    numbers, of = np.array(right), np.array(labels)
    there = [label for label in range(len(classes)) if (of == label).any()]
    return {f"{ACCURACY} {classes[label]}": float(numbers[of == label].mean()) for label in there}


def _trusted(classifier: Classifier, numbers: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    """How far what the classifier says can be trusted."""
    right = float(np.mean(numbers[TRUTH][ACCURACY]))
    told = f"accuracy is by {classifier.path.name}, which is right on {right:.1%} of the real held-out pictures"
    return [told if right >= TRUSTED else f"{told}: too few to say anything of what is drawn; train it longer"]


def _notes(gathering: Gathering, sets: Mapping[str, Mapping[str, float]], count: int) -> list[str]:
    """What whoever reads the numbers must know."""
    notes = []
    if any("FID" in found for found in sets.values()) and count < FULL_RANK:
        notes.append(
            f"FID of {count} pictures is too large, and covariances of 2,048 features from fewer than {FULL_RANK:,} "
            f"pictures are singular: compare it only with FID of as many, such as that of {REAL}"
        )
    if any(SPREAD in found for found in sets.values()):
        notes.append(f"spread is neither good nor bad: a model that draws all there is has that of {TRUTH}")
    for name, file in gathering.weights.items():
        if not file["published"]:
            notes.append(f"{file['file']} holds other bytes than the published {name}: numbers elsewhere are others")
    return notes
