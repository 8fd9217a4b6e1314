"""A video through a model: its frames decoded, translated and encoded at the same time, its sound kept.

Each frame is translated on its own, so what the model decides anew from frame to frame flickers. `blend` is a cheap
remedy: each frame becomes `(1 - blend) · translated + blend · the frame before, as written`. It calms still scenes and
leaves trails behind what moves and after cuts; a model that was trained on videos would need neither.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from translate import pixels
from translate.errors import VideoError
from translate.files import aside
from translate.runtime import contract
from translate.runtime.streams import pipeline
from translate.runtime.translator import Translator

if TYPE_CHECKING:
    from translate.runtime.streams.video_reading import Film, Item
    from translate.runtime.streams.video_writing import Sink

VIDEOS = frozenset(
    (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".3gp", ".wmv", ".flv")
)
"""Suffixes by which the command line knows a video."""

WRITABLE = (".mp4", ".m4v", ".mov", ".mkv")
"""Suffixes of containers that hold H.264 and the usual kinds of sound."""

CRF = 20
"""x264's constant rate factor: 0 loses nothing, 18 to 23 is hard to tell from the source, 51 is worst."""


@dataclass(frozen=True)
class Progress:
    """How far a video is."""

    done: int
    """Frames written."""
    total: int
    """Frames that the file announces; 0 where it does not say."""
    rate: float
    """Frames a second since the beginning."""
    ended: bool = False

    @property
    def left(self) -> float | None:
        """Seconds still to go, where that can be told."""
        return (self.total - self.done) / self.rate if self.rate and self.total >= self.done else None


@dataclass
class Video:
    """What was made of a video."""

    frames: int
    seconds: float
    """What it took."""
    notes: list[str] = field(default_factory=list)
    """What the user should know: sound that could not be kept, frames that were not there."""


def translate_video(
    translator: Translator,
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    crf: int = CRF,
    blend: float = 0.0,
    progress: Callable[[Progress], None] = lambda _: None,
    seconds: float | None = None,
    turn: Callable[[pixels.Pixels], AbstractContextManager[object]] = nullcontext,
) -> Video:
    """Translate a video into another: H.264, 8 bits, 4:2:0, with the time stamps of the source.

    The first video track is taken; its rotation is applied to the pixels; a last row or column is repeated where the
    size is odd, as 4:2:0 needs even ones. Sound is copied without being encoded again, where the container can hold
    it. Matroska counts time in milliseconds, whatever the source did. Subtitles, chapters and other metadata are left
    out. High dynamic range is not mapped, interlaced frames are taken as they are.

    Args:
        translator: the model.
        path: the video.
        out: the file to write, `.mp4`, `.m4v`, `.mov` or `.mkv`; it appears when it is whole, and replaces what is
            there. Its folder is made if need be.
        crf: 0 to 51: quality of the encoding, less is better and larger.
        blend: 0.0 to 0.9: share of the frame before in each frame.
        progress: is told after every frame.
        seconds: longest that the model may take for one frame; without it the translator's own limit, if it has one.
        turn: is called with each frame, uint8 `[H, W, C]`; what it gives is entered before the model gets the frame,
            and may wait, and is left after it. What it or `progress` raises ends the work; nothing is left at `out`
            then.

    Raises:
        VideoError: `path` is missing, no video, damaged or too large, `out` cannot be written, or an option is out of
            range. Nothing is left at `out`, and what was there is untouched.
        ModelError: the model does not translate 8-bit pictures, failed on a frame, or took too long.
        ModuleNotFoundError: PyAV is not installed (`translate-gan[video]`).
    """
    path, out = Path(path), Path(out)
    contract.ordinary(translator.card, "a video")
    _check(path, out, crf, blend)
    from translate.runtime.streams.video_reading import Film
    from translate.runtime.streams.video_writing import Sink

    start, frames = time.perf_counter(), 0
    try:
        with Film(path, translator.limit) as film:
            out.parent.mkdir(parents=True, exist_ok=True)
            # The file is whole when the sink has closed it, and takes its place after that.
            with aside(out) as part, Sink(part, out, film.sound, crf) as sink:
                for frames in _frames(translator, film, sink, _Blend(blend), seconds, turn):
                    progress(Progress(frames, film.total, frames / (time.perf_counter() - start)))
                if not frames:
                    raise VideoError(f"{path} has no frames: get it again")
    except OSError as error:
        raise VideoError(f"{out} cannot be written: {error.strerror or error}") from None
    notes = list(sink.notes)
    if frames < film.announced:
        notes.append(f"{path} announces {film.announced:,} frames, {frames:,} are there: it may be cut short")
    progress(Progress(frames, frames, frames / (time.perf_counter() - start), ended=True))
    return Video(frames, time.perf_counter() - start, notes)


def _frames(
    translator: Translator,
    film: Film,
    sink: Sink,
    blended: _Blend,
    seconds: float | None,
    turn: Callable[[pixels.Pixels], AbstractContextManager[object]],
) -> Iterator[int]:
    """Write frame after frame, counting from 1."""
    items = film.items()

    def work(item: Item | None) -> Item | None:
        if item is None or item.picture is None:
            return item
        picture = pixels.read(item.picture, translator.card.source_channels, limit=translator.limit)
        with turn(picture):
            return replace(item, picture=blended(translator.array(picture, seconds)))

    # One reader and one writer: a frame is coded as the difference to those around it, so their order is fixed.
    steps = pipeline.stream(
        itertools.count(1),
        lambda _: next(items, None),
        work,
        lambda _, item: item is not None and sink.write(item),
        readers=1,
        writers=1,
    )
    with closing(steps):
        for number, written in steps:
            if not written():
                return
            yield number


class _Blend:
    """The exponential average of frames."""

    def __init__(self, share: float) -> None:
        self._share = np.float32(share)
        self._before: npt.NDArray[np.float32] | None = None

    def __call__(self, frame: pixels.Pixels) -> pixels.Pixels:
        if not self._share:
            return frame
        # Kept in floating point: rounded each time, it would stop short of where it is going.
        now = frame.astype(np.float32)
        self._before = now if self._before is None else now + self._share * (self._before - now)
        return np.rint(self._before).astype(np.uint8)


def _check(path: Path, out: Path, crf: int, blend: float) -> None:
    if not 0 <= crf <= 51:
        raise VideoError(f"the rate factor is {crf}: give 0 (nothing lost) to 51")
    if not 0 <= blend <= 0.9:
        raise VideoError(f"the blend is {blend}: give 0 (none) to 0.9")
    if out.suffix.lower() not in WRITABLE:
        raise VideoError(f"{out} is not the name of a video: end it in one of {', '.join(WRITABLE)}")
    if not os.path.isfile(path):
        raise VideoError(f"the video {path} does not exist" if not os.path.exists(path) else f"{path} is not a file")
    if os.path.exists(out) and os.path.samefile(path, out):
        raise VideoError(f"{out} is the video itself and would be replaced: give another name for the result")
    if os.path.isdir(out):
        raise VideoError(f"{out} is a folder: give a file name for the result")
