"""What all layouts have in common: lists of samples, each read when it is its turn."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from translate import pixels
from translate.batches import Batch
from translate.data.files import File, Member, find, opened
from translate.data.windows import Windows
from translate.errors import DataError, PictureError

if TYPE_CHECKING:
    from translate.data.shards.store import Shards

Picture = np.ndarray


class Layout(ABC):
    """Samples of one data set: `train` and `held_out` are lists of what `read` takes."""

    batch: ClassVar[type[Batch]]
    """What samples become."""
    aligned: ClassVar[bool] = True
    """Whether a sample's pictures show the same thing in register, and so share one crop and one flip."""
    roots: ClassVar[tuple[str, ...]] = ("root",)
    """Arguments that name folders, in the order of their files in a sample."""

    shards: Shards | None = None
    """What its files lie in, where that is shards."""
    windows: Windows | None = None
    """How samples to train on are shuffled, where that is not all at random."""

    def __init__(self, samples: Sequence[Any], holdout: int, where: str, **channels: int) -> None:
        enough(len(samples), holdout, where)
        self.where = where
        for count in channels.values():
            if count not in (1, 3):
                raise DataError(f"pictures have 1 channel (grey) or 3 (RGB), not {count}")
        self.channels = channels
        """Of each role: `source` and `target`, or `image`."""
        # The last by name: a fixed choice that a reader of the folder can see.
        self.train = list(samples[: len(samples) - holdout])
        self.held_out = list(samples[len(samples) - holdout :])

    @property
    def facts(self) -> dict[str, int]:
        """What networks must know of the data: channels by role, number of classes."""
        return dict(self.channels)

    @abstractmethod
    def read(self, sample: Any, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        """One sample: its pictures (uint8 `[H, W, C]`, of one size if they are in register) and its labels.

        Args:
            sample: one of `train` or `held_out`.
            seed: of what is left to chance in a sample, such as which target goes with a source.

        Raises:
            PictureError: a file that cannot be read.
            DataError: files that are no sample together.
        """

    def picture(self, file: pixels.Source | Member, role: str) -> Picture:
        """A file, or an array, as a picture of that role."""
        return pixels.read(opened(file), channels=self.channels[role])

    def check(self, pieces: Sequence[Any] | None = None, take: Callable[[Any], Any] | None = None) -> None:
        """Read everything there is, in several threads.

        What lies in shards was read when it was packed: checksums are compared, unless pieces are asked for.

        Args:
            pieces: what to read, where it is not all of `pieces`.
            take: reads one of them, in place of `piece`, for whoever wants to keep what was read.

        Raises:
            DataError: some cannot be read; says how many and shows the first few.
        """
        if self.shards and not (pieces or take) and self.shards.known:
            return self.shards.check()
        pieces = self.pieces() if pieces is None else pieces
        with ThreadPoolExecutor() as pool:
            problems = [problem for problem in pool.map(partial(_problem, take or self.piece), pieces) if problem]
        if problems:
            raise DataError(listing(f"{self.where}: {len(problems)} of {len(pieces)} cannot be used", problems))

    def fingerprint(self) -> str:
        """A digest of the names of all files and their order, wherever the folder lies."""
        return hashlib.sha256(json.dumps([self.names(piece) for piece in self.pieces()]).encode()).hexdigest()

    def names(self, piece: Any) -> Any:
        """What tells a piece from others, wherever the folder lies: names of files and numbers."""
        if isinstance(piece, tuple):
            return [self.names(part) for part in piece]
        return piece.name if isinstance(piece, File) else piece

    def pieces(self) -> list[Any]:
        """What `check` goes through: the samples, unless those are put together by chance."""
        return [*self.train, *self.held_out]

    def train_pieces(self) -> list[Any]:
        """Those of `pieces` that samples to train on are put together from."""
        return self.train

    def parts(self, sample: Any, seed: int) -> tuple[Any, ...]:
        """The pieces that `read` puts together for a sample."""
        return (sample,)

    def piece(self, piece: Any) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        """Read one piece: what it adds to a sample's pictures and labels; raises as `read` does."""
        return self.read(piece, 0)


def by_stem(folder: str | os.PathLike[str]) -> dict[str, File]:
    """The pictures of a folder by file stem, in natural order.

    Raises:
        DataError: two of them have the same stem.
    """
    found: dict[str, File] = {}
    for path in find(folder):
        if (stem := path.stem) in found:
            raise DataError(f"{found[stem]} and {path}: which of the two? Stems must be unique within a folder")
        found[stem] = path
    return found


def _problem(take: Callable[[Any], Any], piece: Any) -> str | None:
    try:
        take(piece)
    except (PictureError, DataError) as error:
        return str(error)
    return None


def enough(count: int, holdout: int, where: str) -> None:
    """Refuse a set that is empty, or smaller than what is to be held out of it."""
    if not count:
        raise DataError(f"{where}: no pictures there ({', '.join(sorted(pixels.READABLE))})")
    if not 0 <= holdout <= count:
        raise DataError(f"{where}: holdout = {holdout}, but there are {count}")


def listing(what: str, items: Iterable[str], most: int = 3) -> str:
    """A sentence with the first few of many."""
    items = list(items)
    more = f" … and {len(items) - most} more" if len(items) > most else ""
    return f"{what}: {'; '.join(items[:most])}{more}"
