"""Pictures of any form as people and metrics see them: 8-bit RGB, and levels from 0 to 255."""

from __future__ import annotations

import colorsys

import numpy as np

from translate.forms import Form, Part
from translate.pixels.deep import Stored
from translate.pixels.formats import Pixels


def shown(picture: Stored, form: Form) -> Pixels:
    """A stored picture as 8-bit RGB.

    The range of its values becomes 0 … 255, and classes their colours; of many channels the first three are shown, of
    several files the first.

    Args:
        picture: `[H, W, C]` of the form's depth.
        form: what it is made of.

    Returns:
        uint8 `[H, W, 3]`.
    """
    part = form.parts[0]
    first = picture[:, :, : part.channels]
    if part.classes and part.channels == 1:
        # Beyond the classes there is black: what has none.
        return np.concatenate([palette(part), np.zeros((1, 3), np.uint8)])[np.minimum(first[:, :, 0], part.classes)]
    grey = first if part.whole or part.classes else _levels(first, part)
    eight = grey if grey.dtype == np.uint8 else np.rint(grey).astype(np.uint8)
    if eight.shape[2] == 1:
        return eight.repeat(3, axis=2)
    return eight[:, :, [0, 1, min(2, eight.shape[2] - 1)]]


def levels(picture: Stored, form: Form) -> Stored:
    """A stored picture as levels from 0 to 255 over its range, not rounded: what metrics compare.

    Returns:
        `[H, W, C]`: 8-bit pictures as they are, others float32; label maps as uint8 colours.
    """
    if form.classes:
        return shown(picture, form)
    return picture if form.whole else _levels(picture, form)


def palette(part: Part) -> Pixels:
    """The colours of a part's classes, uint8 `[classes, 3]`: its own, or such as can be told apart."""
    if part.colours:
        return np.array([list(bytes.fromhex(colour[1:])) for colour in part.colours], np.uint8)
    # Hues a golden angle apart, and every other one darker.
    hues = [
        (0.618034 * number % 1, 0.75 - 0.25 * (number % 3 == 2), 0.95 - 0.3 * (number % 2))
        for number in range(part.classes)
    ]
    return np.array([[round(255 * level) for level in colorsys.hsv_to_rgb(*hue)] for hue in hues], np.uint8)


def _levels(values: Stored, form: Form | Part) -> Stored:
    low, high = np.array(form.ranges, np.float64).T
    return ((values.clip(low, high) - low) * (255 / (high - low))).astype(np.float32)
