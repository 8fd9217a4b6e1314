"""The page's hands on the models: a visitor's picture in, pictures and a line on the time out, or one sentence."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import gradio as gr
import numpy as np

from translate import pixels
from translate.errors import TranslateError
from translate.page.shelf import Model
from translate.page.words import sentence
from translate.pixels import Pixels
from translate.runtime import RoundTrip, Translator, round_trip

LIMIT = 25_000_000
"""Pixels of the largest picture that is translated."""

ONE_QUEUE: Any = {"concurrency_id": "translate", "concurrency_limit": 2}
"""For every event that runs models: so many pictures at once on the whole page, not for each of its controls."""

Sent: TypeAlias = "str | bytes | Pixels | None"
"""What a visitor sends: a file, a file's content, or uint8 `[H, W]` or `[H, W, C]`."""

_opening = threading.Lock()


@cache
def _opened(path: Path) -> Translator:
    return Translator(path, limit=LIMIT)


def translator(model: Model) -> Translator:
    """The model's translator, opened at the first picture and kept: two callers at once do not open it twice."""
    with _opening:
        return _opened(model.path)


def translate(model: Model, source: Sent, shrink: int = 1) -> tuple[Pixels, Pixels, str]:
    """Decode and translate one picture.

    Args:
        model: the model.
        source: the picture.
        shrink: the picture is made smaller by this first; it divides height and width.

    Returns:
        The picture as the model saw it, the result (both uint8 `[H, W, C]`, or `[H, W]` where grey), and a line on how
        large it was and how long it took.

    Raises:
        gr.Error: the picture or the model cannot be used, in the one sentence that the visitor reads.
    """
    with _told(source, model):
        picture = _shrunk(_read(source, model), shrink)
        opened = translator(model)
        start = time.perf_counter()
        result = opened.array(picture)
        took = _took(picture, start, opened)
    return flat(picture), flat(result), took


def there_and_back(there: Model, back: Model, source: Sent) -> tuple[Pixels, RoundTrip, str]:
    """Decode one picture and translate it there and back.

    Args:
        there: the model that translates the picture.
        back: the model that undoes it.
        source: the picture.

    Returns:
        The picture as the model saw it, uint8 `[H, W, C]`, its trip, and a line on how large it was and how long both
        ways took.

    Raises:
        gr.Error: the picture or a model cannot be used, in the one sentence that the visitor reads.
    """
    with _told(source, there, back):
        picture = _read(source, there)
        first, second = translator(there), translator(back)
        start = time.perf_counter()
        trip = round_trip(first, second, picture)
        took = _took(picture, start, first)
    return picture, trip, took


def flat(picture: Pixels) -> Pixels:
    """The picture as Gradio shows it: grey is `[H, W]`."""
    return picture[..., 0] if picture.shape[-1] == 1 else picture


def _read(source: Sent, model: Model) -> Pixels:
    if source is None:
        raise gr.Error("There is no picture to translate.", print_exception=False)
    return pixels.read(source, model.card.source_channels, limit=LIMIT)


def _shrunk(picture: Pixels, by: int) -> Pixels:
    """The picture with each square of `by` pixels as its mean."""
    if by == 1:
        return picture
    height, width, channels = picture.shape
    squares = picture.reshape(height // by, by, width // by, by, channels)
    return squares.mean((1, 3)).round().astype(np.uint8)


def _took(picture: Pixels, start: float, opened: Translator) -> str:
    height, width, _ = picture.shape
    return f"{width} × {height} pixels in {1000 * (time.perf_counter() - start):,.0f} ms on {opened.device}"


@contextmanager
def _told(source: Sent, *models: Model) -> Iterator[None]:
    """Errors that a user can mend become the sentence that the visitor reads."""
    try:
        yield
    except TranslateError as error:
        told = sentence(error, *(model.path for model in models))
        told = told.replace(source, "the file") if isinstance(source, str) else told
        raise gr.Error(told, print_exception=False) from None
