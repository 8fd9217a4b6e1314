"""A run's training in pictures, for the exported file: a strip cut out of its sample sheets."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import torch

from translate import config, pixels
from translate.batches import Pair
from translate.card import Card
from translate.errors import CheckpointError, PictureError
from translate.methods import METHODS
from translate.runtime.history import SAMPLES, STEPS, History, tile
from translate.training.sheet import GAP

_SHEET = re.compile(r"step_(\d+)\.png")

# Columns of a sheet, by direction: what goes in, what comes out, and what should, where the data is paired.
_COLUMNS = {"forward": ("source", "translated", "target"), "backward": ("target", "backward", "source")}


def of_run(run: Path, resolved: dict[str, Any], card: Card, step: int) -> History:
    """What the model of a run made of the first samples on its sheets, from the first sheet to the last.

    Args:
        run: the run's folder.
        resolved: its configuration.
        card: the card of the model that is exported: its direction and channels.
        step: the point of training that is exported; what came later is left out.

    Raises:
        CheckpointError: there are no sheets that fit the run.
    """
    names = _names(resolved, card)
    source, result, target = _COLUMNS[card.direction]
    paired = METHODS[resolved["method"]["name"]].aligned
    columns: dict[int, dict[str, np.ndarray]] = {}
    sheets = _sheets(run / "samples", step)
    for place in np.linspace(0, len(sheets) - 1, min(STEPS, len(sheets))).round():
        number, path = sheets[int(place)]
        found = _cut(path, names, card.size)
        if source in found and result in found:
            columns[number] = found
    if not columns:
        raise CheckpointError(
            f"{run}: there are no sample sheets that show its training: train with sample_every, or leave out --history"
        )
    last = list(columns.values())[-1]
    return History(
        last[source],
        {number: found[result] for number, found in columns.items()},
        last.get(target) if paired else None,
    )


def _sheets(folder: Path, step: int) -> list[tuple[int, Path]]:
    """Sheets up to a step, in order."""
    found = [(int(match[1]), path) for path in folder.glob("*.png") if (match := _SHEET.fullmatch(path.name))]
    return sorted(one for one in found if one[0] <= step)


def _names(resolved: dict[str, Any], card: Card) -> list[str]:
    """The columns that the run's method puts on a sheet, found by a round of shapes without numbers."""
    channels = [card.takes.encoded, card.gives.encoded]
    blank = [torch.empty(1, count, card.size, card.size, device="meta") for count in channels]
    with torch.device("meta"), torch.no_grad():
        method = config.build_method(resolved)
        return list(method.show(Pair(*(blank if card.direction == "forward" else blank[::-1]))))


def _cut(path: Path, names: list[str], side: int) -> dict[str, np.ndarray]:
    """The first samples of each column, below each other; none where the sheet cannot be read or is another's."""
    try:
        sheet = pixels.read(path)
    except PictureError:
        return {}
    height, width, _ = sheet.shape
    rows = min((height - GAP) // (side + GAP), SAMPLES)
    if width != len(names) * (side + 2 * GAP) or rows < 1 or (height - GAP) % (side + GAP):
        return {}
    tops = [GAP + row * (side + GAP) for row in range(rows)]
    lefts = [GAP + place * (side + 2 * GAP) for place in range(len(names))]
    return {
        name: np.concatenate([tile(sheet[top : top + side, left : left + side]) for top in tops])
        for name, left in zip(names, lefts, strict=True)
    }
