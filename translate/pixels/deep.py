"""Pictures beyond 8-bit grey and RGB: any number of channels, 8 and 16 bits and floats, as they are stored.

NPY is read by `translate.pixels.npy`, one channel of other files by Pillow, several of PNG and TIFF by pyvips
(`pip install 'translate-gan[large]'`). Nothing is scaled: a value in the file is a value in the array. As in
`translate.pixels.reading`, a header is judged before anything of its size is allocated.
"""

from __future__ import annotations

import importlib.util
from contextlib import ExitStack
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import PictureError, first_line
from translate.forms import DEPTHS, Form, Part
from translate.pixels.convert import orientation, turned
from translate.pixels.directory import check_directory, numbers
from translate.pixels.formats import MAX_BYTES, MAX_PIXELS, Source
from translate.pixels.npy import MAGIC, Header
from translate.pixels.reading import explained, file_of, name_of, opened, read

Stored: TypeAlias = npt.NDArray[Any]

_PNG = b"\x89PNG\r\n\x1a\n"
_TIFFS = (b"II*\0", b"MM\0*", b"II+\0")
_KINDS = "buif"
_BEYOND = "pip install 'translate-gan[large]'"
_TAGS = (256, 257, 277, 322, 323)
"""Of TIFF: width, height, channels, width and height of a tile."""

_COLOURS = {"b-w", "grey16", "rgb", "rgb16", "srgb", "scrgb", "multiband"}
_FORMATS = {
    **{"uchar": np.uint8, "char": np.int8, "ushort": np.uint16, "short": np.int16},
    **{"uint": np.uint32, "int": np.int32, "float": np.float32, "double": np.float64},
}
_SCALED = {"L;2": 85, "L;4": 17}
"""What Pillow multiplies levels of fewer than 8 bits with."""


def stored(
    source: Source, form: Form | Part, *more: Source, limit: int = MAX_PIXELS, max_bytes: int = MAX_BYTES
) -> Stored:
    """A picture as it is stored: `[H, W, C]` of the form's channels and depth, values as in the file.

    8-bit grey, RGB and RGBA are read by `read`, which also takes what is easily made such.

    Args:
        source: as for `read`, or an NPY file of `[H, W]` or `[H, W, C]`.
        form: what it is made of.
        more: the other files of the same picture, where the form has several parts. Without them one file holds all.
        limit: most pixels accepted.
        max_bytes: most bytes of a file accepted, for 8-bit RGBA; more where the form has more to a pixel.

    Raises:
        PictureError: as `read`; or the file holds other channels or another depth than the form says, numbers that
            are not finite, classes that there are not, or pictures of different sizes.
    """
    if isinstance(form, Part):
        form = Form((form,))
    parts = form.parts if more else form.single.parts
    if len(parts) != 1 + len(more):
        raise PictureError(
            f"{name_of(source)}: {len(form.parts)} files make one picture, {1 + len(more)} are given: {form}"
        )
    exact = len(form.parts) > 1 and not more  # where several files make a picture, a file is not filled up to be it
    found = [_one(*both, limit, max_bytes, exact) for both in zip((source, *more), parts, strict=True)]
    for other, array in zip(more, found[1:], strict=True):
        if array.shape[:2] != found[0].shape[:2]:
            (height, width), (high, wide) = found[0].shape[:2], array.shape[:2]
            raise PictureError(
                f"{name_of(source)} is {width}×{height} but {name_of(other)} is {wide}×{high}: channels of one picture "
                "have one size"
            )
    return found[0] if len(found) == 1 else np.concatenate(found, axis=2, dtype=form.depth)


