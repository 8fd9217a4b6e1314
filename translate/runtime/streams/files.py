"""Translates files, folders, patterns and archives of pictures into a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from translate import pixels
from translate.errors import DataError, PictureError, TranslateError
from translate.runtime import contract
from translate.runtime.streams import pipeline
from translate.runtime.streams.partners import Partners, fitting
from translate.runtime.streams.plan import Job, plan
from translate.runtime.translator import Translator


@dataclass
class Outcome:
    """What became of the pictures."""

    done: int = 0
    """Pictures translated and written."""
    failed: list[tuple[Path, str]] = field(default_factory=list)
    """Those that were not, each with the reason."""
    skipped: int = 0
    """Those left alone because their result was there already."""


def translate_files(
    translator: Translator,
    inputs: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    suffix: str | None = None,
    quality: int = pixels.QUALITY,
    name: str | None = None,
    recursive: bool = False,
    skip_existing: bool = False,
    others: Sequence[str | os.PathLike[str]] = (),
    derive: bool = False,
    report: Callable[[str], None] = print,
) -> Outcome:
    """Translate pictures into a folder. One that fails is reported and left out.

    Pictures are read and written by other threads while the model works. Results hold pixels alone: no EXIF, no
    colour profile. They are written aside and renamed: an interrupted run leaves whole pictures and nothing else.

    Args:
        translator: the model.
        inputs: files; folders, which stand for the pictures in them; `.zip` files, which stand for theirs and are not
            unpacked to the disk; patterns such as `photos/**/*.jpg`. Results from archives and patterns keep their
            folders: for a pattern those below its part without wildcards.
        out: a folder, made if need be; or, for one input file, the file to write.
        suffix: format of the results, for example `.png`; without it each keeps its own where that can be written,
            else becomes `.png`, or what holds its depth and channels. Results that exist are replaced.
        quality: 1 to 100, for JPEG, WebP and AVIF; the others lose nothing.
        name: names of the results, with the fields `{stem}`, `{suffix}` and `{number}`; `{stem}{suffix}` without it.
        recursive: take the pictures of inner folders as well, and keep these folders. Links to folders are not
            followed, and `out` is left out where it is inside.
        skip_existing: leave those alone whose result is there.
        others: folders of further inputs, for a model that puts several together: of each the file of the same stem.
        derive: the pictures are photos, of which the model's inputs are made first (`Translator.derive`).
        report: is given one line a picture, in the order of the inputs.

    Raises:
        DataError: before anything is written: nothing to do, an option that cannot be, two results of one name, or a
            result that would replace one of the inputs.
        ModelError: likewise: the model draws from noise.
    """
    contract.translating(translator.card, "translating files")
    if not 1 <= quality <= 100:
        raise DataError(f"the quality is {quality}: give 1 to 100")
    outcome, partners = Outcome(), Partners(others, translator.card)
    with ExitStack() as stack:
        jobs = plan(
            inputs, Path(out), stack, suffix=suffix, pattern=name, recursive=recursive, fitting=fitting(translator.card)
        )
        if skip_existing:
            missing = [job for job in jobs if not os.path.lexists(job.target)]
            outcome.skipped, jobs = len(jobs) - len(missing), missing
        steps = pipeline.stream(
            jobs,
            lambda job: translator.read(job.entry.open(), *partners(job.entry.path), derive=derive),
            translator.array,
            lambda job, made: _write(job, made, quality),
        )
        for job, written in stack.enter_context(closing(steps)):
            try:
                written()
            except TranslateError as error:
                outcome.failed.append((job.entry.path, str(error)))
                report(f"failed: {error}")
            else:
                outcome.done += 1
                report(f"{job.entry.path} → {job.target}")
    return outcome


def _write(job: Job, made: pixels.Pixels, quality: int) -> None:
    if job.entry.folder.parts:  # the folder itself was made before anything was read
        try:
            job.target.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PictureError(f"the folder {job.target.parent} cannot be made: {error.strerror}") from None
    pixels.write(made, job.target, quality)
