"""How fast the models are on this machine: measured when somebody wants to know, and never in a visitor's way."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from translate.page.shelf import Model, Shelf, stamp_of
from translate.runtime import Translator

LEAST, MOST = 5, 25
"""Pictures that a figure is the median of."""
ENOUGH = 0.3
"""Seconds of measuring after which the least are enough."""
LARGEST = 1024
"""Side of the largest picture that is measured: a card may claim any size."""
LONGEST = 30.0
"""Seconds that one translation may take."""
PATIENCE = 1.0
"""Seconds to wait while another is measured: a slow model's takes minutes, and who asks meanwhile holds a thread."""


@dataclass(frozen=True)
class Speed:
    """A measurement."""

    milliseconds: float
    """The median of its translations."""
    side: int
    """Height and width of the picture."""
    count: int
    """Translations."""
    device: str
    """What they ran on, in words."""
    draws: bool = False
    """Whether pictures were drawn from noise, not translated."""


class Speeds:
    """Measures each model once, and anew when its file changes. It may be shared by any number of threads.

    Args:
        shelf: opens the models: what is measured is what serves the visitors.
        idle: whether no visitor waits for anything now. While somebody does, nothing is measured.
    """

    def __init__(self, shelf: Shelf, idle: Callable[[], bool] = lambda: True) -> None:
        self._shelf, self._idle = shelf, idle
        self._one = threading.Lock()
        self._known: dict[Path, tuple[object, Speed]] = {}

    def known(self, model: Model) -> Speed | None:
        """What has been measured of the model's file as it is now."""
        found = self._known.get(model.path)
        return found[1] if found and found[0] == stamp_of(model.path) else None

    def measure(self, model: Model) -> Speed | None:
        """Measure the model, unless that was done; none where visitors came first, or another is being measured.

        Raises:
            ModelError: it cannot be opened, or does not translate.
        """
        if not self._one.acquire(timeout=PATIENCE):
            return None
        try:
            stamp = stamp_of(model.path)
            speed = self.known(model) or (self._measured(model) if self._idle() else None)
            if speed:
                self._known[model.path] = (stamp, speed)
            return speed
        finally:
            self._one.release()

    def _measured(self, model: Model) -> Speed | None:
        translator = self._shelf.translator(model)
        side = translator.card.size if translator.card.draws else min(translator.card.size, LARGEST)
        run = _run(translator, side)
        _seconds(run)  # the first one at a size takes longer
        taken: list[float] = []
        while len(taken) < LEAST or (sum(taken) < ENOUGH and len(taken) < MOST):
            seconds = _seconds(run)
            if not self._idle():  # what a visitor has slowed down is no measurement, nor may it slow a visitor down
                return None
            taken.append(seconds)
        return Speed(1000 * statistics.median(taken), side, len(taken), translator.device, translator.card.draws)


def _run(translator: Translator, side: int) -> Callable[[], object]:
    """What is measured: one picture through the model."""
    card = translator.card
    if card.draws:
        noise, labels = translator.noise([0]), [0] if card.classes else None
        return lambda: translator.draw(noise, labels, seconds=LONGEST)
    shape = (side, side, card.source_channels)
    picture = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return lambda: translator.array(picture, seconds=LONGEST)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
