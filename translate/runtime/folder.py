"""Translates files and folders of pictures: the next one is read while the model works on this one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from translate import pixels
from translate.errors import DataError, TranslateError
from translate.runtime.translator import Translator


@dataclass
class Outcome:
    """What became of the pictures."""

    done: int = 0
    """Pictures translated and written."""
    failed: list[tuple[Path, str]] = field(default_factory=list)
    """Those that were not, each with the reason."""


def translate_files(
    translator: Translator,
    inputs: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    suffix: str | None = None,
    report: Callable[[str], None] = print,
) -> Outcome:
    """Translate pictures into a folder, under their own names. One that fails is reported and left out.

    Args:
        translator: the model.
        inputs: files, and folders, which stand for the pictures in them.
        out: a folder, made if need be; or, for one input file, the file to write.
        suffix: format of the results, for example `.png`; without it each keeps its own where that can be written,
            else becomes `.png`. Results that exist are replaced.
        report: is given one line a picture.

    Raises:
        DataError: before anything is written: nothing to do, two results of one name, or a result that would
            replace one of the inputs.
    """
    pairs = plan([Path(path) for path in inputs], Path(out), suffix)
    outcome = Outcome()
    for source, target, picture in _ahead(translator, pairs):
        try:
            pixels.write(translator.array(picture.result()), target)
        except TranslateError as error:
            outcome.failed.append((source, str(error)))
            report(f"failed: {error}")
        else:
            outcome.done += 1
            report(f"{source} → {target}")
    return outcome


def _ahead(
    translator: Translator, plan: Iterable[tuple[Path, Path]]
) -> Iterator[tuple[Path, Path, Future[pixels.Pixels]]]:
    """Each source and target in order, with the source's pixels, one picture being read ahead."""
    channels, limit = translator.card.source_channels, translator.limit
    with ThreadPoolExecutor(1, "read-ahead") as pool:
        waiting: tuple[Path, Path, Future[pixels.Pixels]] | None = None
        for source, target in plan:
            following = (source, target, pool.submit(pixels.read, source, channels, limit=limit))
            if waiting:
                yield waiting
            waiting = following
        if waiting:
            yield waiting


def plan(inputs: list[Path], out: Path, suffix: str | None) -> list[tuple[Path, Path]]:
    """Source and target of every picture, once it is sure that none is in the way of another."""
    sources = _sources(inputs)
    # os.path asks without raising: a name may be too long, or a folder closed to us.
    ending = out.suffix.lower()
    named = ending in pixels.WRITABLE and not os.path.isdir(out)
    if ending in pixels.READABLE and not named and not os.path.isdir(out):
        raise DataError(f"pictures cannot be written as {ending}: choose from {', '.join(pixels.WRITABLE)}")
    if named and (len(inputs) != 1 or os.path.isdir(inputs[0])):
        raise DataError(f"{out} is the name of one picture: give a folder for several")
    if not named and any(os.path.isdir(path) and os.path.isdir(out) and path.samefile(out) for path in inputs):
        raise DataError(f"{out} is the folder of the inputs: give another one for the results")
    folder = out.parent if named else out
    plan = [(source, out if named else folder / _name(source, suffix)) for source in sources]
    _refuse_clashes(plan)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be made ({error.strerror}): give another for the results"
        ) from None
    return plan


def _sources(inputs: list[Path]) -> list[Path]:
    """Files as given, folders as their pictures, each file once."""
    found: dict[Path, Path] = {}
    for path in inputs:
        for source in pixels.find(path) if os.path.isdir(path) else [path]:
            found.setdefault(Path(os.path.realpath(source)), source)
    if not found:
        where = ", ".join(str(path) for path in inputs) or "the inputs"
        raise DataError(f"there are no pictures in {where}: give picture files, or a folder that has some")
    return list(found.values())


def _name(source: Path, suffix: str | None) -> str:
    if suffix is None:
        return source.name if source.suffix.lower() in pixels.WRITABLE else f"{source.stem}.png"
    ending = "." + suffix.lstrip(".").lower()
    if ending not in pixels.WRITABLE:
        raise DataError(f"pictures cannot be written as {suffix}: choose from {', '.join(pixels.WRITABLE)}")
    return source.stem + ending


def _refuse_clashes(plan: list[tuple[Path, Path]]) -> None:
    # Files are known by device and inode, so that links and file systems that ignore case are seen through.
    inputs = {(status.st_dev, status.st_ino): source for source, _ in plan if (status := _status(source))}
    taken: dict[str, Path] = {}
    for source, target in plan:
        status = _status(target)
        if status and (status.st_dev, status.st_ino) in inputs:
            raise DataError(f"{target} is one of the inputs and would be replaced: give another folder for the results")
        other = taken.setdefault(os.path.normcase(target), source)
        if other != source:
            raise DataError(f"{other} and {source} would both become {target}: translate them into two folders")


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
