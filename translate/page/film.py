"""A video on the page: one in, one out, frame by frame, one at a time on the whole page."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from translate.errors import DataError, VideoError
from translate.page import desk
from translate.page.direction import direction_input, directions, meant
from translate.page.jobs import Job
from translate.page.refusals import told
from translate.page.reports import report, report_output, time_left
from translate.page.sent_files import MadeVideo, SentFiles
from translate.page.shelf import Shelf
from translate.page.starting import connect, start_and_stop
from translate.page.turns import Turns
from translate.page.view import EVERY, View
from translate.page.words import sentence
from translate.runtime import Translator
from translate.runtime.streams.video import VIDEOS, Progress, Video, translate_video

SECONDS = 60
"""Of the longest video."""
FRAMES = 60 * SECONDS
"""Most frames: as many as the longest one of 60 a second has, whatever the file says of its length."""
PIXELS = 1920 * 1080
"""Most pixels of a frame."""
BYTES = 200_000_000
"""Of the largest file."""
ROOM = 1_000_000_000
"""Most bytes of a result: noise takes many times as many as the film that it was made of."""
STEADIEST = 0.9
"""Largest share of the frame before."""

QUEUE: Any = {"concurrency_id": "film", "concurrency_limit": 1}
"""One video at a time: two would share the cores and both take twice as long, while the first could be done."""
INSTALL = (
    "Videos need PyAV, which is not installed here: `pip install 'translate-gan[video]'`, then start the page again."
)

_SLOT = threading.BoundedSemaphore(1)


class FilmJob:
    """A video on its way through a model; another thread may look while it is translated.

    Args:
        opened: gives the model; it may take its time.
        paths: the video.
        blend: share of the frame before in each, 0.0 to `STEADIEST`.
        turns: whom it gives way to before each frame.

    Raises:
        DataError: it is not one file, or it is too large.
    """

    def __init__(self, opened: Callable[[], Translator], paths: Sequence[Path], blend: float, turns: Turns) -> None:
        if len(paths) != 1:
            raise DataError("There is no video to translate: choose one" if not paths else "Send one video at a time")
        (self._path,) = paths
        size = self._path.stat().st_size
        if size > BYTES:
            large = f"{size / 10**6:,.0f} MB, over the limit of {BYTES // 10**6} MB"
            raise DataError(f"The video has {large}: cut it, or make it smaller")
        self.progress = Progress(0, 0, 0.0)
        """How far it is."""
        self.made: Video | None = None
        self.out: Path | None = None
        """The result, once it is whole."""
        self._opened, self._blend, self._turns = opened, blend, turns

    @property
    def notes(self) -> list[str]:
        """What the visitor should know of the result."""
        notes = self.made.notes if self.made else []
        folders = [path.parent for path in (self._path, self.out) if path]
        # What they advise about containers is not for visitors to do.
        return [sentence(VideoError(note), *folders).partition(": write it as")[0] for note in notes]

    def run(self, job: Job) -> None:
        """Translate it.

        Raises:
            VideoError: it is no video, or a longer or larger one than is taken.
            ModelError: the model cannot be used, failed, or took too long.
            StoppedError: nobody waits for it any more.
        """
        self._judge()
        out = job.folder / f"{self._path.stem}.mp4"

        def progress(now: Progress) -> None:
            job.check()
            if now.done > FRAMES:
                raise VideoError(f"{self._path} has more than {FRAMES:,} frames: cut it")
            if sum(file.stat().st_size for file in job.folder.iterdir()) > ROOM:
                raise VideoError(f"{self._path} becomes a video of more than {ROOM // 10**6:,} MB: cut it")
            self.progress = now

        with self._turns.long(job) as work:
            self.made = translate_video(
                self._opened(),
                self._path,
                out,
                blend=self._blend,
                progress=progress,
                seconds=desk.SECONDS,
                turn=lambda frame: work.turn(frame.shape[0] * frame.shape[1]),
            )
        self.out = out

    def _judge(self) -> None:
        from translate.runtime.streams.video_reading import Film

        with Film(self._path, PIXELS) as film:
            if film.seconds > SECONDS:
                raise VideoError(f"{self._path} is {film.seconds:,.0f} s long, over the limit of {SECONDS} s: cut it")
            if film.total > FRAMES:
                raise VideoError(f"{self._path} has {film.total:,} frames, over the limit of {FRAMES:,}: cut it")


def film_view(shelf: Shelf, which: gr.Radio, turns: Turns) -> View:
    """The part of the page for a video, for entries of every kind.

    Args:
        shelf: what is there.
        which: the entry that is chosen; its value is the entry's key.
        turns: whom it gives way to.
    """
    if not _installed():
        with gr.Column(elem_classes="film") as column:
            gr.Markdown(INSTALL)
        return View(EVERY, column, [], lambda entry: [])
    with gr.Column(elem_classes="film") as column:
        direction = direction_input()
        with gr.Row():
            with gr.Column():
                sent = SentFiles(
                    label=f"A video of up to {SECONDS} s, 1920 × 1080",
                    file_types=["video", *sorted(VIDEOS)],
                    height=220,
                )
                blend = _steadiness()
                buttons = start_and_stop("Translate video")
                said = report_output()
            with gr.Column():
                shown = MadeVideo(label="Result", interactive=False, height=360, buttons=["download"])

    async def run(key: str | None, name: str | None, files: list[Path], share: float) -> AsyncGenerator[Any, None]:
        model = meant(shelf, key, name)
        film = FilmJob(lambda: shelf.translator(model), files, share, turns)
        with Job(film.run, sent.GRADIO_CACHE, _SLOT) as job:
            async for _ in job.beats():
                yield _how_far(film.progress), gr.skip() if film.progress.done else None
            yield _outcome(film), str(film.out)

    outputs = [said, shown, buttons[1]]
    connect(buttons, run, [which, direction, sent, blend], outputs, [None], shelf.folder, QUEUE)
    return View(EVERY, column, [direction], lambda entry: [directions(entry)])


def film_endpoint(shelf: Shelf, turns: Turns) -> None:
    """`/translate_video` for programs: the name of a model, a video and the blend in, a video and a report out."""

    async def run(model: str, video: list[Path], blend: float | None) -> AsyncIterator[tuple[str | None, str]]:
        if not _installed():
            raise gr.Error(INSTALL, print_exception=False)
        with told(shelf.folder, *(path.parent for path in video)):
            chosen = shelf.translating(model)
            film = FilmJob(lambda: shelf.translator(chosen), video, blend or 0.0, turns)
            with Job(film.run, sent.GRADIO_CACHE, _SLOT) as job:
                async for _ in job.beats():
                    yield None, _frames(film.progress)
                yield str(film.out), "\n".join([_frames(film.progress), *film.notes])

    with gr.Row(visible=False):
        name = gr.Textbox(label="model")
        sent = SentFiles(label="video")
        share = gr.Number(label="blend", value=0.0)
        result, said = gr.File(label="result"), gr.Textbox(label="report")
        button = gr.Button("Translate video")
    button.click(
        run,
        [name, sent, share],
        [result, said],
        api_name="translate_video",
        api_description="A video through the model of this name; blend is the share of the frame before, 0 to 0.9",
        **QUEUE,
    )


def _installed() -> bool:
    return importlib.util.find_spec("av") is not None


def _steadiness() -> gr.Slider:
    return gr.Slider(
        label="Steadiness",
        info="Share of the frame before in each: calms flicker, and leaves trails behind what moves",
        minimum=0.0,
        maximum=STEADIEST,
        step=0.05,
        value=0.0,
    )


def _frames(progress: Progress) -> str:
    return f"{progress.done:,} of {progress.total:,} frames" if progress.total else f"{progress.done:,} frames"


def _how_far(progress: Progress) -> str:
    if not progress.done:
        return report("Looking at the video …")
    left = time_left(progress.done, progress.total, progress.done / progress.rate)
    pace = f", {progress.rate:.1f} a second"
    return report(f"{_frames(progress)}{pace}{left}", (), progress.done, progress.total)


def _outcome(film: FilmJob) -> str:
    made = film.made
    pace = f"{made.frames:,} frames in {made.seconds:,.1f} s." if made else ""
    return report(pace, film.notes)
