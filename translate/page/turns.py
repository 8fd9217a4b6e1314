"""Who uses the models now: a visitor who waits for one picture comes before work that takes minutes.

Both would share the cores, and the one picture would take twice as long for every batch or video that runs. So these
ask before each of their pictures, and wait while a visitor's is in work; but never for long, so that they get on.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 2.0
"""Seconds that long work waits at most before each of its pictures, however many visitors there are."""


class Turns:
    """Shared by everything that runs models, from any number of threads."""

    def __init__(self) -> None:
        self._free = threading.Condition()
        self._first = 0

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

    def give_way(self, longest: float = LONGEST) -> None:
        """Wait until nobody is first, for so many seconds at most: before each picture of long work."""
        with self._free:
            self._free.wait_for(lambda: not self._first, longest)
