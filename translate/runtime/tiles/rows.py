"""The head of a BigTIFF of plain rows: it makes a picture file of raw pixels, which stay writable in place.

libvips reads such a file strip by strip. A file of pixels alone it would map into memory, all of it in the end.
(TIFF 6.0, sections 2 and 4; BigTIFF: the same with offsets of 64 bits.)
"""

from __future__ import annotations

import struct

_SHORT, _LONG, _LONG8 = 3, 4, 16
_SIZES = {_SHORT: "H", _LONG: "I", _LONG8: "Q"}
_STRIP = 16
"""Rows of a strip."""


def head(height: int, width: int, channels: int) -> bytes:
    """What stands before `height` rows of `width` pixels of `channels` (1 or 3) bytes each."""
    strips = -(-height // _STRIP)
    row = width * channels
    counts = [min(_STRIP, height - number * _STRIP) * row for number in range(strips)]
    # Tags in rising order, each with its kind and values; the strips' places follow from the length of this very text.
    tags: list[tuple[int, int, list[int]]] = [
        (256, _LONG, [width]),
        (257, _LONG, [height]),
        (258, _SHORT, [8] * channels),
        (259, _SHORT, [1]),  # not compressed
        (262, _SHORT, [2 if channels == 3 else 1]),  # RGB, or grey with 0 as black
        (273, _LONG8, [0] * strips),
        (277, _SHORT, [channels]),
        (278, _LONG, [_STRIP]),
        (279, _LONG8, counts),
        (284, _SHORT, [1]),  # pixel by pixel
    ]
    begin = len(_encoded(tags))
    tags[5] = (273, _LONG8, [begin + number * _STRIP * row for number in range(strips)])
    return _encoded(tags)


def _encoded(tags: list[tuple[int, int, list[int]]]) -> bytes:
    entries, rest = b"", b""
    place = 16 + 8 + 20 * len(tags) + 8
    for tag, kind, values in tags:
        content = struct.pack(f"<{len(values)}{_SIZES[kind]}", *values)
        if len(content) > 8:
            content, rest = struct.pack("<Q", place + len(rest)), rest + content
        entries += struct.pack("<HHQ", tag, kind, len(values)) + content.ljust(8, b"\0")
    return struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, len(tags)) + entries + struct.pack("<Q", 0) + rest
