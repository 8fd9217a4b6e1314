"""Parts with a halo: what a network that sees no further makes of them is what it makes of the whole."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from translate.errors import ConfigError
from translate.pixels import Pixels
from translate.runtime.tiles.canvas import Surface
from translate.runtime.tiles.engine import Engine
from translate.runtime.tiles.grid import pieces, spans, up
from translate.runtime.tiles.source import Source
from translate.runtime.tiles.statistics import Pool, Row

TILE = 896
"""Side in pixels of a part, halo and all, if nothing is said: the papers' ResNet takes 0.9 GB for it."""

_PATCH = 32
"""Side of the squares that the sample is made of: many places of the picture in one run."""


class Exact:
    """A picture in parts with a halo.

    Args:
        engine: the model; its card has a halo.
        source: the picture.
        tile: side of a part, or None.

    Raises:
        ConfigError: the tile has no room for more than the halo.
    """

    def __init__(self, engine: Engine, source: Source, tile: int | None) -> None:
        self._engine, self._source = engine, source
        multiple = self._multiple = engine.card.multiple
        halo = up(engine.card.halo, multiple)
        self.tile = (tile or max(TILE, 4 * halo)) // multiple * multiple
        least = 2 * halo + multiple
        if self.tile < least:
            raise ConfigError(f"tiles of {tile} have no room around a halo of {halo}: give {least} or more")
        self._rows = spans(source.height, self.tile, halo, multiple)
        self._columns = spans(source.width, self.tile, halo, multiple)
        self._bands = pieces(self._rows)
        self.single = len(self._rows) == len(self._columns) == 1
        """Whether one part is the whole."""

    @property
    def steps(self) -> int:
        """Into how many steps a survey falls."""
        return len(self._bands)

    def survey(self, step: int, given: Row, pool: Pool) -> None:
        """Measure one band of the picture. All bands together count every pixel once, as the whole has it."""
        top, bottom, sign = self._bands[step]
        for left, right, other in pieces(self._columns):
            measured = self._engine.measure(self._source.read(top, left, bottom, right), given)
            # The graph pads the lower and the right border, and measures what it has padded.
            area = up(bottom - top, self._multiple) * up(right - left, self._multiple)
            pool.add(measured, sign * other * area)

    def sample(self) -> list[Pixels]:
        """Small squares from all over the picture, laid side by side as one part."""
        down, across = (self._places(length) for length in (self._source.height, self._source.width))
        squares = [[self._source.read(y, x, y + h, x + w) for x, w in across] for y, h in down]
        return [np.concatenate([np.concatenate(row, 1) for row in squares])]

    def render(self, canvas: Surface, done: int, given: Row | None) -> Iterator[int]:
        """Translate from row `done` on, part by part; gives the rows that are done, band by band."""
        for rows in self._rows:
            if rows.first < done:
                continue
            for columns in self._columns:
                part = self._source.read(rows.start, columns.start, rows.stop, columns.stop)
                translated = self._engine.translate(part, given)
                kept = translated[rows.first - rows.start : rows.last - rows.start]
                kept = kept[:, columns.first - columns.start : columns.last - columns.start]
                canvas.write(rows.first, columns.first, kept)
            yield rows.last

    def _places(self, length: int) -> list[tuple[int, int]]:
        """Start and size of the sample's squares along one axis."""
        size = min(_PATCH, length)
        count = max(1, min(self.tile, length) // size)
        starts = np.linspace(0, length - size, count) // self._multiple * self._multiple
        return [(int(start), size) for start in starts]
