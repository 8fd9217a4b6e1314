"""Scores on what is held out while training goes on: which step was the best, and whether it is time to stop.

Evaluation draws nothing: pictures are taken without chance and each step of training seeds its own draws, so that a run
learns the same to the bit whether it is evaluated or not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import fmean
from typing import Any, TypedDict, cast

import numpy as np
import torch
from torch import Tensor

from translate import latent, pixels, shares
from translate.batches import Batch, Labelled, Pair
from translate.data.layouts import Layout
from translate.data.loading import Pictures
from translate.encoding import decode
from translate.errors import ConfigError, DataError, MissingWeightsError
from translate.methods import METHODS, Method
from translate.metrics import LESS_IS_BETTER, METRICS, OF_SETS, PAIRED, WEIGHTS, weights
from translate.settings import Settings
from translate.training import checkpoint
from translate.training.trainer import Trainer

Picture = np.ndarray

REHEARSED = 16
"""Pictures on which metrics are tried before training starts."""


class Best(TypedDict):
    """The best step so far."""

    metric: str
    step: int
    score: float
    pictures: int
    """On how many held-out pictures."""


class Scorer:
    """Scores the averaged networks on held-out pictures, and remembers which step was the best.

    Args:
        settings: name the metrics, that of the best, and how long to wait for a new one.
        pictures: where the held-out pictures come from.
        method: what is trained, where that is known.

    Raises:
        ConfigError: there are none, no pairs where a metric compares pairs, or nothing is made that could be scored.
    """

    def __init__(self, settings: Settings, pictures: Pictures, method: type[Method] | None = None) -> None:
        self.metrics = tuple(dict.fromkeys((*settings.metrics, *filter(None, [settings.best]))))
        for name in self.metrics:
            _fits(f"train.{'best' if name == settings.best else 'metrics'} = {name!r}", name, pictures.layout, method)
        self._pairs = pictures.layout.batch is Pair
        self.metric, self.patience, self.pictures = settings.best, settings.patience, pictures
        held_out = len(pictures.layout.held_out)
        self.count = min(settings.evaluate_on or held_out, held_out)
        self.best: Best | None = None
        self.waited = 0
        """Evaluations since the best one."""

    @property
    def done(self) -> bool:
        """Whether there was no new best for as long as the settings wait for one."""
        return bool(self.patience) and self.waited >= self.patience

    def rehearse(self) -> None:
        """Try the metrics that may not work here, on targets in the place of outputs: before training, not after hours.

        Raises:
            ConfigError: one cannot be had for these pictures.
            MissingWeightsError: one needs pretrained weights that are not here.
        """
        trying = [name for name in self.metrics if name not in METRICS]
        if not trying:
            return
        chosen = islice(self.pictures.held_out(), min(self.count, REHEARSED))
        targets = [self._target(batch) for batch in chosen]
        for name in trying:
            try:
                if name in OF_SETS:
                    OF_SETS[name](targets, targets)
                else:
                    PAIRED[name](targets[0], targets[0])
            except MissingWeightsError as error:
                raise MissingWeightsError(_without_weights(name, str(error))) from None
            except DataError as error:
                raise ConfigError(f"train.best or train.metrics: {error}, or choose another metric") from None

    @shares.alone()
    @torch.no_grad()
    def score(self, trainer: Trainer) -> dict[str, float]:
        """The scores of the trainer's step, by metric; where it is the best so far, it is remembered."""
        numbers: dict[str, list[float]] = {name: [] for name in self.metrics if name in PAIRED}
        of_sets = [name for name in self.metrics if name not in PAIRED]
        outputs: list[Picture] = []
        targets: list[Picture] = []
        for output, target in self._made(trainer):
            for name, each in numbers.items():
                each.append(PAIRED[name](output, target))
            if of_sets:
                outputs.append(output)
                targets.append(target)
        scores = {
            name: fmean(numbers[name]) if name in numbers else OF_SETS[name](outputs, targets) for name in self.metrics
        }
        if self.metric:
            self._compare(scores[self.metric], trainer.step)
        return scores

    def told(self, scores: dict[str, float]) -> str:
        """Scores for the eye, with the best so far."""
        line = "held-out " + "  ".join(f"{name} {score:.4f}" for name, score in scores.items())
        if self.best:
            metric = f"{self.metric} " if len(scores) > 1 else ""
            line += f", best {metric}{self.best['score']:.4f} at {self.best['step']:,}"
        if self.patience and self.waited:
            line += f" ({self.waited} of {self.patience} without a new one)"
        return line

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"best": self.best, "waited": self.waited}

    def load(self, saved: dict[str, Any], folder: Path) -> None:
        """Go on from a checkpoint of `folder`; those of earlier versions, and of runs without a scorer, hold less."""
        best: Best | None = saved.get("best")
        # Scores on other pictures are no measure. Earlier versions did not keep how many there were.
        if best and (best["metric"], best.get("pictures", self.count)) != (self.metric, self.count):
            best = None
        # Where the best one is gone, a later checkpoint did not keep it any more, which was damaged.
        if best and checkpoint.path_of(folder, best["step"]).exists():
            best["pictures"] = self.count
            self.best, self.waited = best, saved.get("waited", 0)
        else:
            self.best, self.waited = None, 0

    def _compare(self, score: float, step: int) -> None:
        better = self.best is None or (
            score < self.best["score"] if self.metric in LESS_IS_BETTER else score > self.best["score"]
        )
        if better and not math.isnan(score):
            self.best, self.waited = {"metric": self.metric, "step": step, "score": score, "pictures": self.count}, 0
        else:
            self.waited += 1

    def _made(self, trainer: Trainer) -> Iterator[tuple[Picture, Picture]]:
        """(output, real picture) of each held-out sample, levels `[H, W, C]`."""
        method = trainer.view()
        form = self.pictures.layout.forms["target" if self._pairs else "image"]
        made = self._translated(trainer, method) if self._pairs else self._drawn(trainer, method)
        for picture, batch in made:
            (output,) = decode(picture.permute(0, 2, 3, 1), form).cpu().numpy()
            yield pixels.levels(output, form), self._target(batch)

    def _translated(self, trainer: Trainer, method: Method) -> Iterator[tuple[Tensor, Batch]]:
        translate = getattr(method, method.directions["forward"])
        for batch in islice(self.pictures.held_out(), self.count):
            pair = cast("Pair", batch)  # as the layout's are
            yield translate(trainer.entrance.plain(pair, trainer.device).source), batch

    def _drawn(self, trainer: Trainer, method: Method) -> Iterator[tuple[Tensor, Batch]]:
        """As `translate evaluate` draws them: of seed 0, 1, …, with the labels that the held-out pictures have."""
        network = getattr(method, method.drawer)
        for seed, batch in enumerate(islice(self.pictures.held_out(), self.count)):
            noise = torch.from_numpy(latent.noise([seed], network.latent)).to(trainer.device)
            told = (cast("Labelled", batch).label.to(trainer.device),) if getattr(network, "classes", 0) else ()
            yield network(noise, *told), batch

    def _target(self, batch: Batch) -> Picture:
        """The real picture of a batch of one, as levels `[H, W, C]`."""
        real, role = (batch.target, "target") if isinstance(batch, Pair) else (batch.image, "image")
        (target,) = real.permute(0, 2, 3, 1).numpy()
        return pixels.levels(target, self.pictures.layout.forms[role])


