"""Writing pictures beyond 8-bit grey and RGB: 16-bit PNG, TIFF of any number of channels, NPY. Nothing is lost."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from translate.errors import PictureError, first_line
from translate.forms import Form
from translate.pixels.deep import vips
from translate.pixels.formats import WRITABLE
from translate.pixels.quiet import quiet

NPY = ".npy"
_TIFF = (".tif", ".tiff")
_DEPTHS = ("uint8", "uint16", "float32")


def suffixes(form: Form) -> tuple[str, ...]:
    """Suffixes of files that hold pictures of a form without loss of depth, the best choice first."""
    usual = form.channels in (1, 3, 4)
    if form.depth == "uint8" and usual:
        return (*WRITABLE, NPY)
    return (*((".png",) if usual and form.depth == "uint16" else ()), *_TIFF, NPY)


def ordinary(array: npt.NDArray[Any], suffix: str) -> bool:
    """Whether an array is one that `translate.pixels.writing` writes itself: 8-bit grey, RGB or RGBA, not as NPY."""
    usual = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    return suffix != NPY and not (array.dtype == np.uint8 and not usual) and array.dtype.name not in _DEPTHS[1:]


def encode_deep(array: npt.NDArray[Any], suffix: str, name: str) -> bytes:
    """A picture of any depth and number of channels as the bytes of a file.

    Args:
        array: uint8, uint16 or float32 `[H, W]` or `[H, W, C]`.
        suffix: `.npy`, `.tif`, `.tiff` or, of 1, 3 or 4 channels of 16 bits, `.png`.
        name: what errors call it.

    Raises:
        PictureError: the format cannot hold the picture, or pyvips is needed and not installed.
    """
    array = array[:, :, None] if array.ndim == 2 else array
    if array.ndim != 3 or not array.size or array.dtype.name not in _DEPTHS:
        raise PictureError(f"{name} cannot be written: an array of {array.dtype} {list(array.shape)} is no picture")
    fitting = suffixes(Form.stored_as(array.shape[2], array.dtype.name))
    if suffix not in fitting:
        told = f"{array.shape[2]} channels of {array.dtype}"
        raise PictureError(f"{name} cannot hold {told}: end its name in one of {', '.join(fitting)}")
    if suffix == NPY:
        content = io.BytesIO()
        np.save(content, array, allow_pickle=False)
        return content.getvalue()
    if array.shape[2] == 1 and array.dtype != np.uint8:
        return _by_pillow(array[:, :, 0], suffix)
    return _by_vips(array, suffix, name)


def _by_pillow(array: npt.NDArray[Any], suffix: str) -> bytes:
    content = io.BytesIO()
    options = {"compression": "tiff_adobe_deflate"} if suffix in _TIFF and array.dtype == np.uint16 else {}
    with quiet:
        Image.fromarray(np.ascontiguousarray(array)).save(content, WRITABLE[suffix], **options)
    return content.getvalue()


def _by_vips(array: npt.NDArray[Any], suffix: str, name: str) -> bytes:
    pyvips = vips()
    height, width, bands = array.shape
    kind = {"uint8": "uchar", "uint16": "ushort", "float32": "float"}[array.dtype.name]
    # As plain channels: told to be colours, floats would be taken for light and converted.
    colours = bands in (3, 4) and kind != "float"
    meaning = {"uchar": "srgb", "ushort": "rgb16"}[kind] if colours else "multiband"
    try:
        image = pyvips.Image.new_from_memory(np.ascontiguousarray(array).data, width, height, bands, kind)
        image = image.copy(interpretation=meaning)
        options: dict[str, Any] = {"compression": "deflate", "predictor": "horizontal"} if suffix in _TIFF else {}
        if kind == "float":
            options["predictor"] = "none"
        return bytes(image.write_to_buffer(".tif" if suffix in _TIFF else suffix, keep="none", **options))
    except pyvips.Error as error:
        raise PictureError(f"{name} cannot be written ({first_line(error)}): write it as {NPY}") from None
