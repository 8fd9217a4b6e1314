"""Checks of recorded rounds (CUDA graphs): replaying one must be what playing it is.

What may go wrong is that something is recorded that should change: the rate, the draws, a full pool, the batch, the
address of a weight. Each is seen as losses that leave the eager ones, so a check also measures how far losses leave
when the rate stays or the draws differ, and does not pass if it could not have told. Where gradients are sums in no
fixed order, eager rounds leave themselves: up to ten times that is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, NamedTuple

from benchmarks.gpu.item import Result, verdict
from benchmarks.gpu.play import Curve, Feed, distance, exact, feed, joined, play, through_a_file, trainer
from translate.training.trainer import Trainer

ROUNDS = 60
MIDDLE = 35
# Of exact cuDNN: nothing but the order of sums differs. bf16's relative rounding is 2⁻⁸.
LIMIT = {"fp32": 1e-4, "bf16": 2**-8}
# High enough that a wrong rate or draw shows within the rounds.
RATE = 1e-3

Make = Callable[..., Trainer]
Drive = Callable[[Trainer, Make, Feed], Curve]


def straight(player: Trainer, make: Make, batches: Feed) -> Curve:
    """All rounds."""
    return play(player, batches, ROUNDS)


def resumed(player: Trainer, make: Make, batches: Feed) -> Curve:
    """Saved in the middle and gone on with by another."""
    first, second = play(player, batches, MIDDLE), make()
    second.load(through_a_file(player.state()))
    return joined(first, play(second, batches, ROUNDS))


def rewound(player: Trainer, make: Make, batches: Feed) -> Curve:
    """Played on, then back to an earlier state, as a guard does: the record's addresses must still hold."""
    first = play(player, batches, MIDDLE)
    state = through_a_file(player.state())
    play(player, batches, MIDDLE + 10)
    player.load(state)
    return joined(first, play(player, batches, ROUNDS))


def looked_at(player: Trainer, make: Make, batches: Feed) -> Curve:
    """A sample sheet and a state are taken in the middle."""
    first = play(player, batches, MIDDLE)
    player.show(batches(0))
    player.state()
    return joined(first, play(player, batches, ROUNDS))


class Reference(NamedTuple):
    """Eager rounds: their losses, and how far those of a second time are from them."""

    curve: Curve
    floor: float


# Many checks compare with the same rounds.
@cache
def reference(name: str, settings: tuple[tuple[str, Any], ...]) -> Reference:
    """Eager rounds with these settings, twice."""
    first, again = (_eager(name, dict(settings)) for _ in range(2))
    return Reference(first, distance(again, first))


@cache
def wrong(name: str) -> dict[str, float]:
    """How far the losses of rounds with a wrong rate, and with other draws, are from the right ones."""
    right = reference(name, _key("fp32", {})).curve
    return {
        "rate stays": distance(_eager(name, dict(_key("fp32", {"decay": 0.0}))), right),
        "other draws": distance(_eager(name, dict(_key("fp32", {"seed": 1}))), right),
    }


def agrees(name: str, precision: str, drive: Drive = straight, **settings: Any) -> Result:
    """Recorded rounds, driven so, beside eager ones of the same settings, played straight."""
    found = evidence(name, precision, partial(trainer, graphs=True), drive, **settings)
    return verdict(found.pop("passed") and found["recorded"], **found)


def evidence(name: str, precision: str, other: Make, drive: Drive = straight, **settings: Any) -> dict[str, Any]:
    """How far what `other` makes is from the eager rounds, how far those are from themselves, and from wrong ones."""
    key = _key(precision, settings)
    with exact():
        right = reference(name, key)
        player = other(name, ROUNDS, **dict(key))
        error = distance(
            drive(player, partial(other, name, ROUNDS, **dict(key)), _batches(name, settings)), right.curve
        )
        seen = wrong(name)
    limit = max(LIMIT[precision], 10 * right.floor)
    return {
        "passed": error <= limit < min(seen.values()),
        "error": error,
        "limit": limit,
        "twice the same": right.floor,
        "would be seen": seen,
        "recorded": bool(getattr(player, "captured", False)),
        "rounds": ROUNDS,
    }


def fed(name: str, precision: str, **how: bool) -> Result:
    """Batches that come in another way (see `feed`), each given up at once, beside batches on the device."""
    with exact():
        here, there = (trainer(name, ROUNDS, precision=precision, graphs=True) for _ in range(2))
        error = distance(play(there, feed(name, **how), ROUNDS), play(here, feed(name), ROUNDS))
    limit = max(LIMIT[precision], 10 * reference(name, _key(precision, {})).floor)
    captured = bool(getattr(there, "captured", False))
    return verdict(error <= limit and captured, error=error, limit=limit, recorded=captured)


def _key(precision: str, settings: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple({"precision": precision, "lr": RATE, **settings}.items())


def _eager(name: str, settings: dict[str, Any]) -> Curve:
    return play(trainer(name, ROUNDS, **settings), _batches(name, settings), ROUNDS)


def _batches(name: str, settings: Mapping[str, Any]) -> Feed:
    return feed(name, settings.get("batch"))
