"""Steps per second: the authors' step and ours in several forms, by turns in one process.

Turns are blocks of about a third of a second, the GPU idle before and after, each round in the opposite order of the
last, so that a clock that drifts hits all alike. What a contestant does before it is timed: fill its image pool, let
cuDNN choose, record its rounds.
"""

from __future__ import annotations

import statistics
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import torch

from benchmarks import report
from benchmarks.candidates import CHANNELS, PAPERS, TINY, Candidate, our_method
from benchmarks.gpu.item import Clock, Result, Task, scrub
from translate.batches import Pair
from translate.settings import Settings
from translate.training import precision
from translate.training.trainer import Trainer

SIDE = {False: 256, True: 32}
# None is the authors' own step.
EAGER: dict[str, Mapping[str, Any] | None] = {"literal": None, "eager": {}}
RECORDED: dict[str, Mapping[str, Any] | None] = {
    "graphs": {"graphs": True, "channels_last": "off"},
    "graphs, channels last": {"graphs": True, "channels_last": "on"},
}
COMPILED: dict[str, Mapping[str, Any] | None] = {
    "literal": None,
    "graphs": {"graphs": True},
    "compile": {"compile": True},
    "compile, graphs": {"compile": True, "graphs": True},
}
# The literal step's rate at batch 1, times this, is what ours must reach in its best form.
TARGET = 5.0
# Rounds that fill CycleGAN's pool, and how many more a recording may take.
POOL, PATIENCE = 50, 40
BLOCK = 0.3
ROUNDS = (5, 12)


