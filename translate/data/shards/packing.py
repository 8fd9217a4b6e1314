"""Writing a layout's files as shards: the bytes as they are, checked on the way in and on the way out."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from translate.data.files import File
from translate.data.layouts.base import Layout
from translate.data.shards.index import Index, Series, encode
from translate.data.shards.restore import restored
from translate.data.shards.store import OnDisk
from translate.data.shards.writer import Writer, verify
from translate.errors import DataError
from translate.files import write_whole

SMALLEST, LARGEST = 10_000, 2**40  # bytes of a shard


@dataclass(frozen=True)
class Packed:
    """What was written."""

    shards: int
    samples: int
    bytes: int


def pack(
    layout: Layout,
    data: Mapping[str, Any],
    out: Path,
    name: str,
    layouts: Mapping[str, Callable[..., Layout]],
    shard_bytes: int = 256_000_000,
    count: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Packed:
    """Write the data set that a configuration names as shards with an index; `out` is there when all is well.

    Args:
        layout: the data set.
        data: its section of the resolved configuration.
        out: folder; a new one, or an empty one.
        name: how the shards' names begin.
        layouts: all of them by name.
        shard_bytes: a shard has as many samples as fit, and at least one.
        count: pack the first so many to train on, and all that are held out; 0: all.
        progress: is told samples written, and how many they are.

    Raises:
        DataError: a file cannot be read, the folder is not empty, or it cannot be written.
    """
    if not SMALLEST <= shard_bytes <= LARGEST:
        raise DataError(f"a shard of {shard_bytes:,} bytes: from {SMALLEST:,} to {LARGEST:,}, 256 MB is usual")
    if getattr(layout, "shards", None):
        raise DataError(f"{layout.where} lies in shards already: copy the folder, or pack what it was made from")
    if type(layout) not in layouts.values():
        raise DataError(f"{layout.where} lies in one file already, which is read as a whole: train on it as it is")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is there already, with something in it: give a folder that is new or empty")
    data = {key: value for key, value in data.items() if key not in layout.ordering}
    chosen = _chosen(layout, data, count)
    layout.check(chosen.pieces)
    aside = out.with_name(f".{out.name}.part")
    shutil.rmtree(aside, ignore_errors=True)  # what was broken off is begun again
    try:
        aside.mkdir(parents=True)
        index = _written(chosen, data, aside, name.replace(" ", "_"), shard_bytes, progress)
        for series in index.series:
            verify(aside, series)
        paths = [aside / shard.name for shard in index.shards]
        again = restored(index, OnDisk(str(out), index.shards, paths), layouts)
        index = replace(index, fingerprint=again.fingerprint())
        if not count and index.fingerprint != layout.fingerprint():
            raise DataError(f"{layout.where}: packed, its files would come in another order: it has no shards")
        for file, content in encode(index).items():
            write_whole(aside / file, content)
        if out.exists():
            out.rmdir()
        os.replace(aside, out)
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror or error}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    samples = sum(shard.samples for shard in index.shards)
    return Packed(len(index.shards), samples, sum(shard.bytes for shard in index.shards))


@dataclass(frozen=True)
class _Part:
    """A series to be: the layout's argument of each of a sample's files; the samples."""

    roots: tuple[str, ...]
    samples: list[Any]


@dataclass(frozen=True)
class _Chosen:
    """What is to be packed."""

    parts: list[_Part]
    several: dict[str, int]
    pieces: list[Any]
    held_out: int


def _chosen(layout: Layout, data: Mapping[str, Any], count: int) -> _Chosen:
    slots = [root for root in layout.roots for _ in _named(data[root])]
    several = {root: len(data[root]) for root in layout.roots if not isinstance(data[root], str)}
    held_out = len(layout.held_out)
    if layout.aligned:
        parts = [_Part(tuple(slots), [*layout.train[: count or None], *layout.held_out])]
    else:  # sources and targets have nothing to do with each other
        parts = []
        for root, role in zip(layout.roots, layout.channels, strict=True):
            own = [piece for piece in layout.pieces() if piece[1] == role]
            train = len(own) - held_out
            own = [*own[:train][: count or None], *own[train:]]
            parts.append(_Part(tuple(slot for slot in slots if slot == root), own))
    for part in parts:
        if any(len(list(_files(sample))) != len(part.roots) for sample in part.samples):
            raise DataError(f"{layout.where}: a sample of this layout is not a file of each folder: it has no shards")
    return _Chosen(parts, several, [sample for part in parts for sample in part.samples], held_out)


def _named(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _files(sample: Any) -> Iterator[File]:
    for part in sample if isinstance(sample, tuple) else (sample,):
        if isinstance(part, tuple):
            yield from _files(part)
        elif isinstance(part, File):
            yield part


def _written(
    chosen: _Chosen,
    data: Mapping[str, Any],
    folder: Path,
    name: str,
    shard_bytes: int,
    progress: Callable[[int, int], None],
) -> Index:
    made: list[Series] = []
    done = 0
    for part in chosen.parts:
        begin = name if len(chosen.parts) == 1 else f"{name}-{part.roots[0]}"
        folders = [_named(data[root])[part.roots[:place].count(root)] for place, root in enumerate(part.roots)]
        endings = _endings(part.roots, chosen.several)
        names: list[list[str]] = [[] for _ in part.roots]
        with closing(Writer(folder, begin, shard_bytes)) as writer:
            for sample in part.samples:
                files = list(_files(sample))
                contents = [(_ending(file, end), _content(file)) for file, end in zip(files, endings, strict=True)]
                writer.add(contents, next(_labels(sample), None))
                for own, file, root in zip(names, files, folders, strict=True):
                    own.append(_relative(file, root))
                progress(done := done + 1, len(chosen.pieces))
        made.append(Series(part.roots, tuple(writer.shards), writer.table(), names))
    rest = {key: value for key, value in data.items() if not any(key in part.roots for part in chosen.parts)}
    return Index(name, {**rest, "holdout": chosen.held_out}, chosen.several, tuple(made), "")


def _endings(roots: tuple[str, ...], several: Mapping[str, int]) -> list[str]:
    """What stands before the suffix of each of a sample's files; nothing where there is only one."""
    if len(roots) == 1:
        return [""]
    numbers = [str(roots[:place].count(root)) if root in several else "" for place, root in enumerate(roots)]
    return [f"{root}{number}." for root, number in zip(roots, numbers, strict=True)]


def _ending(file: File, end: str) -> str:
    return f"{end}{PurePath(file.name).suffix.lower().lstrip('.')}"


def _content(file: File) -> bytes:
    return file.read_bytes() if isinstance(file, Path) else file.read()


def _labels(sample: Any) -> Iterator[int]:
    return (part for part in (sample if isinstance(sample, tuple) else ()) if isinstance(part, int))


def _relative(file: File, root: str) -> str:
    """A file's name within the folder that the configuration names."""
    return PurePath(str(file)).relative_to(PurePath(root)).as_posix()
