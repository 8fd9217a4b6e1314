"""What may be tried: a point that would take longer than there is time, or more memory than there is, is left out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.cost.fit import MEMORY, TIME, predict
from benchmarks.cost.points import Grid, Group, Point

MARGIN = 0.85
"""Share of the memory at hand that is filled at most: predictions are not exact, and others live here too."""
STARTING = 15.0
"""Seconds that a process takes until its first step, before any was seen to start."""
TURN = 1.0
"""Seconds that a turn is to last, if a step does not last longer."""
ROUNDS = 3
# An option may need more than the plain step whose cost is known.
OPTION_TIME, OPTION_MEMORY = 2.0, 1.5
GIB = 2**30


class Seen(NamedTuple):
    """What a point cost."""

    seconds: float
    """A step."""
    memory: float
    """Bytes at its peak: of the process, or of the GPU."""


class Budget:
    """Seconds that are left of so many, by a clock that only goes forward."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock, self.seconds, self.start = clock, seconds, clock()
        self.starting = STARTING

    @property
    def left(self) -> float:
        """Not less than 0."""
        return max(0.0, self.start + self.seconds - self.clock())


def obstacle(group: Group, seen: Mapping[Point, Seen], grid: Grid, budget: Budget, memory: float) -> str | None:
    """Why a group is not measured, None if it can be. `memory`: bytes at hand."""
    if not budget.left:
        return "no time was left"
    expected = [expect(point, seen, grid) for point in group.points]
    if any(one is None for one in expected):
        base = all(grid.at(point.method) == point for point in group.points)
        return None if base else "nothing that would foretell its cost was measured"
    known = [one for one in expected if one is not None]
    bytes_needed = sum(one.memory for one in known)
    if bytes_needed > MARGIN * memory:
        return f"it would need about {bytes_needed / GIB:.1f} GiB, there are {memory / GIB:.1f}"
    needed = budget.starting + group.building
    needed += sum(max(one.seconds, TURN) * (group.warmup + ROUNDS) for one in known)
    if needed > budget.left:
        return f"it would take about {needed:.0f} s, {budget.left:.0f} were left"
    return None


def expect(point: Point, seen: Mapping[Point, Seen], grid: Grid) -> Seen | None:
    """What a point will cost, from the points with default settings that are like it.

    Of the same width: a batch of 16 at side 256 is reckoned like one picture of side 1024. Of another width: from
    those that differ in nothing else.
    """
    if point.width == grid.base["width"]:
        like = {other: other.batch * other.side**2 for other in seen if _plain(other, point) and _same(other, point)}
        place, time_law, memory_law = point.batch * point.side**2, 1.0, 1.0
    else:
        like = {other: other.width for other in seen if _plain(other, point) and _same(other, point, "side", "batch")}
        place, time_law, memory_law = point.width, TIME["width"][1], MEMORY["width"][1]
    seconds = predict(_highest((x, seen[other].seconds) for other, x in like.items()), place, time_law)
    memory = predict(_highest((x, seen[other].memory) for other, x in like.items()), place, memory_law)
    if seconds is None or memory is None:
        return None
    return Seen(seconds * OPTION_TIME, memory * OPTION_MEMORY) if point.option else Seen(seconds, memory)


def _plain(other: Point, point: Point) -> bool:
    return other.method == point.method and not other.option


def _same(other: Point, point: Point, *fields: str) -> bool:
    return all(getattr(other, field) == getattr(point, field) for field in fields or ("width",))


def _highest(pairs: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """One pair for each x."""
    highest: dict[float, float] = {}
    for x, y in pairs:
        highest[x] = max(y, highest.get(x, y))
    return list(highest.items())


def available(device: torch.device) -> float:
    """Bytes that may be filled now: of the GPU, or what the system and its container can still give."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    with suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = float(next(line for line in lines if line.startswith("MemAvailable")).split()[1]) * 1024
        return min(free, _container())
    # Where the system does not say: half of all.
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2


def _container() -> float:
    """What a container's limit leaves, infinite where there is none."""
    with suppress(OSError, ValueError):
        folder = Path("/sys/fs/cgroup")
        return float((folder / "memory.max").read_text()) - float((folder / "memory.current").read_text())
    return float("inf")
