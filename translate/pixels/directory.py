"""Directories of tags, as TIFF files and Exif data have them: whether one may be read.

A directory of 65,535 tags, each of which points to the same ten megabytes, makes a reader that copies each tag's data
take 600 GB. So what the tags say they hold is added up first: an honest directory shares nothing.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import Protocol

# Bytes of one value of each type of TIFF 6.0, section 2, and of BigTIFF.
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_ORDERS = {b"II": "<", b"MM": ">"}

_SLACK = 4 * 1024 * 1024
"""Bytes that tags may hold together beyond the size of all: damage may make a few overlap, which does no harm."""

_STRIPS = (273, 279, 324, 325)
"""StripOffsets, StripByteCounts, TileOffsets, TileByteCounts: a value for each strip or tile."""

_MOST_STRIPS = 100_000
_MOST_TAGS = 65_535


class Readable(Protocol):
    """What a directory is read from."""

    def read(self, count: int = -1, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...


def check_directory(file: Readable, start: int, end: int) -> None:
    """Read the first directory's entries, but not what they point to.

    Args:
        file: what it is read from.
        start: where a TIFF file begins, or Exif data, which have the same form.
        end: where it ends.

    Raises:
        ValueError: it must not be read further; why, in words that follow the file's name.
    """
    size = end - start
    file.seek(start)
    head = file.read(16)
    order = _ORDERS.get(head[:2])
    if order is None or len(head) < 16:
        return  # no directory: whoever wants one refuses it
    big = head[2] == 43
    (offset,) = struct.unpack(order + ("Q" if big else "L"), head[8:16] if big else head[4:8])
    if offset >= size:
        return
    file.seek(start + offset)
    raw = file.read(8 if big else 2)
    if len(raw) < (8 if big else 2):
        return
    (count,) = struct.unpack(order + ("Q" if big else "H"), raw)
    if count > _MOST_TAGS:
        raise ValueError("lists more tags than a picture can have")
    entry = struct.Struct(order + ("HHQQ" if big else "HHLL"))
    entries = file.read(count * entry.size)
    whole = len(entries) // entry.size * entry.size
    _check_sizes(entry.iter_unpack(entries[:whole]), 8 if big else 4, size)


def _check_sizes(entries: Iterable[tuple[int, ...]], inline: int, size: int) -> None:
    total = 0
    for tag, kind, number, where in entries:
        length = number * _BYTES.get(kind, 0)
        if tag in _STRIPS and number > _MOST_STRIPS:
            raise ValueError("is cut into too many strips or tiles")
        if length <= inline:
            continue
        if where + length > size:
            return  # the data ends within this tag, where every reader stops
        total += length
        if total > size + _SLACK:
            raise ValueError("has tags that claim the same bytes over and over")


def harmless(exif: bytes) -> bool:
    """Whether Exif data, with or without its `Exif` mark, may be read."""
    while exif.startswith(b"Exif\0\0"):
        exif = exif[6:]
    try:
        check_directory(io.BytesIO(exif), 0, len(exif))
    except ValueError:
        return False
    return True
