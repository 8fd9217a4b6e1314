"""A picture in memory, in parts: its pixels fit there, what a network makes of them on the way may not."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from translate.errors import ModelError
from translate.pixels import Pixels
from translate.runtime.tiles.blended import Blended
from translate.runtime.tiles.engine import Engine
from translate.runtime.tiles.exact import Exact
from translate.runtime.tiles.settle import settle
from translate.runtime.tiles.source import Held
from translate.runtime.translator import Translator


def translate_array(
    translator: Translator, picture: Pixels, *, tile: int | None = None, seconds: float | None = None
) -> Pixels:
    """Translate an array as `translate_large` does a file.

    Args:
        translator: the model.
        picture: uint8 `[H, W, C]` with the card's `source_channels`.
        tile: side in pixels of a part, as for `translate_large`.
        seconds: longest that it may take, looked at after every band of parts.

    Returns:
        uint8 `[H, W, C]` with the card's `target_channels`.

    Raises:
        ModelError: the model cannot translate in parts, failed, or took too long.
        ConfigError: the tile is too small for the model's halo.
    """
    engine = Engine(translator)
    parts = (Exact if engine.card.halo else Blended)(engine, Held(picture), tile)
    clock = _Clock(translator, picture, seconds)
    sheet = _Sheet(picture.shape[0], picture.shape[1], engine.card.target_channels)
    given = None
    if engine.measures and not parts.single:
        given = settle(engine, parts, clock, None, lambda line: None)
    for _ in parts.render(sheet, 0, given):
        clock.look()
    return sheet.pixels


class _Sheet:
    """The result while it grows."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        self.channels = channels
        self.pixels: Pixels = np.empty((height, width, channels), np.uint8)

    def write(self, top: int, left: int, part: Pixels) -> None:
        self.pixels[top : top + part.shape[0], left : left + part.shape[1]] = part


class _Clock:
    """What is done, and whether there is time left for more."""

    def __init__(self, translator: Translator, picture: Pixels, seconds: float | None) -> None:
        self._what = f"{translator.card.name} was stopped on {list(picture.shape)} after {seconds} s"
        self._end = None if seconds is None else time.monotonic() + seconds
        self._records: list[dict[str, Any]] = []

    def add(self, **record: Any) -> None:
        self._records.append(record)
        self.look()

    def last(self, key: str) -> dict[str, Any] | None:
        return next((record for record in reversed(self._records) if key in record), None)

    def look(self) -> None:
        """Stop where there is none."""
        if self._end is not None and time.monotonic() > self._end:
            raise ModelError(f"{self._what}: give a smaller picture or more seconds")
