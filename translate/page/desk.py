"""Where pictures are translated: a bounded number wait, a few are worked on, small ones of one size together."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, overload

import numpy as np

from translate import pixels
from translate.errors import PictureError, TranslateError
from translate.page.photos import derived
from translate.page.shelf import LIMIT, Model, Shelf
from translate.page.turns import Turns, is_large
from translate.pixels import Pixels
from translate.runtime import Translator
from translate.runtime.tiles import translate_array

Sent: TypeAlias = "str | os.PathLike[str] | bytes | Pixels"
"""What a visitor sends: a file, a file's content, or uint8 `[H, W, C]`."""

SMALL = 512 * 512
"""Pixels up to which pictures of one size go through the model together."""
WHOLE = 2_000_000
"""Pixels from which on a picture is translated in parts: whole, it takes a narrow ResNet 0.4 GB a million."""

SECONDS = 120.0
"""Longest that one run of a model may take."""

T = TypeVar("T")


class BusyError(TranslateError):
    """There is no place left to wait in."""


@dataclass(frozen=True)
class Translated:
    """One picture, translated. Both are uint8 `[H, W, C]`, of one height and width."""

    before: Pixels
    """The picture as the model saw it."""
    after: Pixels
    """What the model made of it."""
    milliseconds: float
    """What the model took, for all pictures that it was given at once."""
    device: str
    """What it ran on, in words."""


@dataclass(eq=False)
class _Job:
    model: Model
    source: Sent
    size: int
    """Pixels, as the header says."""
    finish: Callable[[Translated], Any]
    derive: bool
    """Whether it is a photo, of which the model's input is made first."""
    future: Future[Any]


class Desk:
    """Translates pictures, a few at a time. It may be shared by any number of threads and event loops.

    Args:
        shelf: whose models these are.
        waiting: how many pictures may wait or be worked on.
        workers: how many runs of models there are at once.
        together: how many small pictures of one model and size make one run.
        seconds: longest that one run may take.
        most: bytes that a picture's file may have.
    """

    def __init__(
        self,
        shelf: Shelf,
        *,
        waiting: int = 256,
        workers: int = 2,
        together: int = 8,
        seconds: float = SECONDS,
        most: int = pixels.MAX_BYTES,
    ) -> None:
        self.turns = Turns()
        """Long work gives way to whoever waits here, and one large picture is worked on at a time by all."""
        self._shelf = shelf
        self._waiting, self._together, self._seconds, self._most = waiting, together, seconds, most
        self._pool = ThreadPoolExecutor(workers, "desk")
        self._headers = ThreadPoolExecutor(2, "headers")
        self._lock = threading.RLock()  # a waiter that is collected as garbage gives its place back wherever that is
        self._jobs: deque[_Job] = deque()
        self._places = 0
        self._asked = False
        """For a turn to work on a large picture."""

    @property
    def idle(self) -> bool:
        """Whether nobody waits here, and no long work runs."""
        return not self._places and not self.turns.busy

    @property
    def most(self) -> int:
        """Bytes that a picture's file may have."""
        return self._most

    @property
    def waiting(self) -> int:
        """How many pictures wait or are worked on."""
        return self._places

    @overload
    async def translate(self, model: Model, source: Sent, *, derive: bool = False) -> Translated: ...
    @overload
    async def translate(
        self, model: Model, source: Sent, finish: Callable[[Translated], T], derive: bool = False
    ) -> T: ...
    async def translate(
        self, model: Model, source: Sent, finish: Callable[[Translated], Any] | None = None, derive: bool = False
    ) -> Any:
        """Wait for a place, decode and translate one picture. One who no longer waits is not worked for.

        Args:
            model: the model.
            source: the picture; its header is judged at once, its pixels are decoded when it is its turn.
            finish: what is made of the result while it still is its turn, so that few large arrays are held at once;
                without it the result is handed back as it is.
            derive: the picture is a photo: the model's input is made of it first, as training did, of at most `PHOTO`
                pixels.

        Raises:
            BusyError: too many wait already.
            PictureError: it is not a picture, is damaged, or has too many pixels.
            ModelError: the model cannot be used, failed, or took too long.
        """
        with self.placed():
            size = await self._measured(model, source)
            future: Future[Any] = Future()
            self._add(_Job(model, source, size, finish or (lambda done: done), derive, future))
            return await asyncio.wrap_future(future)

    async def derive(self, model: Model, photo: Sent) -> Pixels:
        """Wait for a place, and make the model's input of a photo, as training did, of at most `PHOTO` pixels.

        Raises:
            BusyError, PictureError, ModelError: as `translate`.
        """
        with self.placed():
            await self._measured(model, photo)
            return await asyncio.wrap_future(self._pool.submit(_plain, model, photo, self._derived, model, photo))

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Around work that somebody waits for.

        Raises:
            BusyError: too many wait already.
        """
        with self._lock:
            if self._places >= self._waiting:
                raise BusyError("too many pictures are waiting to be translated: try again in a few seconds")
            self._places += 1
        try:
            with self.turns.first():
                yield
        finally:
            with self._lock:
                self._places -= 1

    async def run(self, model: Model, work: Callable[[Translator], T]) -> T:
        """Have a thread of the desk's work with a model, when it is its turn, for one who has a place.

        Raises:
            ModelError: the model cannot be used; and what the work raises.
        """

        def opened() -> T:
            return work(self._shelf.translator(model))

        return await asyncio.wrap_future(self._pool.submit(_plain, model, None, opened))

    async def _measured(self, model: Model, source: Sent) -> int:
        """Pixels of a picture, once its header was judged."""
        return await asyncio.wrap_future(self._headers.submit(_plain, model, source, _size, source, self._most))

    def _derived(self, model: Model, photo: Sent) -> Pixels:
        return derived(self._shelf.translator(model), photo, self._seconds)

    def close(self) -> None:
        """Begin nothing more; what is being worked on is finished."""
        with self._lock:
            for job in self._jobs:
                job.future.cancel()
            self._jobs.clear()
        self._headers.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _add(self, job: _Job) -> None:
        with self._lock:
            self._jobs.append(job)
        if is_large(job.size):
            self._ask()
        else:
            self._pool.submit(self._round)

    def _round(self) -> None:
        """Work on the small picture that is next: there is one round for each that came."""
        jobs = self._next(large=False)
        if jobs:
            self._work(jobs)

    def _ask(self) -> None:
        """Ask for the turn of a large picture, where there is one: once for all, so that others' turns come between."""
        with self._lock:
            if self._asked or not any(is_large(job.size) for job in self._jobs):
                return
            self._asked = True
        self.turns.ask_large(self._granted)

    def _granted(self) -> None:
        try:
            self._pool.submit(self._large_round)
        except RuntimeError:  # closed meanwhile
            self.turns.end_large(self._granted)

    def _large_round(self) -> None:
        """Work on the large picture that is next."""
        try:
            jobs = self._next(large=True)
            if jobs:
                self._work(jobs)
        finally:
            with self._lock:
                self._asked = False
            self.turns.end_large(self._granted)
            self._ask()

    def _next(self, large: bool) -> list[_Job]:
        """Take the first such job, and small ones that go with it, out of the queue."""
        with self._lock:
            waiting = [job for job in self._jobs if not job.future.cancelled()]
            first = next((job for job in waiting if is_large(job.size) == large), None)
            taken = [] if first is None else [first]
            if first is not None and first.size <= SMALL:
                alike = [job for job in waiting if job.model == first.model and job.size == first.size]
                taken = alike[: self._together]
            self._jobs = deque(job for job in waiting if job not in taken)
        return taken

    def _work(self, jobs: list[_Job]) -> None:
        """Decode, translate, finish, and hand over; a picture that fails is not the others' fault."""
        jobs = [job for job in jobs if job.future.set_running_or_notify_cancel()]
        read: dict[tuple[int, ...], list[tuple[_Job, Pixels]]] = {}
        for job in jobs:
            with _handed(job):
                how = self._derived if job.derive else _decoded
                picture = _plain(job.model, job.source, how, job.model, job.source)
                read.setdefault(picture.shape, []).append((job, picture))
        for alike in read.values():
            try:
                self._run(alike)
            except Exception as error:
                if len(alike) == 1:
                    alike[0][0].future.set_exception(error)
                    continue
                for one in alike:
                    with _handed(one[0]):
                        self._run([one])

    def _run(self, alike: Sequence[tuple[_Job, Pixels]]) -> None:
        """One run of the model for pictures of one shape."""
        model = alike[0][0].model
        translator = _plain(model, None, self._shelf.translator, model)
        start = time.perf_counter()
        if len(alike) > 1:
            results = list(_plain(model, None, translator.array, np.stack([p for _, p in alike]), self._seconds))
        else:
            results = [_plain(model, None, whole_or_parts, translator, alike[0][1], self._seconds)]
        took = 1000 * (time.perf_counter() - start)
        for (job, picture), after in zip(alike, results, strict=True):
            with _handed(job):
                job.future.set_result(job.finish(Translated(picture, after, took, translator.device)))


