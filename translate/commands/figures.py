"""Many small pictures as one: a sheet of rows, a film that repeats, and a sum with its terms and what it gives."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from translate.errors import PictureError
from translate.files import write_whole
from translate.pixels import Pixels

GAP, MARGIN = 4, 12
TEXT = 15
"""Height of letters, in pixels."""
SEEN = 96
"""Sides that pictures with words beside them have at least: smaller ones are shown in larger pixels."""
EXAMPLES = 4
"""Pictures of a group that are shown above its average."""


class Term(NamedTuple):
    """A group of a sum: pictures `[n, H, W, C]` of its codes, and of their average."""

    sign: str
    name: str
    examples: Pixels
    average: Pixels


def sheet(pictures: Pixels, columns: int) -> Pixels:
    """Pictures `[N, H, W, C]` in rows, on white: uint8 `[height, width, C]`."""
    count, height, width, channels = pictures.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    whole = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels), 255, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * (height + GAP), place % columns * (width + GAP)
        whole[top : top + height, left : left + width] = picture
    return whole


def numbered(pictures: Pixels, names: Sequence[str]) -> Pixels:
    """Each picture with its name below it: uint8 `[N, H + 18, W, 3]`."""
    framed = []
    for picture, name in zip(pictures, names, strict=True):
        canvas = Image.new("RGB", (picture.shape[1], picture.shape[0] + TEXT + 3), "white")
        canvas.paste(_image(picture).convert("RGB"))
        _write(ImageDraw.Draw(canvas), name, 0, canvas.width, picture.shape[0] - 2)
        framed.append(np.asarray(canvas))
    return np.stack(framed)


def film(frames: Pixels, rate: float, path: Path) -> None:
    """Write `[N, H, W, C]` as a GIF that repeats, `rate` frames a second.

    Raises:
        PictureError: the disk or folder refuses.
    """
    first, *more = (_image(frame) for frame in frames)
    encoded = io.BytesIO()
    # GIF counts hundredths of a second, and browsers take less than two for ten.
    first.save(encoded, "GIF", save_all=True, append_images=more, duration=max(20, round(1000 / rate)), loop=0)
    try:
        write_whole(path, encoded.getvalue(), sync=False)
    except OSError as error:
        raise PictureError(f"{path} cannot be written: {error.strerror}: choose another place") from None


def total(terms: Sequence[Term], result: Pixels | None, title: str) -> Pixels:
    """A sum as DCGAN's figure 7 shows one: groups over their averages, and at the right what comes out.

    Args:
        terms: in order.
        result: `[n², H, W, C]`: the sum's own picture in the middle, of codes near it around; none: of one average
            that is all there is to see.
        title: what stands below it.

    Returns:
        uint8 `[height, width, 3]`.
    """
    side = _shown(terms[0].average[None])[0].width
    rows = max(min(len(term.examples), EXAMPLES) for term in terms)
    across = 0 if result is None else round(len(result) ** 0.5)
    block = max(0, across * (side + GAP) - GAP)
    line = TEXT + 2 * GAP
    height = max((rows + 1) * (side + GAP) + GAP, block) + line
    width = len(terms) * (side + 2 * line) + (block or -2 * line)
    canvas = Image.new("RGB", (width + 2 * MARGIN, height + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(canvas)
    left, bottom = MARGIN, MARGIN + height - line
    for place, term in enumerate(terms):
        if place or term.sign == "−":
            _sign(pen, term.sign, left - line, bottom - side // 2)
        shown = _shown(term.examples[:EXAMPLES])
        for row, picture in enumerate(reversed(shown)):
            canvas.paste(picture, (left, bottom - (row + 2) * (side + GAP) - GAP))
        pen.line((left, bottom - side - GAP - 1, left + side - 1, bottom - side - GAP - 1), "black", 1)
        canvas.paste(_shown(term.average[None])[0], (left, bottom - side))
        _write(pen, term.name, left - line, side + 2 * line, bottom)
        left += side + 2 * line
    if result is not None:
        _sign(pen, "=", left - line, bottom - side // 2)
        for place, picture in enumerate(_shown(result)):
            row, column = divmod(place, across)
            canvas.paste(picture, (left + column * (side + GAP), bottom - block + row * (side + GAP)))
        if across > 1:
            start = (left + across // 2 * (side + GAP), bottom - block + across // 2 * (side + GAP))
            pen.rectangle((start[0] - 2, start[1] - 2, start[0] + side + 1, start[1] + side + 1), None, "black", 2)
        _write(pen, title, left - line, block + 2 * line, bottom)
    return np.asarray(canvas)


def _sign(pen: ImageDraw.ImageDraw, sign: str, middle: int, height: int, reach: int = 7) -> None:
    """Drawn: the font that comes with Pillow has no minus."""
    for shift in (-4, 4) if sign == "=" else (0,):
        pen.line((middle - reach, height + shift, middle + reach, height + shift), "black", 2)
    if sign == "+":
        pen.line((middle, height - reach, middle, height + reach), "black", 2)


def _image(picture: Pixels) -> Image.Image:
    return Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)


def _shown(pictures: Pixels) -> list[Image.Image]:
    """As images in colour, in larger pixels where they are small."""
    times = max(1, -(-SEEN // pictures.shape[1]))
    images = (_image(picture).convert("RGB") for picture in pictures)
    return [image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST) for image in images]


def _write(pen: ImageDraw.ImageDraw, text: str, left: int, width: int, top: int) -> None:
    """A line in the middle of a width; one that is too long is cut."""
    font = _font(text)
    while len(text) > 3 and pen.textlength(text, font) > width:
        text = f"{text.removesuffix('...')[:-1]}..."
    pen.text((left + (width - pen.textlength(text, font)) / 2, top + 2), text, "black", font)


def _font(text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own, which has no letters but ASCII's; for others one of the system's that has, if it is there."""
    for name in () if text.isascii() else ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "Arial.ttf", "arial.ttf"):
        try:
            return ImageFont.truetype(name, TEXT)
        except OSError:
            continue
    return ImageFont.load_default(TEXT)
