"""The picture that is read in parts: held in memory where it is small, streamed from disk where it is not.

pyvips (`pip install 'translate-gan[large]'`) streams. A tiled TIFF is read where it is needed; other formats it first
decodes into a temporary file of its own, beside other temporary files (`TMPDIR`).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from translate import pixels
from translate.errors import PictureError, first_line
from translate.pixels import Pixels

HELD = 4096 * 4096
"""Up to this many pixels a picture is decoded into memory, by `translate.pixels` as ever."""

_LOADERS = {"tiffload": "TIFF", "jpegload": "JPEG", "pngload": "PNG", "webpload": "WEBP", "gifload": "GIF"}
"""What libvips may read with, and the format in `pixels.FORMATS` that it is. Other formats are for smaller pictures."""

_COLOURS = ("b-w", "grey16", "rgb", "rgb16", "srgb")
_KINDS = {"uchar": np.uint8, "ushort": np.uint16}


class Source(Protocol):
    """A picture of `height` × `width` pixels."""

    height: int
    width: int

    def read(self, top: int, left: int, bottom: int, right: int) -> Pixels:
        """The pixels of a part: uint8 `[bottom - top, right - left, C]`."""
        ...


def opened(path: Path, channels: int) -> Source:
    """A picture file, in grey (1) or RGB (3).

    Raises:
        PictureError: it is not a picture, is damaged, or is of a kind that cannot be streamed.
        ModuleNotFoundError: it is large, and pyvips is not installed.
    """
    try:
        pixels.header(path, limit=HELD)
    except PictureError as error:
        if importlib.util.find_spec("pyvips") is None:
            raise PictureError(f"{error}; larger ones need pip install 'translate-gan[large]'") from None
        if not path.is_file():
            raise
        return Streamed(path, channels)
    return Held(pixels.read(path, channels, limit=HELD))


class Held:
    """A picture in memory: uint8 `[H, W, C]`."""

    def __init__(self, array: Pixels) -> None:
        self._array = array
        self.height, self.width = array.shape[:2]

    def read(self, top: int, left: int, bottom: int, right: int) -> Pixels:
        return self._array[top:bottom, left:right]


class Streamed:
    """A picture file that is read as it is needed."""

    def __init__(self, path: Path, channels: int) -> None:
        pyvips = vips()
        self._path, self._channels, self._error = path, channels, pyvips.Error
        try:
            image = pyvips.Image.new_from_file(str(path.absolute()), access="random", fail_on="error")
            _check(path, image)
            self._image = image.autorot()
            self._region = pyvips.Region.new(self._image)
        except pyvips.Error as error:
            raise PictureError(f"{path} cannot be streamed ({_why(error)}): save it as a tiled TIFF") from error
        self.height, self.width = self._image.height, self._image.width

    def read(self, top: int, left: int, bottom: int, right: int) -> Pixels:
        size = bottom - top, right - left
        try:
            content = self._region.fetch(left, top, size[1], size[0])
        except self._error as error:
            raise PictureError(f"{self._path} is damaged or cut short ({_why(error)}): get it again") from error
        array = np.frombuffer(content, _KINDS[self._image.format]).reshape(*size, self._image.bands)
        if array.shape[2] == 2:  # grey and transparency
            array = array[:, :, [0, 0, 0, 1]]
        return pixels.read(array, self._channels, limit=size[0] * size[1])


def vips() -> Any:
    """pyvips, without the loaders that its authors do not trust with hostile files."""
    import pyvips

    pyvips.block_untrusted_set(True)
    return pyvips


def _check(path: Path, image: Any) -> None:
    if _LOADERS.get(image.get("vips-loader").removesuffix("_source")) not in pixels.FORMATS:
        raise PictureError(f"{path} is of a format that cannot be streamed: save it as a tiled TIFF")
    if image.format not in _KINDS or image.interpretation not in _COLOURS or image.bands > 4:
        kind = f"{image.interpretation}, {image.format}, {image.bands} channels"
        raise PictureError(f"{path} holds {kind}: save it as grey or RGB of 8 or 16 bits")


def _why(error: Exception) -> str:
    """What libvips says, which is the last line of it, without the name of its part."""
    lines = str(error).strip().splitlines()
    return lines[-1].strip().rpartition(": ")[2] if lines else first_line(error)
