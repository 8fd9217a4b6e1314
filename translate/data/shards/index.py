"""What is in a set of shards: `index.json`, and `files.npz` with the place of every file.

    index.json    the layout that reads it, its shards with their sizes and checksums, the fingerprint of the data
    files.npz     by series n: `places_n` int64 [samples, files, 2] (start and length of a file's bytes in its shard),
                  `names_n` (what they were called in the folders that were packed: JSON, a list for each file of a
                  sample)

A series is a sequence of samples that lie one after the other: one for pairs, pictures and labelled ones, and one a
domain where sources and targets have nothing to do with each other.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from translate.errors import DataError

FORMAT = 1
INDEX, FILES = "index.json", "files.npz"
MOST_FILES = 2**30
"""Bytes that `files.npz` may unpack to: those of ten million pairs."""


@dataclass(frozen=True)
class Shard:
    """One `.tar` file."""

    name: str
    bytes: int
    sha256: str
    """Empty where it was packed by others."""
    samples: int


@dataclass(frozen=True)
class Series:
    """Samples one after the other.

    Args:
        roots: the layout's argument that each of a sample's files comes from.
        shards: the files.
        places: int64 `[samples, files, 2]`: start and length in the sample's shard.
        names: of each of a sample's files, by sample: what it was called within the folder that was packed.
    """

    roots: tuple[str, ...]
    shards: tuple[Shard, ...]
    places: np.ndarray = field(repr=False)
    names: list[list[str]] = field(repr=False)


@dataclass(frozen=True)
class Index:
    """All that is said of a set of shards.

    Args:
        name: the configuration's, and how its shards' names begin.
        data: the layout that reads it and its arguments, without the folders.
        several: the arguments that were lists of folders, and how many they were.
        series: of samples.
        fingerprint: of the layout that was packed; empty where it was packed by others.
    """

    name: str
    data: dict[str, Any]
    several: dict[str, int]
    series: tuple[Series, ...]
    fingerprint: str

    @property
    def shards(self) -> list[Shard]:
        """All of them, in the order of the series."""
        return [shard for series in self.series for shard in series.shards]


def encode(index: Index) -> dict[str, bytes]:
    """The two files by name."""
    arrays: dict[str, np.ndarray] = {}
    for number, series in enumerate(index.series):
        arrays[f"places_{number}"] = series.places
        names = json.dumps(series.names, ensure_ascii=True, separators=(",", ":"))
        arrays[f"names_{number}"] = np.frombuffer(names.encode(), np.uint8)
    files = io.BytesIO()
    np.savez_compressed(files, **arrays)  # type: ignore[arg-type]
    said = {
        "format": FORMAT,
        "name": index.name,
        "data": index.data,
        "several": index.several,
        "samples": [len(series.places) for series in index.series],
        "fingerprint": index.fingerprint,
        "files": {"name": FILES, "sha256": hashlib.sha256(files.getvalue()).hexdigest()},
        "series": [
            {"roots": series.roots, "shards": [asdict(shard) for shard in series.shards]} for series in index.series
        ],
    }
    return {INDEX: (json.dumps(said, indent=1) + "\n").encode(), FILES: files.getvalue()}


def files_digest(index: bytes, where: str) -> str:
    """The checksum that `index.json` gives for `files.npz`; raises as `decode`."""
    return str(_said(index, where)["files"]["sha256"])


def decode(index: bytes, files: bytes, where: str) -> Index:
    """The index of a set of shards at `where`, from its two files.

    Raises:
        DataError: they are damaged, do not belong together, or are of another version.
    """
    said = _said(index, where)
    if hashlib.sha256(files).hexdigest() != said["files"]["sha256"]:
        raise DataError(f"{where}{FILES} is not what {INDEX} says: copy the folder again")
    try:
        with zipfile.ZipFile(io.BytesIO(files)) as listed:
            if sum(entry.file_size for entry in listed.infolist()) > MOST_FILES:
                raise ValueError("too many files")
        with np.load(io.BytesIO(files), allow_pickle=False) as arrays:
            series = tuple(_series(one, arrays, number) for number, one in enumerate(said["series"]))
        data, several = dict(said["data"]), {str(key): int(count) for key, count in said["several"].items()}
        return Index(str(said["name"]), data, several, series, str(said["fingerprint"]))
    except (KeyError, TypeError, ValueError, AttributeError, OSError, zipfile.BadZipFile) as error:
        raise _damaged(where, error) from None


def _said(index: bytes, where: str) -> dict[str, Any]:
    try:
        said = json.loads(index)
        version = said["format"]
        str(said["files"]["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(where, error) from None
    if version != FORMAT:
        raise DataError(
            f"{where}{INDEX} is of format {version!r} and this version reads {FORMAT}: pack it again, or update"
        )
    return dict(said)


def _series(said: dict[str, Any], arrays: Any, number: int) -> Series:
    """One series, whose numbers and names fit together and lead nowhere else."""
    shards = tuple(Shard(**shard) for shard in said["shards"])
    roots = tuple(str(root) for root in said["roots"])
    places = np.asarray(arrays[f"places_{number}"])
    names = json.loads(arrays[f"names_{number}"].tobytes())
    for shard in shards:
        whole = isinstance(shard.bytes, int) and isinstance(shard.samples, int) and min(shard.bytes, shard.samples) >= 0
        if not re.fullmatch(r"[\w.+-]+", shard.name) or shard.name.startswith(".") or not whole:
            raise ValueError(f"a shard {shard.name!r}")
        if not re.fullmatch(r"([0-9a-f]{64})?", shard.sha256):
            raise ValueError(f"the checksum of {shard.name}")
    samples = sum(shard.samples for shard in shards)
    if places.shape != (samples, len(roots), 2) or places.dtype != np.int64 or len(names) != len(roots):
        raise ValueError(f"places {places.shape} of {samples} samples")
    ends = np.repeat([shard.bytes for shard in shards], [shard.samples for shard in shards])
    if not all(len(own) == samples and set(map(type, own)) <= {str} for own in names):
        raise ValueError("names that are none")
    if samples and (places.min() < 0 or (places[..., 0] > ends[:, None] - places[..., 1]).any()):
        raise ValueError("files that lie outside of their shard")
    return Series(roots, shards, places, names)


def _damaged(where: str, error: Exception) -> DataError:
    told = str(error).splitlines() or [type(error).__name__]
    return DataError(f"{where}{INDEX} is no index of shards, or it is damaged ({told[0]}): copy the folder again")
