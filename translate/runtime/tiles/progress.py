"""Lines that say how far a long job is."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable


class Progress:
    """Reports percents, and from the second line on what is left at the present pace.

    Args:
        what: is being done.
        done: of which so much was done before.
        total: until so much is.
        report: is given the lines, at most one a second.
    """

    def __init__(self, what: str, done: int, total: int, report: Callable[[str], None]) -> None:
        self._what, self._from, self._total, self._report = what, done, total, report
        self._begin = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told < 1:
            return
        self._told = now
        left = (now - self._begin) / (done - self._from) * (self._total - done)
        clock = datetime.timedelta(seconds=round(left))
        self._report(f"{self._what}: {100 * done // self._total} %, {clock} left")
