"""Groups of points, measured while time lasts: processes that take turns, and the machine's speed between them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from benchmarks import report
from benchmarks.cost.budget import ROUNDS, TURN, Budget, Seen, obstacle
from benchmarks.cost.points import Grid, Group, Point, sizes
from benchmarks.report import Turn
from benchmarks.worker import Worker

MOST_STEPS = 64
SLOW = 5.0
"""Seconds a step from which on two turns have to do."""
KILLED = -9


class Measured(NamedTuple):
    """What was found at a point."""

    facts: dict[str, str]
    """`device` and `precision`."""
    turns: list[Turn]
    memory: dict[str, int]
    """As of `Worker.memory`."""

    def seen(self) -> Seen:
        """In short."""
        seconds = min(turn.seconds / turn.steps for turn in self.turns)
        return Seen(seconds, self.memory.get("device", self.memory["peak"]))

    @property
    def training(self) -> int:
        """Bytes that training needs on top of what is there before; on a GPU the most that was allocated."""
        return self.memory.get("device", self.memory["peak"] - self.memory["before"])


class Survey(NamedTuple):
    """All that came of a plan."""

    measured: dict[Point, Measured]
    left_out: dict[Point, str]
    """And why."""


Measure = Callable[[Group, Budget], dict[Point, Measured]]


def survey(
    groups: Sequence[Group],
    grid: Grid,
    budget: Budget,
    available: Callable[[], float],
    measure: Measure,
    say: Callable[[str], None],
) -> Survey:
    """Measure what fits into the budget and the memory, in the order of the plan."""
    found = Survey({}, {})
    seen: dict[Point, Seen] = {}
    for group in groups:
        names = ", ".join(" ".join(point.name) for point in group.points)
        why = obstacle(group, seen, grid, budget, available())
        if why is None:
            say(f"{budget.left:>5.0f} s left: {names}")
            try:
                found.measured.update(measure(group, budget))
                seen |= {point: found.measured[point].seen() for point in group.points}
                continue
            except (RuntimeError, TimeoutError) as error:
                why = explained(str(error))
        say(f"left out: {names}: {why}")
        found.left_out.update(dict.fromkeys(group.points, why))
    return found


class Measurer:
    """Measures groups; knows all turns so far, to tell a slow minute of the machine from the usual."""

    def __init__(self, grid: Grid, device: str, probe: Callable[[], float]) -> None:
        self.grid, self.device, self.probe = grid, device, probe
        self.turns: dict[report.Name, list[Turn]] = {}

    def __call__(self, group: Group, budget: Budget) -> dict[Point, Measured]:
        """All points of a group.

        Raises:
            RuntimeError: a process ended by itself, or was ended by the system.
            TimeoutError: time ran out, which was not foreseen.
        """
        with contextlib.ExitStack() as stack:
            start = budget.clock()
            workers = {point: stack.enter_context(self._worker(point)) for point in group.points}
            facts = {point: worker.facts for point, worker in workers.items()}
            budget.starting = max(3.0, budget.clock() - start)
            steps = {point: self._warm(worker, group.warmup, budget) for point, worker in workers.items()}
            turns = self._take_turns(workers, steps, budget)
            return {point: Measured(facts[point], turns[point], worker.memory()) for point, worker in workers.items()}

    def kept(self) -> dict[report.Name, list[bool]]:
        """Which turns count, in the light of all."""
        return report.calm(self.turns) if self.turns else {}

    def _worker(self, point: Point) -> Worker:
        settings: dict[str, Any] = {"device": self.device, **dict(point.settings)}
        tiny = self.grid.tiny
        return Worker(point.method, "ours", tiny, point.side, point.batch, sizes(point, tiny), settings)

    def _warm(self, worker: Worker, warmup: int, budget: Budget) -> int:
        """Returns how many steps make a turn."""
        took = [worker.play(1, self._patience(budget)) for _ in range(warmup)]
        if took[-1] < TURN:  # The first step of a quick one says little.
            took.append(worker.play(1, self._patience(budget)))
        turn = 0.0 if self.grid.tiny else TURN
        return max(1, min(MOST_STEPS, round(turn / took[-1])))

    def _take_turns(
        self, workers: dict[Point, Worker], steps: dict[Point, int], budget: Budget
    ) -> dict[Point, list[Turn]]:
        turns: dict[Point, list[Turn]] = {point: [] for point in workers}
        rounds, waiting, before = 1 if self.grid.tiny else ROUNDS, list(workers), self.probe()
        for number in range(2 * rounds):
            lap = budget.clock()
            for point in waiting:
                seconds = workers[point].play(steps[point], self._patience(budget))
                after = self.probe()
                turns[point].append(Turn(seconds, steps[point], max(before, after)))
                before = after
            if max(turn.seconds / turn.steps for own in turns.values() for turn in own) > SLOW:
                rounds = min(rounds, 2)
            self.turns.update({point.name: turns[point] for point in workers})
            kept = self.kept()
            if number + 1 >= rounds:
                waiting = [point for point in workers if sum(kept[point.name]) < rounds]
            if not waiting or budget.clock() - lap > budget.left:
                break
        return turns

    def _patience(self, budget: Budget) -> float:
        # A step that was foreseen to fit and hardly does not is worth a minute.
        return budget.left + 60.0


def explained(why: str) -> str:
    """The end of a process, for people."""
    return f"{why} (killed, as the system does where memory runs out)" if why.endswith(f" {KILLED}") else why