def _one(source: Source, part: Part, limit: int, max_bytes: int, exact: bool = False) -> Stored:
    """One file, or an array, of one part; `exact`: grey is not made RGB, nor RGB RGBA."""
    plain = part.depth == "uint8" and not exact and not (part.classes and part.channels == 1)
    if isinstance(source, np.ndarray | Image.Image) and plain and part.channels in (1, 3, 4):
        return read(source, part.channels, limit=limit)
    if isinstance(source, np.ndarray):
        return _checked(_three(source, "the array", part), part, "the array")
    if isinstance(source, Image.Image):
        if part.channels == 1:
            return _checked(_grey(source, part, limit, max_bytes), part, "the image")
        raise PictureError(f"an image of Pillow cannot hold {part}: give an array")
    name = name_of(source)
    bound = max(max_bytes, limit * part.channels * np.dtype(part.depth).itemsize + 2**20)
    with explained(name), ExitStack() as stack:
        file = file_of(source, name, bound, stack)
        file.seek(0)
        head = file.read(8)
        file.seek(0)
        tiff = head.startswith(_TIFFS)
        if head.startswith(MAGIC):
            found = _npy(file, name, limit, part)
        elif plain and (part.channels in (1, 3) or (part.channels == 4 and not tiff)):
            return read(file, part.channels, limit=limit, max_bytes=max_bytes)
        elif part.channels == 1 and not (tiff and _odd(file)):
            found = _grey(file, part, limit, bound)
        elif tiff or head.startswith(_PNG):
            found = _streamed(file, name, limit, bound, part.channels)
        else:
            raise PictureError(f"{name} is neither NPY, TIFF nor PNG, which alone hold {part}: save it as one of these")
        return _checked(found, part, name)


def _three(array: Stored, name: str, part: Part) -> Stored:
    """An array as `[H, W, C]`."""
    _fits(array.shape, name, part)
    return array[:, :, None] if array.ndim == 2 else array


def _fits(shape: tuple[int, ...], name: str, part: Part) -> None:
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) not in (2, 3) or channels != part.channels or 0 in shape:
        last = "; channels come last: numpy.moveaxis(array, 0, -1)" if part.channels in shape[:1] else ""
        raise PictureError(f"{name} has shape {list(shape)!s:.80}: give [H, W, {part.channels}]{last}")


def _checked(array: Stored, part: Part, name: str) -> Stored:
    """The array in the part's depth, once it is sure that nothing is lost and everything means something."""
    kind, depth = array.dtype, part.depth
    if kind.kind not in _KINDS:
        raise PictureError(f"{name} holds {kind}, which are no levels of a picture: give {depth}")
    if kind.kind == "f" and depth != "float32":
        raise PictureError(f"{name} holds floating-point numbers where {depth} is declared: say depth = 'float32'")
    if kind == np.uint8 and depth == "uint16" and not part.classes:
        raise PictureError(f"{name} is of 8 bits where 16 are declared: say depth = 'uint8', or save it with 16")
    if depth == "float32":
        with np.errstate(over="ignore"):
            array = np.array(array, np.float32, order="C")
        if not np.isfinite(array).all():
            raise PictureError(f"{name} holds values that are no finite numbers: fill what is missing first")
        return array
    least, most = DEPTHS[depth]
    if array.min() < least or array.max() > most:
        raise PictureError(
            f"{name} holds values from {array.min()} to {array.max()}, and {depth} is declared: say another depth"
        )
    array = np.array(array, depth, order="C")
    if part.classes and part.channels == 1:
        # The largest number of a depth is what label maps have where they know no class.
        wrong = array[(array >= part.classes) & (array != most)]
        if wrong.size:
            raise PictureError(
                f"{name} holds class {wrong.max()} where {part.classes} are declared, 0 to {part.classes - 1} "
                f"(and {most:.0f} for none)"
            )
    return array


def _npy(file: BinaryIO, name: str, limit: int, part: Part) -> Stored:
    """An NPY file, its size judged before it is read."""
    header = Header(file, name)
    _fits(header.shape, name, part)
    _judge(name, header.shape[1], header.shape[0], limit)
    array = header.values(file)
    return array[:, :, None] if array.ndim == 2 else array


def _judge(name: str, width: int, height: int, limit: int) -> None:
    if width * height > limit:
        raise PictureError(f"{name} has {width} × {height} pixels, over the limit of {limit:,}: make it smaller")


