"""What there is to do, and what was done of it: the part of the job that one process keeps.

A picture is known by its path relative to the input folder. Its result, a file that is whole or not there, is the
record that counts; the report beside the results is kept in step with it, one line a picture, and mended at the
start from whatever an interrupted job left.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from translate import pixels
from translate.errors import DataError
from translate.files import write_whole

Task = tuple[str, str]
"""A picture and its result, both relative to their folders, with `/` between the parts."""


def plan(source: Path, output: Path, suffix: str | None = None) -> list[Task]:
    """Every picture below `source`, hidden ones apart, with the name of its result, in an order that never varies.

    Args:
        source: the folder of pictures.
        output: the folder of results, which may not be within the other one, nor around it.
        suffix: format of the results, such as `.png`; without it each keeps its own where that can be written.

    Raises:
        DataError: there is no picture, two would have one result, or the folders lie within each other.
    """
    if not source.is_dir():
        raise DataError(f"the folder {source} does not exist")
    ends = source.resolve(), output.resolve()
    if ends[0].is_relative_to(ends[1]) or ends[1].is_relative_to(ends[0]):
        raise DataError(f"{output} and {source} lie within each other: give a folder of its own for the results")
    if suffix is not None and suffix not in pixels.WRITABLE:
        raise DataError(f"pictures cannot be written as {suffix}: choose from {', '.join(pixels.WRITABLE)}")
    tasks: list[Task] = []
    for folder, inner, names in os.walk(source, onerror=_refuse):
        inner[:] = [name for name in inner if not name.startswith(".")]
        where = Path(folder).relative_to(source)
        pictures = (Path(name) for name in names if not name.startswith("."))
        tasks += [
            ((where / name).as_posix(), (where / _result(name, suffix)).as_posix())
            for name in pictures
            if name.suffix.lower() in pixels.READABLE
        ]
    if not tasks:
        raise DataError(f"there are no pictures in {source}: give a folder that has some, at any depth")
    taken: dict[str, str] = {}
    for path, result in tasks:
        if (other := taken.setdefault(os.path.normcase(result), path)) != path:
            raise DataError(f"{other} and {path} would both become {result}: translate them into two folders")
    return sorted(tasks)


def share(tasks: Sequence[Task], index: int, count: int) -> list[Task]:
    """The tasks of one of `count` shards. Which shard a picture is in depends on its path alone."""
    return [task for task in tasks if zlib.crc32(task[0].encode("utf-8", "surrogateescape")) % count == index]


def claim(output: Path, model: Path, suffix: str | None) -> None:
    """Note whose results are in a folder: those of another model would be taken for this one's.

    Raises:
        DataError: the folder has results of another model, or was filled in another format.
    """
    with model.open("rb") as file:
        job = {"model": hashlib.file_digest(file, "sha256").hexdigest(), "suffix": suffix}
    note = output / "job.json"
    if note.exists():
        if json.loads(note.read_text(encoding="utf-8")) != job:
            raise DataError(f"{output} has results of another model or format: give another folder for these")
        return
    output.mkdir(parents=True, exist_ok=True)
    write_whole(note, json.dumps(job).encode())


def whole(result: Path) -> bool:
    """Whether a result is there. Results are renamed into place, so that one that is there is whole.

    (After a power cut it may have been renamed before its content reached the disk: those are empty.)
    """
    try:
        return result.stat().st_size > 0
    except OSError:
        return False


class Report:
    """One line of JSON a picture: `path` and `status`, then `result` where it is done, `reason` where it failed.

    Args:
        path: the report, which may be there from an earlier run: lines of results that are there stay, results that
            have no line get one, and those that failed are to be done again.
        tasks: what there is to do.
        output: the folder of results.
    """

    def __init__(self, path: Path, tasks: Sequence[Task], output: Path) -> None:
        known = _read(path)
        lines: list[dict[str, Any]] = []
        self.todo: list[Task] = []
        """What is not done yet."""
        for source, result in tasks:
            if not whole(output / result):
                self.todo.append((source, result))
            elif known.get(source, {}).get("status") == "done":
                lines.append(known[source])
            else:
                lines.append({"path": source, "status": "done", "result": result})
        self.done, self.failed, self.found = 0, 0, len(lines)
        self._open = {source for source, _ in self.todo}
        write_whole(path, "".join(json.dumps(line) + "\n" for line in lines).encode())
        self._file = path.open("a", encoding="utf-8")

    def add(self, line: dict[str, Any]) -> None:
        """Write the line of one picture; one that is told a second time, as by a worker that died, is left out."""
        if line["path"] not in self._open:
            return
        self._open.remove(line["path"])
        self.done += line["status"] == "done"
        self.failed += line["status"] == "failed"
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """The lines of an earlier report by picture. A line that was cut short is no line."""
    known = {}
    with suppress(FileNotFoundError):
        for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError, KeyError):
                line = json.loads(text)
                known[line["path"]] = line
    return known


def _result(name: Path, suffix: str | None) -> str:
    if suffix is not None:
        return name.stem + suffix
    return name.name if name.suffix.lower() in pixels.WRITABLE else f"{name.stem}.png"


def _refuse(error: OSError) -> None:
    raise DataError(f"the folder {error.filename} cannot be listed: {error.strerror}") from None
