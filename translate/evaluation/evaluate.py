"""How good are models? Their scores on held-out pictures, beside what learnt nothing and beside what is real.

Paired data have a truth to each picture, and every metric. Of unpaired data only sets can be compared: what a model
makes of the held-out sources with the held-out targets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from translate import pixels
from translate.card import Card
from translate.config import Plan
from translate.errors import DataError
from translate.evaluation.classes import Agreement, Classes
from translate.evaluation.classifying import Classifier
from translate.evaluation.drawn import MEAN, REAL, TARGETS, TRUTH, Watch, score_drawn
from translate.evaluation.fitting import mean, relation, torch_device
from translate.evaluation.gathering import OF_CLASSES, OF_DRAWN, Gathering
from translate.evaluation.held_out import HeldOut, Sample
from translate.evaluation.predictors import Predictor, opened
from translate.evaluation.scores import Scores
from translate.forms import Form
from translate.metrics.sets import FULL_RANK

Picture = np.ndarray
COPY = "copy the input"
_PROBED, _SWAPPED = 4, 0.6


def evaluate(
    models: Sequence[Path],
    plan: Plan,
    *,
    metrics: Sequence[str] = (),
    classes: Classes | None = None,
    classifier: Classifier | None = None,
    weights: Mapping[str, Path] | None = None,
    best: bool = False,
    direction: str = "forward",
    device: str = "auto",
    command: str = "",
    watch: Watch | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Scores:
    """Score models on the held-out pictures of a configuration, at the size it trains on.

    What models draw from noise is compared with the held-out pictures as a set (`translate.evaluation.drawn`).
    They are taken the way that the models go: the configuration's `domains` say which is which.

    Args:
        models: `.onnx` files and folders of runs, all of one direction.
        plan: names the data and its size; networks are not looked at.
        metrics: names of those that are wanted, of `PAIRED` and `OF_SETS`; none: all that can be had.
        classes: how far classes agree is scored as well: those that a judge reads from the outputs, or those that the
            outputs are maps of. None: the latter, where models give classes, or go back to the label maps whose palette
            is known.
        classifier: says what a picture shows: of models that draw what they are told to, how often it is that.
        weights: files of pretrained weights by their names in `translate.metrics.weights`.
        best: of runs the best checkpoint, not the newest.
        direction: of runs, `forward` or `backward`.
        device: `cpu`, `cuda`, or `auto`: a GPU where there is one.
        command: what was typed, to be kept with the scores.
        watch: is shown every picture and what became of it.
        say: is told of what is not fatal.

    Raises:
        DataError: nothing is held out, or was when a model was trained; models, data and judge do not belong together.
    """
    predictors = opened(models, best, direction, device, say)
    cards = [predictor.card for predictor in predictors.values()]
    if any(card.draws for card in cards):
        if classes:
            raise DataError("a judge reads label maps from translated pictures, these are drawn: give --classifier")
        gathered = partial(Gathering, metrics, weights=weights or {}, device=torch_device(device))
        return score_drawn(predictors, plan, gathered, metrics, classifier, command, watch)
    if classifier:
        raise DataError(f"{cards[0].name} translates: a classifier judges what models draw; of label maps give --judge")
    held_out = HeldOut(plan, _backward(cards[0], plan))
    card, what = _one_direction(cards, plan), relation(cards, plan.layout)
    if classes is None and card.gives.classes and held_out.paired:
        classes = Classes.of_form(card.gives, plan.resolved["palette"], plan.transform)
    elif classes is None and _backward(card, plan) and plan.resolved["palette"] and held_out.paired:
        classes = Classes(plan.resolved["palette"], plan.transform)  # it says what colours the truth is in
    if classes:
        _reads(classes, card, next(iter(held_out)))
    gathering = Gathering(metrics, len(held_out), _no_pairs(held_out, card), weights or {}, torch_device(device))
    agreement = Agreement(classes) if classes else None
    if not agreement:
        why = "it compares classes, and which there are is not known: give a judge or a table of them"
        gathering.missing |= {name: why for name in metrics if name in OF_CLASSES}
    drawn_alone = "it is for models that draw from noise, and these translate"
    gathering.missing |= {name: drawn_alone for name in metrics if name in OF_DRAWN}
    arrays = _arrays(predictors, held_out, card, bool(classes and classes.judge))
    gives, seen = card.gives, partial(_seen, form=card.gives)
    for place, sample in enumerate(held_out):
        outputs = {name: array(sample) for name, array in arrays.items()}
        truth = classes.truth(sample) if classes else None
        for name, output in outputs.items():
            if held_out.paired:
                gathering.pair(name, pixels.levels(output, gives), pixels.levels(sample.target, gives))
            if agreement and truth is not None:
                for metric, number in agreement.score(name, output, truth).items():
                    gathering.numbers.setdefault(name, {}).setdefault(metric, []).append(number)
            if name != TRUTH:
                gathering.take(name, place, seen(output))
        gathering.take(TARGETS, place, seen(sample.target))
        if watch:
            truth_seen = seen(sample.target) if held_out.paired else None
            outputs = {name: seen(output) for name, output in outputs.items()}
            watch(sample.name, _seen(sample.source, card.takes), truth_seen, outputs)
    sets = _sets(gathering, held_out, seen, [name for name in arrays if name != TRUTH])
    if agreement:
        for name in arrays:
            sets.setdefault(name, {}).update(agreement.of_set(name))
    facts = {
        "command": command,
        "data": {"where": plan.layout.where, "fingerprint": plan.layout.fingerprint()},
        "pictures": len(held_out),
        "paired": held_out.paired,
        "card": {name: asdict(predictor.card) for name, predictor in predictors.items()},
        "config": plan.resolved,
        "weights": gathering.weights,
        "seconds": {name: round(seconds, 3) for name, seconds in gathering.seconds.items()},
        "notes": _notes(gathering, held_out, sets, predictors),
    }
    title = f"{card.task}, {len(held_out)} {what if held_out.paired else what.replace('pairs', 'pictures')}"
    numbers = {name: found for name, found in gathering.numbers.items() if found}
    return Scores(title, held_out.names, numbers, {k: v for k, v in sets.items() if v}, gathering.missing, facts)


def _no_pairs(held_out: HeldOut, card: Card) -> str:
    """Why no metric can compare an output with its truth level by level; empty where it can."""
    if not held_out.paired:
        return "it compares a picture with its own truth, and these data are not paired"
    if card.gives.classes:
        return f"it compares levels, and {card.name} gives classes, whose numbers and colours are no measure"
    return ""


def _arrays(
    predictors: Mapping[str, Predictor], held_out: HeldOut, card: Card, truth: bool
) -> dict[str, Callable[[Sample], Picture]]:
    """Every predictor as a function of a sample; only the truth itself looks at the target."""
    arrays: dict[str, Callable[[Sample], Picture]] = {}
    for name, predictor in predictors.items():
        arrays[name] = lambda sample, array=predictor.array: array(sample.source)  # type: ignore[misc]
    if card.ordinary:
        arrays[COPY] = lambda sample: pixels.read(sample.source, sample.target.shape[2])
    elif card.takes == card.gives:
        arrays[COPY] = lambda sample: sample.source
    if held_out.paired and held_out.layout.train and not card.gives.classes:
        middle = mean(held_out.training_targets())
        arrays[MEAN] = lambda sample: middle
    if truth:
        arrays[TRUTH] = lambda sample: sample.target
    return arrays


def _seen(picture: Picture, form: Form) -> Picture:
    """What is compared as a picture and shown as one: 8 bits of grey or RGB."""
    return picture if form.ordinary else pixels.shown(picture, form)


def _sets(
    gathering: Gathering, held_out: HeldOut, seen: Callable[[Picture], Picture], names: list[str]
) -> dict[str, dict[str, float]]:
    """The distances of sets, and beside them that of real pictures from real ones."""
    sets = gathering.sets(TARGETS, names)
    if any(sets.values()):
        # As many others as there are held out, where there are: of fewer pictures some distances are larger.
        count = 0
        for place, target in enumerate(held_out.training_targets(len(held_out))):
            gathering.take(REAL, place, seen(target))
            count += 1
        sets |= gathering.sets(TARGETS, [REAL]) if count == len(held_out) else {REAL: gathering.halves(TARGETS)}
    return sets


def _notes(
    gathering: Gathering,
    held_out: HeldOut,
    sets: Mapping[str, Mapping[str, float]],
    predictors: Mapping[str, Predictor],
) -> list[str]:
    """What whoever reads the numbers must know."""
    notes, count = [], len(held_out)
    if any("FID" in found for found in sets.values()) and count < FULL_RANK:
        notes.append(
            f"FID of {count} pictures is too large, and covariances of 2,048 features from fewer than {FULL_RANK:,} "
            "pictures are singular: compare it only with FID of as many, such as that of real against real"
        )
    if held_out.paired and REAL in sets:
        notes.append(
            f"outputs show the scenes of the targets, {REAL} compares different scenes: a good model of pairs may come "
            "out nearer than that"
        )
    for name, file in gathering.weights.items():
        if not file["published"]:
            notes.append(f"{file['file']} holds other bytes than the published {name}: numbers elsewhere are others")
    notes += _swapped(held_out, predictors)
    return notes


def _swapped(held_out: HeldOut, predictors: Mapping[str, Predictor]) -> Iterator[str]:
    """A model that does much better the wrong way round was given pairs the wrong way round."""
    if not held_out.paired:
        return
    pairs = [(sample.source, sample.target) for sample in islice(held_out, _PROBED)]
    for name, predictor in predictors.items():
        if predictor.card.takes != predictor.card.gives:
            continue
        forward, back = (
            np.mean([np.abs(_levels(predictor.array(x), predictor) - _levels(y, predictor)).mean() for x, y in ways])
            for ways in (pairs, [(y, x) for x, y in pairs])
        )
        if back < _SWAPPED * forward:
            yield (
                f"{name} is {forward:.0f} of 255 levels off, and only {back:.0f} from target to source: are the "
                "folders of source and target, or the domains, swapped in the configuration?"
            )


def _levels(picture: Picture, predictor: Predictor) -> Picture:
    return pixels.levels(picture, predictor.card.gives).astype(np.float64)


def _one_direction(cards: list[Card], plan: Plan) -> Card:
    """The first of the cards, all of which fit each other and the data."""
    first, domains = cards[0], plan.resolved["domains"]
    for card in cards:
        if (card.source, card.target) != (first.source, first.target):
            raise DataError(f"{card.name} does {card.task}, {first.name} {first.task}: score each direction by itself")
    if sorted([first.source, first.target]) != sorted(domains):
        raise DataError(
            f"{first.name} does {first.task}, the pairs are {' and '.join(domains)}: say which is which, "
            f"""with domains='["{first.source}", "{first.target}"]' where the source is {first.source}"""
        )
    forms = [plan.layout.forms[role] for role in ("source", "target")]
    for card in cards:
        there, back = forms[:: -1 if _backward(card, plan) else 1]
        if (card.takes, card.gives) != (there, back.single):
            raise DataError(
                f"{card.name} does not take and give the channels of the pairs: it makes ({card.gives}) of "
                f"({card.takes}), they would need ({back}) of ({there}): give a model of these pictures, or, where the "
                "configuration declares them wrongly, set data.source_channels, data.source_values or those of target"
            )
    return first


def _backward(card: Card, plan: Plan) -> bool:
    """Whether the model goes from the data's target to its source."""
    domains: list[str] = plan.resolved["domains"]
    return [card.source, card.target] != domains


def _reads(classes: Classes, card: Card, sample: Sample) -> None:
    """Raise DataError unless the judge reads pictures of the target domain, and gives label maps."""
    reader = classes.judge.translator.card if classes.judge and classes.judge.translator else None
    if reader and (reader.source, reader.source_channels) != (card.target, card.target_channels):
        raise DataError(f"{reader.name} does {reader.task}: it cannot read label maps from {card.target}")
    if reader and reader.target_channels != 3:
        raise DataError(f"{reader.name} does {reader.task} in grey: label maps have a colour a class")
    classes.truth(sample)
    classes.check(sample.target)