def _odd(file: BinaryIO) -> bool:
    """Whether a TIFF file holds other than one channel of 8 or 16 bits or 32-bit floats, which Pillow reads as such."""
    tags = numbers(file, file.seek(0, 2))
    file.seek(0)
    bits, samples, kind = (tags.get(tag, 1) for tag in (258, 277, 339))
    return samples != 1 or (bits, kind) not in {(1, 1), (8, 1), (16, 1), (16, 2), (32, 3)}


def _grey(source: Source, part: Part, limit: int, max_bytes: int) -> Stored:
    """One channel by Pillow: 8 and 16 bits and floats, and the indices of a palette where those are classes."""
    with opened(source, limit, max_bytes) as (image, name):
        tile = next(iter(getattr(image, "tile", [])), None)
        scaled = _SCALED.get(tile.args, 1) if tile and part.classes and isinstance(tile.args, str) else 1
        image.load()
        turn = orientation(image)
        modes = {"uint8": ("L", "1"), "uint16": ("I;16", "I"), "float32": ("F", "I", "I;16", "L")}[part.depth]
        modes += ("P", "L", "1") if part.classes else ()
        mode = "I;16" if image.mode.startswith("I;16") else image.mode
        if mode not in modes:
            raise PictureError(f"{name} is of Pillow's mode {image.mode} where {part} is declared: save it as such")
        array = np.asarray(image)
    if scaled != 1:
        array = array // scaled
    return np.array(turned(array[:, :, None], turn), order="C")


def _judge_tiff(file: BinaryIO, name: str, limit: int, channels: int) -> None:
    size = file.seek(0, 2)
    try:
        check_directory(file, 0, size)
        tags = numbers(file, size)
    except ValueError as error:
        raise PictureError(f"{name} {error}: save it anew") from None
    width, height, found, wide, high = (tags.get(tag, 1) for tag in _TAGS)
    _judge(name, width, height, limit)
    _judge(name, wide, high, limit)  # of a tile, which is decoded as a whole
    if found != channels:
        raise _other_channels(name, found, channels)


def _streamed(file: BinaryIO, name: str, limit: int, bound: int, channels: int) -> Stored:
    """Several channels of a TIFF or PNG file, by libvips."""
    if file.seek(0, 2) > 2 * bound:
        raise PictureError(f"{name} has more bytes than {channels} channels of {limit:,} pixels: make it smaller")
    file.seek(0)
    if file.read(8).startswith(_TIFFS):
        _judge_tiff(file, name, limit, channels)
    else:
        with opened(file, limit, 2 * bound, whole=False):
            pass  # the header is judged
    pyvips = vips()
    file.seek(0)
    try:
        image = pyvips.Image.new_from_buffer(file.read(), "", access="sequential", fail_on="error")
        if image.interpretation not in _COLOURS or image.format not in _FORMATS:
            raise PictureError(
                f"{name} holds {image.interpretation}, {image.format}: save its channels as plain numbers"
            )
        _judge(name, image.width, image.height, limit)
        if image.bands != channels:
            raise _other_channels(name, image.bands, channels)
        image = image.autorot()
        content = image.write_to_memory()
    except pyvips.Error as error:
        raise PictureError(f"{name} is damaged or cut short ({_why(error)}): get it again") from None
    return np.frombuffer(content, _FORMATS[image.format]).reshape(image.height, image.width, image.bands)


def _other_channels(name: str, found: int, wanted: int) -> PictureError:
    return PictureError(
        f"{name} has {found} channels where {wanted} are declared: it is for another model, or the configuration must "
        f"say {found} (data.source_channels, data.target_channels)"
    )


def vips() -> Any:
    """pyvips, without the loaders that its authors do not trust with hostile files.

    Raises:
        PictureError: it is not installed.
    """
    if importlib.util.find_spec("pyvips") is None:
        raise PictureError(f"several channels of TIFF and of 16-bit PNG need {_BEYOND}; NPY does without")
    import pyvips

    pyvips.block_untrusted_set(True)
    return pyvips


def _why(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip().rpartition(": ")[2] if lines else first_line(error)
