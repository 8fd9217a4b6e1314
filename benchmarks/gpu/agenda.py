"""What is done, in the order of its worth: what comes late may find no time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from benchmarks.gpu import checks, recorded, roofline, speed
from benchmarks.gpu.facades import facades
from benchmarks.gpu.item import Clock, Item, Result, Task
from benchmarks.gpu.play import VARIANTS
from translate.methods import METHODS

TIMED = ("pix2pix", "cyclegan", "fastcut")
PRECISIONS = ("fp32", "bf16")
# Between them they have BatchNorm, InstanceNorm, dropout and a pool: for what need not be asked of every method.
TELLING = ("pix2pix", "cyclegan")


def agenda(task: Task) -> list[Item]:
    """The items of the stages that were asked for."""
    return [item for stage, items in STAGES.items() if stage in task.stages for item in items(task)]


def _check(name: str, work: Callable[[], Result], gpu: bool = False, stage: str = "checks", seconds: int = 60) -> Item:
    def run(task: Task, clock: Clock) -> Result:
        return work()

    return Item(stage, name, run, seconds, least=3, needs_gpu=gpu)


def _checks(task: Task) -> Iterator[Item]:
    """Eager rounds, then recorded ones; where it must be quick, what every method does alike is asked of two."""
    for method in METHODS:
        for precision in PRECISIONS:
            yield _check(f"{method} plays in {precision}", partial(checks.plays, method, precision))
    for method in (*METHODS, *VARIANTS):
        for precision in PRECISIONS:
            work = partial(recorded.agrees, method, precision)
            yield _check(f"{method} recorded in {precision}", work, gpu=True)
    yield from _recorded()
    for method in TELLING if task.quick else METHODS:
        for precision in PRECISIONS[:1] if task.quick else PRECISIONS:
            yield _check(f"{method} resumes in {precision}", partial(checks.resumes, method, precision))
    yield from _settings(task)


def _recorded() -> Iterator[Item]:
    """What happens to a recorded training on its way."""
    ways = {
        "saved and loaded": recorded.resumed,
        "back to an earlier state": recorded.rewound,
        "looked at": recorded.looked_at,
    }
    variants: Mapping[str, dict[str, Any]] = {
        "accumulate": {"batch": 4, "accumulate": 2},
        "channels last": {"channels_last": "on"},
        "batch of 4": {"batch": 4},
    }
    for method in TELLING:
        for way, drive in ways.items():
            yield _check(f"{method} recorded, {way}", partial(recorded.agrees, method, "bf16", drive), gpu=True)
        for variant, settings in variants.items():
            work = partial(recorded.agrees, method, "bf16", **settings)
            yield _check(f"{method} recorded, {variant}", work, gpu=True)
        for how in ("pinned", "views"):
            work = partial(recorded.fed, method, "bf16", **{how: True})
            yield _check(f"{method} recorded, batches {how}", work, gpu=True)
        yield _check(f"{method} recorded, average", partial(checks.averages, method, True), gpu=True)
    for method in METHODS:
        for is_recorded in (False, True):
            name = f"{method} never waits, {'recorded' if is_recorded else 'eager'}"
            yield _check(name, partial(checks.never_waits, method, is_recorded), gpu=True)


def _settings(task: Task) -> Iterator[Item]:
    """Settings that must not change what is learnt."""
    for method in TELLING:
        yield _check(f"{method} like the CPU", partial(checks.like_the_cpu, method), gpu=True)
        yield _check(f"{method} average", partial(checks.averages, method, False))
        yield _check(f"{method} fused Adam", partial(checks.fused_adam, method))
        yield _check(f"{method} channels last", partial(checks.channels_last, method))
        # Dropout stays: what is computed again must drop the same.
        yield _check(f"{method} recompute", partial(checks.same_as_plain, method, 2, {}, recompute=True))
    # Not with BatchNorm, which sees its part of the batch alone; and while the pool only fills, nothing is drawn.
    pool = {"cyclegan": {"pool": 64}}
    yield _check("cyclegan accumulate", partial(checks.same_as_plain, "cyclegan", 4, pool, accumulate=2))
    yield Item("checks", "recompute saves memory", checks.recompute_saves, 60, least=20, needs_gpu=True)


def _race(stage: str, method: str, batch: int, forms: Mapping[str, Any], seconds: float) -> Item:
    def run(task: Task, clock: Clock) -> Result:
        return speed.race(method, batch, forms, task, clock)

    return Item(stage, f"{method}, batch {batch}", run, seconds, least=10)


def _forms() -> dict[str, Any]:
    return {**speed.EAGER, **speed.RECORDED} if speed.can_record() else speed.EAGER


def _timed(task: Task) -> tuple[str, ...]:
    return TIMED[:1] if task.quick else TIMED


def _speed(task: Task) -> Iterator[Item]:
    for method in _timed(task):
        yield _race("speed", method, 1, _forms(), 60)


def _batches(task: Task) -> Iterator[Item]:
    for batch in (4, 16):
        for method in _timed(task):
            yield _race("batches", method, batch, _forms(), 60)


def _roofline(task: Task) -> Iterator[Item]:
    yield Item("roofline", "ceilings", roofline.ceilings, 20)
    for method in _timed(task):
        yield Item("roofline", method, partial(roofline.round_of, method), 40)


def _facades(task: Task) -> Iterator[Item]:
    yield Item("facades", "pix2pix", facades, 480, least=20)


def _compile(task: Task) -> Iterator[Item]:
    """Last: compiling takes minutes."""
    for method in TELLING:
        work = partial(checks.same_as_plain, method, 2, checks.STILL, compile=True)
        yield _check(f"{method} compile", work, gpu=True, stage="compile", seconds=150)
    for method in _timed(task):
        yield _race("compile", method, 1, speed.COMPILED, 240)._replace(needs_gpu=True, least=60)


STAGES: dict[str, Callable[[Task], Iterator[Item]]] = {
    "checks": _checks,
    "speed": _speed,
    "roofline": _roofline,
    "facades": _facades,
    "batches": _batches,
    "compile": _compile,
}
