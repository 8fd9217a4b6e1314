"""How good are models? Their scores on held-out pairs, beside two things that learnt nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from translate import pixels
from translate.batches import Pair
from translate.card import Card
from translate.config import Plan
from translate.data.layouts import Layout
from translate.errors import DataError
from translate.evaluation.classes import Reader
from translate.evaluation.scores import Scores
from translate.metrics import METRICS
from translate.runtime import Translator

Picture = np.ndarray
Predictor = Callable[[Picture, Picture], Picture]
"""(source, target) → output; only the truth itself looks at the target."""


def evaluate(models: Sequence[Path], plan: Plan, reader: Path | None = None, labels: Path | None = None) -> Scores:
    """Score exported models on the held-out pairs of a configuration, at the size it trains on.

    The pairs are taken the way that the models go: the configuration's `domains` say which is which.

    Args:
        models: files that all translate in one direction.
        plan: names the pairs and their size.
        reader: a model that reads label maps from pictures of the target domain. With it come the agreement of classes
            and a line for the truth itself, the most that can be expected of anyone.
        labels: folder of the true label maps, where there is a reader.

    Raises:
        DataError: nothing is held out, or was when a model was trained; the data is not paired, or models, pairs and
            reader do not belong together.
    """
    layout = plan.layout
    if layout.batch is not Pair or not layout.aligned:
        raise DataError(f"{layout.where}: scores against the truth need paired data")
    if not layout.held_out:
        raise DataError(f"{layout.where}: nothing is held out to score on: set data.holdout")
    translators = _opened(models)
    cards = [translator.card for translator in translators.values()]
    card, relation = _one_direction(cards, plan), _relation(cards, layout)
    pairs = [_first(sample) for sample in layout.held_out]
    judge = None
    if reader and labels:
        read = (layout.read(sample, 0)[0][0] for sample in layout.held_out)
        shapes = {path.stem: source.shape[:2] for path, source in zip(pairs, read, strict=True)}
        judge = Reader(reader, labels, shapes, plan.transform)
        _reads(judge.translator.card, card)
    predictors = _predictors(translators, plan, card, bool(judge))
    numbers: dict[str, dict[str, list[float]]] = {predictor: {} for predictor in predictors}
    for path, (source, target) in zip(pairs, _pairs(plan, layout.held_out, card), strict=True):
        for predictor, predict in predictors.items():
            output = predict(source, target)
            compared = [pixels.levels(one, card.gives) for one in (output, target)]
            scores = {metric: distance(*compared) for metric, distance in METRICS.items()}
            if judge:
                scores |= judge.agreement(output, path.stem)
            for metric, number in scores.items():
                numbers[predictor].setdefault(metric, []).append(number)
    return Scores(f"{card.task}, {len(pairs)} {relation}", [path.name for path in pairs], numbers)


def _first(sample: Any) -> Path:
    """The file after which a pair is named."""
    return sample if isinstance(sample, Path) else _first(sample[0])


def _predictors(translators: dict[str, Translator], plan: Plan, card: Card, truth: bool) -> dict[str, Predictor]:
    predictors: dict[str, Predictor] = {}
    for name, translator in translators.items():
        predictors[name] = lambda source, _, array=translator.array: array(source)  # type: ignore[misc]
    if card.ordinary:
        predictors["copy the input"] = lambda source, target: pixels.read(source, target.shape[2])
    elif card.takes == card.gives:
        predictors["copy the input"] = lambda source, target: source
    if plan.layout.train and not card.gives.classes:
        mean = _mean_target(_pairs(plan, plan.layout.train, card))
        predictors["predict the mean"] = lambda source, target: mean
    if truth:
        predictors["the truth itself"] = lambda source, target: target
    return predictors


def _opened(models: Sequence[Path]) -> dict[str, Translator]:
    """By their files' names, or by their paths where those are the same."""
    short = len({path.stem for path in models}) == len(models)
    return {path.stem if short else str(path): Translator(path) for path in models}


def _one_direction(cards: list[Card], plan: Plan) -> Card:
    """The first of the cards, all of which fit each other and the pairs."""
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
                f"{card.name} does not take and give the channels of the pairs: it takes {card.takes} and gives "
                f"{card.gives}, they are {there} and {back}; set data.source_channels, or data.source_values"
            )
    return first


def _backward(card: Card, plan: Plan) -> bool:
    """Whether the model goes from the pairs' target to their source."""
    domains: list[str] = plan.resolved["domains"]
    return [card.source, card.target] != domains


def _reads(reader: Card, card: Card) -> None:
    if (reader.source, reader.source_channels, reader.target_channels) != (card.target, card.target_channels, 3):
        raise DataError(f"{reader.name} does {reader.task}: it cannot read label maps in colour from {card.target}")


def _relation(cards: list[Card], layout: Layout) -> str:
    """What these pairs are to the models: held out, as far as their cards tell.

    Raises:
        DataError: some of them were trained on.
    """
    known = [card for card in cards if card.training.get("data") == layout.fingerprint()]
    for card in known:
        if len(layout.held_out) > card.training.get("held_out", 0):
            raise DataError(
                f"{layout.where}: {card.name} held out {card.training.get('held_out', 0)} of these and was trained on "
                f"the rest: scores on {len(layout.held_out)} would be scores on what it has seen; set data.holdout for "
                "training"
            )
    return "held-out pairs" if known == cards else "pairs"


def _pairs(plan: Plan, samples: list, card: Card) -> Iterator[tuple[Picture, Picture]]:
    for sample in samples:
        source, target = plan.transform.plain(plan.layout.read(sample, 0)[0])
        yield (target, source) if _backward(card, plan) else (source, target)


def _mean_target(pairs: Iterator[tuple[Picture, Picture]]) -> Picture:
    """The picture that minimises the squared error to all training targets."""
    _, first = next(pairs)
    total, count = first.astype(np.float64), 1
    for _, target in pairs:
        total += target
        count += 1
    mean = total / count
    return (mean if first.dtype.kind == "f" else np.round(mean)).astype(first.dtype)
