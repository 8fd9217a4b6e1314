"""A file is whole or not there: written aside, synced to the disk, renamed."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PART = ".part"
"""Ending of what a crash may leave behind."""


def write_whole(path: Path, content: bytes | memoryview, sync: bool = True) -> None:
    """Put `content` at `path`: after a crash there is the old file or the new one, and nothing between.

    With `sync` that holds after a power cut as well, at the price of waiting for the disk.

    Raises:
        OSError: it could not be written; what was there is untouched, and nothing is left behind.
    """
    # A name of its own length: the file's may already be as long as the file system allows.
    aside = path.with_name(f".{uuid.uuid4().hex}{PART}")
    try:
        with aside.open("xb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(aside, path)
    except BaseException:
        with suppress(OSError):
            aside.unlink()
        raise
    if sync and os.name == "posix":
        # The rename, too, is only safe once the folder is.
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A name beside `path` for a file that grows as it is written; it takes `path`'s place when the block ends well.

    Raises:
        OSError: it could not take its place. Then, and after any error in the block, nothing is left behind.
    """
    part = path.with_name(f".{uuid.uuid4().hex}{PART}")
    try:
        yield part
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def sweep(folder: Path) -> None:
    """Remove what an earlier crash left in `folder`. Only for one that nobody else is writing to."""
    for leftover in folder.glob(f".*{PART}"):
        with suppress(OSError):
            leftover.unlink()
