"""Opening an archive without believing it: zip and tar.gz, file by file, into a folder that was made for it.

Nothing is written that the card does not expect, and an archive is refused as a whole if any name in it, wanted or
not, leads elsewhere, is a link or a device, or is one file with another name; if there is more in it than fits the
card; or if it is damaged. Python's own `data` filter is asked as well.
"""

from __future__ import annotations

import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Protocol, cast

from translate.data.known.names import key, plain
from translate.data.known.progress import size
from translate.errors import FetchError

PIECE = 1 << 18
HEADER = 1 << 20
"""Bytes that one header of a tar may have: real ones have some hundred."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may hold: pictures hardly get smaller, so it is about as large as what is in it."""

    members: int
    bytes: int


def limits(pictures: int, packed: int) -> Limits:
    """Generous ones: twice as many files as pictures and a thousand, ten times the bytes and 64 MiB."""
    return Limits(2 * pictures + 1000, 10 * packed + (64 << 20))


@dataclass
class Unpacked:
    """What was written: files by folder, and how many of the archive's were left out."""

    files: dict[str, int]
    left_out: int = 0


class Source(Protocol):
    """Something to read from."""

    def read(self, count: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    name: str
    open: Callable[[], Source]


def unpack(
    file: Path, into: Path, top: str, folders: list[str], most: Limits, watch: Callable[[int], None]
) -> Unpacked:
    """Write the files of `top/FOLDER/` for each of `folders` to `into/FOLDER/`.

    Args:
        file: a zip or a tar.gz; what it is called does not matter.
        into: an empty folder.
        top: the folder that everything in the archive is in.
        folders: within `top`, such as `trainA` or `train/cat`.
        most: that the archive may hold.
        watch: is told how many files have been written.

    Raises:
        FetchError: the archive is not to be trusted, or not whole, or has none of the folders. `into` is then for the
            caller to remove.
    """
    found = Unpacked(dict.fromkeys(folders, 0))
    left, written = most.bytes, 0
    with _told(file), _members(file, most) as members:
        for member in members:
            place = _place(member.name, top, folders)
            if place is None:
                found.left_out += 1
                continue
            folder, name = place
            target = into / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            left = _copy(member.open(), target, left)
            found.files[folder] += 1
            written += 1
            watch(written)
    return found


def _place(name: str, top: str, folders: list[str]) -> tuple[str, str] | None:
    """The folder and the name that a member has there; nothing if it is none of the pictures."""
    for folder in folders:
        start = f"{top}/{folder}/"
        rest = name[len(start) :]
        if name.startswith(start) and rest and "/" not in rest and not rest.startswith("."):
            return folder, rest
    return None


def _copy(source: Source, target: Path, left: int) -> int:
    """Write a member; returns how many bytes the next ones may have."""
    with target.open("xb") as file:
        while piece := source.read(PIECE):
            left -= len(piece)
            if left < 0:
                raise FetchError("holds far more than its card says: a bomb")
            file.write(piece)
    return left


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What a library says of a damaged archive, in a sentence; ours get the file's name."""
    try:
        yield
    except FetchError as error:
        raise FetchError(f"{file.name} {error}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise FetchError(
            f"{file.name} is damaged or cut short ({str(error).rstrip('.') or type(error).__name__})"
        ) from None
    except (NotImplementedError, RuntimeError, ValueError, OverflowError) as error:
        raise FetchError(f"{file.name} is packed in a way that is not read here ({error})") from None


@contextmanager
def _members(file: Path, most: Limits) -> Iterator[Iterator[Member]]:
    """The files in an archive, names vetted, whichever kind it is."""
    with file.open("rb") as opened:
        start = opened.read(512)
        opened.seek(0)
        if start.startswith(b"PK"):
            with zipfile.ZipFile(opened) as zipped:
                yield _zip(zipped, most)
        elif start.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=opened, mode="rb") as stream:
                meter = _Metered(stream, most.bytes + 1024 * most.members)
                with tarfile.open(fileobj=cast(IO[bytes], meter), mode="r:") as archive:
                    yield _tar(archive, meter, most)
        else:
            page = start.lstrip()[:1] == b"<"
            raise FetchError(f"is no archive{', but a web page' if page else ' (.zip or .tar.gz)'}")


