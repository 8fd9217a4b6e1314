"""One look at one sample: every file is read and decoded once, and what the rest of the check needs is kept."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from translate import pixels
from translate.data.checking.measures import Measures, measure
from translate.data.checking.registration import Fit, fit
from translate.data.files import Member
from translate.errors import DataError, PictureError
from translate.pixels.archived import Unpacked
from translate.pixels.convert import converted, orientation, turned
from translate.pixels.npy import MAGIC, Header
from translate.pixels.reading import opened

Picture = np.ndarray
Reader = Callable[[Any, str], Picture]
"""Reads a file in a role."""

MAX_ARRAY = 2**32
"""Most bytes of an NPY file, of which every pixel may have hundreds."""


@dataclass(frozen=True)
class Sample:
    """What is looked at together: a picture, a pair in one file, or the two files of a pair."""

    files: tuple[Any, ...]
    """A path each, or what behaves like one."""
    roles: tuple[str, ...]
    """Of the pictures: `source`, `target` or `image`; two for a file of two halves, from left to right."""
    split: str
    """`train`, `val`, `test` or `held out`."""

    @property
    def halves(self) -> bool:
        """Whether one file holds both pictures, side by side."""
        return len(self.roles) > len(self.files)


@dataclass(frozen=True)
class Array:
    """What lies in a file of numbers."""

    channels: int
    depth: str
    low: float
    high: float


@dataclass(frozen=True)
class Stored:
    """How one file is stored."""

    length: int = 0
    """Bytes."""
    digest: bytes = b""
    format: str = "?"
    mode: str = "?"
    size: tuple[int, int] = (0, 0)
    """Height and width, upright."""
    orientation: int = 1
    transparent: bool = False
    """Whether some pixels can be seen through."""
    loses_depth: bool = False
    """Whether it has more than 8 bits, which are not kept."""
    array: Array | None = None
    """What it holds if it is no picture that any program shows; what is shown of it does not tell it from others."""


@dataclass
class Look:
    """What one look at a sample showed."""

    sample: Sample
    stored: list[Stored] = field(default_factory=list)
    """A file each, of those that could be opened."""
    measures: dict[str, Measures] = field(default_factory=dict)
    """A picture each, by role; empty where a file cannot be read."""
    problem: str = ""
    """Why a file cannot be read, or files are no pair."""
    kind: str = ""
    """Of the problem: `unreadable`, `odd-width` or `pair-size`."""
    fit: Fit | None = None
    """How the pictures of a pair lie over each other."""

    @property
    def whole(self) -> bool:
        """Whether all its pictures were measured."""
        return not self.problem


def look(sample: Sample, aligned: bool, reader: Reader | None = None) -> Look:
    """Read a sample and measure it.

    Args:
        sample: what to look at.
        aligned: whether its two pictures should lie over each other.
        reader: reads a file in a role as a layout does, for files that are no ordinary pictures.
    """
    seen = Look(sample)
    pictures: list[Picture] = []
    for file, role in zip(sample.files, sample.roles, strict=False):
        try:
            picture, stored = read(file, role, reader)
        except (PictureError, DataError) as error:
            seen.kind, seen.problem = "unreadable", str(error)
            return seen
        pictures.append(picture)
        seen.stored.append(stored)
    if sample.halves:
        width = pictures[0].shape[1]
        if width % 2:
            seen.kind = "odd-width"
            seen.problem = f"{width} pixels wide"
            return seen
        pictures = np.split(pictures[0], 2, axis=1)
    seen.measures = {role: measure(np.ascontiguousarray(p)) for role, p in zip(sample.roles, pictures, strict=True)}
    if not sample.halves:
        for role, stored in zip(sample.roles, seen.stored, strict=True):
            if stored.array:
                seen.measures[role] = replace(seen.measures[role], digest=stored.digest)
    if len(pictures) == 2:
        sizes = [f"{picture.shape[1]}×{picture.shape[0]}" for picture in pictures]
        if sizes[0] != sizes[1]:
            seen.kind, seen.problem = "pair-size", f"{sizes[0]} and {sizes[1]}"
        elif aligned:
            seen.fit = fit(*(pictures[sample.roles.index(role)] for role in ("source", "target")))
    return seen


def read(file: Any, role: str, reader: Reader | None) -> tuple[Picture, Stored]:
    """The pixels of a file, or of several that make one picture, and how they are stored.

    Args:
        file: a path, what behaves like one, or a tuple of these.
        role: of the picture.
        reader: as for `look`.

    Returns:
        uint8 `[H, W, 3]`, upright: of anything else what can be shown of it. And what is told of the file.

    Raises:
        PictureError: it cannot be read.
        DataError: likewise, by a reader that lies in shards.
    """
    files = file if isinstance(file, tuple) else (file,)
    contents = [_content(one) for one in files]
    stored = Stored(sum(map(len, contents)), _digest(contents), "+".join(dict.fromkeys(map(_suffix, files))))
    if len(files) == 1 and not contents[0].startswith(MAGIC):
        try:
            picture, stored = _decoded(str(file), contents[0], stored)
            if stored.loses_depth and reader:
                stored = replace(stored, loses_depth=reader(file, role).dtype == np.uint8)
            return picture, stored
        except PictureError:
            if reader is None:
                raise
    picture = reader(file, role) if reader else _array(str(file), contents[0])
    array = Array(picture.shape[2], str(picture.dtype), float(picture.min()), float(picture.max()))
    mode = f"{array.channels} × {array.depth}"
    return _shown(picture), replace(stored, mode=mode, size=picture.shape[:2], array=array)


def _decoded(name: str, content: bytes, stored: Stored) -> tuple[Picture, Stored]:
    with opened(Unpacked(content, name), pixels.MAX_PIXELS, pixels.MAX_BYTES) as (image, _):
        mode, form = image.mode, str(image.format)
        raw_mode = str([*getattr(image, "tile", []), ()][0])
        image.load()
        turn = orientation(image)
        transparent = False
        if image.has_transparency_data:
            rgba = np.asarray(converted(image, name, "RGBA", (255, 255, 255)))
            transparent = bool((rgba[..., 3] < 255).any())
        picture = turned(np.asarray(converted(image, name, "RGB", (255, 255, 255))), turn)
    deep = "16" in raw_mode or mode.startswith("I")
    told = f"{mode};16" if deep and not mode.startswith("I") else mode
    size = picture.shape[:2]
    return picture, Stored(stored.length, stored.digest, form, told, size, turn, transparent, deep)


def _array(name: str, content: bytes) -> Picture:
    """What an NPY file holds, `[H, W, C]`, where nobody has said what that should be."""
    file = io.BytesIO(content)
    header = Header(file, name)
    if len(header.shape) not in (2, 3) or 0 in header.shape:
        raise PictureError(f"{name} holds an array of shape {header.shape}, which is no picture: save [H, W, C]")
    if header.shape[0] * header.shape[1] > pixels.MAX_PIXELS:
        raise PictureError(f"{name} has more than {pixels.MAX_PIXELS:,} pixels: make it smaller")
    array = header.values(file)
    return array[:, :, None] if array.ndim == 2 else array


def _digest(contents: list[bytes]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for content in contents:
        digest.update(content)
    return digest.digest()


def _content(file: Any) -> bytes:
    """A file's bytes, no more than a picture may have.

    Raises:
        PictureError: it cannot be read, or is too large.
    """
    if isinstance(file, Member):  # of which none is larger than an archive's or shard's may be
        return file.read()
    try:
        size = file.stat().st_size
        most = MAX_ARRAY if file.suffix.lower() in pixels.ARRAYS else pixels.MAX_BYTES
        if size > most:
            raise PictureError(f"{file} has {size:,} bytes, over the limit of {most:,}: make it smaller")
        content: bytes = file.read_bytes()
    except OSError as error:
        raise PictureError(f"{file} cannot be read: {error.strerror}") from None
    return content


def _suffix(file: Any) -> str:
    return str(file.name).rpartition(".")[2].upper()


def _shown(picture: Picture) -> Picture:
    """Any array `[H, W, C]` as uint8 RGB: its first three channels, stretched over 0…255 where it is not bytes."""
    first = picture[..., [0, 1, 2] if picture.shape[2] >= 3 else [0, 0, 0]]
    if first.dtype == np.uint8:
        return first
    first = np.nan_to_num(first.astype(np.float64))
    low, high = first.min(), first.max()
    return ((first - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
