"""Small versions of the files in a finding, for a picture sheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from PIL import Image

from translate.data.checking.collection import Collection
from translate.data.checking.findings import Case
from translate.data.checking.looking import Sample, read
from translate.errors import TranslateError

HEIGHT = 120
"""Of a small version, pixels; it is at most `WIDEST` times as wide."""
WIDEST = 3
CASES, FILES = 24, 4
"""Cases of a finding that are shown, and files of a case."""
OVERLAID = ("shifted", "pair-turned")
"""Kinds of finding about pairs that are seen best with one picture laid over the other."""

Picture = np.ndarray


class Thumbs:
    """Reads and shrinks files by the names that findings have for them."""

    def __init__(self, collection: Collection) -> None:
        roles = {file: role for sample in collection.samples for file, role in _both(sample)}
        halves = {collection.name(file): sample.halves for sample in collection.samples for file in sample.files}
        files: list[Any] = [file for sample in collection.samples for file in sample.files]
        files += [*collection.lonely, *(file for pair in collection.ambiguous for file in pair)]
        self._files = {collection.name(file): file for file in files}
        self._halves, self._roles, self._reader = halves, roles, collection.reader

    def of(self, name: str) -> Picture | None:
        """A small version, uint8 `[HEIGHT, W, 3]`; None of what cannot be read."""
        picture = self._read(name)
        return None if picture is None else _shrunk(picture)

    def overlay(self, case: Case) -> Picture | None:
        """The two pictures of a pair laid over each other, half and half."""
        pictures = [picture for name in case.files if (picture := self._read(name)) is not None]
        if len(pictures) == 1 and self._halves.get(case.files[0]):
            pictures = np.split(pictures[0][:, : pictures[0].shape[1] // 2 * 2], 2, axis=1)
        if len(pictures) != 2 or pictures[0].shape != pictures[1].shape:
            return None
        one, other = (_shrunk(np.ascontiguousarray(picture)).astype(np.uint16) for picture in pictures)
        return ((one + other) // 2).astype(np.uint8)

    def _read(self, name: str) -> Picture | None:
        try:
            file = self._files[name]
            return read(file, self._roles.get(file, ""), self._reader if file in self._roles else None)[0]
        except (TranslateError, KeyError):
            return None


def _both(sample: Sample) -> Iterator[tuple[Any, str]]:
    return zip(sample.files, sample.roles, strict=False)  # a file of two halves is read in the role of its first


def _shrunk(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    across = min(WIDEST * HEIGHT, max(1, round(width * HEIGHT / height)))
    filter = Image.Resampling.BOX if height > HEIGHT else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize((across, HEIGHT), filter))
