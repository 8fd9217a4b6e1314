"""What of a long job is done, on disk: a line a step, written through, so that a kill loses the last step at most.

Each line carries a checksum. What follows the first damaged one, as a crash leaves it, is cut off; a journal of another
job (by its fingerprint) counts as none.
"""

from __future__ import annotations

import base64
import json
import os
import zlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from translate.runtime.tiles.statistics import Row


class Notes(Protocol):
    """The records of one job, in order."""

    def add(self, **record: Any) -> None:
        """Write a record."""
        ...

    def last(self, key: str) -> dict[str, Any] | None:
        """The newest record that has `key`."""
        ...


class Journal:
    """The records of one job, in order.

    Args:
        path: where they are kept.
        fingerprint: what makes the job this one: input, model, settings.

    Raises:
        OSError: the file cannot be read or written.
    """

    def __init__(self, path: Path, fingerprint: dict[str, Any]) -> None:
        self.path = path
        records, length = _read(path)
        self.other = bool(records) and records[0] != fingerprint
        """Whether a journal of another job was there."""
        if not records or self.other:
            records, length = [], 0
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(length)
        self._file.seek(length)
        self.records = records[1:]
        if not records:
            self._write(fingerprint)

    def add(self, **record: Any) -> None:
        """Write a record, and return once it is on disk."""
        self._write(record)
        self.records.append(record)

    def last(self, key: str) -> dict[str, Any] | None:
        """The newest record that has `key`."""
        return next((record for record in reversed(self.records) if key in record), None)

    def clear(self) -> None:
        """Forget all but whose job it is."""
        self._file.seek(0)
        length = len(self._file.readline())
        self._file.truncate(length)
        self._file.seek(length)
        self.records.clear()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _write(self, record: dict[str, Any]) -> None:
        text = json.dumps(record).encode()
        self._file.write(b"%08x %s\n" % (zlib.crc32(text), text))
        self._file.flush()
        os.fsync(self._file.fileno())


def packed(row: Row) -> str:
    """Numbers as text, exactly."""
    return base64.b64encode(row.astype("<f8").tobytes()).decode()


def unpacked(text: str) -> Row:
    """Numbers that were packed."""
    return np.frombuffer(base64.b64decode(text), "<f8").copy()


def _read(path: Path) -> tuple[list[dict[str, Any]], int]:
    """The records up to the first damaged one, and how many bytes they take."""
    records: list[dict[str, Any]] = []
    length = 0
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except FileNotFoundError:
        return [], 0
    for line in lines:
        text = line[9:-1]
        if not line.endswith(b"\n") or line[:9] != b"%08x " % zlib.crc32(text):
            break
        records.append(json.loads(text))
        length += len(line)
    return records, length
