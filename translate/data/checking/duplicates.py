"""Copies: the same file, the same pixels, or nearly so; within a split, and across splits, where they spoil scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from translate.data.checking.findings import Case, Finding, some
from translate.data.checking.looking import Look
from translate.data.checking.seen import Seen

NEAR = 16
"""Of the 128 bits of a difference hash, how many may differ between likely copies …"""
ALIKE = 0.985
"""… whose small grey versions are correlated at least so much, contrast and brightness apart …"""
LEVELS = 6.0
"""… and differ by so many levels of 255 on average at most."""
CONTRAST = 4.0
"""Standard deviation of the small version, in levels, below which a picture is too plain to be told from others."""
_BLOCK = 2048

Pair = tuple[int, int]


def duplicates(seen: Seen) -> Iterator[Finding]:
    """Findings about copies: of whole samples, and of single pictures across splits."""
    looks = seen.whole
    exact = list(_groups(looks))
    same = {frozenset((a, b)) for group in exact for a in group for b in group if a != b}
    near = [pair for pair in near_pairs(looks) if frozenset(pair) not in same]
    yield from _across(seen, looks, exact, near)
    cases = [
        _told(seen, [looks[one] for one in group])
        for group in exact
        if len({looks[o].sample.split for o in group}) == 1
    ]
    yield from some(
        "duplicate",
        "warning",
        ("group of copies", "groups of copies"),
        "Keep one of each: the others only make it count for more.",
        cases,
    )
    within = [(a, b) for a, b in near if looks[a].sample.split == looks[b].sample.split]
    cases = [
        seen.case(*(looks[one] for one in group), detail=f"in {looks[group[0]].sample.split}")
        for group in connected(within)
    ]
    yield from some(
        "near-duplicate",
        "note",
        ("group of pictures that are nearly the same", "groups of pictures that are nearly the same"),
        "The same picture in another size or quality, or a burst of one scene: keep one unless you mean it.",
        cases,
    )
    yield from _contradictions(seen, looks)


def _across(seen: Seen, looks: list[Look], exact: list[list[int]], near: list[Pair]) -> Iterator[Finding]:
    leaks = [group for group in exact if len({looks[one].sample.split for one in group}) > 1]
    yield from some(
        "leakage",
        "error",
        ("group of copies across splits", "groups of copies across splits"),
        "What is trained on must not be scored on: take them out of one side.",
        (_told(seen, [looks[one] for one in group]) for group in leaks),
    )
    leaked = {one for group in leaks for one in group}
    halves = []
    for role in seen.roles if any(len(look.measures) > 1 for look in looks) else ():
        holders = defaultdict(list)
        for number, look in enumerate(looks):
            if number not in leaked and look.measures[role].share < 0.99:
                holders[look.measures[role].digest].append(look)
        halves += [
            _told(seen, group, f"the same {role}; ")
            for group in holders.values()
            if len({look.sample.split for look in group}) > 1
        ]
    yield from some(
        "half-leakage",
        "warning",
        ("picture is in pairs of several splits", "pictures are in pairs of several splits"),
        "Its other half differs, yet scores on it are no scores on something new: take it out of one side.",
        halves,
    )
    cases = [
        seen.case(looks[a], looks[b], detail=f"in {looks[a].sample.split} and in {looks[b].sample.split}")
        for a, b in near
        if looks[a].sample.split != looks[b].sample.split
    ]
    yield from some(
        "near-leakage",
        "warning",
        ("nearly equal pair of pictures across splits", "nearly equal pairs of pictures across splits"),
        "Look at them: if they show one scene, keep them on one side, for scores on such pictures flatter the model.",
        cases,
    )


def _contradictions(seen: Seen, looks: list[Look]) -> Iterator[Finding]:
    """One source with several targets."""
    holders = defaultdict(list)
    for look in looks:
        if "source" in look.measures and "target" in look.measures and look.measures["source"].share < 0.99:
            holders[look.measures["source"].digest].append(look)
    groups = [group for group in holders.values() if len({look.measures["target"].digest for look in group}) > 1]
    yield from some(
        "contradiction",
        "warning",
        ("source has several targets", "sources have several targets"),
        "A model answers the same source with one picture, here a blend of these: keep the pair that is right.",
        (_told(seen, group) for group in groups),
    )


def _told(seen: Seen, group: list[Look], more: str = "") -> Case:
    splits = " and ".join(dict.fromkeys(look.sample.split for look in group))
    files = len({stored.digest for look in group for stored in look.stored}) == len(group[0].stored)
    how = "" if more else ("the same bytes; " if files else "the same pixels; ")
    return seen.case(*group, detail=f"{more}{how}in {splits}")


def _groups(looks: list[Look]) -> Iterable[list[int]]:
    """Samples with equal pixels in all their pictures."""
    found = defaultdict(list)
    for number, look in enumerate(looks):
        found[tuple(one.digest for one in look.measures.values())].append(number)
    return (group for group in found.values() if len(group) > 1)


def connected(pairs: Iterable[Pair]) -> list[list[int]]:
    """Who is joined to whom, by one pair or by several: groups in the order of their first."""
    leads: dict[int, int] = {}

    def lead(one: int) -> int:
        while leads.setdefault(one, one) != one:
            leads[one] = one = leads[leads[one]]
        return one

    for a, b in pairs:
        low, high = sorted((lead(a), lead(b)))
        leads[high] = low
    groups = defaultdict(list)
    for one in sorted(leads):
        groups[lead(one)].append(one)
    return list(groups.values())


def near_pairs(looks: list[Look]) -> list[Pair]:
    """Pairs of samples all of whose pictures are alike; every sample has as many."""
    if len(looks) < 2 or not looks[0].measures:
        return []
    columns = [list(column) for column in zip(*(look.measures.values() for look in looks), strict=True)]
    signs = [np.stack([one.bits for one in column]).astype(np.float32) * 2 - 1 for column in columns]
    thumbs = [np.stack([one.thumb for one in column]).reshape(len(looks), -1).astype(np.float32) for column in columns]
    plain = np.min([thumb.std(axis=1) for thumb in thumbs], axis=0) < CONTRAST
    pairs = []
    for top in range(0, len(looks), _BLOCK):
        for left in range(top, len(looks), _BLOCK):
            close = np.ones((len(signs[0][top : top + _BLOCK]), len(signs[0][left : left + _BLOCK])), bool)
            for sign in signs:  # the scalar product of ±1 is 128 less twice the bits that differ
                close &= sign[top : top + _BLOCK] @ sign[left : left + _BLOCK].T >= 128 - 2 * NEAR
            pairs += [(a + top, b + left) for a, b in np.argwhere(close).tolist() if a + top < b + left]
    return [
        (a, b) for a, b in pairs if not (plain[a] or plain[b]) and all(_alike(thumb[a], thumb[b]) for thumb in thumbs)
    ]


def _alike(one: np.ndarray, other: np.ndarray) -> bool:
    if np.abs(one - other).mean() > LEVELS:
        return False
    return bool(np.corrcoef(one, other)[0, 1] >= ALIKE)
