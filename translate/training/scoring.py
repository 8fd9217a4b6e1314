"""Scores on held-out pairs while training goes on, so that the best checkpoint can be told from the latest."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import TypedDict, cast

import torch

from translate import pixels, shares
from translate.batches import Pair
from translate.data.loading import Pictures
from translate.encoding import decode
from translate.errors import ConfigError
from translate.metrics import LESS_IS_BETTER, METRICS
from translate.training.trainer import Trainer


class Best(TypedDict):
    """The best checkpoint so far."""

    metric: str
    step: int
    score: float


class Scorer:
    """Scores the averaged networks on all held-out pairs, and remembers which step was the best.

    Args:
        metric: a name in `translate.metrics.METRICS`.
        pictures: where the pairs come from.

    Raises:
        ConfigError: there are no held-out pairs.
    """

    def __init__(self, metric: str, pictures: Pictures) -> None:
        layout = pictures.layout
        if layout.batch is not Pair or not layout.aligned or not layout.held_out:
            raise ConfigError(f"train.best = {metric!r}: there are no held-out pairs to score on: set data.holdout")
        self.metric, self.pictures = metric, pictures
        self.best: Best | None = None

    @shares.alone()
    @torch.no_grad()
    def score(self, trainer: Trainer) -> float:
        """The mean over all held-out pairs at the trainer's step; where it is the best so far, it is remembered."""
        score = fmean(self._scores(trainer))
        less = self.metric in LESS_IS_BETTER
        if self.best is None or (score < self.best["score"] if less else score > self.best["score"]):
            self.best = {"metric": self.metric, "step": trainer.step, "score": score}
        return score

    def _scores(self, trainer: Trainer) -> Iterator[float]:
        method = trainer.view()
        translate = getattr(method, method.directions["forward"])
        form = self.pictures.layout.forms["target"]
        for batch in self.pictures.held_out():
            pair = cast("Pair", batch)  # as the layout's are, see above
            made = translate(trainer.entrance.plain(pair, trainer.device).source)
            (output,) = decode(made.permute(0, 2, 3, 1), form).cpu().numpy()
            (target,) = pair.target.permute(0, 2, 3, 1).numpy()
            yield METRICS[self.metric](*(pixels.levels(one, form) for one in (output, target)))
