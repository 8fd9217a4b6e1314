"""From whatever a picture is stored as to upright grey, RGB or RGBA of 8 bits, and from arrays to images."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import PictureError
from translate.pixels.directory import harmless
from translate.pixels.formats import Pixels

_MAY_BE_TRANSPARENT = ("1", "L", "P", "RGB", "LA", "PA", "RGBA", "RGBa")


_PROFILE = "Raw profile type exif"
"""Where a PNG may keep Exif data as text, two letters a byte and more."""

_LONGEST_PROFILE = 200_000
"""Beyond the 64 KB of Exif data that fit into a JPEG, in letters."""


def image_of(array: npt.NDArray[Any], name: str, kinds: tuple[type, ...]) -> Image.Image:
    """A PIL image of an array of one of the given kinds, `[H, W]` or `[H, W, 1 | 3 | 4]`."""
    if array.dtype.kind == "f":
        raise PictureError(f"{name} holds floating-point numbers: scale it to 0..255 and convert it to uint8")
    if array.dtype.type not in kinds:  # of either byte order
        raise PictureError(f"{name} is {array.dtype}: give {' or '.join(kind.__name__ for kind in kinds)}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or array.size == 0:
        raise PictureError(f"{name} has shape {list(array.shape)}: give [H, W] or [H, W, 1 | 3 | 4]")
    return Image.fromarray(np.ascontiguousarray(array if array.dtype == np.uint8 else eight_bits(array)))


def eight_bits(array: npt.NDArray[Any]) -> Pixels:
    """0..65535 to 0..255, rounded: 65535 = 257 × 255."""
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


def converted(image: Image.Image, name: str, mode: str, background: tuple[int, int, int]) -> Image.Image:
    """The image in mode L, RGB or RGBA, transparency laid over the background unless the mode keeps it."""
    if image.mode == "F":
        raise PictureError(f"{name} holds floating-point numbers: save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        image = from_16_bits(image, name)
    if image.mode == "LAB":  # Pillow gives it no grey, and as RGBA it would be transparent
        image = image.convert("RGB")
    if image.mode == "La":  # Pillow converts it to nothing else
        image = image.convert("LA")
    if image.mode in _MAY_BE_TRANSPARENT and image.has_transparency_data:
        image = image.convert("RGBA")
        if mode != "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image)
    return image if image.mode == mode else image.convert(mode)


def from_16_bits(image: Image.Image, name: str) -> Image.Image:
    """Grey of 16 bits as L, or LA where one level is declared transparent. `.convert("L")` would clip at 255."""
    array = np.asarray(image)
    # Pillow keeps 16-bit PGM and signed TIFF in mode I, which has room for 32 bits.
    if image.mode == "I" and (array.min() < 0 or array.max() > 65535):
        raise PictureError(f"{name} holds 32-bit or negative levels: save it with 8 or 16 bits")
    grey = Image.fromarray(eight_bits(array))
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return Image.merge("LA", (grey, Image.fromarray(np.where(array == clear, 0, 255).astype(np.uint8))))


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where it is missing or damaged, for the pixels are good all the same."""
    exif = image.info.get("exif", b"")
    if not isinstance(exif, bytes) or not harmless(exif) or len(image.info.get(_PROFILE, "")) > _LONGEST_PROFILE:
        return 1
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def turned(array: Pixels, turn: int) -> Pixels:
    """The array upright. Orientations 5 to 8 are stored with rows and columns exchanged."""
    if turn >= 5:
        array = array.swapaxes(0, 1)
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
