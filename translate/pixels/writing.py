"""Writing a picture: all of it or nothing."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from translate.errors import PictureError
from translate.files import write_whole
from translate.pixels.convert import image_of
from translate.pixels.deep_writing import encode_deep, ordinary
from translate.pixels.formats import WRITABLE
from translate.pixels.quiet import quiet

QUALITY = 95
"""Of lossy formats, unless another one is asked for."""


def write(array: npt.ArrayLike, path: str | os.PathLike[str], quality: int = QUALITY) -> None:
    """Write a picture, in the format that the suffix names, all of it or nothing.

    Args:
        array: as for `encode`.
        path: where to; an existing file is replaced in one step.
        quality: as for `encode`.

    Raises:
        PictureError: as `encode`, or the disk or folder refuses.
    """
    path = Path(path)
    _replace(path, encode(array, path.suffix, quality, name=str(path)))


def encode(array: npt.ArrayLike, suffix: str, quality: int = QUALITY, *, name: str = "the picture") -> bytes:
    """A picture as the bytes of a file. It holds the pixels alone: no EXIF, no colour profile.

    Args:
        array: uint8 `[H, W]` or `[H, W, 1 | 3 | 4]`; for `.tif` and `.npy` uint8, uint16 or float32 of any number of
            channels, for `.png` uint16 of 1, 3 or 4 as well.
        suffix: what such a file's name ends in, for example `.png`: it decides the format.
        quality: 1 to 100, for the lossy formats (JPEG without colour subsampling, WebP, AVIF).
        name: what errors call it.

    Raises:
        PictureError: the suffix is unknown, or the format cannot hold the picture.
    """
    array = np.asarray(array)
    if not ordinary(array, suffix.lower()):
        return encode_deep(array, suffix.lower(), name)
    form = WRITABLE.get(suffix.lower())
    if form is None:
        raise PictureError(f"{name} cannot be written as a picture: end its name in one of {', '.join(WRITABLE)}")
    if not 1 <= quality <= 100:
        raise PictureError(f"{name} cannot be written with quality {quality}: give 1 to 100")
    image = image_of(array, "the array", (np.uint8,))
    if image.mode == "RGBA" and form in ("JPEG", "PPM"):
        raise PictureError(f"{name} cannot hold transparency: write it as .png")
    options: dict[str, Any] = {"quality": quality} if form in ("JPEG", "WEBP", "AVIF") else {}
    if form == "JPEG":
        options["subsampling"] = 0
    # Encoded in memory first: what fails there is the format's, what fails after is the disk's, and Pillow, writing
    # to a full disk, says only "encoder error -2".
    encoded = io.BytesIO()
    try:
        with quiet:
            image.save(encoded, format=form, **options)
    except Exception as error:
        size = f"{image.width} × {image.height}"
        raise PictureError(
            f"{form} does not take a picture of {size} ({error}): write {Path(name).stem}.png"
        ) from error
    return encoded.getvalue()


def _replace(path: Path, content: bytes) -> None:
    """Write a file aside, then put it in place in one step."""
    try:
        write_whole(path, content, sync=False)
    except OSError as error:
        if not os.path.isdir(path.parent):
            why = f"the folder {path.parent} does not exist, create it first"
        elif os.path.isdir(path):
            why = "a folder of that name is there, give another name"
        else:
            why = f"{error.strerror}, write it elsewhere or make room and check permissions"
        raise PictureError(f"{path} cannot be written: {why}") from error
