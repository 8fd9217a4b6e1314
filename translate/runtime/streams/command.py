"""What `translate run` does with its arguments: pictures, one picture through a pipe, or a video."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from translate import pixels
from translate.errors import DataError
from translate.runtime.streams.files import translate_files
from translate.runtime.streams.standard import STANDARD, translate_standard
from translate.runtime.streams.video import CRF, VIDEOS, Progress, translate_video
from translate.runtime.translator import Translator

_WORDS = {"others": "with"}
"""Options that are called otherwise on the command line."""


@dataclass(frozen=True)
class Options:
    """The options of `translate run` that say what is read and written; None and False were not given."""

    suffix: str | None = None
    quality: int | None = None
    name: str | None = None
    recursive: bool = False
    skip_existing: bool = False
    others: Sequence[str] = field(default_factory=list)
    derive: bool = False
    crf: int | None = None
    blend: float | None = None

    def only(self, what: str, *allowed: str) -> None:
        """Raise DataError if any but the allowed ones was given."""
        for option, value in asdict(self).items():
            if option not in allowed and value not in (None, False, []):
                raise DataError(f"--{_WORDS.get(option, option.replace('_', '-'))} is not for {what}: leave it out")


def run(translator: Translator, inputs: Sequence[str], out: str, options: Options, say: Callable[[str], None]) -> int:
    """Translate what is given. Returns the exit status: 0 all done, 1 not all.

    Raises:
        TranslateError: nothing was begun, or the one thing to be done failed.
    """
    if STANDARD in (*inputs, out):
        return _one(translator, inputs, out, options)
    if any(Path(given).suffix.lower() in VIDEOS for given in inputs):
        return _video(translator, inputs, out, options, say)
    options.only("pictures", "suffix", "quality", "name", "recursive", "skip_existing", "others", "derive")
    outcome = translate_files(
        translator,
        inputs,
        out,
        suffix=options.suffix,
        quality=pixels.QUALITY if options.quality is None else options.quality,
        name=options.name,
        recursive=options.recursive,
        skip_existing=options.skip_existing,
        others=options.others,
        derive=options.derive,
        report=say,
    )
    skipped = f", {outcome.skipped} left alone as they were there" if options.skip_existing else ""
    say(f"{outcome.done} translated, {len(outcome.failed)} failed{skipped}, on {translator.device}")
    return 1 if outcome.failed else 0


def _one(translator: Translator, inputs: Sequence[str], out: str, options: Options) -> int:
    if len(inputs) != 1:
        raise DataError("standard input and output take one picture: give one input")
    options.only("one picture", "suffix", "quality", "derive")
    quality = pixels.QUALITY if options.quality is None else options.quality
    translate_standard(translator, inputs[0], out, suffix=options.suffix, quality=quality, derive=options.derive)
    return 0


def _video(
    translator: Translator, inputs: Sequence[str], out: str, options: Options, say: Callable[[str], None]
) -> int:
    if len(inputs) != 1:
        raise DataError("a video is translated on its own: give one input")
    options.only("a video", "crf", "blend")
    crf = CRF if options.crf is None else options.crf
    made = translate_video(translator, inputs[0], out, crf=crf, blend=options.blend or 0.0, progress=_line)
    for note in made.notes:
        say(note)
    pace = f"{made.frames:,} frames in {made.seconds:,.1f} s ({made.frames / made.seconds:.1f} a second)"
    say(f"{inputs[0]} → {out}: {pace}, on {translator.device}")
    return 0


def _line(progress: Progress) -> None:
    """One line on the terminal that is written over and over."""
    if not sys.stderr.isatty():
        return
    total = f"/{progress.total:,}" if progress.total else ""
    left = "" if progress.left is None else f", {_clock(progress.left)} left"
    line = f"{progress.done:,}{total} frames, {progress.rate:.1f} a second{left}"
    print(f"\r{line:<60}", end="\n" if progress.ended else "", file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"
