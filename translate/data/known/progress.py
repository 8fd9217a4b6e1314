"""How far it is, how fast, how long yet: one line that is written over, where somebody looks on."""

from __future__ import annotations

import sys
import time
from collections import deque
from types import TracebackType

EVERY = 0.2
"""Seconds between two lines."""
LOOK_BACK = 5.0
"""Seconds over which the rate is taken: a resumed download does not count what it had."""


def size(count: float) -> str:
    """Bytes for people, in powers of a thousand: `30.2 MB`."""
    for unit in ("bytes", "kB", "MB"):
        if count < 999.5:
            return f"{count:,.0f} bytes" if unit == "bytes" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB" if count < 999.5 else f"{count:,.0f} GB"


class Progress:
    """A line on a terminal's stderr; silent where there is none. Leaves nothing on the screen."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total = what, total
        self.loud = sys.stderr.isatty()
        self.seen: deque[tuple[float, int]] = deque()
        self.shown = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.loud and self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def __call__(self, done: int, total: int = 0) -> None:
        """So many bytes (files) are there, of `total` if that is known better by now."""
        if not self.loud:
            return
        self.total = total or self.total
        now = time.monotonic()
        if self.seen and done < self.seen[-1][1]:  # begun anew
            self.seen.clear()
        self.seen.append((now, done))
        while now - self.seen[0][0] > LOOK_BACK and len(self.seen) > 2:
            self.seen.popleft()
        if now - self.shown >= EVERY:
            self.shown = now
            print(f"\r\x1b[K{self.line()}", end="", file=sys.stderr, flush=True)

    def line(self) -> str:
        """`facades.zip: 12.3 MB of 35.1 MB, 1.2 MB/s, 0:19 left`."""
        (first, before), (last, done) = self.seen[0], self.seen[-1]
        rate = (done - before) / (last - first) if last > first else 0.0
        line = f"{self.what}: {size(done)}" + (f" of {size(self.total)}" if self.total else "")
        if rate:
            line += f", {size(rate)}/s"
            if self.total > done:
                line += f", {_clock((self.total - done) / rate)} left"
        return line


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
