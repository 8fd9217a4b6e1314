"""What all layouts have in common: lists of samples, each read when it is its turn."""

from __future__ import annotations

import hashlib
import json
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from translate import pixels
from translate.batches import Batch
from translate.data.derived import Derivation
from translate.data.files import File, find, opened, subfolders
from translate.data.windows import Windows
from translate.errors import DataError, PictureError
from translate.forms import Form, Values

if TYPE_CHECKING:
    from translate.data.shards.store import Shards

Picture = np.ndarray
PICTURES: Values = MappingProxyType({})
"""What is stored in a domain of ordinary pictures: levels of 8 bits."""


class Layout(ABC):
    """Samples of one data set: `train` and `held_out` are lists of what `read` takes."""

    batch: ClassVar[type[Batch]]
    """What samples become."""
    aligned: ClassVar[bool] = True
    """Whether a sample's pictures show the same thing in register, and so share one crop and one flip."""
    classes: Sequence[str] = ()
    """Names of the labels, in the order of their numbers, where samples have any."""
    derivation: Derivation | None = None
    """What makes the source of the target, where only targets are read: the source of a batch as it is read then has no
    channels, until `translate.data.entrance` makes it."""
    roots: ClassVar[tuple[str, ...]] = ("root",)
    """Arguments that name folders, in the order of their files in a sample."""
    ordering: ClassVar[tuple[str, ...]] = ()
    """Arguments that say in which order samples come: what is packed lies in it and needs them no more."""

    shards: Shards | None = None
    """What its files lie in, where that is shards."""
    windows: Windows | None = None
    """How samples to train on are shuffled, where that is not all at random."""

    def __init__(self, samples: Sequence[Any], holdout: int, where: str, **forms: Form) -> None:
        enough(len(samples), holdout, where)
        self.where = where
        self.forms = forms
        """Of each role, `source` and `target`, or `image`: what its pictures are made of."""
        self.channels = {role: form.channels for role, form in forms.items()}
        """Of each role, as stored."""
        # The last: a fixed choice that a reader of the folder can see.
        self.train = list(samples[: len(samples) - holdout])
        self.held_out = list(samples[len(samples) - holdout :])

    @property
    def facts(self) -> dict[str, int]:
        """What networks must know of the data: channels by role, as they see them, number of classes."""
        return {role: form.encoded for role, form in self.forms.items()}

    @abstractmethod
    def read(self, sample: Any, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        """One sample: its pictures (`[H, W, C]` as stored, of one size if they are in register) and its labels.

        Args:
            sample: one of `train` or `held_out`.
            seed: of what is left to chance in a sample, such as which target goes with a source.

        Raises:
            PictureError: a file that cannot be read.
            DataError: files that are no sample together.
        """

    def picture(self, file: Any, role: str) -> Picture:
        """A file, several that make one picture, or an array, as a picture of that role."""
        form = self.forms[role]
        files = map(opened, file) if isinstance(file, tuple) else [opened(file)]
        first, *more = files
        return pixels.stored(first, form, *more)

    def places(self, piece: Any) -> tuple[int, ...]:
        """Which of a sample's pictures a piece is, by their place."""
        return tuple(range(len(self.forms)))

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


def declared(role: str, channels: int | Sequence[int], values: Values, files: int = 1) -> Form:
    """The form that a configuration declares; `role` as the keys begin, such as `source_`.

    Raises:
        DataError: it cannot be.
    """
    try:
        return Form.declared(channels, values, files)
    except ValueError as error:
        raise DataError(f"data.{role}{error}") from None


def folders(given: str | Sequence[str]) -> list[str]:
    """One folder, or several whose files make one picture each."""
    return [given] if isinstance(given, str) else list(given)


def together(given: str | Sequence[str]) -> dict[str, Any]:
    """The pictures of one folder by file stem; of several, what of the same stem makes one picture.

    Raises:
        DataError: files of one folder have no partner in another.
    """
    found = [by_stem(folder) for folder in folders(given)]
    if len(found) == 1:
        return dict(found[0])
    if not found:
        raise DataError("data: an empty list of folders: name one or more")
    stems = [stem for stem in found[0] if all(stem in other for other in found[1:])]
    lonely = [str(path) for one in found for stem, path in one.items() if not all(stem in other for other in found)]
    if lonely:
        raise DataError(listing(f"{len(lonely)} pictures have no partner in every one of {len(found)} folders", lonely))
    return {stem: tuple(one[stem] for one in found) for stem in stems}


def shown_as(given: str | Sequence[str]) -> str:
    """Folders in words."""
    return given if isinstance(given, str) else " + ".join(given)


def _problem(take: Callable[[Any], Any], piece: Any) -> str | None:
    try:
        take(piece)
    except (PictureError, DataError) as error:
        return str(error)
    return None


def enough(count: int, holdout: int, where: str) -> None:
    """Refuse a set that is empty, or smaller than what is to be held out of it."""
    if not count:
        inside = subfolders(where) if os.path.isdir(where) else []
        hint = f": {listing('is it one of its folders?', inside)}" if inside else ""
        raise DataError(f"{where}: no pictures there ({', '.join(sorted(pixels.READABLE))}){hint}")
    if not 0 <= holdout <= count:
        raise DataError(f"{where}: holdout = {holdout}, but there are {count}: give a smaller data.holdout")


def listing(what: str, items: Iterable[str], most: int = 3) -> str:
    """A sentence with the first few of many."""
    items = list(items)
    more = f" … and {len(items) - most} more" if len(items) > most else ""
    return f"{what}: {'; '.join(items[:most])}{more}"
