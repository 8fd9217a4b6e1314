"""One picture from standard input, or to standard output, or both: for pipes between programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from translate import pixels
from translate.errors import DataError, PictureError
from translate.pixels.archived import MAX_ENTRY, Unpacked
from translate.runtime.streams.partners import fitting
from translate.runtime.translator import Translator

STANDARD = "-"
"""As an input: standard input. As the output: standard output."""


def translate_standard(
    translator: Translator,
    source: str,
    out: str,
    *,
    suffix: str | None = None,
    quality: int = pixels.QUALITY,
    derive: bool = False,
) -> None:
    """Translate one picture. Nothing but the result is written to standard output.

    Args:
        translator: the model.
        source: `-`, or a picture file.
        out: `-`, or the file to write.
        suffix: format for standard output, for example `.jpg`; without it PNG, or what holds the result's depth.
        quality: 1 to 100, for JPEG, WebP and AVIF.
        derive: the picture is a photo, of which the model's input is made first.

    Raises:
        DataError: a terminal instead of a pipe, or `out` is not the name of a picture.
        PictureError: the picture cannot be read or written.
    """
    able = fitting(translator.card)
    usual = ".png" if ".png" in able else able[0]
    form = "." + (suffix or usual).lstrip(".").lower() if out == STANDARD else Path(out).suffix.lower()
    if form not in able:
        told = f"pictures cannot be written as {suffix}" if out == STANDARD else f"{out} is not the name of a picture"
        raise DataError(f"{told}: choose from {', '.join(able)}")
    if out == STANDARD and sys.stdout.isatty():
        raise DataError("standard output is a terminal: send it into a file or a program, or give -o FILE")
    picture = _standard_input() if source == STANDARD else Path(source)
    made = translator.array(translator.read(picture, derive=derive))
    if out == STANDARD:
        _to_standard_output(pixels.encode(made, form, quality, name="the result"))
    else:
        pixels.write(made, out, quality)


def _standard_input() -> Unpacked:
    if sys.stdin.isatty():
        raise DataError("standard input is a terminal: send a picture into it, or give its name")
    content = sys.stdin.buffer.read(MAX_ENTRY + 1)
    if len(content) > MAX_ENTRY:
        raise PictureError(f"standard input holds more than {MAX_ENTRY // 2**20} MiB: give a smaller picture")
    return Unpacked(content, "standard input")


def _to_standard_output(content: bytes) -> None:
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is left in the buffer would fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise PictureError("the result could not be handed on: whoever read standard output has closed it") from None
