"""The check itself: one look at every sample, in several threads, then the rules."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from translate.data.checking.alignment import Alignment, aligned
from translate.data.checking.collection import Collection
from translate.data.checking.duplicates import duplicates
from translate.data.checking.findings import Finding, by_severity, counted
from translate.data.checking.looking import Look, look
from translate.data.checking.pairs import pairs
from translate.data.checking.seen import Seen, Wanted
from translate.data.checking.single import single

THREADS = 8
"""At most: each may hold a picture of the largest size in memory."""


@dataclass(frozen=True)
class Checkup:
    """What a check found."""

    seen: Seen
    findings: list[Finding]
    """The worst first."""
    alignment: Alignment | None
    """None where the set has no pairs to compare."""

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        seen = self.seen
        return {
            "path": str(seen.collection.root),
            "data": seen.collection.section,
            "recognised": seen.collection.recognised,
            "samples": {split: seen.collection.count(split) for split in seen.collection.splits},
            "files": sum(len(one.stored) for one in seen.looks),
            "bytes": sum(stored.length for one in seen.looks for stored in one.stored),
            "megapixels": round(megapixels(seen), 6),
            "sizes": {f"{width}×{height}": count for (width, height), count in seen.shapes().most_common()},
            "modes": dict(seen.modes().most_common()),
            "formats": dict(seen.formats().most_common()),
            "alignment": self.alignment.plain if self.alignment else None,
            "counts": counted(self.findings),
            "findings": [finding.plain for finding in self.findings],
        }


def check(
    collection: Collection,
    wanted: Wanted | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Checkup:
    """Look at every sample once, and say what is wrong.

    Args:
        collection: the samples.
        wanted: what a configuration makes of them, where there is one.
        progress: is told how many samples are done, of how many.
    """
    looks = list(_looks(collection, progress))
    seen = Seen(collection, looks, wanted)
    findings = [*single(seen), *duplicates(seen)]
    alignment = None
    if collection.aligned:
        alignment, found = aligned(seen)
        findings += [*pairs(seen), *found]
    return Checkup(seen, by_severity(findings), alignment)


def megapixels(seen: Seen) -> float:
    """Of all files together."""
    return sum(stored.size[0] * stored.size[1] for one in seen.looks for stored in one.stored) / 1e6


def _looks(collection: Collection, progress: Callable[[int, int], None] | None) -> Iterator[Look]:
    total = len(collection.samples)
    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        done = pool.map(partial(look, aligned=collection.aligned, reader=collection.reader), collection.samples)
        for number, one in enumerate(done, 1):
            if progress and (number % 50 == 0 or number == total):
                progress(number, total)
            yield one
