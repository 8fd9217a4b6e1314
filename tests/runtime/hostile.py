"""Hostile pictures, put together by hand: small files that mean much."""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

SOS, EOI = b"\xff\xda", b"\xff\xd9"


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width: int, height: int, *extra: bytes, pixels: bytes | None = None, after: bytes = b"") -> bytes:
    """A grey PNG with further chunks before its pixels, and after them."""
    rows = zlib.compress((b"\0" + bytes(width)) * height) if pixels is None else pixels
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return head + b"".join(extra) + chunk(b"IDAT", rows) + after + chunk(b"IEND")


def bomb(size: int) -> bytes:
    """Zeros, compressed a thousandfold."""
    squeeze = zlib.compressobj(9)
    return b"".join(squeeze.compress(bytes(2**20)) for _ in range(size >> 20)) + squeeze.flush()


def directory(*tags: tuple[int, int, int, int], data: bytes = b"", count: int | None = None) -> bytes:
    """A TIFF file, or Exif data: entries (tag, type, number of values, value or offset), then data from where it is."""
    entries = b"".join(struct.pack("<HHLL", *tag) for tag in tags)
    number = len(tags) if count is None else count
    return b"II*\0" + struct.pack("<LH", 8, number) + entries + bytes(4) + data


def greedy(tags: int, length: int) -> bytes:
    """Tags that all claim the same bytes."""
    start = 8 + 2 + 12 * tags + 4
    return directory(*((1000 + n, 7, length, start) for n in range(tags)), data=bytes(length))


def tiff(width: int, height: int, *extra: tuple[int, int, int, int], data: bytes) -> bytes:
    """Grey, uncompressed; the strips are the caller's to give."""
    basic = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    return directory(*sorted([*basic, *extra]), data=data)


def passes(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: 122 bytes each, a walk over every block."""
    whole = encoded(Image.new("L", (side, side), 128), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xc4", 0, whole.rindex(SOS)) : -2]
    return whole[:-2] + last * scans + EOI


def segments(number: int, content: bytes = b"") -> bytes:
    """A JPEG with so many comments."""
    whole = encoded(Image.new("L", (8, 8)), "JPEG")
    return whole[:2] + (b"\xff\xfe" + struct.pack(">H", len(content) + 2) + content) * number + whole[2:]


def with_exif(form: str, exif: bytes) -> bytes:
    """A picture with Exif data that no encoder would write."""
    if form == "PNG":
        return png(4, 4, chunk(b"eXIf", exif))
    if form == "JPEG":
        whole = encoded(Image.new("L", (24, 8)), "JPEG")
        return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 8) + b"Exif\0\0" + exif + whole[2:]
    # It is put in the place of harmless data, as long and without a tag.
    harmless = directory(data=bytes([7]) * (len(exif) - 14))
    whole = encoded(Image.new("RGB", (8, 8)), form, exif=harmless)
    assert whole.count(harmless) == 1
    return whole.replace(harmless, exif)


def gif(width: int, height: int, blocks: bytes = b"", frames: int = 1) -> bytes:
    """A GIF of frames of 8 × 8 on a screen of any size."""
    one = encoded(Image.new("P", (8, 8), 1), "GIF")
    start = one.index(b"\x2c", 13 + 3 * 2 ** ((one[10] & 7) + 1))
    head = one[:6] + struct.pack("<HH", width, height) + one[10 : 13 + 3 * 2 ** ((one[10] & 7) + 1)]
    return head + blocks + one[start:-1] * frames + b";"


def rle(width: int, height: int) -> bytes:
    """A BMP of run lengths, each run one pixel long."""
    data = b"".join(b"\1\7" * width + b"\0\0" for _ in range(height)) + b"\0\1"
    start = 54 + 1024
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(data), 1, 1, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + bytes(1024) + data
