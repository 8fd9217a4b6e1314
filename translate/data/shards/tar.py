"""Tar files as WebDataset has them: a sample's files one after the other, under one name with an ending each.

000123.source.png    everything before the first dot of the name is the sample's key, what follows is the file's role
000123.target.jpg
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from translate.errors import DataError

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)


class Entry(NamedTuple):
    """A file in a tar: what sample it is of, what of it, and where its bytes are."""

    key: str
    ending: str
    start: int
    length: int


def header(name: str, length: int) -> bytes:
    """What stands before a file's bytes: the same for the same name and length, whenever and by whomever packed."""
    info = tarfile.TarInfo(name)
    info.size = length
    return info.tobuf(tarfile.USTAR_FORMAT)


def padding(length: int) -> bytes:
    """What follows a file's bytes."""
    return bytes(-length % BLOCK)


def entries(path: Path) -> Iterator[Entry]:
    """The files in a tar, by its headers alone.

    Raises:
        DataError: it is no tar file, or damaged.
    """
    try:
        with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for info in tar:
                tar.members = []  # type: ignore[attr-defined]  # or it would keep them all
                if info.isfile() and not PurePosixPath(info.name).name.startswith("."):
                    folder, _, name = info.name.rpartition("/")
                    key, _, ending = name.partition(".")
                    yield Entry(f"{folder}/{key}" if folder else key, ending.lower(), info.offset_data, info.size)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except tarfile.TarError as error:
        raise DataError(f"{path} is no tar file, or it is damaged ({error}): get it again") from None
