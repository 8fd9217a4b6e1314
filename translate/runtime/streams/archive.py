"""The pictures of a `.zip` file, unpacked one at a time into memory and never onto the disk.

An archive may come from anybody. Its names cannot lead out of the output folder, what it unpacks to is limited for
each entry and for all together, and whatever is wrong with one entry is that entry's error.
"""

from __future__ import annotations

import os
import struct
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePath
from types import TracebackType
from urllib.parse import quote

from translate import pixels
from translate.errors import PictureError
from translate.pixels.archived import MAX_ENTRY, Unpacked, amount, is_picture, leads_out, parts

MAX_TOTAL = 64 * 2**30
"""Most bytes that all pictures of an archive may unpack to. They are never there at once."""

_END = struct.Struct("<4s8xII2x")  # of an archive: a mark; length and place of the list of its entries


class Archive:
    """An open `.zip` file. Its entries may be read from any number of threads.

    Args:
        path: the file.
        entry: most bytes that one picture may unpack to; `MAX_ENTRY` without it.
        total: most bytes that all pictures may unpack to; `MAX_TOTAL` without it.
        listing: most bytes that the list of the entries may have, which takes ten times as much memory; no limit
            without it. An archive in the format for more than 4 GiB or 65,535 entries counts as a list as a whole.
    """

    def __init__(
        self, path: Path, *, entry: int | None = None, total: int | None = None, listing: int | None = None
    ) -> None:
        self.path = path
        self._entry = MAX_ENTRY if entry is None else entry
        self._total = MAX_TOTAL if total is None else total
        self._lock = threading.Lock()
        self._why = ""
        self._file: zipfile.ZipFile | None = None
        try:
            if listing is not None and _listing(path) > listing:
                self._why = "has too many entries: pack fewer pictures into one archive"
                return
            self._file = zipfile.ZipFile(path)
        except FileNotFoundError:
            self._why = "does not exist: check its name"
        except OSError as error:
            self._why = f"cannot be read: {error.strerror or error}"
        except Exception:  # BadZipFile, and what damaged headers raise: ValueError, struct.error, NotImplementedError
            self._why = "is not a zip file, or it is damaged: get it again"
        else:
            self._why = self._too_much(self._file)

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def pictures(self) -> Iterator[tuple[str, PurePath, Callable[[], pixels.Source]]]:
        """Name, folder and reader of every picture, in natural order.

        An archive that cannot be used is one nameless picture whose reader says why, so that other inputs go on.
        """
        if self._file is None or self._why:
            yield "", PurePath(), partial(_refuse, f"{self.path} {self._why}")
            return
        for info in sorted(_pictures(self._file), key=lambda info: pixels.natural(info.filename)):
            folders = parts(info.filename)
            if leads_out(info.orig_filename, folders):
                shown = ascii(info.orig_filename)
                reader = partial(_refuse, f"{self.path} has an entry {shown}, which leads out of its folder: left out")
                yield quote(info.orig_filename, safe=""), PurePath(), reader
            else:
                yield "/".join(folders), PurePath(*folders[:-1]), partial(self._read, info)

    def _read(self, info: zipfile.ZipInfo) -> Unpacked:
        name = f"{self.path}/{info.filename}"
        if info.flag_bits & 0x1:
            raise PictureError(f"{name} is encrypted: unpack the archive with its password first")
        if info.file_size > self._entry:
            raise PictureError(
                f"{name} unpacks to {amount(info.file_size)}, over the limit of {amount(self._entry)}: left out"
            )
        assert self._file is not None
        try:
            with self._lock, self._file.open(info) as entry:
                # No more than was announced comes out, whatever the compressed data hold.
                return Unpacked(entry.read(), name)
        except NotImplementedError:
            raise PictureError(
                f"{name} is packed in a way that cannot be read: pack it again as ordinary zip"
            ) from None
        except MemoryError:
            raise PictureError(f"{name} does not fit into memory: make it smaller") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
            why = str(error).strip() or type(error).__name__
            raise PictureError(f"{name} is damaged ({why.splitlines()[0]}): get the archive again") from None

    def _too_much(self, file: zipfile.ZipFile) -> str:
        """Why the archive as a whole is refused, if it is."""
        total = sum(info.file_size for info in _pictures(file))
        if total > self._total:
            return f"unpacks to {amount(total)}, over the limit of {amount(self._total)}: split it, or give a folder"
        return ""


def _listing(path: Path) -> int:
    """Bytes of the list of an archive's entries, as `zipfile` will find it: before that it is not read."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2**16 - _END.size - 20))  # a remark of up to 64 KiB may follow
        end = file.read()
    if b"PK\x06\x07" in end:  # the format for large archives, which tells it elsewhere
        return size
    at = len(end) - _END.size
    if end[at : at + 4] != b"PK\x05\x06":
        at = end.rfind(b"PK\x05\x06")
    return 0 if at < 0 or len(end) - at < _END.size else int(_END.unpack_from(end, at)[1])


def _pictures(file: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [info for info in file.infolist() if is_picture(parts(info.filename))]


def _refuse(why: str) -> pixels.Source:
    raise PictureError(why)
