"""A classifier, by which what conditional models draw is judged: the one player who has nobody against it

It learns from real pictures alone. Does a picture drawn as a 7 look like one? `translate evaluate --classifier` asks.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from translate.batches import Labelled
from translate.methods.base import Method, Turn


class Classification(Method):
    """min_C −E[log softmax(C(y))_c].

    Args:
        C: picture → a score a class.
        label_smoothing: ε, spread evenly over the classes instead of asked for of the right one (Szegedy 2016, §7).
    """

    players = {"C": ("C",)}
    networks = {"C": "classifier"}
    averaged = ("C",)
    reader = "C"

    def __init__(self, C: nn.Module, label_smoothing: float = 0.0) -> None:
        super().__init__()
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing = {label_smoothing}: it must be at least 0 and less than 1")
        self.C, self.label_smoothing = C, label_smoothing

    @staticmethod
    def wiring(image: int, classes: int) -> dict[str, dict[str, int]]:
        return {"C": {"inputs": image, "classes": classes}}

    def round(self, batch: Labelled, step: int) -> Iterator[Turn]:
        scores = self.C(batch.image)
        right = (scores.detach().argmax(1) == batch.label).float().mean()
        loss = cross_entropy(scores, batch.label, label_smoothing=self.label_smoothing)
        yield Turn("C", {"cross_entropy": loss}, {"right": right})

    def show(self, batch: Labelled) -> dict[str, Tensor]:
        """The pictures, and of them those that are taken for something else."""
        wrong = self.C(batch.image).argmax(1) != batch.label
        return {"data": batch.image, "misread": torch.where(wrong[:, None, None, None], batch.image, -1.0)}
