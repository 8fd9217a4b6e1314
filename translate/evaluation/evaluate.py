"""How good is a model? Its scores on held-out pairs, beside two things that learnt nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from translate import config, pixels
from translate.batches import Pair
from translate.card import Card
from translate.data.layouts import Layout
from translate.data.transforms import Transform
from translate.errors import DataError
from translate.evaluation.metrics import METRICS
from translate.runtime import Translator

Picture = np.ndarray
Pairs = Iterable[tuple[Picture, Picture]]


@dataclass(frozen=True)
class Scores:
    """Per predictor and metric, one number for each held-out picture."""

    title: str
    """What was translated, and how many pairs of which data."""
    names: list[str]
    """The held-out pictures."""
    numbers: dict[str, dict[str, list[float]]]
    """predictor → metric → a number a picture, in the order of `names`."""

    def mean(self, predictor: str, metric: str) -> float:
        """The mean over all held-out pictures."""
        return fmean(self.numbers[predictor][metric])

    def table(self) -> str:
        """Means as text, a predictor a line."""
        lines = [f"{self.title:<44}L1 of 255   PSNR dB      SSIM"]
        for predictor in self.numbers:
            l1, psnr, ssim = (self.mean(predictor, metric) for metric in METRICS)
            lines.append(f"  {predictor:<42}{l1:9.2f} {psnr:9.2f} {ssim:9.3f}")
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Every number, as JSON."""
        path.write_text(json.dumps({"title": self.title, "pictures": self.names, "scores": self.numbers}, indent=1))


def evaluate(model: Path, config_path: Path, save: Path | None = None) -> Scores:
    """Score an exported model on the held-out pairs of a configuration, at the size it was trained on.

    Raises:
        DataError: nothing is held out, or was when the model was trained, or the data is not paired.
    """
    plan = config.plan(config.read(config_path))
    layout = plan.layout
    if layout.batch is not Pair or not layout.aligned:
        raise DataError(f"{config_path}: scores against the truth need paired data")
    if not layout.held_out:
        raise DataError(f"{config_path}: nothing is held out to score on: set data.holdout")
    translator = Translator(model)
    what = _relation(translator.card, layout)
    mean = _mean_target(_pairs(layout, plan.transform, layout.train))
    predictors: dict[str, Callable[[Picture], Picture]] = {
        model.stem: translator.array,
        "copy the input": lambda source: pixels.read(source, mean.shape[2]),
        "predict the mean": lambda source: mean,
    }
    numbers: dict[str, dict[str, list[float]]] = {p: {metric: [] for metric in METRICS} for p in predictors}
    for source, target in _pairs(layout, plan.transform, layout.held_out):
        for predictor, predict in predictors.items():
            output = predict(source)
            for metric, distance in METRICS.items():
                numbers[predictor][metric].append(distance(output, target))
    scores = Scores(
        f"{translator.card.task}, {len(layout.held_out)} {what}", [_name(sample) for sample in layout.held_out], numbers
    )
    if save:
        scores.save(save)
    return scores


def _relation(card: Card, layout: Layout) -> str:
    """What these pairs are to the model.

    Raises:
        DataError: some of them were trained on.
    """
    if card.training.get("data") != layout.fingerprint():
        return "pairs of other data"
    if len(layout.held_out) > card.training.get("held_out", 0):
        raise DataError(
            f"{layout.where}: {card.name} held out {card.training.get('held_out', 0)} of these and was trained on the "
            f"rest: scores on {len(layout.held_out)} would be scores on what it has seen; set data.holdout for training"
        )
    return "held-out pairs"


def _pairs(layout: Layout, transform: Transform, samples: list) -> Pairs:
    for sample in samples:
        source, target = transform.plain(layout.read(sample, 0)[0])
        yield source, target


def _mean_target(pairs: Pairs) -> Picture:
    """The picture that minimises the squared error to all training targets."""
    targets = (target.astype(np.float64) for _, target in pairs)
    total, count = next(targets), 1
    for target in targets:
        total += target
        count += 1
    return np.round(total / count).astype(np.uint8)


def _name(sample: Path | tuple[Path, ...]) -> str:
    return (sample if isinstance(sample, Path) else sample[0]).name
