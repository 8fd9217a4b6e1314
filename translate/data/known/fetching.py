"""`translate data fetch`: a known data set, from a mirror or a file, checked, unpacked, put in its place.

Everything on the way lies in `DATA/.translate/`: the part of a download that has come, and the folder that an archive
is unpacked in, which is renamed into place when it is whole. What fails leaves the part of the download, to go on with.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from translate.data.known import trust, web
from translate.data.known.catalogue import Archive, Card
from translate.data.known.download import Patience, download, forget, length
from translate.data.known.progress import Progress, size
from translate.data.known.trust import WrongFileError
from translate.data.known.unpack import limits, unpack
from translate.data.known.web import UnreachableError
from translate.errors import FetchError

OURS = ".translate"
"""Folder beside the data sets."""


@dataclass(frozen=True)
class Got:
    """An archive that is right."""

    file: Path
    known: str
    """Why it is: the end of a sentence."""
    new: str
    """Its SHA-256 if that was not known."""


@dataclass
class Fetched:
    """What came of it."""

    folder: Path
    files: dict[str, int]
    """By folder."""
    already: bool = False
    remarks: list[str] = field(default_factory=list)
    """Sentences for the user."""
    odd: list[str] = field(default_factory=list)
    """Folders that do not have as many files as they should."""


def fetch(
    card: Card,
    archive: Archive,
    to: Path,
    source: str | None = None,
    accept: str = "",
    patience: Patience | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Fetched:
    """Put a data set into `to/NAME`, unless it is there.

    Args:
        card: of the data set.
        archive: of the card.
        to: the folder of data sets that configurations call `data`.
        source: an archive that one has already, or another address, in place of the card's mirrors.
        accept: a SHA-256 that is taken as right, whatever is known.
        patience: with servers.
        say: takes a line for each thing that takes long.

    Raises:
        FetchError: it could not be had; one sentence says why and what to do.
    """
    there = here(card, archive, to)
    if there is not None:
        return _compared(card, archive, Fetched(to / card.name, there, already=True))
    if source is not None and "://" in source and not source.startswith(("https://", "http://")):
        raise FetchError(f"{source}: --from takes a file, or an address that begins with https:// or http://")
    if source is None and not archive.mirrors:
        raise FetchError(f"{card.name} is not given out freely: {card.by_hand}")
    room = to / OURS
    room.mkdir(parents=True, exist_ok=True)
    with _alone(room):
        for left in room.glob("unpacking-*"):
            shutil.rmtree(left, ignore_errors=True)
        own = source is None or "://" in source
        if own:
            mirrors = archive.mirrors if source is None else [str(source)]
            got = _downloaded(card, archive, mirrors, room, accept, patience or Patience(), say)
        else:
            got = _given(card, archive, Path(str(source)), room, accept)
        try:
            files, left_out = _unpacked(card, archive, got.file, to, room)
        except FetchError:
            if own:  # it is not what it seemed
                forget(got.file)
            raise
        except OSError as error:
            raise FetchError(
                f"{archive.file} cannot be unpacked into {to}: {error.strerror};"
                " the archive is kept: mend that, and say the same again"
            ) from None
        if got.new:
            trust.record(room, card.name, archive, got.new)
        if own:
            forget(got.file)
    fetched = _compared(card, archive, Fetched(to / card.name, files))
    fetched.remarks.insert(0, f"{archive.file} {got.known}")
    if left_out:
        fetched.remarks.append(f"{left_out:,} other files of the archive were left out")
    return fetched


def here(card: Card, archive: Archive, to: Path) -> dict[str, int] | None:
    """How many files there are in each of the archive's folders; None if none of the folders is there.

    Raises:
        FetchError: some folders are there and some are not.
    """
    place = to / card.name
    missing = [folder.path for folder in archive.folders if not (place / folder.path).is_dir()]
    if len(missing) == len(archive.folders):
        return None
    if missing:
        raise FetchError(
            f"{place} has some of the folders of {archive.file}, but not {', '.join(missing)}:"
            " move it out of the way, or choose another place with --to"
        )
    return {
        folder.path: sum(1 for entry in os.scandir(place / folder.path) if not entry.name.startswith("."))
        for folder in archive.folders
    }


def on_the_way(card: Card, archive: Archive, to: Path) -> int:
    """Bytes of an earlier download that the next one goes on from."""
    return length(to / OURS / _part(card, archive))


def _part(card: Card, archive: Archive) -> str:
    return f"{card.name}-{archive.variant}-{archive.file}.part"


def _compared(card: Card, archive: Archive, fetched: Fetched) -> Fetched:
    """Hold the number of files to the card."""
    for folder in archive.folders:
        count = fetched.files[folder.path]
        if folder.exact and count != folder.pictures:
            fetched.odd.append(
                f"{fetched.folder / folder.path} has {count:,} files, and {folder.pictures:,} were expected"
            )
    return fetched


def _given(card: Card, archive: Archive, file: Path, room: Path, accept: str) -> Got:
    """An archive that the user has."""
    if not file.is_file():
        raise FetchError(f"there is no file {file}")
    bytes_here = file.stat().st_size
    if archive.bytes and bytes_here != archive.bytes and not accept:
        sha256, _ = trust.digests(file, lambda done: None)
        raise FetchError(
            f"{file} has {bytes_here:,} bytes, and {archive.file} has {archive.bytes:,}:"
            f" it is another file, or cut short; if you know that it is right, add --accept {sha256}"
        )
    try:
        return _verified(file, card, archive, room, accept)
    except WrongFileError as error:
        raise FetchError(f"{file} is not {archive.file} as it is known: {error}") from None


def _verified(file: Path, card: Card, archive: Archive, room: Path, accept: str) -> Got:
    with Progress(f"checking {archive.file}", file.stat().st_size) as progress:
        return Got(file, *trust.verify(file, archive, card.name, room, accept, progress))


def _downloaded(
    card: Card,
    archive: Archive,
    mirrors: list[str],
    room: Path,
    accept: str,
    patience: Patience,
    say: Callable[[str], None],
) -> Got:
    """The archive from the first mirror that gives the right one."""
    file = room / _part(card, archive)
    most = archive.bytes if archive.bytes and not accept else limits(0, 2 * archive.size).bytes
    _room_for(archive, room, file)
    failed: list[str] = []
    left = list(mirrors)
    while left:
        url, begun = left.pop(0), length(file) > 0
        say(f"{archive.file} ({size(archive.size)}) from {web.host(url)}")
        try:
            with Progress(archive.file, archive.size) as progress:
                download(url, file, 0 if accept else archive.bytes, most, patience, progress)
            return _verified(file, card, archive, room, accept)
        except UnreachableError as problem:
            failed.append(f"{web.host(url)} {problem}")
        except WrongFileError as problem:
            if begun:  # what was here from an earlier time may be of another file
                left.insert(0, url)
            else:
                failed.append(f"{web.host(url)} gives another file: {problem}")
            if left or not problem.acceptable:
                forget(file)
    raise FetchError(f"{archive.file} did not come: {'; '.join(failed)}; {_what_to_do(archive, file)}")


def _what_to_do(archive: Archive, file: Path) -> str:
    """The rest of the sentence where no mirror gave it."""
    have = length(file)
    kept = f"{size(have)} of it are kept, and the same command goes on there; or " if have else ""
    known = f", sha256 {archive.sha256}" if archive.sha256 else f", MD5 {archive.md5}" if archive.md5 else ""
    return f"{kept}get it elsewhere ({archive.size:,} bytes{known}) and add --from FILE or --from ADDRESS"


def _room_for(archive: Archive, room: Path, file: Path) -> None:
    """Refuse before the disk is full: the archive and what is in it lie side by side for a while."""
    free, needed = shutil.disk_usage(room).free, 2 * archive.size - length(file)
    if free < needed:
        raise FetchError(
            f"{room.parent} has {size(free)} of room, and {archive.file} and its pictures take {size(needed)}:"
            " make room, or choose another place with --to"
        )


def _unpacked(card: Card, archive: Archive, file: Path, to: Path, room: Path) -> tuple[dict[str, int], int]:
    """Unpack beside, look, and move into place; nothing is left of what did not go well."""
    folders = [folder.path for folder in archive.folders]
    most = limits(archive.pictures, max(archive.size, file.stat().st_size))
    aside = Path(tempfile.mkdtemp(prefix="unpacking-", dir=room))
    try:
        whole = aside / card.name
        whole.mkdir()
        with Progress(f"unpacking {archive.file}", 0) as progress:
            unpacked = unpack(file, whole, card.name, folders, most, progress)
        empty = [path for path, count in unpacked.files.items() if not count]
        if empty:
            raise FetchError(
                f"{archive.file} has no pictures in {', '.join(f'{card.name}/{path}' for path in empty)}:"
                " it is another archive"
            )
        _move(whole, to / card.name, folders)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return unpacked.files, unpacked.left_out


def _move(whole: Path, place: Path, folders: list[str]) -> None:
    """Rename into place: the folder, or into it, where the other variant of the data set lies there already."""
    if not place.exists():
        os.rename(whole, place)
        return
    moved: list[Path] = []
    try:
        for path in folders:
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            os.rename(whole / path, place / path)
            moved.append(place / path)
    except BaseException:
        for folder in moved:
            shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _alone(room: Path) -> Iterator[None]:
    """Two at once would write into one part: the second is told to wait."""
    try:
        import fcntl
    except ImportError:  # Windows: there it is up to the user
        yield
        return
    handle = os.open(room, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise FetchError(f"something is being fetched into {room.parent} already: wait for it") from None
        yield
    finally:
        os.close(handle)
