"""Layouts: how pictures lie on disk, and what is one sample.

A layout lists its samples at once and reads them one at a time. `check` reads all of them before training starts, so
that the file that would have stopped a run in its third hour stops it in its first minute.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from translate import pixels
from translate.batches import Batch, Images, Labelled, Pair
from translate.errors import DataError, PictureError

Picture = np.ndarray


class Layout(ABC):
    """Samples of one data set: `train` and `held_out` are lists of what `read` takes."""

    batch: ClassVar[type[Batch]]
    """What samples become."""
    aligned: ClassVar[bool] = True
    """Whether a sample's pictures show the same thing in register, and so share one crop and one flip."""

    def __init__(self, samples: Sequence[Any], holdout: int, where: str) -> None:
        _enough(len(samples), holdout, where)
        self.where = where
        # The last by name: a fixed choice that a reader of the folder can see.
        self.train = list(samples[: len(samples) - holdout])
        self.held_out = list(samples[len(samples) - holdout :])

    @property
    @abstractmethod
    def facts(self) -> dict[str, int]:
        """What networks must know of the data: channels by role, number of classes."""

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

    def check(self, pieces: Sequence[Any] | None = None, take: Callable[[Any], Any] | None = None) -> None:
        """Read everything there is, in several threads.

        Args:
            pieces: what to read, where it is not all of `pieces`.
            take: reads one of them, in place of `piece`, for whoever wants to keep what was read.

        Raises:
            DataError: some cannot be read; says how many and shows the first few.
        """
        pieces = self.pieces() if pieces is None else pieces
        with ThreadPoolExecutor() as pool:
            problems = [problem for problem in pool.map(partial(_problem, take or self.piece), pieces) if problem]
        if problems:
            raise DataError(_listing(f"{self.where}: {len(problems)} of {len(pieces)} cannot be used", problems))

    def fingerprint(self) -> str:
        """A digest of the names of all files and their order, wherever the folder lies."""
        return hashlib.sha256(json.dumps([_names(piece) for piece in self.pieces()]).encode()).hexdigest()

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


