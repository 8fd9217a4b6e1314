"""What the command is made of: items, each with a time of its own, and the clock that says how much of it is left."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

Result = dict[str, Any]
"""What an item found. `status` is one of STATUSES; the rest is numbers."""
STATUSES = ("passed", "failed", "measured", "error", "no GPU", "no data", "no time")


@dataclass(frozen=True)
class Task:
    """What was asked for; it travels to the process that does the work."""

    stages: tuple[str, ...]
    quick: bool
    """Tiny networks, few steps: does it work?"""
    data: Path | None
    """Folder of side-by-side pairs."""
    sheet: Path
    """Where the sample sheet goes."""


class Clock:
    """Counts down to `end`, in seconds since the epoch, so that several processes agree."""

    def __init__(self, end: float) -> None:
        self.end = end

    def left(self) -> float:
        """Seconds; negative when it is over."""
        return self.end - time.time()


class Item(NamedTuple):
    """One thing to find out."""

    stage: str
    name: str
    work: Callable[[Task, Clock], Result]
    seconds: float
    """The most that it may take; it is stopped a little later."""
    least: float = 5.0
    """With less than that it is not begun."""
    needs_gpu: bool = False


def verdict(passed: bool, **numbers: Any) -> Result:
    """A check's result."""
    return {"status": "passed" if passed else "failed", **numbers}


def scrub(error: BaseException) -> str:
    """The kind and the first line of an error, without folders of the machine that it happened on."""
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    bare = re.sub(r"(?:/[^/:\s]+)+/", "", first)
    return f"{type(error).__name__}: {bare}"[:400]
