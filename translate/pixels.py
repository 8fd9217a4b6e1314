"""Pictures to arrays and back. Hostile input stops here.

A picture is uint8 `[H, W, C]`, rows from the top, channels grey (1), RGB (3) or RGBA (4). Whatever is wrong with a
file becomes one `PictureError` that names it; the number of pixels is read from the header and judged before any of
them is decoded. Colours are taken as stored: embedded colour profiles are not applied.
"""

from __future__ import annotations

import io
import os
import re
import stat
import threading
import uuid
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from translate.errors import DataError, PictureError

Pixels: TypeAlias = npt.NDArray[np.uint8]
Source: TypeAlias = (
    "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Image.Image | npt.NDArray[Any]"
)

MAX_PIXELS = 8192 * 8192
"""Pictures with more pixels are refused, unless the caller sets another limit (Pillow itself stops at 178,956,970)."""

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
"""Suffixes by which `find` knows a picture."""

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_MAY_BE_TRANSPARENT = ("1", "L", "P", "RGB", "LA", "PA", "RGBA", "RGBa")


class _Quiet:
    """Silences Pillow's warnings (decompression bombs, odd EXIF) while any thread is decoding.

    `warnings.catch_warnings` swaps global state, so two threads that each used it could leave the filters of the one
    in place for good. Here the first to enter sets the filter and the last to leave takes it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._saved: warnings.catch_warnings[None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._depth == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._depth += 1

    def __exit__(self, *exception: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._saved is not None:
                self._saved.__exit__(None, None, None)
                self._saved = None


_quiet = _Quiet()
if hasattr(os, "register_at_fork"):
    # A worker forked while a thread of its parent was decoding would inherit a lock that nobody gives back.
    os.register_at_fork(after_in_child=_quiet.__init__)  # type: ignore[misc]


def read(
    source: Source,
    channels: int = 3,
    *,
    background: tuple[int, int, int] = (255, 255, 255),
    limit: int = MAX_PIXELS,
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

    Returns:
        uint8 `[H, W, channels]`, contiguous, the caller's own.

    Raises:
        PictureError: it is not a picture, is damaged, has too many pixels or cannot be opened.
    """
    if channels not in _MODES:
        raise ValueError(f"channels is 1, 3 or 4, not {channels!r}")
    with _opened(source, limit) as (image, name):
        image.load()
        orientation = _orientation(image)
        array = np.asarray(_converted(image, name, _MODES[channels], background))
    array = array.reshape(*array.shape[:2], channels)
    return np.array(_turned(array, orientation), order="C")


def header(path: str | os.PathLike[str], limit: int = MAX_PIXELS) -> tuple[int, int]:
    """Height and width of a picture file as `read` would give it, without decoding the pixels.

    Raises:
        PictureError: as `read`, as far as the header shows it.
    """
    with _opened(path, limit) as (image, _):
        width, height = image.size
        # Pillow's TIFF reader turns the picture itself and already announces the turned size.
        sideways = image.format != "TIFF" and _orientation(image) >= 5
    return (width, height) if sideways else (height, width)


def check(path: str | os.PathLike[str], limit: int = MAX_PIXELS) -> None:
    """Decode a picture file to its end and throw the pixels away.

    Raises:
        PictureError: `read` would fail on this file.
    """
    with _opened(path, limit) as (image, name):
        if image.format == "JPEG":
            # Entropy coding, where damage shows, is read in full even when only an eighth is reconstructed.
            image.draft("L", (1, 1))
        image.load()
        if image.mode.startswith(("I", "F")):
            _converted(image, name, "L", (0, 0, 0))


def write(array: npt.ArrayLike, path: str | os.PathLike[str], quality: int = 95) -> None:
    """Write a picture, in the format that the suffix names, all of it or nothing.

    Args:
        array: uint8 `[H, W]` or `[H, W, 1 | 3 | 4]`.
        path: where to; an existing file is replaced in one step.
        quality: 1 to 100, for the lossy formats (JPEG without colour subsampling, WebP, AVIF).

    Raises:
        PictureError: the suffix is unknown, the format cannot hold the picture, or the disk or folder refuses.
    """
    path = Path(path)
    form = WRITABLE.get(path.suffix.lower())
    if form is None:
        raise PictureError(f"{path} cannot be written as a picture: end its name in one of {', '.join(WRITABLE)}")
    image = _image_of(np.asarray(array), "the array", (np.uint8,))
    if image.mode == "RGBA" and form in ("JPEG", "PPM"):
        raise PictureError(f"{path} cannot hold transparency: write it as .png")
    options: dict[str, Any] = {"quality": quality} if form in ("JPEG", "WEBP", "AVIF") else {}
    if form == "JPEG":
        options["subsampling"] = 0
    # Encoded in memory first: what fails there is the format's, what fails after is the disk's, and Pillow, writing
    # to a full disk, says only "encoder error -2".
    encoded = io.BytesIO()
    try:
        with _quiet:
            image.save(encoded, format=form, **options)
    except Exception as error:
        size = f"{image.width} × {image.height}"
        raise PictureError(f"{form} does not take a picture of {size} ({error}): write {path.stem}.png") from error
    _replace(path, encoded.getbuffer())


def find(folder: str | os.PathLike[str]) -> list[Path]:
    """The picture files of a folder (by suffix, not hidden, not those of its folders), in natural order.

    Raises:
        DataError: the folder does not exist or cannot be listed.
    """
    folder = Path(folder)
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        raise DataError(f"the folder {folder} does not exist") from None
    except NotADirectoryError:
        raise DataError(f"{folder} is a file, not a folder") from None
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be listed: {error.strerror}") from None
    pictures = (name for name in names if not name.startswith(".") and Path(name).suffix.lower() in READABLE)
    return [folder / name for name in sorted(pictures, key=natural) if (folder / name).is_file()]