def _zip(archive: zipfile.ZipFile, most: Limits) -> Iterator[Member]:
    vet = _Vet(most)
    entries = archive.infolist()
    # All names first: nothing is written if any is bad.
    names = [vet(entry.orig_filename, entry.is_dir()) for entry in entries]
    if sum(entry.file_size for entry in entries) > most.bytes:
        raise FetchError(
            f"holds far more than its card says ({size(sum(entry.file_size for entry in entries))}): a bomb"
        )
    for entry in entries:
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise FetchError(f"has a link or a device in it ({entry.filename!r}), which no pictures need")
        if entry.flag_bits & 1:
            raise FetchError("is encrypted")
    for entry, name in zip(entries, names, strict=True):
        if not entry.is_dir():
            yield Member(name, partial(archive.open, entry))


def _tar(archive: tarfile.TarFile, meter: _Metered, most: Limits) -> Iterator[Member]:
    vet = _Vet(most)
    for entry in archive:
        name = vet(entry.name, entry.isdir())
        if entry.isdir():
            continue
        if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or entry.issparse():
            raise FetchError(f"has a link or a device in it ({entry.name!r}), which no pictures need")
        if hasattr(tarfile, "data_filter"):  # not before Python 3.11.4
            tarfile.data_filter(entry, "/nowhere")
        yield Member(name, partial(_opened, archive, entry))
    # To the very end, where gzip has its checksum.
    while meter.read(PIECE):
        pass


def _opened(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    opened = archive.extractfile(entry)
    assert opened is not None, "only regular files come here"
    return opened


class _Vet:
    """Looks at one name after the other."""

    def __init__(self, most: Limits) -> None:
        self.most = most
        self.count = 0
        self.kinds: dict[str, bool] = {}
        """By key: whether it is a folder."""

    def __call__(self, name: str, is_folder: bool) -> str:
        """The name as it is to be used, without the `./` and the `/` that tar and zip put around it."""
        self.count += 1
        if self.count > self.most.members:
            raise FetchError(f"holds more than {self.most.members:,} files, far more than its card says")
        while name.startswith("./"):
            name = name[2:]
        name = name.rstrip("/") if is_folder else name
        if is_folder and name in ("", "."):
            return name
        if wrong := plain(name):
            raise FetchError(f"has a name in it that {wrong} ({name!r})")
        parts = key(name).split("/")
        for depth in range(1, len(parts)):
            if not self.kinds.setdefault("/".join(parts[:depth]), True):
                raise FetchError(f"has a file and a folder of one name in it ({name!r})")
        whole = "/".join(parts)
        if self.kinds.get(whole, is_folder) != is_folder or (whole in self.kinds and not is_folder):
            raise FetchError(f"has a name in it twice, or two that some systems take for one ({name!r})")
        self.kinds[whole] = is_folder
        return name


class _Metered:
    """What a gzip unpacks to, as a file that can be read in pieces and not without an end.

    tarfile reads a header as long as the header says, and skips what nobody wants: both are bounded here.
    """

    def __init__(self, stream: gzip.GzipFile, most: int) -> None:
        self.stream, self.most = stream, most

    def read(self, count: int = -1) -> bytes:
        if not 0 <= count <= HEADER:
            raise FetchError("has a header in it that is far too long")
        self._within(self.stream.tell() + count)
        return self.stream.read(count)

    def seek(self, place: int, whence: int = 0) -> int:
        assert whence == 0, "tarfile counts from the start"
        self._within(place)
        return self.stream.seek(place)

    def tell(self) -> int:
        return self.stream.tell()

    def _within(self, place: int) -> None:
        if place > self.most + HEADER:
            raise FetchError("holds far more than its card says: a bomb")