def whole_or_parts(translator: Translator, picture: Pixels, seconds: float | None = None) -> Pixels:
    """Translate a picture, uint8 `[H, W, C]`: a large one in parts, because a network takes a hundred times its memory.

    Raises:
        PictureError: it is large, and this model's parts would not fit together.
        ModelError: the model failed, or took longer than so many seconds.
    """
    height, width, _ = picture.shape
    if height * width <= WHOLE:
        return translator.array(picture, seconds)
    if translator.card.statistics == "image" and not translator.card.row:
        raise PictureError(
            f"the picture has {width} × {height} pixels, and {translator.card.name} takes no more than {WHOLE:,}: "
            "make it smaller"
        )
    return translate_array(translator, picture, seconds=seconds)


@contextmanager
def _handed(job: _Job) -> Iterator[None]:
    """What goes wrong inside is handed to the one who waits for the job."""
    try:
        yield
    except Exception as error:
        job.future.set_exception(error)


def _size(source: Sent, most: int) -> int:
    """Pixels of a picture, from its header."""
    height, width = source.shape[:2] if isinstance(source, np.ndarray) else pixels.header(source, LIMIT, most)
    return int(height * width)


def _decoded(model: Model, source: Sent) -> Pixels:
    return pixels.read(source, model.card.source_channels, limit=LIMIT)


def _plain(model: Model, source: Sent | None, work: Callable[..., T], *given: Any) -> T:
    """Do the work; errors call files by what they are: where they lie on this machine is not for visitors."""
    try:
        return work(*given)
    except TranslateError as error:
        told = str(error).replace(str(model.path), model.path.name)
        if isinstance(source, (str, os.PathLike)):
            told = told.replace(os.fspath(source), "the picture")
        elif told.startswith("the data "):
            told = f"the picture {told.removeprefix('the data ')}"
        raise type(error)(told) from None
