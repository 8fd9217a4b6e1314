"""Who uses the models now: a visitor who waits for one picture comes before work that takes minutes.

Both would share the cores, and the one picture would take twice as long for every batch or video that runs. So these
ask before each of their pictures, and wait while a visitor's is in work; but never for longer than they worked
themselves, so that they get on. And whoever it is for, one large picture is worked on at a time.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from translate.page.jobs import Job

LARGE = 1024 * 1024
"""Pixels from which on no two pictures are worked on at once: a network takes hundreds of times their memory."""
LONGEST = 2.0
"""Seconds that long work gives way at most before each of its pictures, however many visitors there are."""
LOOK = 0.4
"""Seconds after which one who waits looks again whether it is still wanted."""


def is_large(size: int) -> bool:
    """Whether a picture of so many pixels is worked on alone."""
    return size > LARGE


class Turns:
    """Shared by everything that runs models, from any number of threads."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._first = self._long = 0
        self._asking: deque[Callable[[], None]] = deque()
        """Whoever wants to work on a large picture; the first one does."""

    @property
    def busy(self) -> bool:
        """Whether long work runs."""
        return self._long > 0

    @contextmanager
    def first(self) -> Iterator[None]:
        """Around a picture that somebody is waiting for."""
        with self._free:
            self._first += 1
        try:
            yield
        finally:
            with self._free:
                self._first -= 1
                self._free.notify_all()

    @contextmanager
    def long(self, job: Job) -> Iterator[LongWork]:
        """Around work of many pictures."""
        with self._free:
            self._long += 1
        try:
            yield LongWork(self, job)
        finally:
            with self._free:
                self._long -= 1

    def give_way(self, longest: float) -> None:
        """Wait until nobody is first, for so many seconds at most: before each picture of long work."""
        with self._free:
            self._free.wait_for(lambda: not self._first, longest)

    def ask_large(self, granted: Callable[[], None]) -> None:
        """Call `granted`, in this thread or another, when it is one's turn to work on a large picture.

        Turns come in the order of asking. Whoever has asked calls `end_large` with the same in the end.
        """
        with self._free:
            self._asking.append(granted)
            now = len(self._asking) == 1
        if now:
            granted()

    def end_large(self, granted: Callable[[], None]) -> None:
        """Let the next one work on a large picture, or ask no longer."""
        with self._free:
            had_it = self._asking[0] == granted
            self._asking.remove(granted)
            follows = self._asking[0] if had_it and self._asking else None
        if follows:
            follows()

    @contextmanager
    def large(self, check: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Around work on a large picture; what `check`, which is called while it waits, raises ends the waiting."""
        granted = threading.Event()
        self.ask_large(granted.set)
        try:
            while not granted.wait(LOOK):
                check()
            yield
        finally:
            self.end_large(granted.set)


class LongWork:
    """A batch or a video, picture after picture in one thread."""

    def __init__(self, turns: Turns, job: Job) -> None:
        self._turns, self._job = turns, job
        self._took = 0.0

    @contextmanager
    def turn(self, size: int) -> Iterator[None]:
        """Around the model's work on a picture of so many pixels. What it waits for others is not of the job's time.

        It gives way for as long as its last picture took: with visitors all the time it gets half of the time, and
        neither does a video of many short frames wait for many times as long as it works.

        Raises:
            StoppedError, DataError: as `Job.check` does.
        """
        with ExitStack() as stack:
            with self._job.waiting():
                self._turns.give_way(min(LONGEST, self._took))
                if is_large(size):
                    stack.enter_context(self._turns.large(self._job.check))
            self._job.check()
            start = time.monotonic()
            try:
                yield
            finally:
                self._took = time.monotonic() - start
