"""What of an AVIF file is looked at before libavif sees it: where its Exif data is, as Pillow reads that on opening.

An AVIF is a row of boxes (ISO/IEC 14496-12); one of them, `meta`, says in its `iloc` where in the file the bytes of
each item are (8.11.3 there).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from translate.pixels.directory import check_directory

_TIFF_HEAD = re.compile(rb"II\*\x00|II\x00\*|MM\x00\*|MM\*\x00|II\+\x00|MM\x00\+")

_DIRECTORIES = 64
"""Most beginnings of Exif data, of which there is one; in 250 MB of chance there is less than one more."""


def check_avif(content: bytes) -> None:
    """Refuse Exif data that must not be read.

    Raises:
        ValueError: why, in words that follow the file's name.
    """
    if b"Exif" not in content:
        return
    # In one piece it is found by how it begins; from pieces it could be put together unseen.
    if any(_scattered(content[start:end]) for start, end in _meta(content, 0, len(content))):
        raise ValueError("has items in several pieces")
    for number, found in enumerate(_TIFF_HEAD.finditer(content)):
        if number == _DIRECTORIES:
            raise ValueError("has too many directories of tags")
        check_directory(io.BytesIO(content), found.start(), len(content))


def _meta(content: bytes, at: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where each `meta` box begins and ends: the file's own, and those of an animation's tracks."""
    while at + 8 <= stop:
        size, head = int.from_bytes(content[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(content[at + 8 : at + 16], "big"), 16
        end = min(at + size, stop) if size else stop
        if end < at + head:
            return
        kind = content[at + 4 : at + 8]
        if kind == b"meta":
            yield at, end
        elif kind in (b"moov", b"trak"):
            yield from _meta(content, at + head, end)
        at = end


def _scattered(meta: bytes) -> bool:
    """Whether an item of this box has more than one piece, or the box that would say so cannot be read."""
    return any(_several_pieces(io.BytesIO(meta[found.end() :])) for found in re.finditer(b"iloc", meta))


def _several_pieces(iloc: io.BytesIO) -> bool:
    def number(size: int) -> int:
        return int.from_bytes(iloc.read(size), "big")

    version = number(4) >> 24
    sizes = number(2)
    offset, length, base, index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    wide = 4 if version == 2 else 2
    for _ in range(min(number(wide), 65536)):
        iloc.seek(wide + (2 if version in (1, 2) else 0) + 2 + base, io.SEEK_CUR)  # its number, method and origin
        pieces = number(2)
        if pieces > 1:
            return True
        iloc.seek(pieces * (offset + length + (index if version in (1, 2) else 0)), io.SEEK_CUR)
    return False
