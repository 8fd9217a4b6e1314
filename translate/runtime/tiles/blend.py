"""Overlapping parts blended by windows that sum to one: for networks that see the whole of what they are given.

A part's weight falls towards its edges as a raised cosine, the same along rows and columns, and is divided by the sum
of all weights there. Rows are finished from the top: memory is a band of the picture's width.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from translate.pixels import Pixels
from translate.runtime.tiles.grid import Span

Weights = npt.NDArray[np.float32]


def weights(cut: list[Span], length: int) -> list[Weights]:
    """The weight of every pixel of every span along one axis: float32, above 0, summing to 1 at each pixel."""
    raised, total = [], np.zeros(length)
    for span in cut:
        size = span.stop - span.start
        window = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
        total[span.start : span.stop] += window
        raised.append(window)
    return [(w / total[span.start : span.stop]).astype(np.float32) for w, span in zip(raised, cut, strict=True)]


class Band:
    """Rows that are still growing.

    Args:
        width: pixels of the picture.
        channels: of the result.
        top: the first row that is wanted; what parts have above it is left out.
    """

    def __init__(self, width: int, channels: int, top: int) -> None:
        self.top = top
        self._sum = np.zeros((0, width, channels), np.float32)

    def add(self, part: Pixels, rows: Span, columns: Span, down: Weights, across: Weights) -> None:
        """Lay a part `[h, w, C]` over the rows, with its weights along both axes."""
        missing = rows.stop - self.top - len(self._sum)
        if missing > 0:
            self._sum = np.concatenate([self._sum, np.zeros((missing, *self._sum.shape[1:]), np.float32)])
        above = max(0, self.top - rows.start)
        weighted = part[above:] * (down[above:, None] * across)[:, :, None]
        place = rows.start + above - self.top
        self._sum[place : place + len(weighted), columns.start : columns.stop] += weighted

    def finish(self, bottom: int) -> Pixels:
        """The rows from `top` to before `bottom`, uint8 `[h, W, C]`, which is where the next ones begin."""
        count = bottom - self.top
        done = (self._sum[:count] + 0.5).clip(0, 255).astype(np.uint8)
        self._sum, self.top = self._sum[count:].copy(), bottom
        return done
