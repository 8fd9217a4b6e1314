"""Where pictures are translated: decoded, put through a model, and handed back with how long that took."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from translate import pixels
from translate.errors import PictureError
from translate.page.shelf import LIMIT, Model, Shelf
from translate.pixels import Pixels

Sent: TypeAlias = "str | os.PathLike[str] | bytes | Pixels"
"""What a visitor sends: a file, a file's content, or uint8 `[H, W, C]`."""


@dataclass(frozen=True)
class Translated:
    """One picture, translated. Both are uint8 `[H, W, C]`, of one height and width."""

    before: Pixels
    """The picture as the model saw it."""
    after: Pixels
    """What the model made of it."""
    milliseconds: float
    """What the model took."""
    device: str
    """What it ran on, in words."""


class Desk:
    """Translates pictures, a few at a time."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def translate(self, model: Model, source: Sent) -> Translated:
        """Decode and translate one picture."""
        return await asyncio.to_thread(self._work, model, source)

    def _work(self, model: Model, source: Sent) -> Translated:
        translator = self._shelf.translator(model)
        before = pixels.read(source, model.card.source_channels, limit=LIMIT)
        start = time.perf_counter()
        after = translator.array(before)
        return Translated(before, after, 1000 * (time.perf_counter() - start), translator.device)


def blended(translated: Translated, strength: float) -> Pixels:
    """The result laid over the picture, uint8 `[H, W, C]`.

    Args:
        translated: a picture and its result.
        strength: 0.0 (the picture) to 1.0 (the result).

    Raises:
        PictureError: the two differ in channels, or the strength is out of range.
    """
    before, after = translated.before, translated.after
    if not 0 <= strength <= 1:
        raise PictureError(f"the strength is {strength:g}: give 0 to 1")
    if strength == 1:
        return after
    if before.shape != after.shape:
        raise PictureError("a strength other than 1 needs a model that gives as many channels as it takes")
    mixed = before.astype(np.float32) * (1 - strength) + after.astype(np.float32) * strength
    return np.rint(mixed).astype(np.uint8)