class Contestant:
    """One form of a method's step at a batch size, ready to be timed.

    `settings` are those of ours that are not default; None is the authors' own step.
    """

    def __init__(self, method: str, settings: Mapping[str, Any] | None, batch: int, tiny: bool) -> None:
        device = precision.device("auto")
        self.on_gpu, self.batch, self.tiny = device.type == "cuda", batch, tiny
        if self.on_gpu:
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            self.memory = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()
        torch.manual_seed(0)
        sizes, self.trainer = TINY if tiny else PAPERS, None
        if settings is None:
            self.step: Callable[..., Any] = Candidate(method, "literal", sizes).step
        else:
            self.trainer = Trainer(our_method(method, sizes), Settings(batch=batch, **settings), total=10**6, seed=0)
            player = self.trainer
            self.step = lambda source, target: player.play(Pair(source, target))
        side = SIDE[tiny]
        # Drawn on the host: the same pictures for every contestant.
        self.pictures = [
            tuple((torch.rand(2, batch, CHANNELS, side, side) * 2 - 1).to(device).unbind()) for _ in range(4)
        ]
        self.played = 0

    def block(self, steps: int) -> float:
        """Seconds for so many steps, until the GPU has done them."""
        start = time.perf_counter()
        for _ in range(steps):
            self.step(*self.pictures[self.played % len(self.pictures)])
            self.played += 1
        if self.on_gpu:
            torch.cuda.synchronize()
        return time.perf_counter() - start

    def warm_up(self) -> int:
        """Play until all is as it will be. Returns how many steps make a block."""
        self.block(2 if self.tiny and not self.on_gpu else -(-POOL // self.batch) + 5)
        for _ in range(PATIENCE if self.recorded is False else 0):
            self.block(1)
            if self.recorded:
                break
        return 2 if self.tiny and not self.on_gpu else max(1, min(400, round(BLOCK / (self.block(3) / 3))))

    @property
    def recorded(self) -> bool | None:
        """Whether rounds are replayed now; None where they are not meant to be."""
        if self.trainer is None or not self.trainer.settings.graphs:
            return None
        return bool(getattr(self.trainer, "captured", False))

    def facts(self) -> Result:
        """What was built, and what it took of the GPU's memory over what others had taken before."""
        dtype = self.trainer.dtype if self.trainer else torch.float32
        found: Result = {"precision": str(dtype).removeprefix("torch."), "recorded": self.recorded}
        if self.on_gpu:
            found["peak_bytes"] = torch.cuda.max_memory_allocated() - self.memory[0]
            found["reserved_bytes"] = torch.cuda.memory_reserved() - self.memory[1]
        return found

    def measure(self, rounds: int) -> Result:
        """On its own: facts, and seconds a step."""
        steps = self.warm_up()
        facts = self.facts()
        return {**facts, **_summary([self.block(steps) for _ in range(rounds)], steps, self.batch)}


def race(method: str, batch: int, forms: Mapping[str, Mapping[str, Any] | None], task: Task, clock: Clock) -> Result:
    """All forms of a method by turns; those that cannot run say why."""
    contestants: dict[str, Contestant] = {}
    found: dict[str, Result] = {}
    steps: dict[str, int] = {}
    status = "measured"
    for form, settings in forms.items():
        if clock.left() < 5:
            found[form] = {"why": "no time"}
            continue
        try:
            contestant = Contestant(method, settings, batch, task.quick)
            steps[form] = contestant.warm_up()
            found[form], contestants[form] = contestant.facts(), contestant
        except torch.OutOfMemoryError as error:
            found[form] = {"why": scrub(error)}
        except Exception as error:
            # The others may still be told; what went wrong is on stderr.
            traceback.print_exc()
            found[form], status = {"why": scrub(error)}, "error"
    for form, seconds in _turns(contestants, steps, task, clock).items():
        found[form] |= _summary(seconds, steps[form], batch)
    return {"status": status, "batch": batch, "side": SIDE[task.quick], "forms": found, **_against(found, batch)}


def _turns(
    contestants: Mapping[str, Contestant], steps: Mapping[str, int], task: Task, clock: Clock
) -> dict[str, list[float]]:
    blocks: dict[str, list[float]] = {form: [] for form in contestants}
    least, most = (2, 2) if task.quick else ROUNDS
    for number in range(most):
        start = time.time()
        for form in list(contestants)[:: -1 if number % 2 else 1]:
            blocks[form].append(contestants[form].block(steps[form]))
        if number + 1 >= least and clock.left() < 2 * (time.time() - start):
            break
    return blocks


def _summary(blocks: list[float], steps: int, batch: int) -> Result:
    """Seconds a step, and how many a second; the median's, and the quartiles'."""
    turns = [report.Turn(seconds, steps, 0.0) for seconds in blocks]
    seconds = report.summary(turns, [True] * len(turns))["seconds"]
    rate = 1 / seconds["median"]
    return {
        "seconds": seconds,
        "steps_per_second": rate,
        "pictures_per_second": batch * rate,
        "blocks": len(blocks),
        "steps_a_block": steps,
    }


def _against(found: Mapping[str, Mapping[str, Any]], batch: int) -> Result:
    """How many times the authors' step's rate each form of ours reaches, and the target at batch 1."""
    rates = {form: facts["steps_per_second"] for form, facts in found.items() if "steps_per_second" in facts}
    if "literal" not in rates:
        return {"times_literal": {}}
    times = {form: rate / rates["literal"] for form, rate in rates.items() if form != "literal"}
    best = max(times.values(), default=0.0)
    target = {"at_least": TARGET, "best": best, "met": best >= TARGET if _judged(found, batch) else None}
    return {"times_literal": times, "target": target}


def _judged(found: Mapping[str, Mapping[str, Any]], batch: int) -> bool:
    """The target is for rounds that were recorded on a GPU, one picture at a time, at the papers' sizes."""
    return batch == 1 and any(facts.get("recorded") and "peak_bytes" in facts for facts in found.values())


def once(step: Callable[[], Any], times: int = 20) -> float:
    """Median seconds of `step` on the device: by events on a GPU, by the clock elsewhere."""
    if not torch.cuda.is_available():
        return statistics.median(_by_clock(step) for _ in range(3))
    seconds = []
    for number in range(times + 3):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        step()
        end.record()
        end.synchronize()
        if number >= 3:
            seconds.append(begin.elapsed_time(end) / 1000)
    return statistics.median(seconds)


def _by_clock(step: Callable[[], Any]) -> float:
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def can_record() -> bool:
    """Whether rounds can be recorded here."""
    return torch.cuda.is_available()
