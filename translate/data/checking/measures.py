"""What is measured of one picture: fingerprints by which copies are found, and what tells kinds of picture apart.

The fingerprint of likeness is a difference hash (Krawetz, "Kind of Like That", hackerfactor.com, 2013): is each pixel
of a tiny grey version brighter than its neighbour? Here to the right and below, 128 bits; it survives another format,
size and quality. A small grey version confirms what it suggests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from PIL import Image

Picture = np.ndarray

THUMB = 16
"""Side of the grey version that confirms a likeness."""
SAMPLE = 256
"""Side of the grid of pixels on which colours are counted."""
SAME = 4
"""Levels within which neighbours count as equal: JPEG's noise in a flat area."""


@dataclass(frozen=True)
class Measures:
    """Of one picture, or of one half of a file that holds a pair."""

    height: int
    width: int
    digest: bytes
    """Of its pixels: equal for equal pictures, whatever their files."""
    bits: np.ndarray
    """Difference hash, bool `[128]`."""
    thumb: np.ndarray
    """Grey, uint8 `[THUMB, THUMB]`."""
    grey: bool
    """Whether red, green and blue are equal everywhere."""
    share: float
    """Of the pixels that have the most frequent colour."""
    colours: int
    """How many there are, on a grid of at most `SAMPLE`²."""
    flat: float
    """Share of pixels like the one to their right: near 1 in label maps and drawings."""
    saturation: float
    """Mean of max − min over RGB, levels of 255."""
    luma: float
    """Mean level of grey."""

    @property
    def features(self) -> tuple[float, ...]:
        """What tells one domain's pictures from the other's: each of the order of 1."""
        return (self.flat, np.log10(self.colours) / 4, self.saturation / 128, self.luma / 255, self.share)


def measure(picture: Picture) -> Measures:
    """Measure a picture, uint8 `[H, W, 3]`."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture)
    step = max(1, -(-max(height, width) // SAMPLE))
    grid = picture[::step, ::step].astype(np.uint32)
    packed = np.sort((grid[..., 0] << 16 | grid[..., 1] << 8 | grid[..., 2]).ravel())
    runs = np.diff(np.flatnonzero(np.diff(packed, prepend=~packed[0], append=~packed[-1])))
    rows = picture[:: 2 * step].astype(np.int16)
    steps = np.abs(np.diff(rows, axis=1)) if width > 1 else np.zeros((1, 1, 3), np.int16)
    small = np.asarray(image.resize((64, 64), Image.Resampling.BOX)).astype(np.int16)
    grey = image.convert("L")
    return Measures(
        height,
        width,
        hashlib.blake2b(picture.tobytes() + f"{height}×{width}".encode(), digest_size=16).digest(),
        difference_hash(grey),
        np.asarray(grey.resize((THUMB, THUMB), Image.Resampling.BOX)),
        _is_grey(small) and _is_grey(picture),
        float(runs.max() / packed.size),
        len(runs),
        float((_over_channels(np.maximum, steps) <= SAME).mean()),
        float((_over_channels(np.maximum, small) - _over_channels(np.minimum, small)).mean()),
        float(small.mean()),
    )


def _is_grey(picture: Picture) -> bool:
    red, green, blue = (picture[..., channel] for channel in range(3))
    return bool((red == green).all() and (green == blue).all())


def _over_channels(what: np.ufunc, picture: Picture) -> np.ndarray:
    """The largest or smallest of three channels: numpy's own reduction over an axis of three is ten times slower."""
    result: np.ndarray = what(what(picture[..., 0], picture[..., 1]), picture[..., 2])
    return result


def difference_hash(grey: Image.Image) -> np.ndarray:
    """128 bits: of a 9×8 version whether a pixel is brighter than that to its left, of an 8×9 one than that above."""
    across = np.asarray(grey.resize((9, 8), Image.Resampling.BOX)).astype(np.int16)
    down = np.asarray(grey.resize((8, 9), Image.Resampling.BOX)).astype(np.int16)
    return np.concatenate([np.diff(across, axis=1).ravel() > 0, np.diff(down, axis=0).ravel() > 0])