class SideBySide(Layout):
    """Pairs as one picture each, the two halves side by side (pix2pix's data sets).

    Args:
        root: folder of the pictures.
        source: the half that is the source, `left` or `right`.
        holdout: how many are held out, the last ones by name.
        source_channels: 1 grey or 3 RGB.
        target_channels: 1 grey or 3 RGB.
    """

    batch = Pair

    def __init__(
        self, root: str, source: str = "left", holdout: int = 0, source_channels: int = 3, target_channels: int = 3
    ) -> None:
        if source not in ("left", "right"):
            raise DataError(f'source = {source!r}: say which half it is, "left" or "right"')
        super().__init__(pixels.find(Path(root)), holdout, root)
        self.source, self.channels = source, _channels(source_channels, target_channels)

    @property
    def facts(self) -> dict[str, int]:
        return dict(zip(("source", "target"), self.channels, strict=True))

    def read(self, sample: Path, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        # Read once in the richer of the two forms, then turn each half into what is asked for.
        both = pixels.read(sample, channels=max(self.channels))
        if both.shape[1] % 2:
            raise DataError(f"{sample}: {both.shape[1]} pixels wide, which cannot be cut into two equal halves")
        left, right = np.split(both, 2, axis=1)
        halves = (left, right) if self.source == "left" else (right, left)
        return tuple(pixels.read(h, channels=c) for h, c in zip(halves, self.channels, strict=True)), ()


class TwoFolders(Layout):
    """Pairs as two folders, matched by file stem.

    Args:
        source: folder of the source pictures.
        target: folder of the target pictures.
        holdout: how many pairs are held out, the last ones by name.
        source_channels: 1 grey or 3 RGB.
        target_channels: 1 grey or 3 RGB.
    """

    batch = Pair

    def __init__(
        self, source: str, target: str, holdout: int = 0, source_channels: int = 3, target_channels: int = 3
    ) -> None:
        sources, targets = by_stem(Path(source)), by_stem(Path(target))
        lonely = [f"{path} has no partner in {target}" for stem, path in sources.items() if stem not in targets]
        lonely += [f"{path} has no partner in {source}" for stem, path in targets.items() if stem not in sources]
        if lonely:
            raise DataError(_listing(f"{len(lonely)} pictures have no partner of the same name", lonely))
        pairs = [(path, targets[stem]) for stem, path in sources.items()]
        super().__init__(pairs, holdout, f"{source} and {target}")
        self.channels = _channels(source_channels, target_channels)

    @property
    def facts(self) -> dict[str, int]:
        return dict(zip(("source", "target"), self.channels, strict=True))

    def read(self, sample: tuple[Path, Path], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        pictures = tuple(pixels.read(path, channels=c) for path, c in zip(sample, self.channels, strict=True))
        (height, width), (other_height, other_width) = (picture.shape[:2] for picture in pictures)
        if (height, width) != (other_height, other_width):
            raise DataError(
                f"{sample[0]} is {width}×{height} but {sample[1]} is {other_width}×{other_height}: a pair has one size"
            )
        return pictures, ()


class Unpaired(Layout):
    """Two folders that have nothing to do with each other: every source in turn, each with any target.

    Args:
        source: folder of the source pictures, of any sizes.
        target: folder of the target pictures, of any sizes; as many or as few.
        holdout: how many of each are held out, the last ones by name.
        source_channels: 1 grey or 3 RGB.
        target_channels: 1 grey or 3 RGB.

    An epoch is as long as the larger folder.
    """

    batch = Pair
    aligned = False

    def __init__(
        self, source: str, target: str, holdout: int = 0, source_channels: int = 3, target_channels: int = 3
    ) -> None:
        self.folders = tuple(pixels.find(Path(folder)) for folder in (source, target))
        self.channels = _channels(source_channels, target_channels)
        for folder, paths in zip((source, target), self.folders, strict=True):
            _enough(len(paths), holdout, folder)
        self._counts = tuple(len(paths) - holdout for paths in self.folders)
        # A sample is the places of its two pictures; that of a target to train on is drawn when it is read.
        train = [(place % self._counts[0], None) for place in range(max(self._counts) if all(self._counts) else 0)]
        held_out = [tuple(count + place for count in self._counts) for place in range(holdout)]
        super().__init__([*train, *held_out], holdout, f"{source} and {target}")

    @property
    def facts(self) -> dict[str, int]:
        return dict(zip(("source", "target"), self.channels, strict=True))

    def read(self, sample: tuple[int, int | None], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        return tuple(pixels.read(path, channels=c) for path, c in self.parts(sample, seed)), ()

    def pieces(self) -> list[tuple[Path, int]]:
        return [(path, c) for paths, c in zip(self.folders, self.channels, strict=True) for path in paths]

    def train_pieces(self) -> list[tuple[Path, int]]:
        chosen = (paths[:count] for paths, count in zip(self.folders, self._counts, strict=True))
        return [(path, c) for paths, c in zip(chosen, self.channels, strict=True) for path in paths]

    def parts(self, sample: tuple[int, int | None], seed: int) -> tuple[tuple[Path, int], ...]:
        source, target = sample
        if target is None:
            target = int(np.random.default_rng(seed).integers(self._counts[1]))
        paths = (self.folders[0][source], self.folders[1][target])
        return tuple(zip(paths, self.channels, strict=True))

    def piece(self, piece: tuple[Path, int]) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        path, channels = piece
        return (pixels.read(path, channels=channels),), ()


class ImageFolder(Layout):
    """Pictures of one domain, in one folder.

    Args:
        root: folder of the pictures.
        holdout: how many are held out, the last ones by name.
        channels: 1 grey or 3 RGB.
    """

    batch = Images

    def __init__(self, root: str, holdout: int = 0, channels: int = 3) -> None:
        super().__init__(pixels.find(Path(root)), holdout, root)
        (self.channels,) = _channels(channels)

    @property
    def facts(self) -> dict[str, int]:
        return {"image": self.channels}

    def read(self, sample: Path, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        return (pixels.read(sample, channels=self.channels),), ()


class LabelledFolders(Layout):
    """Pictures with a label: one folder a class, classes numbered in the order of their names.

    Args:
        root: folder of the classes' folders.
        holdout: how many pictures are held out, the last ones by name of every class in turn.
        channels: 1 grey or 3 RGB.
    """

    batch = Labelled

    def __init__(self, root: str, holdout: int = 0, channels: int = 3) -> None:
        if not Path(root).is_dir():
            raise DataError(f"the folder {root} does not exist")
        folders = [folder for folder in Path(root).iterdir() if folder.is_dir() and not folder.name.startswith(".")]
        folders.sort(key=lambda folder: pixels.natural(folder.name))
        self.classes = [folder.name for folder in folders]
        samples = [
            (rank, label, path) for label, folder in enumerate(folders) for rank, path in enumerate(pixels.find(folder))
        ]
        # By rank first, so that the last ones hold some of every class.
        super().__init__([(path, label) for _, label, path in sorted(samples, key=lambda s: s[:2])], holdout, root)
        (self.channels,) = _channels(channels)

    @property
    def facts(self) -> dict[str, int]:
        return {"image": self.channels, "classes": len(self.classes)}

    def read(self, sample: tuple[Path, int], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        path, label = sample
        return (pixels.read(path, channels=self.channels),), (label,)


LAYOUTS: dict[str, type[Layout]] = {
    "side_by_side": SideBySide,
    "two_folders": TwoFolders,
    "unpaired": Unpaired,
    "images": ImageFolder,
    "labelled": LabelledFolders,
}


def by_stem(folder: Path) -> dict[str, Path]:
    """The pictures of a folder by file stem, in natural order.

    Raises:
        DataError: two of them have the same stem.
    """
    found: dict[str, Path] = {}
    for path in pixels.find(folder):
        if path.stem in found:
            raise DataError(f"{found[path.stem]} and {path}: which of the two? Stems must be unique within a folder")
        found[path.stem] = path
    return found


def _problem(take: Callable[[Any], Any], piece: Any) -> str | None:
    try:
        take(piece)
    except (PictureError, DataError) as error:
        return str(error)
    return None


def _names(piece: Any) -> Any:
    if isinstance(piece, tuple):
        return [_names(part) for part in piece]
    return piece.name if isinstance(piece, Path) else piece


def _channels(*counts: int) -> tuple[int, ...]:
    for count in counts:
        if count not in (1, 3):
            raise DataError(f"pictures have 1 channel (grey) or 3 (RGB), not {count}")
    return counts


def _enough(count: int, holdout: int, where: str) -> None:
    if not count:
        raise DataError(f"{where}: no pictures there ({', '.join(sorted(pixels.READABLE))})")
    if not 0 <= holdout <= count:
        raise DataError(f"{where}: holdout = {holdout}, but there are {count}")


def _listing(what: str, items: Iterable[str], most: int = 3) -> str:
    items = list(items)
    more = f" … and {len(items) - most} more" if len(items) > most else ""
    return f"{what}: {'; '.join(items[:most])}{more}"
