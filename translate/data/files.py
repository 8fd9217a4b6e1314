"""Files of a data set, wherever they lie: in a folder, in a `.zip`, in shards.

A layout lists folders (`find`, `subfolders`) and reads what it found (`opened`). A file is a `Path`, or a `Member` of
something larger, which has as much of a path as layouts use: `name`, `stem`, equality, a text for errors.
"""

from __future__ import annotations

import gc
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from translate import pixels
from translate.errors import DataError, PictureError
from translate.pixels.archived import Unpacked

PHI = (1 + 5**0.5) / 2
"""The golden ratio."""


class Container(ABC):
    """Something that files lie in: read from any number of threads and forked processes at once; may be pickled.

    Args:
        where: its name: a path or an address.
    """

    def __init__(self, where: str) -> None:
        self.where = where

    @abstractmethod
    def read(self, member: Member) -> bytes:
        """The bytes of a file in it.

        Raises:
            PictureError: they cannot be had, or are not those that were put in.
        """


class Member:
    """A file in a container.

    Args:
        container: what it lies in.
        folder: of it there, with `/` between steps; empty at the top.
        name: without its folder.
        place: where its bytes are, in numbers that its container knows the meaning of.
    """

    __slots__ = ("container", "folder", "name", "place")

    def __init__(self, container: Container, folder: str, name: str, place: tuple[int, ...]) -> None:
        self.container, self.folder, self.name, self.place = container, folder, name, place

    @property
    def stem(self) -> str:
        """The name without its suffix, as `Path.stem`."""
        return PurePosixPath(self.name).stem

    def read(self) -> bytes:
        """Its bytes; raises as `Container.read`."""
        return self.container.read(self)

    def __str__(self) -> str:
        return "/".join(part for part in (self.container.where, self.folder, self.name) if part)

    def __repr__(self) -> str:
        return f"Member({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Member) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.folder, self.name, self.place))

    def __reduce__(self) -> tuple[Any, ...]:
        return Member, (self.container, self.folder, self.name, self.place)

    def _key(self) -> tuple[object, ...]:
        return self.container.where, self.folder, self.name, self.place


File = Path | Member


class Folder(str):
    """A folder's name that knows what lies in it: layouts are given it where they are given a name otherwise."""

    files: tuple[Member, ...]
    """Its pictures, in natural order."""
    folders: tuple[Folder, ...]

    def __new__(cls, name: str, files: tuple[Member, ...] = (), folders: tuple[Folder, ...] = ()) -> Folder:
        folder = super().__new__(cls, name)
        folder.files, folder.folders = files, folders
        return folder


@contextmanager
def collecting_later() -> Iterator[None]:
    """While many objects are made that all stay, garbage is not looked for: that is what takes most of the time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@collecting_later()
def find(folder: str | os.PathLike[str]) -> list[File]:
    """The pictures of a folder, or of one in a `.zip` (`photos.zip`, `photos.zip/train`), in natural order.

    Raises:
        DataError: there is no such folder, or the archive is refused.
    """
    inside = folder if isinstance(folder, Folder) else _archived(folder)
    if inside is None:
        return [*pixels.find(folder)]
    if inside.folders and not inside.files:
        raise DataError(f"{folder} has no pictures but folders: give one of them, such as {inside.folders[0]}")
    return [*inside.files]


def spread_out(samples: Sequence[Any]) -> list[Any]:
    """In an order whose last ones, however many, lie evenly among all: by the fractions of multiples of φ (Weyl 1916).

    Whoever wants more of the last ones gets the same, and others between them.
    """
    return [samples[rank] for rank in sorted(range(len(samples)), key=lambda rank: (rank + 1) * PHI % 1)]


def subfolders(folder: str | os.PathLike[str]) -> list[str]:
    """The folders in a folder, or in one of a `.zip`, in natural order; hidden ones are left out.

    Raises:
        DataError: as `find`.
    """
    inside = folder if isinstance(folder, Folder) else _archived(folder)
    if inside is not None:
        return [*inside.folders]
    path = Path(folder)
    if not path.is_dir():
        raise DataError(f"the folder {path} does not exist")
    names = [entry.name for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    return [str(path / name) for name in sorted(names, key=pixels.natural)]


def opened(file: pixels.Source | Member) -> pixels.Source:
    """What `pixels.read` takes for a file: the bytes of a member, under its name; anything else as it is.

    Raises:
        PictureError: a member that cannot be read.
    """
    return Unpacked(file.read(), str(file)) if isinstance(file, Member) else file


class Blob:
    """A file of which pieces are read, from any number of threads and forked processes at once.

    Args:
        path: where it is.
        keep: leave it open from one piece to the next, in each process.
    """

    def __init__(self, path: Path, keep: bool = True) -> None:
        self.path, self.keep = path, keep
        self._open: _Descriptor | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Blob, (self.path, self.keep)  # open files stay in their process

    def read(self, start: int, length: int) -> bytes:
        """`length` bytes from `start`, or fewer where the file ends.

        Raises:
            OSError: it cannot be opened or read.
        """
        if not (self.keep and hasattr(os, "pread")):
            with self.path.open("rb", buffering=0) as file:
                file.seek(start)
                return _all(file.read, length)
        held = self._open  # by this call as well: another thread may put its own there meanwhile
        if held is None:
            held = self._open = _Descriptor(self.path)
        # No place in the file is kept, so that a descriptor which was open before a fork serves all processes.
        return _at(held.number, start, length)


class _Descriptor:
    """An open file, closed when nobody holds it any more."""

    def __init__(self, path: Path) -> None:
        self.number = -1
        self.number = os.open(path, os.O_RDONLY)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


def _at(descriptor: int, start: int, length: int) -> bytes:
    done = os.pread(descriptor, length, start)
    while len(done) < length and (more := os.pread(descriptor, length - len(done), start + len(done))):
        done += more
    return done


def _all(read: Any, length: int) -> bytes:
    done = read(length)
    while len(done) < length and (more := read(length - len(done))):
        done += more
    return bytes(done)


def unreadable(name: str, error: OSError) -> PictureError:
    """What is said of a file that the system does not give."""
    return PictureError(f"{name} cannot be read: {error.strerror or error}")


def _archived(folder: str | os.PathLike[str]) -> Folder | None:
    """The folder of an archive that the name leads into, if it does."""
    path = Path(folder)
    if path.is_dir():
        return None
    for archive in (path, *path.parents):
        if archive.suffix.lower() == ".zip" and archive.is_file():
            from translate.data.zips import inside

            return inside(archive, path.relative_to(archive).parts)
    return None
