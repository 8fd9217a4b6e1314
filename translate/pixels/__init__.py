"""Pictures to arrays and back. Hostile input stops here.

A picture is uint8 `[H, W, C]`, rows from the top, channels grey (1), RGB (3) or RGBA (4); `stored` reads it in any
other depth and number of channels as well. Whatever is wrong with a
file becomes one `PictureError` that names it; its bytes, its structure and the number of its pixels are judged before
any of them is decoded (docs/safety.md). Colours are taken as stored: embedded colour profiles are not applied.
"""

from __future__ import annotations

from translate.pixels.deep import stored
from translate.pixels.deep_writing import suffixes
from translate.pixels.folders import find, natural
from translate.pixels.formats import ARRAYS, FORMATS, MAX_BYTES, MAX_PIXELS, READABLE, WRITABLE, Pixels, Source
from translate.pixels.reading import check, header, read
from translate.pixels.showing import levels, shown
from translate.pixels.writing import QUALITY, encode, write

__all__ = [
    "ARRAYS",
    "FORMATS",
    "MAX_BYTES",
    "MAX_PIXELS",
    "QUALITY",
    "READABLE",
    "WRITABLE",
    "Pixels",
    "Source",
    "check",
    "encode",
    "find",
    "header",
    "levels",
    "natural",
    "read",
    "shown",
    "stored",
    "suffixes",
    "write",
]
