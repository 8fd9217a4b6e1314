"""What can be wrong between the two pictures of a pair: no partner, other sizes, swapped halves, out of register."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from translate.data.checking.findings import Case, Finding, some
from translate.data.checking.looking import Look
from translate.data.checking.seen import Seen

CLEAR = 8.0
"""How well the two domains must be told apart (squared distance in robust deviations) to tell a swapped pair."""
SWAPPED = -0.4
"""Where a pair lies on the line from the one domain's way round (1) to the other (-1), from which it is swapped."""
FEWEST = 8
"""Pairs from which there is a usual way round."""


def pairs(seen: Seen) -> Iterator[Finding]:
    """Findings about pairs, but for their alignment."""
    collection = seen.collection
    yield from some(
        "no-partner",
        "error",
        ("file has no partner of the same name", "files have no partner of the same name"),
        "Names must agree up to the suffix: rename them, or take them out.",
        (Case((collection.name(file),)) for file in collection.lonely),
    )
    yield from some(
        "same-stem",
        "error",
        ("name stands for two files of one folder", "names stand for two files of one folder"),
        "Which of the two is meant cannot be known: take one out.",
        (Case(tuple(map(collection.name, files))) for files in collection.ambiguous),
    )
    yield from some(
        "odd-width",
        "error",
        ("file cannot be cut into two equal halves", "files cannot be cut into two equal halves"),
        "A pair side by side has an even width: join its pictures again.",
        (seen.case(look, detail=look.problem) for look in seen.looks if look.kind == "odd-width"),
    )
    yield from some(
        "pair-size",
        "error",
        ("pair is of two sizes", "pairs are of two sizes"),
        "Both pictures of a pair must have one size: resize them together, before anything is cut.",
        (seen.case(look, detail=look.problem) for look in seen.looks if look.kind == "pair-size"),
    )
    yield from some(
        "pair-turned",
        "warning",
        ("pair is turned in two ways by EXIF", "pairs are turned in two ways by EXIF"),
        "One of the two was probably turned without the other: look at them, and turn the pixels themselves.",
        (seen.case(look) for look in seen.looks if len({stored.orientation for stored in look.stored}) > 1),
    )
    whole = [look for look in seen.whole if len(look.measures) == 2]
    yield from some(
        "identical",
        "warning",
        ("pair has a source that is its target", "pairs have a source that is their target"),
        "There is nothing to learn from them: was a file copied into both folders?",
        (seen.case(look) for look in whole if look.measures["source"].digest == look.measures["target"].digest),
    )
    yield from some(
        "swapped",
        "error",
        ("pair is the other way round than most", "pairs are the other way round than most"),
        "Source and target look exchanged: exchange them back.",
        (seen.case(look) for look in swapped(whole)),
    )


def swapped(looks: list[Look]) -> list[Look]:
    """Pairs whose source looks like the others' targets, and the other way round.

    Each pair's difference of features (`Measures.features`) is laid on the line through the set's median difference,
    each feature by its spread: 1 is the usual way round, -1 the other.
    """
    if len(looks) < FEWEST:
        return []
    sides = [np.array([look.measures[role].features for look in looks]) for role in ("source", "target")]
    difference = sides[0] - sides[1]
    middle = np.median(difference, axis=0)
    # In absolute terms at least as wide as what cannot be seen, so that a constant feature decides nothing.
    spread = 1.4826 * np.median(np.abs(difference - middle), axis=0) + 0.02
    clear = float(np.square(middle / spread).sum())
    if clear < CLEAR:
        return []
    places = (difference * (middle / spread**2)).sum(axis=1) / clear
    # Each of the two must look like the other side's pictures; one that is merely odd may lie far out on the line too.
    usual = [np.median(side, axis=0) for side in sides]
    distances = [[np.square((side - centre) / spread).sum(axis=1) for centre in usual] for side in sides]
    exchanged = (distances[0][1] < distances[0][0]) & (distances[1][0] < distances[1][1])
    return [looks[number] for number in np.flatnonzero((places < SWAPPED) & exchanged).tolist()]
