"""What is read, what is written, and how much of it."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels: TypeAlias = npt.NDArray[np.uint8]
Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | npt.NDArray[Any]"
)

MAX_PIXELS = 8192 * 8192
"""Pictures with more pixels are refused, unless the caller sets another limit (Pillow itself stops at 178,956,970)."""

MAX_BYTES = 4 * MAX_PIXELS + 2**20
"""Larger files are refused, unless the caller sets another limit: an uncompressed RGBA of the most pixels just fits."""

# Those that Pillow loads first come first, so that opening a PNG does not import forty plugins.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF", "AVIF")
"""What is opened, by content and not by name. Every other decoder of Pillow is out of a file's reach."""

WRITABLE = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".avif": "AVIF",
}
"""Suffix to format. GIF is read but not written: 256 colours are not the picture."""

READABLE = frozenset(WRITABLE) | {".gif", ".pnm", ".pbm", ".jpe", ".jfif"}
"""Suffixes of pictures that any program shows."""

ARRAYS = frozenset({".npy"})
"""Suffixes of what `stored` reads, but no program shows."""

LISTED = READABLE | ARRAYS
"""Suffixes by which a picture is known, in a folder and in an archive."""