def _without_weights(metric: str, why: str) -> str:
    """What is to be done where a metric's weights are missing, in words that hold outside of `translate evaluate`."""
    if file := WEIGHTS.get(metric):
        try:
            weights.find(file)
        except MissingWeightsError:
            command = f"""python -c "from translate.metrics.weights import fetch; fetch('{file}', print)\""""
            why = f"{weights.KNOWN[file].title} are not here: fetch them with {command}"
    return f"{metric}, which train.best or train.metrics names: {why}"


def _fits(setting: str, metric: str, layout: Layout, method: type[Method] | None) -> None:
    if layout.batch is not Pair:
        if method and not method.drawer:
            (name,) = (name for name, kind in METHODS.items() if kind is method)
            raise ConfigError(f"{setting}: method.name = {name!r} makes no pictures that could be scored: leave it out")
        if metric in PAIRED:
            raise ConfigError(
                f"{setting} compares pairs: pictures drawn from noise have no truth: choose one that compares sets, "
                f"{' or '.join(OF_SETS)}"
            )
        what = "pictures"
    else:
        what = "pairs"
        if metric in PAIRED and not layout.aligned:
            raise ConfigError(
                f"{setting} compares pairs, and there are no held-out pairs to score on in unpaired data: choose one "
                f"that compares sets, {' or '.join(OF_SETS)}"
            )
    if not layout.held_out:
        raise ConfigError(f"{setting}: there are no held-out {what} to score on: set data.holdout")
