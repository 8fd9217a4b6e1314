"""A result laid over the picture that it was made of, as strongly as a visitor wants it."""

from __future__ import annotations

import numpy as np

from translate.errors import PictureError
from translate.page.desk import Translated
from translate.pixels import Pixels

_ROWS = 256  # of a picture that are blended at once


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
    mixed = np.empty_like(after)
    for top in range(0, len(after), _ROWS):  # in floating point all of it would be four times as large, twice
        rows = slice(top, top + _ROWS)
        mixed[rows] = np.rint(before[rows] * np.float32(1 - strength) + after[rows] * np.float32(strength))
    return mixed
