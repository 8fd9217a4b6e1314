"""What is looked at before a picture file is given to its decoder, and before its pixels are: no byte is decoded here.

Pillow cannot be interrupted, so what would take it for ever is told from the file's structure. What each check is
against, and the tests that hold it, are in docs/safety.md.
"""

from __future__ import annotations

import re

from PIL import Image

from translate.errors import PictureError
from translate.pixels.avif import check_avif
from translate.pixels.directory import check_directory, harmless
from translate.pixels.metered import Metered

MAX_SLOW_PIXELS = 2048 * 2048
"""Most pixels of a file that Pillow decodes in Python, a microsecond or more for each."""

MAX_SIDE = 1_000_000
"""Longest side: a row costs its decoder as much as a hundred pixels, and a picture of one column has many rows."""

_SLOW = {
    "ppm": "levels that end neither at 255 nor at 65535",
    "ppm_plain": "levels written out as text",
    "bmp_rle": "run lengths",
}
"""Pillow's decoders that are written in Python, and what they are for."""

_SEGMENTS = 512
"""Most segments before a JPEG's pixels: a profile has at most 255. Pillow copies Exif data anew with each."""

_SCANS = 50
"""Most passes over a JPEG's pixels: encoders make 10 or so. One of 120 bytes takes 50 ms for 8192² pixels."""

_COMMENTS = 1000
"""Most comments within a text of levels: each moves the megabyte that it stands in."""

_SOS, _EOI, _APP1 = 0xDA, 0xD9, 0xE1
_SCAN = bytes([0xFF, _SOS])
_BARE = {0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)}
"""Markers that Pillow takes for bare, without a segment."""

_ARITHMETIC = {0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
_TIFF_HEADS = (b"II*\0", b"II\0*", b"MM\0*", b"MM*\0", b"II+\0", b"MM\0+")


def vet(file: Metered, name: str, *, whole: bool) -> None:
    """Refuse a file whose structure would keep a decoder busy, or fill the memory, out of all proportion.

    Args:
        file: the picture; left at its start.
        name: what it is called in messages.
        whole: whether its pixels will be decoded, and not its header alone.

    Raises:
        PictureError: it is refused.
    """
    head = file.read(16)
    try:
        if head.startswith(b"\xff\xd8\xff"):
            file.seek(2)
            _jpeg(file, whole)
        elif head.startswith(_TIFF_HEADS):
            check_directory(file, 0, file.size)
        elif head[4:8] == b"ftyp":
            file.seek(0)
            check_avif(file.read())
        elif head[:2] in (b"P1", b"P2", b"P3") and whole:
            _plain(file)
    except ValueError as error:
        raise PictureError(f"{name} {error}: save it anew, as a PNG") from None
    file.seek(0)


def judge(image: Image.Image, name: str, limit: int) -> None:
    """Refuse an opened image for its size, or for how its pixels are stored, before they are decoded.

    Raises:
        PictureError: it has too many pixels or none, or takes out of all proportion to decode.
    """
    size = image.width * image.height
    if size > limit:
        raise PictureError(
            f"{name} has {image.width} × {image.height} pixels, over the limit of {limit:,}: make it smaller"
        )
    if max(image.size) > MAX_SIDE:
        raise PictureError(
            f"{name} has {image.width} × {image.height} pixels, over the limit of {MAX_SIDE:,} for a side: cut it up"
        )
    if image.width < 1 or image.height < 1:
        raise PictureError(f"{name} has no pixels: give a picture of at least 1 × 1")
    tiles = getattr(image, "tile", [])
    slow = _SLOW.get(tiles[0][0]) if tiles else None
    if slow and size > MAX_SLOW_PIXELS:
        raise PictureError(
            f"{name} has {image.width} × {image.height} pixels stored as {slow}, which are slow to read, over the "
            f"limit of {MAX_SLOW_PIXELS:,}: save it as a PNG"
        )
    # Strips may lie over each other; honest ones cover the picture once, or once for each channel.
    covered = sum((right - left) * (lower - upper) for _, (left, upper, right, lower), *_ in tiles)
    tags = getattr(image, "tag_v2", {})
    tile = [tags.get(tag, 1) for tag in (322, 323)]  # TileWidth, TileLength: a tile is decoded as a whole
    if covered > 5 * size or any(not isinstance(side, int) for side in tile) or tile[0] * tile[1] > limit:
        raise PictureError(f"{name} has strips or tiles that do not fit its size: save it anew, as a PNG")


def reads_for_pixels(image: Image.Image) -> int:
    """Reads that the image's decoder may need beyond one for each kilobyte: those in Python read pixel by pixel."""
    tiles = getattr(image, "tile", [])
    return 4 * MAX_SLOW_PIXELS if tiles and tiles[0][0] in _SLOW else 0


def _jpeg(file: Metered, whole: bool) -> None:
    exif = b""
    for _ in range(_SEGMENTS):
        marker = _next_marker(file)
        if marker in (None, _SOS):
            break
        if marker in _ARITHMETIC:
            raise ValueError("is a JPEG with arithmetic coding, which hardly any program reads")
        if marker in _BARE:
            continue
        segment = file.read(max(int.from_bytes(file.read(2), "big") - 2, 0))
        if marker == _APP1 and segment.startswith(b"Exif\0\0"):
            exif += segment[6:]
    else:
        raise ValueError("has too many segments before its pixels")
    if exif and not harmless(exif):
        raise ValueError("has Exif data that claims the same bytes over and over")
    # Scans are at most the marks that look like one, which are counted in no time.
    if whole and (rest := file.read()).count(_SCAN) >= _SCANS and _scans(rest) > _SCANS:
        raise ValueError(f"goes over its pixels more than {_SCANS} times")


def _next_marker(file: Metered) -> int | None:
    """The next marker as Pillow finds it: after any bytes that are none."""
    byte = file.read(1)
    while byte:
        if byte != b"\xff":
            byte = file.read(1)
            continue
        byte = file.read(1)
        if byte and byte not in (b"\x00", b"\xff"):
            return byte[0]
        if byte == b"\x00":
            byte = file.read(1)
    return None


def _scans(content: bytes) -> int:
    """Scans of a JPEG, told from what follows its first start of scan; no more than one over the limit are counted.

    Follows libjpeg: bytes that are no marker belong to the pixels, markers below SOF0 have no segment, and what comes
    after the end of the image is of no account.
    """
    count, position = 1, int.from_bytes(content[:2], "big")
    while count <= _SCANS and (found := _MARKER.search(content, position)):
        marker, position = found[1][0], found.end()
        if marker == _EOI:
            break
        count += marker == _SOS
        if marker >= 0xC0:
            position += int.from_bytes(content[position : position + 2], "big")
    return count


def _plain(file: Metered) -> None:
    comments = 0
    while block := file.read(1024 * 1024):
        comments += block.count(b"#")
        if comments > _COMMENTS:
            raise ValueError("has more comments than levels of pixels")
