"""Pictures from noise, at the desk: a few at a time, so that whoever waits for one picture comes between two sheets."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from translate.latent import Codes, noise
from translate.page.desk import SECONDS, SMALL, Desk
from translate.page.principal import pairs, principal
from translate.page.recipes import Recipe
from translate.page.results import png
from translate.page.shelf import Model, Shelf, Stamp, stamp_of
from translate.page.turns import is_large
from translate.pixels import Pixels
from translate.runtime import Translator

FRAME = 256
"""Least side of a film's frames: players make no good use of smaller ones."""
PACE = 50
"""Milliseconds of a frame."""
_KINDS = {"png": "image/png", "webp": "image/webp", "gif": "image/gif"}


@dataclass(frozen=True)
class Drawn:
    """What was drawn."""

    pictures: Pixels
    """uint8 `[N, H, W, C]`."""
    milliseconds: float
    """What the model took for all of them."""
    device: str
    """What it ran on, in words."""


class Draws:
    """Draws at a desk. It may be shared by any number of event loops.

    Args:
        shelf: whose models these are.
        desk: with whose threads and places.
    """

    def __init__(self, shelf: Shelf, desk: Desk) -> None:
        self._shelf, self._desk = shelf, desk
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[Stamp, dict[str, Codes]]] = {}

    async def __call__(self, model: Model, recipe: Recipe) -> Drawn:
        """Wait for a place, and draw. One who no longer waits is not worked for.

        Raises:
            BusyError: too many wait already.
            LatentError: there is no such slider.
            ModelError: the model cannot be used, failed, or took too long.
        """
        with self._desk.placed():
            codes = recipe.codes
            if recipe.sliders:
                codes = recipe.moved(await self._directions(model))
            return await self._drawn(model, codes, recipe.labels)

    async def _drawn(self, model: Model, codes: Codes, labels: list[int] | None) -> Drawn:
        """As many at once as small pictures go through a model together: others' turns come between."""
        size = model.card.size**2
        many = max(1, SMALL // size)
        parts: list[Drawn] = []
        for first in range(0, len(codes), many):
            part = slice(first, first + many)
            draw = partial(_drawn, noise=codes[part], labels=labels[part] if labels else None)
            async with self._alone(size):
                parts.append(await self._desk.run(model, draw))
        pictures = np.concatenate([part.pictures for part in parts])
        return Drawn(pictures, sum(part.milliseconds for part in parts), parts[0].device)

    @asynccontextmanager
    async def _alone(self, size: int) -> AsyncIterator[None]:
        """Around work on a picture of so many pixels: a large one is worked on alone."""
        if not is_large(size):
            yield
            return
        loop, granted = asyncio.get_running_loop(), asyncio.Event()

        def grant() -> None:
            loop.call_soon_threadsafe(granted.set)

        self._desk.turns.ask_large(grant)
        try:
            await granted.wait()
            yield
        finally:
            self._desk.turns.end_large(grant)

    async def _directions(self, model: Model) -> dict[str, Codes]:
        """What the sliders of a model are called, and the directions that they go in."""
        if named := model.card.attributes:
            return {name: np.array(known["direction"], np.float32) for name, known in named.items()}
        stamp = stamp_of(model.path)
        with self._lock:
            known = self._known.get(model.path)
        if known is not None and known[0] == stamp:
            return known[1]
        codes = noise(range(pairs(model.card.size)), model.card.latent)
        classes = len(model.card.classes)
        labels = [place % classes for place in range(len(codes))] if classes else None
        both = [(await self._drawn(model, sign * codes, labels)).pictures for sign in (1, -1)]
        found = await asyncio.to_thread(principal, codes, *both)
        directions = {f"direction {place + 1}": direction for place, direction in enumerate(found)}
        with self._lock:
            self._known[model.path] = stamp, directions
        return directions


def _drawn(translator: Translator, noise: Codes, labels: list[int] | None) -> Drawn:
    start = perf_counter()
    pictures = translator.draw(noise, labels, seconds=SECONDS)
    return Drawn(pictures, 1000 * (perf_counter() - start), translator.device)


def encoded(drawn: Drawn, recipe: Recipe) -> tuple[bytes, str]:
    """The file that a recipe asks for, and its kind in the words of HTTP."""
    content = (
        png(sheet(drawn.pictures, recipe.columns)) if recipe.format == "png" else film(drawn.pictures, recipe.format)
    )
    return content, _KINDS[recipe.format]


def sheet(pictures: Pixels, columns: int) -> Pixels:
    """Pictures `[N, H, W, C]` in rows of so many, without a gap, on white where the last row is not full."""
    count, height, width, channels = pictures.shape
    rows = -(-count // columns)
    full = np.full((rows * columns, height, width, channels), 255, np.uint8)
    full[:count] = pictures
    grid = full.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return grid.reshape(rows * height, columns * width, channels)


def film(frames: Pixels, kind: str) -> bytes:
    """Frames `[N, H, W, C]` as a film that begins again, `gif` or `webp`; small ones are made larger."""
    scale = max(1, -(-FRAME // max(frames.shape[1:3])))
    images = [Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame).convert("RGB") for frame in frames]
    images = [image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC) for image in images]
    content = io.BytesIO()
    more: dict[str, Any] = {"quality": 90} if kind == "webp" else {"optimize": False}
    images[0].save(content, kind, save_all=True, append_images=images[1:], duration=PACE, loop=0, **more)
    return content.getvalue()
