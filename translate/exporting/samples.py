"""Pictures of a run: those that int8 takes its ranges from, and others that show what a smaller precision costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from translate import config, pixels
from translate.data.transforms import Transform
from translate.errors import DataError, ExportError
from translate.forms import Form

CALIBRATING, JUDGING = 32, 16
"""Pictures of each kind, at most. More moved no range's effect on the error (measured)."""


@dataclass(frozen=True)
class Samples:
    """Pictures that a model takes: uint8 `[H, W, C]` each."""

    calibrating: list[np.ndarray]
    judging: list[np.ndarray]
    """None of them is among `calibrating`."""
    held_out: bool
    """Whether those that judge were held out of training."""


def of_run(resolved: dict[str, Any], direction: str) -> Samples:
    """Of the data that a run has learnt from, as it was prepared without chance.

    Args:
        resolved: the run's configuration.
        direction: `forward`: source pictures; `backward`: target pictures.

    Raises:
        ExportError: the data is not where the configuration says, or too little.
    """
    try:
        plan = config.plan(resolved)
        place = 0 if direction == "forward" else 1
        train, held_out = plan.layout.train, plan.layout.held_out

        def read(samples: Sequence[Any]) -> list[np.ndarray]:
            return [plan.pictures(plan.layout.read(sample, 0)[0])[place] for sample in samples]

        if held_out:
            return Samples(read(_spread(train, CALIBRATING)), read(_spread(held_out, JUDGING)), True)
        return _halved(read(_spread(train, CALIBRATING + JUDGING)))
    except DataError as error:
        raise ExportError(
            f"a smaller precision is measured on the run's own pictures, and they cannot be read: {error}; "
            "give others with --pictures FOLDER"
        ) from None


def of_folder(folder: Path, channels: int, size: int) -> Samples:
    """Of any folder of pictures, two of three to calibrate with and the third to judge by.

    Raises:
        ExportError: the pictures cannot be read, or are too few.
    """
    transform = Transform(size)
    try:
        paths = _spread(pixels.find(folder), CALIBRATING + JUDGING)
        return _halved([transform.plain((pixels.stored(path, Form.plain(channels)),))[0] for path in paths])
    except DataError as error:
        raise ExportError(f"--pictures: {error}") from None


def _halved(pictures: list[np.ndarray]) -> Samples:
    if len(pictures) < 2:
        raise ExportError("a smaller precision is measured on pictures, two at the least: give more")
    judging = pictures[1::3]
    return Samples([p for place, p in enumerate(pictures) if place % 3 != 1], judging, False)


def _spread(things: Sequence[Any], most: int) -> list[Any]:
    """At most so many of them, evenly over the whole."""
    return [things[int(place)] for place in np.linspace(0, len(things) - 1, min(most, len(things))).round()]
