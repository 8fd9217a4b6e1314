"""Files and folders of pictures, each in parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from translate.errors import TranslateError
from translate.runtime.streams.files import Outcome
from translate.runtime.streams.plan import plan
from translate.runtime.tiles.job import translate_large
from translate.runtime.translator import Translator


def translate_large_files(
    translator: Translator,
    inputs: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    suffix: str | None = None,
    tile: int | None = None,
    passes: int | None = None,
    report: Callable[[str], None] = print,
) -> Outcome:
    """As `translate_files`, each picture by `translate_large`.

    Args:
        translator: the model.
        inputs: files, and folders, which stand for the pictures in them.
        out: a folder, made if need be; or, for one input file, the file to write.
        suffix: format of the results; without it each keeps its own.
        tile: see `translate_large`.
        passes: see `translate_large`.
        report: is given lines of progress, and one for each picture.

    Raises:
        DataError: as `translate_files`.
    """
    outcome = Outcome()
    with ExitStack() as stack:
        for job in plan(inputs, Path(out), stack, suffix=suffix):
            source = job.entry.path
            try:
                translate_large(translator, source, job.target, tile=tile, passes=passes, report=report)
            except TranslateError as error:
                outcome.failed.append((source, str(error)))
                report(f"failed: {error}")
            else:
                outcome.done += 1
                report(f"{source} → {job.target}")
    return outcome
