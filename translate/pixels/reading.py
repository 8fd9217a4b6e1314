"""Reading a picture: the header is judged first, then it is decoded, and whatever fails is one `PictureError`."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from PIL import Image, UnidentifiedImageError

from translate.errors import PictureError
from translate.pixels.convert import converted, image_of, orientation, turned
from translate.pixels.formats import FORMATS, MAX_BYTES, MAX_PIXELS, Pixels, Source
from translate.pixels.metered import Metered
from translate.pixels.quiet import quiet
from translate.pixels.strangers import stranger
from translate.pixels.vetting import judge, reads_for_pixels, vet

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def read(
    source: Source,
    channels: int = 3,
    *,
    background: tuple[int, int, int] = (255, 255, 255),
    limit: int = MAX_PIXELS,
    max_bytes: int = MAX_BYTES,
) -> Pixels:
    """The pixels of a picture, upright.

    Files give their first frame, turned as their EXIF orientation says. 16-bit samples are scaled to 8 bits: grey and
    arrays by rounding (`v / 257`), 16-bit colour files by Pillow, which keeps the upper byte. Files of floating-point
    or 32-bit samples are refused, because what their white is cannot be known.

    Args:
        source: a path, a file's bytes, a binary file, a PIL image (its current frame), or an array: uint8 or uint16,
            `[H, W]` or `[H, W, 1 | 3 | 4]`.
        channels: 1 for grey (ITU-R 601 luma), 3 for RGB, 4 for RGBA.
        background: RGB levels put behind transparent pixels, unless `channels` is 4.
        limit: most pixels accepted.
        max_bytes: most bytes of a file accepted.

    Returns:
        uint8 `[H, W, channels]`, contiguous, the caller's own.

    Raises:
        PictureError: it is not a picture, is damaged, has too many pixels or bytes, or cannot be opened.
    """
    if channels not in _MODES:
        raise ValueError(f"channels is 1, 3 or 4, not {channels!r}")
    with opened(source, limit, max_bytes) as (image, name):
        image.load()
        turn = orientation(image)
        array = np.asarray(converted(image, name, _MODES[channels], background))
    array = array.reshape(*array.shape[:2], channels)
    return np.array(turned(array, turn), order="C")


def header(source: Source, limit: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> tuple[int, int]:
    """Height and width of a picture as `read` would give it, without decoding the pixels.

    Raises:
        PictureError: as `read`, as far as the header shows it.
    """
    with opened(source, limit, max_bytes, whole=False) as (image, _):
        width, height = image.size
        # Pillow's TIFF reader turns the picture itself and already announces the turned size.
        sideways = image.format != "TIFF" and orientation(image) >= 5
    return (width, height) if sideways else (height, width)


def check(path: str | os.PathLike[str], limit: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> None:
    """Decode a picture file to its end and throw the pixels away.

    Raises:
        PictureError: `read` would fail on this file.
    """
    with opened(path, limit, max_bytes) as (image, name):
        if image.format == "JPEG":
            # Entropy coding, where damage shows, is read in full even when only an eighth is reconstructed.
            image.draft("L", (1, 1))
        image.load()
        if image.mode.startswith(("I", "F")):
            converted(image, name, "L", (0, 0, 0))


@contextmanager
def opened(source: Source, limit: int, max_bytes: int, *, whole: bool = True) -> Iterator[tuple[Image.Image, str]]:
    """An image that may be decoded, and its name; whatever fails while it is open becomes a PictureError."""
    name = name_of(source)
    with explained(name), ExitStack() as stack:
        stack.enter_context(quiet)
        image = _image(source, name, max_bytes, whole, stack)
        judge(image, name, limit)
        if isinstance(file := getattr(image, "fp", None), Metered):
            file.grant_pixels(reads_for_pixels(image))
        yield image, name


def name_of(source: Source) -> str:
    """What a picture is called in messages."""
    return str(source) if isinstance(source, (str, os.PathLike)) else str(getattr(source, "name", None) or "the data")


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Whatever fails inside becomes a PictureError: decoders raise OSError, SyntaxError, ValueError, struct.error, …"""
    try:
        yield
    except PictureError:
        raise
    except Exception as error:
        raise PictureError(f"{name} {_why_not_read(error)}") from error


def _why_not_read(error: Exception) -> str:
    match error:
        case Image.DecompressionBombError():
            return "has more pixels than can be decoded safely: make it smaller"
        case MemoryError():
            return "does not fit into memory: make it smaller"
        case UnidentifiedImageError():
            return f"is not a picture: give one of {', '.join(FORMATS)}"
        case FileNotFoundError() | NotADirectoryError():
            return "does not exist: check its name"
        case IsADirectoryError():
            return "is a folder: give a picture file"
        case OSError() if error.errno:
            return f"cannot be read: {error.strerror}"
    text = str(error).strip() or type(error).__name__
    return f"is damaged or cut short ({text.splitlines()[0].rstrip('.')}): get it again"


def _image(source: Source, name: str, max_bytes: int, whole: bool, stack: ExitStack) -> Image.Image:
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return image_of(source, "the array", (np.uint8, np.uint16))
    file = Metered(file_of(source, name, max_bytes, stack), name)
    if file.size > max_bytes:
        raise PictureError(f"{name} has {file.size:,} bytes, over the limit of {max_bytes:,}: make it smaller")
    vet(file, name, whole=whole)
    try:
        return stack.enter_context(Image.open(cast(BinaryIO, file), formats=FORMATS))
    except UnidentifiedImageError:
        file.seek(0)
        if known := stranger(file.read(1024)):
            raise PictureError(f"{name} is {known}") from None
        raise


def file_of(source: object, name: str, max_bytes: int, stack: ExitStack) -> BinaryIO:
    """A path, bytes or a file as a binary file that can be sought in."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return io.BytesIO(source)
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError
        if not stat.S_ISREG(mode):  # a pipe would wait for ever, a device never end
            raise PictureError(f"{name} is not an ordinary file: give a picture file")
        return stack.enter_context(path.open("rb"))
    if not hasattr(source, "read"):
        raise PictureError(f"a picture is a path, bytes, a file, an image or an array, not {type(source).__name__}")
    file = cast(BinaryIO, source)
    if hasattr(file, "seekable") and file.seekable():
        return file
    return io.BytesIO(file.read(max_bytes + 1))  # a stream may have no end
