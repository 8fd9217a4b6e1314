"""Where results go, and that none is in the way of another or of an input."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from translate import pixels
from translate.errors import DataError
from translate.runtime.streams.inputs import Entry, entries
from translate.runtime.streams.naming import Naming


@dataclass(frozen=True)
class Job:
    """One picture and the file that it becomes."""

    entry: Entry
    target: Path


def plan(
    inputs: Sequence[str | os.PathLike[str]],
    out: Path,
    stack: ExitStack,
    *,
    suffix: str | None = None,
    pattern: str | None = None,
    recursive: bool = False,
    fitting: Sequence[str] = tuple(pixels.WRITABLE),
) -> list[Job]:
    """Source and target of every picture, once it is sure that none is in the way of another; makes the folder.

    `fitting` are the suffixes of formats that hold the results.

    Raises:
        DataError: as `translate_files`.
    """
    named = _is_one_picture(out, fitting)
    if named and pattern is not None:
        raise DataError(f"{out} already is the name of the result: leave the name pattern out, or give a folder")
    naming = Naming(suffix, pattern, fitting)
    if not named and any(os.path.isdir(path) and os.path.isdir(out) and os.path.samefile(path, out) for path in inputs):
        raise DataError(f"{out} is the folder of the inputs: give another one for the results")
    sources = entries(inputs, out, recursive, stack)
    if named and not (len(inputs) == len(sources) == 1 and sources[0].path == Path(inputs[0])):
        raise DataError(f"{out} is the name of one picture: give a folder for several")
    folder = out.parent if named else out
    jobs = [
        Job(entry, out if named else out / entry.folder / naming(entry.path, number))
        for number, entry in enumerate(sources, 1)
    ]
    _refuse_clashes(jobs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be made ({error.strerror}): give another for the results"
        ) from None
    return jobs


def _is_one_picture(out: Path, fitting: Sequence[str]) -> bool:
    """Whether the output is a file, by its name."""
    ending = out.suffix.lower()
    if ending not in pixels.READABLE | pixels.ARRAYS or os.path.isdir(out):
        return False
    if ending not in fitting:
        raise DataError(f"these pictures cannot be written as {ending}: choose from {', '.join(fitting)}")
    return True


def _refuse_clashes(jobs: list[Job]) -> None:
    # Files are known by device and inode, so that links and file systems that ignore case are seen through.
    inputs = {(status.st_dev, status.st_ino) for job in jobs if (status := _status(job.entry.path))}
    taken: dict[str, Path] = {}
    for job in jobs:
        source, target = job.entry.path, job.target
        status = _status(target)
        if status and (status.st_dev, status.st_ino) in inputs:
            raise DataError(f"{target} is one of the inputs and would be replaced: give another folder for the results")
        other = taken.setdefault(os.path.normcase(target), source)
        if other != source:
            raise DataError(f"{other} and {source} would both become {target}: translate them into two folders")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (OSError, ValueError):  # also a name that no file can have
        return None