def natural(key: str | os.PathLike[str]) -> tuple[Any, ...]:
    """A sort key by which `2.png` comes before `10.png`; case matters only between names that are otherwise equal."""
    text = os.fspath(key)
    parts: list[Any] = re.split(r"([0-9]+)", text.casefold())
    # Odd places are the numbers: compared by length, then digit by digit, they may be as long as they like.
    parts[1::2] = [(len(digits.lstrip("0")), digits.lstrip("0")) for digits in parts[1::2]]
    return tuple(parts), text


@contextmanager
def _opened(source: Source, limit: int) -> Iterator[tuple[Image.Image, str]]:
    """An image of allowed size, and its name; whatever fails while it is open becomes a PictureError."""
    name = str(source) if isinstance(source, (str, os.PathLike)) else str(getattr(source, "name", None) or "the data")
    try:
        with ExitStack() as stack:
            stack.enter_context(_quiet)
            image = _image(source, name, stack)
            if image.width * image.height > limit:
                raise PictureError(
                    f"{name} has {image.width} × {image.height} pixels, over the limit of {limit:,}: make it smaller"
                )
            if image.width < 1 or image.height < 1:
                raise PictureError(f"{name} has no pixels: give a picture of at least 1 × 1")
            yield image, name
    except PictureError:
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error, KeyError, …
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


def _image(source: Source, name: str, stack: ExitStack) -> Image.Image:
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, np.ndarray):
        return _image_of(source, "the array", (np.uint8, np.uint16))
    if isinstance(source, (bytes, bytearray, memoryview)):
        source = io.BytesIO(source)
    elif isinstance(source, (str, os.PathLike)):
        path = Path(source)
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError
        if not stat.S_ISREG(mode):  # a pipe would wait for ever, a device never end
            raise PictureError(f"{name} is not an ordinary file: give a picture file")
        source = stack.enter_context(path.open("rb"))
    elif not hasattr(source, "read"):
        raise PictureError(f"a picture is a path, bytes, a file, an image or an array, not {type(source).__name__}")
    return stack.enter_context(Image.open(source, formats=FORMATS))


def _image_of(array: npt.NDArray[Any], name: str, kinds: tuple[type, ...]) -> Image.Image:
    """A PIL image of an array of one of the given kinds, `[H, W]` or `[H, W, 1 | 3 | 4]`."""
    if array.dtype.kind == "f":
        raise PictureError(f"{name} holds floating-point numbers: scale it to 0..255 and convert it to uint8")
    if array.dtype.type not in kinds:  # of either byte order
        raise PictureError(f"{name} is {array.dtype}: give {' or '.join(kind.__name__ for kind in kinds)}")
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or array.size == 0:
        raise PictureError(f"{name} has shape {list(array.shape)}: give [H, W] or [H, W, 1 | 3 | 4]")
    return Image.fromarray(np.ascontiguousarray(array if array.dtype == np.uint8 else _eight_bits(array)))


def _eight_bits(array: npt.NDArray[Any]) -> Pixels:
    """0..65535 to 0..255, rounded: 65535 = 257 × 255."""
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _converted(image: Image.Image, name: str, mode: str, background: tuple[int, int, int]) -> Image.Image:
    """The image in mode L, RGB or RGBA, transparency laid over the background unless the mode keeps it."""
    if image.mode == "F":
        raise PictureError(f"{name} holds floating-point numbers: save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        image = _from_16_bits(image, name)
    if image.mode == "La":  # Pillow converts it to nothing else
        image = image.convert("LA")
    if image.mode in _MAY_BE_TRANSPARENT and image.has_transparency_data:
        image = image.convert("RGBA")
        if mode != "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image)
    return image if image.mode == mode else image.convert(mode)


def _from_16_bits(image: Image.Image, name: str) -> Image.Image:
    """Grey of 16 bits as L, or LA where one level is declared transparent. `.convert("L")` would clip at 255."""
    array = np.asarray(image)
    # Pillow keeps 16-bit PGM and signed TIFF in mode I, which has room for 32 bits.
    if image.mode == "I" and (array.min() < 0 or array.max() > 65535):
        raise PictureError(f"{name} holds 32-bit or negative levels: save it with 8 or 16 bits")
    grey = Image.fromarray(_eight_bits(array))
    clear = image.info.get("transparency")
    if not isinstance(clear, int):
        return grey
    return Image.merge("LA", (grey, Image.fromarray(np.where(array == clear, 0, 255).astype(np.uint8))))


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1 to 8; 1 where it is missing or damaged, for the pixels are good all the same."""
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(array: Pixels, orientation: int) -> Pixels:
    """The array upright. Orientations 5 to 8 are stored with rows and columns exchanged."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


def _replace(path: Path, content: memoryview) -> None:
    """Write a file aside, then put it in place in one step."""
    # A name of its own length: the picture's may already be as long as the file system allows.
    aside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with aside.open("xb") as file:
            file.write(content)
        aside.replace(path)
    except OSError as error:
        if not os.path.isdir(path.parent):
            why = f"the folder {path.parent} does not exist, create it first"
        elif os.path.isdir(path):
            why = "a folder of that name is there, give another name"
        else:
            why = f"{error.strerror}, write it elsewhere or make room and check permissions"
        raise PictureError(f"{path} cannot be written: {why}") from error
    finally:
        with suppress(OSError):
            aside.unlink()
