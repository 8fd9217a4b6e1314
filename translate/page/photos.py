"""From a visitor's photo to what a model takes, where the model says how: its edges, its lightness."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from translate import pixels
from translate.page.shelf import LIMIT
from translate.pixels import Pixels, Source
from translate.runtime import Translator

PHOTO = 1_000_000
"""Pixels of a photo to which it is made smaller before a model's input is derived of it: edges and grain are what they
were in training at about the size of training, which is some hundred pixels a side."""


def derived(translator: Translator, photo: Source, seconds: float) -> Pixels:
    """A model's input, uint8 `[H, W, C]`, of a photo: of at most `PHOTO` pixels.

    Raises:
        PictureError: the photo cannot be read.
        ModelError: the model derives nothing, failed, or took longer than so many seconds.
    """
    return translator.derive(_smaller(pixels.read(photo, 3, limit=LIMIT)), seconds)


def _smaller(photo: Pixels) -> Pixels:
    height, width, _ = photo.shape
    scale = math.sqrt(PHOTO / (height * width))
    if scale >= 1:
        return photo
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))
