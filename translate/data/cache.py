"""Training pictures in memory, decoded and resized: what is left to do for a sample is to crop, flip and change it.

Decoding a photograph costs many times what cropping it does, and an epoch after the first decodes the same files again.
What comes out is the same to the bit: resizing what already has its size gives it back.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from translate.data import resources
from translate.data.layouts import Layout, Picture
from translate.data.transforms import Transform
from translate.errors import ConfigError, DataError, PictureError

SLAB = 64 * 2**20  # bytes
SHARE = 0.8  # of what memory is left: training needs some as well
FEW = 16  # pieces that are read to tell how large all of them will be
PAUSE = 10.0  # seconds from one line about progress to the next
GIB = 2**30


class Span(NamedTuple):
    """Where a picture lies."""

    slab: int
    start: int
    shape: tuple[int, ...]
    depth: np.dtype[Any]

    @property
    def size(self) -> int:
        """Bytes of it."""
        return math.prod(self.shape) * self.depth.itemsize


class Cache:
    """What `Layout.read` gives for samples to train on, from memory and resized.

    A piece is kept once, however many samples it is part of, so that unpaired targets are drawn as they are without a
    cache. Pixels lie in a few large tensors: processes that are forked share them for good, because nothing ever writes
    there, not even a count of references; those that are spawned get them as shared memory.

    Args:
        layout: what is read.
        transform: says how large pictures are kept.
    """

    def __init__(self, layout: Layout, transform: Transform) -> None:
        self.layout, self.transform = layout, transform
        self.size = 0
        """Bytes of all pictures."""
        self._slabs: list[Tensor] = []
        self._free = 0  # the first free byte of the last slab
        self._kept: dict[Any, tuple[tuple[Span, ...], tuple[int, ...]]] = {}

    def fill(self, say: Callable[[str], None], check: bool = False) -> None:
        """Read all pieces to train on, in several threads.

        Args:
            say: is told how much memory it takes, and now and then how far it is.
            check: read the held-out ones as well, as `Layout.check` does, and let them go.

        Raises:
            ConfigError: the memory does not suffice.
            DataError: some cannot be read; says how many and shows the first few.
        """
        wanted = dict.fromkeys(self.layout.train_pieces())
        room = resources.memory()
        most = math.inf if room is None else SHARE * room
        expected = self._expected(list(wanted))
        if expected > most:
            raise _too_much(expected, most)
        free = "" if room is None else f" of {_bytes(room)} that are free"
        say(f"train.cache: reading about {_bytes(expected)} into memory{free}")
        progress = _Progress(say, len(wanted))
        take = partial(self._take, wanted, most, progress, Lock())
        self.layout.check(self.layout.pieces() if check else list(wanted), take)

    def read(self, sample: Any, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        """As `Layout.read`, of a sample to train on: pictures resized by `transform`, the caller's own."""
        parts = [self._kept[part] for part in self.layout.parts(sample, seed)]
        pictures = tuple(self._picture(place) for places, _ in parts for place in places)
        return pictures, tuple(label for _, labels in parts for label in labels)

    def _picture(self, place: Span) -> Picture:
        kept = self._slabs[place.slab].numpy()[place.start : place.start + place.size]
        # A copy: a transform may change what it is given.
        return kept.view(place.depth).reshape(place.shape).copy()

    def _take(self, wanted: dict[Any, None], most: float, progress: _Progress, lock: Lock, piece: Any) -> None:
        """Read a piece, and keep it if it is wanted."""
        pictures, labels = self.layout.piece(piece)
        if piece not in wanted:
            return
        resized = self.transform.resized(pictures, self.layout.places(piece))
        with lock:
            places = tuple(self._room(picture, most) for picture in resized)
            self._kept[piece] = places, labels
            progress.one_more(self.size)
        for picture, place in zip(resized, places, strict=True):
            content = np.ascontiguousarray(picture).reshape(-1).view(np.uint8)
            self._slabs[place.slab].numpy()[place.start : place.start + place.size] = content

    def _room(self, picture: Picture, most: float) -> Span:
        """A place for a picture; not for two threads at once."""
        size = picture.nbytes
        self.size += size
        if self.size > most:
            raise _too_much(self.size, most)
        if not self._slabs or self._free + size > len(self._slabs[-1]):
            # The system gives memory to a slab as it is written to.
            self._slabs.append(torch.empty(max(SLAB, size), dtype=torch.uint8))
            self._free = 0
        place = Span(len(self._slabs) - 1, self._free, picture.shape, picture.dtype)
        self._free += size
        return place

    def _expected(self, pieces: list[Any]) -> int:
        """Bytes of all pieces, by a few of them."""
        sizes = []
        for piece in pieces[:: math.ceil(len(pieces) / FEW)] if pieces else ():
            with suppress(PictureError, DataError):  # it will be told with all others
                pictures = self.transform.resized(self.layout.piece(piece)[0], self.layout.places(piece))
                sizes.append(sum(picture.nbytes for picture in pictures))
        return round(float(np.mean(sizes)) * len(pieces)) if sizes else 0


class _Progress:
    """Tells now and then how far it is."""

    def __init__(self, say: Callable[[str], None], total: int) -> None:
        self.say, self.total, self.count, self.told = say, total, 0, time.monotonic()

    def one_more(self, size: int) -> None:
        self.count += 1
        if time.monotonic() - self.told > PAUSE:
            self.told = time.monotonic()
            self.say(f"train.cache: {self.count / self.total:.0%} read, {_bytes(size)}")


def _too_much(size: float, most: float) -> ConfigError:
    return ConfigError(
        f"train.cache: the pictures need {_bytes(size)} or more and {_bytes(most)} may be used here "
        f"({SHARE:.0%} of what is free): lower transform.load, or set train.cache = false"
    )


def _bytes(count: float) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB else f"{count / 2**20:.0f} MiB"
