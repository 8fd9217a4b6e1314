"""Pairs out of register, or of pictures that do not belong together: what `registration` measured, judged.

Two questions are asked of the set as a whole, where chance has little room, and then of every pair, where it has more.
The figures of false alarms are in docs/checking.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from translate.data.checking.findings import Finding, some
from translate.data.checking.looking import Look
from translate.data.checking.registration import BELIEVED, Fit, at_peak, belonging
from translate.data.checking.seen import Seen

FEWEST = 16
"""Pairs from which they are compared with each other."""
TOGETHER = 2048
"""Pairs that are compared with each other at once, neighbours by name; of more there are several such groups."""
STRANGE, OWN = 5.0, 1.0
"""How well another target must match, and how badly one's own, in standard deviations of what strangers reach."""
EXCHANGED, BOTH = 7.0, 2.0
"""How much better two pairs must match when their targets are exchanged, summed over both; and how badly each must
match its own."""
OFFSETS = 5
"""How far by name a shuffled partner is looked for."""
SHIFT = 2.0
"""Pixels of 128 by which a pair must be shifted to be worth a word."""


@dataclass(frozen=True)
class Alignment:
    """The set as a whole."""

    pairs: int
    shift: tuple[float, float]
    """Of all pairs together, the peak of their mean correlation: down and right, pixels."""
    median: tuple[float, float]
    """The median of the pairs' own peaks."""
    rank: float | None
    """The mean share of other targets that match a source better than its own: 0.5 is chance, None too few pairs."""
    offset: int
    """How much further by name the targets are that match best: 0 in order."""

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "pairs": self.pairs,
            "shift": list(self.shift),
            "median_shift": list(self.median),
            "others_match_better": self.rank,
            "offset": self.offset,
        }


def aligned(seen: Seen) -> tuple[Alignment | None, list[Finding]]:
    """What the pairs' edges say, and the findings that follow; None where there are no pairs to compare."""
    pairs = [(look, look.fit) for look in seen.whole if look.fit]
    moved = [(look, fit) for look, fit in pairs if look.measures["source"].digest != look.measures["target"].digest]
    if len(moved) < 2:
        return None, []
    looks, fits = [look for look, _ in moved], [fit for _, fit in moved]
    scores = [(start, belonging(*_maps(fits[start : start + TOGETHER]))) for start in _starts(len(fits))]
    rank, offset, certain = _order(scores) if len(fits) >= FEWEST else (None, 0, True)
    scale = (float(np.median([fit.scale[0] for fit in fits])), float(np.median([fit.scale[1] for fit in fits])))
    together = at_peak(np.mean([fit.surface for fit in fits], axis=0), scale)
    own = np.median([fit.shift for fit in fits], axis=0)
    alignment = Alignment(len(fits), together, (float(own[0]), float(own[1])), rank, offset)
    if offset or not certain:
        return alignment, list(_shuffled(alignment))
    findings = list(_set_shifted(alignment, scale))
    findings += _shifted(seen, looks, fits, alignment.shift)
    if rank is not None:
        findings += _strangers(seen, looks, scores)
    return alignment, findings


def _starts(count: int) -> range:
    """Where groups begin; the last ones are joined so that none is too small to compare within."""
    return range(0, max(1, count - FEWEST), TOGETHER)


