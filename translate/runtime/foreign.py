"""Other people's models: an ONNX file from pictures to pictures that has no card, made to look like one of ours.

Such files take one float array, `[N, C, H, W]` or `[N, H, W, C]`, of any size or of one, in levels that nothing in the
file tells. `Adapter` stands before the engine that runs the file, takes and gives uint8 `[N, H, W, C]` of any size, and
says what it does with them on the way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from translate.card import Card
from translate.errors import ModelError
from translate.pixels import Pixels
from translate.runtime.engines import Engine, Value, reason
from translate.runtime.engines.base import Array

_KINDS = ("float32", "float16", "uint8")
_MULTIPLES = (32, 256)
"""To which sides are padded where the size is free: what nearly all networks need, and what the U-Net of pix2pix."""
_SLACK = 0.1
"""By how much of a unit a network without a last squashing may leave its range."""

_log = logging.getLogger("translate")


class Range(NamedTuple):
    """The levels that black and white stand for."""

    black: float
    white: float

    def of(self, picture: Pixels) -> Array:
        """0 … 255 as float32 levels of this range."""
        return picture.astype(np.float32) * np.float32((self.white - self.black) / 255) + np.float32(self.black)

    def levels(self, array: Array) -> Pixels:
        """And back, rounded; what lies beyond is cut off, and what is no number is black."""
        scaled = (array.astype(np.float32) - self.black) * (255 / (self.white - self.black))
        return np.clip(np.nan_to_num(scaled), 0, 255).round().astype(np.uint8)

    def holds(self, least: float, most: float) -> bool:
        """Whether values from `least` to `most` look like pictures in this range, and in none of the others."""
        if self.white > 1:
            return most > 2
        return self.black - _SLACK <= least and most <= 1 + _SLACK and (self.black == 0 or least < -_SLACK)


RANGES = {"[-1,1]": Range(-1, 1), "[0,1]": Range(0, 1), "0-255": Range(0, 255)}


class Adapter:
    """An engine that keeps the contract of our models around one that does not.

    Args:
        inner: runs the file.
        path: the file, after which the card is named.
        range: a key of `RANGES`; without it, it is guessed from a grey picture and one of noise.

    Raises:
        ModelError: the file is not from one picture to one of the same size, or its range cannot be guessed.
    """

    def __init__(self, inner: Engine, path: Path, range: str | None) -> None:
        self._inner, self._path = inner, path
        self._input = _only(path, "input", inner.inputs)
        self._output = _only(path, "output", inner.outputs).name
        self._first, channels, self._fixed = _layout(path, self._input)
        if range is not None and range not in RANGES:
            raise ModelError(f"there is no range {range}: choose from {', '.join(RANGES)}")
        self._multiple, side = self._tried(channels)
        name = range or self._guessed(side, channels)
        self._range = RANGES[name]
        made = self._raw(np.zeros((*side, channels), np.uint8)).shape[2]
        self.name = inner.name
        self.inputs = [Value("image", "uint8", ["N", "H", "W", channels])]
        self.outputs = [Value("translated", "uint8", ["N", "H", "W", made])]
        size = max(self._fixed) if self._fixed else 256
        source, target = "picture", path.stem
        self.card = Card(path.stem, f"{source} → {target}", "unknown", source, target, channels, made, size)
        guessed = range is None and self._input.kind != "uint8"
        told = self._told(
            name, "guessed from what it gives" if guessed else "as its type says" if not range else "given"
        )
        self.device = f"{inner.device}; {told}"
        _log.log(logging.WARNING if guessed else logging.INFO, "%s has no card: %s", path, told)

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str], seconds: float | None = None) -> list[Array]:
        """As `Engine.run`, one picture after the other."""
        end = None if seconds is None else time.monotonic() + seconds
        results = []
        for picture in feeds["image"]:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            results.append(self._translated(picture, left))
        return [np.stack(results)]

    def _translated(self, picture: Pixels, seconds: float | None) -> Pixels:
        height, width, _ = picture.shape
        if self._fixed:
            result = self._range.levels(self._raw(_resized(picture, self._fixed), seconds))
            return _resized(result, (height, width))
        more = [(0, -side % self._multiple) for side in (height, width)]
        padded = np.pad(picture, [*more, (0, 0)], mode="reflect")
        return self._range.levels(self._raw(padded, seconds)[:height, :width])

    def _raw(self, picture: Pixels, seconds: float | None = None, range: Range | None = None) -> Array:
        """What the file gives for a picture of a size that it takes, as `[H, W, C]` in its own levels."""
        kind = self._input.kind
        levels = picture if kind == "uint8" else (range or self._range).of(picture).astype(kind)
        array = levels.transpose(2, 0, 1) if self._first else levels
        (given,) = self._inner.run({self._input.name: np.ascontiguousarray(array[None])}, [self._output], seconds)
        if given.ndim != 4 or len(given) != 1:
            found = list(given.shape)
            raise ModelError(f"{self._path} gives {found}, which is no picture: give a model from pictures to pictures")
        made: Array = given[0].transpose(1, 2, 0) if self._first else given[0]
        if made.shape[:2] != picture.shape[:2] or made.shape[2] not in (1, 3):
            height, width, _ = picture.shape
            raise ModelError(
                f"{self._path} gives {list(given.shape)} for a picture of {height} × {width}: "
                "only models that keep a picture's size can be used, with 1 or 3 channels"
            )
        return made

    def _tried(self, channels: int) -> tuple[int, tuple[int, int]]:
        """The multiple that sides must be of, and the size of a picture to try things out with."""
        if self._fixed:
            self._attempt(self._fixed, channels)
            return 1, self._fixed
        for multiple in _MULTIPLES[:-1]:
            side = (3 * multiple, 5 * multiple)  # of different sides, so that nothing fits by chance
            try:
                self._attempt(side, channels)
            except ModelError:
                continue
            return multiple, side
        side = (_MULTIPLES[-1], 2 * _MULTIPLES[-1])
        self._attempt(side, channels)
        return _MULTIPLES[-1], side

    def _attempt(self, side: tuple[int, int], channels: int) -> None:
        try:
            self._raw(np.full((*side, channels), 128, np.uint8), range=RANGES["[0,1]"])
        except ModelError:
            raise
        except Exception as error:
            raise ModelError(f"{self._path} failed on a picture of {side[0]} × {side[1]}: {reason(error)}") from error

    def _guessed(self, side: tuple[int, int], channels: int) -> str:
        """The range by which alone it gives back what it was given: values of that range.

        A last tanh, sigmoid or layer of its own scale shows whatever goes in. A network that scales with its input fits
        every range, and cannot be told apart.
        """
        if self._input.kind == "uint8":
            return "0-255"
        noise = np.random.default_rng(0).integers(0, 256, (*side, channels), dtype=np.uint8)
        fitting = []
        for name, levels in RANGES.items():
            given = [self._raw(picture, range=levels) for picture in (np.full_like(noise, 128), noise)]
            if levels.holds(float(np.min(given)), float(np.max(given))):
                fitting.append(name)
        if len(fitting) != 1:
            told = f"it could be {' or '.join(fitting)}" if fitting else "none fits what it gives"
            raise ModelError(f"{self._path} does not tell what levels it takes, {told}: give its range")
        return fitting[0]

    def _told(self, name: str, how: str) -> str:
        """What is done with pictures, in words."""
        if self._fixed:
            size = f"pictures are resized to {self._fixed[0]} × {self._fixed[1]} and back"
        else:
            size = f"pictures are padded to multiples of {self._multiple} and cropped back"
        return f"its levels are {name} ({how}), {size}"


def _only(path: Path, which: str, values: Sequence[Value]) -> Value:
    if len(values) != 1:
        names = ", ".join(value.name for value in values)
        raise ModelError(f"{path} has no card and {len(values)} {which}s ({names}): only one can be a picture")
    return values[0]


def _layout(path: Path, value: Value) -> tuple[bool, int, tuple[int, int] | None]:
    """Whether channels come first, how many there are, and the size, where only one is taken."""
    count, *rest = value.shape if len(value.shape) == 4 else (None,)
    shape = f"{value.kind} {value.shape}"
    if len(rest) != 3 or value.kind not in _KINDS or (isinstance(count, int) and count != 1):
        raise ModelError(f"{path} has no card and takes {shape}: only a float or uint8 [1, C, H, W] can be a picture")
    first = rest[0] in (1, 3)
    channels, sides = (rest[0], rest[1:]) if first else (rest[2], rest[:2])
    if not isinstance(channels, int) or channels not in (1, 3):
        raise ModelError(f"{path} has no card and takes {shape}: of 1 or 3 channels nothing is to be seen in that")
    fixed = [side for side in sides if isinstance(side, int)]
    if len(fixed) == 1 or 0 in fixed:
        raise ModelError(f"{path} has no card and takes {shape}: both sides must be free, or neither")
    return first, channels, (fixed[0], fixed[1]) if fixed else None


def _resized(picture: Pixels, size: tuple[int, int]) -> Pixels:
    height, width = size
    if picture.shape[:2] == size:
        return picture
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC)).reshape(height, width, -1)
