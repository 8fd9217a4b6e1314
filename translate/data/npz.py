"""Arrays of a `.npz` (numpy.savez), each of many pictures: read once into memory, and handed out as files of one each.

Nothing in the archive is evaluated or unpickled: headers are matched as text (`translate.pixels.npy`), and only plain
numbers are known. What an array unpacks to is judged before it is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from translate.data import resources
from translate.data.files import Container, Member
from translate.errors import DataError, PictureError
from translate.pixels.archived import amount
from translate.pixels.npy import MAGIC, Header

SHARE = 0.5
"""Of the memory that is left, what one array may take: it is there twice while it is unpacked."""


class Stack(Container):
    """One array of an archive, a picture a row.

    Args:
        path: the archive.
        key: the array's name in it.

    Raises:
        DataError: it is not there, holds other than numbers, or is too large for the memory.
    """

    def __init__(self, path: Path, key: str) -> None:
        super().__init__(str(path))
        self.path, self.key = path, key
        self.array = array(path, key)

    def __reduce__(self) -> tuple[type[Stack], tuple[Path, str]]:
        return Stack, (self.path, self.key)

    def read(self, member: Member) -> bytes:
        (row,) = member.place
        file = io.BytesIO()
        np.save(file, self.array[row], allow_pickle=False)
        return file.getvalue()

    def files(self) -> list[Member]:
        """Its rows, as NPY files named by their number."""
        return [Member(self, self.key, f"{row}.npy", (row,)) for row in range(len(self.array))]


def array(path: Path, key: str) -> npt.NDArray[np.generic]:
    """An array of an archive, read-only.

    Raises:
        DataError: as `Stack`.
    """
    name = f"{path}/{key}"
    try:
        with zipfile.ZipFile(path) as archive:
            keys = [entry.removesuffix(".npy") for entry in archive.namelist() if entry.endswith(".npy")]
            if key not in keys:
                has = f"it has {', '.join(sorted(keys)[:8])}" if keys else "it has none: make it by numpy.savez"
                raise DataError(f"{path} has no array {key!r}: {has}")
            info = archive.getinfo(f"{key}.npy")
            _fits(name, info.file_size)
            # zipfile gives no more than was announced, and compares the checksum.
            file = io.BytesIO(archive.read(info))
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception:  # BadZipFile, and what damaged headers raise: ValueError, zlib.error, RuntimeError (encrypted) …
        raise DataError(f"{path} is not an archive of numpy.savez, or it is damaged: get it again") from None
    if file.read(len(MAGIC)) != MAGIC:
        raise DataError(f"{name} is no NPY file: save the arrays by numpy.savez")
    file.seek(0)
    try:
        return Header(file, name).values(file)
    except PictureError as error:
        raise DataError(str(error)) from None


def digest(*arrays: npt.NDArray[np.generic]) -> str:
    """Of what arrays hold, and their shapes and types."""
    found = hashlib.sha256()
    for one in arrays:
        found.update(f"{one.dtype.str}{one.shape}".encode())
        found.update(np.ascontiguousarray(one).data)
    return found.hexdigest()


def _fits(name: str, size: int) -> None:
    room = resources.memory()
    if room is not None and size > SHARE * room:
        raise DataError(
            f"{name} unpacks to {amount(size)}, and {amount(int(SHARE * room))} may be used here: "
            "save its pictures as files, in a folder a class"
        )