def _maps(fits: list[Fit]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([fit.maps[0] for fit in fits]), np.stack([fit.maps[1] for fit in fits])


def _order(scores: list[tuple[int, np.ndarray]]) -> tuple[float, int, bool]:
    """The mean rank, the offset by which targets match best, and whether the pairing can be told from chance."""
    ranks = [(group > np.diag(group)[:, None]).mean(axis=1) for _, group in scores]
    rank = float(np.concatenate(ranks).mean())
    count = sum(map(len, ranks))
    means = {
        offset: float(np.mean(np.concatenate([np.diag(group, offset) for _, group in scores])))
        for offset in range(-OFFSETS, OFFSETS + 1)
    }
    best = max(means, key=lambda offset: means[offset])
    # Under chance a mean of standard scores has a standard error of 1/√n, a mean rank one of 0.29/√n.
    if best and means[best] > means[0] + 6 / count**0.5:
        return rank, best, True
    return rank, 0, rank < 0.5 - 3 * 0.29 / count**0.5


def _shuffled(alignment: Alignment) -> Iterator[Finding]:
    rank = f"{alignment.rank:.0%} of other targets match a source better than its own on average (50% is chance)"
    if alignment.offset:
        further = f"{abs(alignment.offset)} {'further' if alignment.offset > 0 else 'earlier'} by name"
        yield Finding(
            "shuffled",
            "error",
            f"sources match the targets {further}, not their own: {rank}",
            "The pairing is off: look where a name is missing from one side, and number both sides anew.",
        )
    else:
        yield Finding(
            "unrelated",
            "warning",
            f"pairs cannot be told from pictures put together by chance: {rank}",
            "Look at some: either they are shuffled, or source and target share no edges, and then this says nothing.",
        )


def _set_shifted(alignment: Alignment, scale: tuple[float, float]) -> Iterator[Finding]:
    down, right = alignment.shift
    if max(abs(down) / scale[0], abs(right) / scale[1]) >= SHIFT:
        yield Finding(
            "set-shifted",
            "error",
            f"all pairs together match best with the target moved by {moved(down, right)}",
            "They are out of register by the same amount, as after another crop or border: cut both sides alike.",
        )


def _shifted(seen: Seen, looks: list[Look], fits: list[Fit], common: tuple[float, float]) -> list[Finding]:
    cases = []
    for look, fit in zip(looks, fits, strict=True):
        down, right = fit.shift
        away = max(abs(down - common[0]) / fit.scale[0], abs(right - common[1]) / fit.scale[1])
        if fit.gap > BELIEVED and away > SHIFT:
            cases.append(seen.case(look, detail=f"target moved by {moved(down, right)}"))
    return some(
        "shifted",
        "note",
        ("pair matches better when shifted", "pairs match better when shifted"),
        "Lay the two over each other and look: repeated patterns such as windows can fool this.",
        cases,
    )


def _strangers(seen: Seen, looks: list[Look], scores: list[tuple[int, np.ndarray]]) -> list[Finding]:
    cases = []
    exchanged: list[tuple[int, int]] = []
    for start, group in scores:
        own = np.diag(group).copy()
        gain = np.triu(group + group.T - own[:, None] - own, 1)
        both = (own < BOTH)[:, None] & (own < BOTH)
        exchanged += [(start + a, start + b) for a, b in np.argwhere((gain > EXCHANGED) & both).tolist()]
        known = {place for pair in exchanged for place in pair}
        others = group.copy()
        np.fill_diagonal(others, -np.inf)
        for place in np.flatnonzero((others.max(axis=1) > STRANGE) & (own < OWN)).tolist():
            if start + place in known:
                continue
            best = looks[start + int(others[place].argmax())]
            name = seen.collection.name(best.sample.files[-1])
            cases.append(seen.case(looks[start + place], best, detail=f"the target in {name} matches better"))
    return some(
        "exchanged",
        "warning",
        (
            "couple of pairs matches better with targets exchanged",
            "couples of pairs match better with targets exchanged",
        ),
        "Look at them: if their names were mixed up, exchange them back.",
        (seen.case(looks[a], looks[b]) for a, b in exchanged),
    ) + some(
        "stranger",
        "warning",
        ("source matches another pair's target far better than its own", "sources match other pairs' targets better"),
        "Look at them: its name may have gone to another picture.",
        cases,
    )


def moved(down: float, right: float) -> str:
    """A shift in words."""
    parts = [f"{abs(right):.0f} px {'right' if right > 0 else 'left'}"] if round(right) else []
    parts += [f"{abs(down):.0f} px {'down' if down > 0 else 'up'}"] if round(down) else []
    return " and ".join(parts) or "nothing"
