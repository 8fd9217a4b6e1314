"""Shards that others have packed, without an index: their headers are read once, and what they say is kept.

A sample's files have one key and an ending each (`000123.edges.png`, `000123.photo.jpg`, `000123.cls`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

import numpy as np

from translate import pixels
from translate.data.files import Blob
from translate.data.shards import tar
from translate.data.shards.index import FILES, INDEX, Index, Series, Shard, decode, encode
from translate.data.shards.writer import LABEL
from translate.errors import DataError
from translate.files import write_whole

MOST_CLASSES = 100_000
# Endings that tell by themselves which of two pictures is the source.
PAIRS = (("source", "target"), ("input", "output"), ("a", "b"), ("x", "y"), ("edges", "photo"), ("label", "image"))


def paths_of(root: str) -> list[Path]:
    """The shards that a name with `{000000..000099}` stands for, or those of a folder.

    Raises:
        DataError: there are none.
    """
    braces = re.search(r"\{(\d+)\.\.(\d+)\}", root)
    if braces:
        first, last = braces[1], braces[2]
        if not 0 <= int(last) - int(first) < 10**6:
            raise DataError(f"{root}: from {first} to {last} are no shards: write the lower number first")
        numbers = (f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1))
        found = [Path(f"{root[: braces.start()]}{number}{root[braces.end() :]}") for number in numbers]
    else:
        folder = Path(root)
        found = [folder] if folder.suffix == ".tar" else sorted(folder.glob("*.tar"), key=lambda p: pixels.natural(p))
    missing = [path for path in found if not path.is_file()]
    if missing or not found:
        told = f"{missing[0]} is not there" if missing else f"there is no {INDEX}, nor are there .tar files"
        raise DataError(f"{root}: {told}: give a folder of shards, as translate data pack makes it, or of others' ones")
    return found


def index_of(
    root: str, paths: Sequence[Path], endings: Sequence[str], of: str, channels: Sequence[int], kept: Path
) -> Index:
    """An index of shards that have none.

    Args:
        root: what errors call them.
        paths: the shards.
        endings: what the files of a sample end in, by their roles; guessed where there are none.
        of: the layout; guessed where it is empty.
        channels: of each ending; 3 where there are none.
        kept: folder for what was found, so that headers are read once.

    Raises:
        DataError: they are damaged, or it cannot be told which files are what.
    """
    stamps = [(str(path.absolute()), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    asked = json.dumps([stamps, list(endings), of, list(channels)])
    own = kept / f"index-{hashlib.sha256(asked.encode()).hexdigest()[:32]}"
    try:
        return decode((own / INDEX).read_bytes(), (own / FILES).read_bytes(), f"{own}/")
    except (OSError, DataError):
        pass
    index = _scanned(root, paths, endings, of, channels)
    try:
        own.mkdir(parents=True, exist_ok=True)
        for name, content in encode(index).items():
            write_whole(own / name, content, sync=False)
    except OSError:
        pass  # it is read again the next time
    return index


def _scanned(root: str, paths: Sequence[Path], endings: Sequence[str], of: str, channels: Sequence[int]) -> Index:
    with ThreadPoolExecutor() as pool:
        shards = list(pool.map(_samples, paths))
    if not any(shards):
        raise DataError(f"{root}: the shards are empty")
    first = next(samples[0] for samples in shards if samples)
    endings = [ending.lower().lstrip(".") for ending in endings] or _guessed(root, first)
    if len(endings) > 2 or len(channels) not in (0, len(endings)):
        raise DataError(f"{root}: endings = {list(endings)}, channels = {list(channels)}: one or two, as many of each")
    roots = ("source", "target") if len(endings) == 2 else ("root",)
    of = of or ("two_folders" if len(endings) == 2 else "labelled" if LABEL in first else "images")
    names: list[list[str]] = [[] for _ in endings]
    places = []
    for path, samples in zip(paths, shards, strict=True):
        label = Blob(path)
        for sample in samples:
            if lacking := [ending for ending in endings if ending not in sample]:
                key = next(iter(sample.values())).key
                raise DataError(f"{path}: the sample {key} has no .{lacking[0]}: it has {', '.join(sample)}")
            files = [sample[ending] for ending in endings]
            folder = f"{_label(path, label, sample)}/" if of == "labelled" else ""
            for own, file in zip(names, files, strict=True):
                own.append(f"{folder}{path.stem}_{_stem(file)}.{file.ending.rpartition('.')[2]}")
            places.append([(file.start, file.length) for file in files])
    told = [Shard(path.name, path.stat().st_size, "", len(one)) for path, one in zip(paths, shards, strict=True)]
    keys = [f"{root}_channels" for root in roots] if len(roots) == 2 else ["channels"]
    data = {"layout": of, **dict(zip(keys, channels, strict=False))}
    table = np.array(places, np.int64).reshape(-1, len(roots), 2)
    return Index(paths[0].stem, data, {}, (Series(roots, tuple(told), table, names),), "")


def _samples(path: Path) -> list[dict[str, tar.Entry]]:
    """The files of each sample by ending."""
    grouped = groupby(tar.entries(path), key=lambda entry: entry.key)
    return [{entry.ending: entry for entry in files} for _, files in grouped]


def _guessed(root: str, sample: dict[str, tar.Entry]) -> list[str]:
    """The endings of source and target, or of the one picture, by those of a sample."""
    found = [ending for ending in sample if f".{ending}".endswith(tuple(pixels.READABLE))]
    if len(found) == 1:
        return found
    for pair in PAIRS:
        chosen = [ending for name in pair for ending in found if ending.rpartition(".")[0] == name]
        if len(found) == len(chosen) == 2:
            return chosen
    told = ", ".join(f'"{ending}"' for ending in sample)
    raise DataError(f"{root}: a sample has {told}: say which are source and target, as data.endings = [SOURCE, TARGET]")


def _label(path: Path, blob: Blob, sample: dict[str, tar.Entry]) -> int:
    entry = sample.get(LABEL)
    text = blob.read(entry.start, entry.length) if entry and entry.length < 20 else b""
    if not text.strip().isdigit() or int(text) >= MOST_CLASSES:
        key = next(iter(sample.values())).key
        raise DataError(f"{path}: the sample {key} has no class: a file .{LABEL} with a number from 0")
    return int(text)


def _stem(file: tar.Entry) -> str:
    return file.key.replace("/", "_").replace(".", "_")
