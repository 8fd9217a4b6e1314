"""Pictures of a `.zip` as those of a folder: listed once, read in place.

What is refused is refused at the start, and for the whole archive: to train on it is to trust it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections import Counter
from functools import lru_cache
from pathlib import Path

from translate import pixels
from translate.data.files import Blob, Container, Folder, Member, unreadable
from translate.errors import DataError, PictureError
from translate.pixels.archived import MAX_ENTRY, amount, is_picture, leads_out, parts

DEEPEST = 64  # steps from the top of an archive to a file
_HEADER = struct.Struct("<4s22xHH")  # before an entry's bytes: a mark; how long its name and what else follows are


class Zip(Container):
    """An archive.

    Args:
        path: the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._blob = Blob(path)

    def read(self, member: Member) -> bytes:
        header, packed, size, method, check = member.place
        try:
            mark, name, extra = _HEADER.unpack(self._blob.read(header, _HEADER.size))
            content = self._blob.read(header + _HEADER.size + name + extra, packed)
            if mark == b"PK\x03\x04" and method == zipfile.ZIP_DEFLATED:
                # No more than was announced comes out, whatever the compressed data hold.
                content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size + 1)
        except OSError as error:
            raise unreadable(str(member), error) from None
        except (struct.error, zlib.error):
            mark, content = b"", b""
        if mark != b"PK\x03\x04" or len(content) != size or zlib.crc32(content) != check:
            raise PictureError(f"{member} is damaged: get the archive again")
        return content


def inside(path: Path, steps: tuple[str, ...]) -> Folder:
    """A folder of an archive, by the steps that lead to it.

    Raises:
        DataError: it has no such folder, or is refused.
    """
    status = path.stat()
    folder = _listed(path, status.st_size, status.st_mtime_ns)
    for step in steps:
        found = [one for one in folder.folders if str(one).rpartition("/")[2] == step]
        if not found:
            raise DataError(f"{folder} has no folder {step}{_offered(folder)}")
        folder = found[0]
    if not folder.files and not folder.folders:
        raise DataError(f"{folder}: no pictures there ({', '.join(sorted(pixels.READABLE))})")
    return folder


def _offered(folder: Folder) -> str:
    names = [str(one).rpartition("/")[2] for one in folder.folders]
    return f": it has {', '.join(names[:5])}{' …' if len(names) > 5 else ''}" if names else ""


@lru_cache(maxsize=4)  # two folders of one archive, or the folders of its classes
def _listed(path: Path, size: int, changed: int) -> Folder:
    """All of an archive as a tree; of another size or date it is another."""
    try:
        with zipfile.ZipFile(path) as file:
            entries = [(parts(info.filename), info) for info in file.infolist()]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except Exception:  # BadZipFile, and what damaged headers raise: ValueError, struct.error, NotImplementedError
        raise DataError(f"{path} is not a zip file, or it is damaged: get it again") from None
    entries = [(steps, info) for steps, info in entries if is_picture(steps)]
    container = Zip(path)
    tree: dict[tuple[str, ...], list[Member]] = {(): []}
    for steps, info in entries:
        _refuse_strange(path, steps, info)
        place = (info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC)
        *folders, name = steps
        for depth in range(len(folders)):
            tree.setdefault(tuple(folders[: depth + 1]), [])
        tree[tuple(folders)].append(Member(container, "/".join(folders), name, place))
    return _folder(str(path), (), tree, _children(tree))


def _refuse_strange(path: Path, steps: list[str], info: zipfile.ZipInfo) -> None:
    name = f"{path}/{info.filename}"
    if len(steps) > DEEPEST:
        raise DataError(f"{path} has folders within folders, more than {DEEPEST}: pack its pictures again")
    if leads_out(info.orig_filename, steps):
        raise DataError(f"{path} has an entry {info.orig_filename!a}, which leads out of its folder: not taken")
    if info.flag_bits & 0x1:
        raise DataError(f"{name} is encrypted: unpack the archive with its password first")
    if info.file_size > MAX_ENTRY:
        raise DataError(f"{name} unpacks to {amount(info.file_size)}, over the limit of {amount(MAX_ENTRY)}")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{name} is packed in a way that cannot be read: pack it again as ordinary zip")


def _children(tree: dict[tuple[str, ...], list[Member]]) -> dict[tuple[str, ...], list[str]]:
    children: dict[tuple[str, ...], list[str]] = {}
    for steps in tree:
        if steps:
            children.setdefault(steps[:-1], []).append(steps[-1])
    return children


def _folder(
    name: str,
    steps: tuple[str, ...],
    tree: dict[tuple[str, ...], list[Member]],
    children: dict[tuple[str, ...], list[str]],
) -> Folder:
    members = sorted(tree[steps], key=lambda member: pixels.natural(member.name))
    twice = [one for one, count in Counter(member.name for member in members).items() if count > 1]
    if twice:
        raise DataError(f"{name} has {twice[0]} twice: pack it again, once")
    within = sorted(children.get(steps, []), key=pixels.natural)
    folders = tuple(_folder(f"{name}/{step}", (*steps, step), tree, children) for step in within)
    return Folder(name, tuple(members), folders)
