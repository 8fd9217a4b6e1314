"""Directories of tags, as TIFF files and Exif data have them: whether one may be read.

A directory of 65,535 tags, each of which points to the same ten megabytes, makes a reader that copies each tag's data
take 600 GB. So what the tags say they hold is added up first: an honest directory shares nothing.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import NamedTuple, Protocol

# Bytes of one value of each type of TIFF 6.0, section 2, and of BigTIFF.
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8}
_INTEGERS = {1: 1, 3: 2, 4: 4, 16: 8}
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
    found = _directory(file, start, end)
    if found:
        _check_sizes(found.entries, found.inline, end - start)


def numbers(file: Readable, end: int) -> dict[int, int]:
    """Tag → its number, of the tags of a TIFF file's first directory that have just one, such as its width.

    Raises:
        ValueError: as `check_directory`.
    """
    found = _directory(file, 0, end)
    if found is None:
        return {}
    bits = 8 * found.inline
    shifts = {
        kind: bits - 8 * size if found.order == ">" else 0 for kind, size in _INTEGERS.items() if size * 8 <= bits
    }
    return {
        tag: (value >> shifts[kind]) % 2 ** (8 * _INTEGERS[kind])
        for tag, kind, number, value in found.entries
        if number == 1 and kind in shifts
    }


class _Directory(NamedTuple):
    entries: list[tuple[int, ...]]
    """Tag, type, how many values, and where they are or they themselves."""
    inline: int
    """Bytes of values that stand in the entry itself."""
    order: str


def _directory(file: Readable, start: int, end: int) -> _Directory | None:
    size = end - start
    file.seek(start)
    head = file.read(16)
    order = _ORDERS.get(head[:2])
    if order is None or len(head) < 16:
        return None  # no directory: whoever wants one refuses it
    big = head[2] == 43
    (offset,) = struct.unpack(order + ("Q" if big else "L"), head[8:16] if big else head[4:8])
    if offset >= size:
        return None
    file.seek(start + offset)
    raw = file.read(8 if big else 2)
    if len(raw) < (8 if big else 2):
        return None
    (count,) = struct.unpack(order + ("Q" if big else "H"), raw)
    if count > _MOST_TAGS:
        raise ValueError("lists more tags than a picture can have")
    entry = struct.Struct(order + ("HHQQ" if big else "HHLL"))
    entries = file.read(count * entry.size)
    whole = len(entries) // entry.size * entry.size
    return _Directory(list(entry.iter_unpack(entries[:whole])), 8 if big else 4, order)


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
