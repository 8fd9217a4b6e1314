"""Samples into tar files, one after the other, a new one when the last is full."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np

from translate.data.shards import tar
from translate.data.shards.index import Series, Shard
from translate.data.shards.store import differs
from translate.errors import DataError

LABEL = "cls"  # what WebDataset calls a class's number


class Writer:
    """Shards `NAME-000000.tar` and so on in a folder.

    Args:
        folder: where.
        name: how their names begin.
        most: bytes of a shard, unless one sample alone has more.
    """

    def __init__(self, folder: Path, name: str, most: int) -> None:
        self.folder, self.name, self.most = folder, name, most
        self.shards: list[Shard] = []
        self._places: list[list[tuple[int, int]]] = []
        self._file: BinaryIO | None = None
        self._size = self._samples = 0
        self._sum = hashlib.sha256()

    def add(self, files: Sequence[tuple[str, bytes]], label: int | None) -> None:
        """A sample: its files by ending, and its class if it has one."""
        key = f"{len(self._places):06d}"
        all_files = [*files, (LABEL, str(label).encode())] if label is not None else files
        needed = sum(tar.BLOCK + len(content) + len(tar.padding(len(content))) for _, content in all_files)
        if self._samples and self._size + needed + len(tar.END) > self.most:
            self.close()
        places = []
        for ending, content in all_files:
            self._write(tar.header(f"{key}.{ending}", len(content)))
            places.append((self._size, len(content)))
            self._write(content)
            self._write(tar.padding(len(content)))
        self._places.append(places[: len(files)])
        self._samples += 1

    def close(self) -> None:
        """End the shard that is being written, if one is."""
        if self._file is None:
            return
        self._write(tar.END)
        self._file.close()
        self.shards.append(Shard(Path(self._file.name).name, self._size, self._sum.hexdigest(), self._samples))
        self._file, self._size, self._samples, self._sum = None, 0, 0, hashlib.sha256()

    def table(self) -> np.ndarray:
        """Start and length of every file: int64 `[samples, files, 2]`."""
        return np.array(self._places, np.int64)

    def _write(self, content: bytes) -> None:
        if self._file is None:
            self._file = (self.folder / f"{self.name}-{len(self.shards):06d}.tar").open("xb")
        self._file.write(content)
        self._sum.update(content)
        self._size += len(content)


def verify(folder: Path, series: Series) -> None:
    """Read shards back: their checksums, and that a reader of tar files finds what the table says.

    Raises:
        DataError: the disk does not give what was written.
    """
    first = 0
    for shard in series.shards:
        path = folder / shard.name
        told = differs(path, shard)
        table = series.places[first : first + shard.samples].tolist()
        first += shard.samples
        samples = [list(entries) for _, entries in groupby(tar.entries(path), key=lambda entry: entry.key)]
        found = [[[entry.start, entry.length] for entry in one if entry.ending != LABEL] for one in samples]
        if told or found != table:
            raise DataError(f"{told or path}: the disk did not keep what was written: try another")
