"""Parts that overlap and are blended: for networks every pixel of which sees the whole of what they are given."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from translate.errors import ConfigError
from translate.pixels import Pixels
from translate.runtime.tiles.blend import Band, weights
from translate.runtime.tiles.canvas import Surface
from translate.runtime.tiles.engine import Engine
from translate.runtime.tiles.grid import overlapping
from translate.runtime.tiles.source import Source
from translate.runtime.tiles.statistics import Pool, Row

_SAMPLE = 16
"""Parts in the sample, from all over the picture."""


class Blended:
    """A picture in overlapping parts of one size.

    Args:
        engine: the model.
        source: the picture.
        tile: side of a part, or None for the size that the model was trained at.

    Raises:
        ConfigError: the tile is too small to be blended.
    """

    def __init__(self, engine: Engine, source: Source, tile: int | None) -> None:
        self._engine, self._source = engine, source
        self.tile = tile or engine.card.size
        if self.tile < 8:
            raise ConfigError(f"tiles of {self.tile} are too small to be blended: give 8 or more")
        self._rows = overlapping(source.height, self.tile)
        self._columns = overlapping(source.width, self.tile)
        self.single = len(self._rows) == len(self._columns) == 1
        """Whether one part is the whole."""

    @property
    def steps(self) -> int:
        """Into how many steps a survey falls."""
        return len(self._rows)

    def survey(self, step: int, given: Row, pool: Pool) -> None:
        """Measure one band of parts, all of which count the same."""
        for columns in self._columns:
            pool.add(self._engine.measure(self._read(step, columns.start, columns.stop), given), 1.0)

    def sample(self) -> list[Pixels]:
        """Some of the parts, spread evenly."""
        side = int(_SAMPLE**0.5)
        down = np.unique(np.linspace(0, len(self._rows) - 1, side).round().astype(int))
        across = np.unique(np.linspace(0, len(self._columns) - 1, side).round().astype(int))
        spans = [self._columns[number] for number in across]
        return [self._read(int(row), span.start, span.stop) for row in down for span in spans]

    def render(self, canvas: Surface, done: int, given: Row | None) -> Iterator[int]:
        """Translate from row `done` on; gives the rows that are done, band by band."""
        down, across = weights(self._rows, self._source.height), weights(self._columns, self._source.width)
        band = Band(self._source.width, canvas.channels, done)
        for number, rows in enumerate(self._rows):
            if rows.stop <= done:
                continue
            for columns, weight in zip(self._columns, across, strict=True):
                translated = self._engine.translate(self._read(number, columns.start, columns.stop), given)
                band.add(translated, rows, columns, down[number], weight)
            final = number + 1 == len(self._rows)
            bottom = rows.stop if final else self._rows[number + 1].start
            if bottom > band.top:
                top = band.top
                canvas.write(top, 0, band.finish(bottom))
                yield bottom

    def _read(self, row: int, left: int, right: int) -> Pixels:
        return self._source.read(self._rows[row].start, left, self._rows[row].stop, right)
