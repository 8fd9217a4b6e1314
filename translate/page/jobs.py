"""Work that takes minutes: in a thread of its own, with a limit, and over when the visitor who asked for it has gone.

Gradio closes the generator of an event when its visitor presses Cancel or leaves; the generator of such work looks
every moment how far it is, and tells it to stop when it is closed itself. Whatever the work has written by then goes.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from translate.errors import DataError, TranslateError

BEAT = 0.4
"""Seconds from one look at the work to the next: a visitor who has gone is noticed as soon."""
MINUTES = 30
"""Longest that one job may take, what it waits for others not counted; of that it is as much again at most."""


class StoppedError(Exception):
    """Nobody waits for the result any more."""


class Job:
    """Work in a thread of its own, with a folder of its own.

        with Job(work, cache) as job:
            async for _ in job.beats():
                yield how_far()
            yield result()

    When the block ends in any other way than well, the work is told so, and the folder is removed as soon as the
    thread has left it; after a result it stays, and Gradio deletes what was shown of it as old as everything else.

    Args:
        work: is given this job, and calls its `check` often.
        cache: where the folder is made.
        slot: held while the work runs: so many run at once as it lets in, those that are just being stopped included.
    """

    def __init__(self, work: Callable[[Job], None], cache: str | Path, slot: threading.Semaphore) -> None:
        self.folder = Path(cache) / uuid.uuid4().hex
        """For what the work writes."""
        self._work = work
        self._slot = slot
        self._stopped = threading.Event()
        self._ended = threading.Event()
        self._error: BaseException | None = None
        self._until, self._waited = float("inf"), 0.0
        # A daemon: the server ends when it is told to, and not when the last frame of a video is done.
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)

    def __enter__(self) -> Job:
        self.folder.mkdir(parents=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._stopped.set()
            if self._ended.is_set():  # else the thread removes it: it may be writing there
                self._remove()

    def check(self) -> None:
        """Go on?

        Raises:
            StoppedError: nobody waits any more.
            DataError: it has taken too long.
        """
        if self._stopped.is_set():
            raise StoppedError
        if time.monotonic() > self._until + min(self._waited, 60 * MINUTES):
            raise DataError(f"this took longer than {MINUTES} minutes and was stopped: send less at once")

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """While it waits for others: that is not of its time."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._waited += time.monotonic() - start

    async def beats(self) -> AsyncIterator[None]:
        """One moment after the other, until the work has ended.

        Raises:
            TranslateError: what the work raised.
        """
        while not self._ended.is_set():
            yield
            await asyncio.sleep(BEAT)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            with self._slot:
                self._until = time.monotonic() + 60 * MINUTES
                self.check()
                self._work(self)
        except TranslateError as error:
            self._error = type(error)(str(error).replace(f"{self.folder}/", ""))  # that is not for visitors
        except BaseException as error:
            self._error = error
        finally:
            self._ended.set()
            if self._stopped.is_set():
                self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
