"""How fast a run goes, and how long it has to go."""

from __future__ import annotations

import time


class Pace:
    """How fast a run goes and how long it has to go, over its latest stretch."""

    def __init__(self, start: int, total: int) -> None:
        self.total, self._step, self._time, self.rate, self.left = total, start, time.perf_counter(), 0.0, 0.0

    def at(self, step: int) -> Pace:
        """Take the time at `step`."""
        now = time.perf_counter()
        self.rate = (step - self._step) / max(now - self._time, 1e-9)
        self.left = (self.total - step) / max(self.rate, 1e-9)
        self._step, self._time = step, now
        return self

    def numbers(self, batch: int) -> dict[str, float]:
        """The same for a viewer, by name; `batch` is the samples a step."""
        return {
            "pace/steps_per_second": self.rate,
            "pace/samples_per_second": self.rate * batch,
            "pace/hours_left": self.left / 3600,
        }

    def __str__(self) -> str:
        hours, rest = divmod(round(self.left), 3600)
        left = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
        return f"{self._step:>7,}/{self.total:,}  {self.rate:6.2f} steps/s  {left} left"
