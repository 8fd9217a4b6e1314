"""Everything that was looked at, as the rules take it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from translate.data.checking.collection import Collection
from translate.data.checking.findings import Case
from translate.data.checking.looking import Look
from translate.data.checking.measures import Measures

SIZES = (1024, 512, 256, 128, 64, 32)
"""Sizes to train at, of which one is proposed: the largest, up to 256, that most pictures reach."""


@dataclass(frozen=True)
class Wanted:
    """What a configuration makes of the pictures."""

    channels: dict[str, int]
    """By role: 1 grey or 3 RGB."""
    size: int
    """Side of what is trained on. (`transform.load` is above it by habit, for the papers' jitter.)"""


@dataclass(frozen=True)
class Seen:
    """A collection and a look at each of its samples."""

    collection: Collection
    looks: list[Look]
    wanted: Wanted | None
    """None for a folder: then a size that fits is proposed."""

    def case(self, *looks: Look, detail: str = "") -> Case:
        """The files of samples, as one case."""
        files = (self.collection.name(file) for look in looks for file in look.sample.files)
        return Case(tuple(files), detail)

    @property
    def whole(self) -> list[Look]:
        """Those without a problem."""
        return [look for look in self.looks if look.whole]

    @property
    def roles(self) -> list[str]:
        """The roles that there are."""
        return list(dict.fromkeys(role for look in self.looks for role in look.measures))

    def of(self, role: str) -> Iterator[tuple[Look, Measures]]:
        """All pictures of a role."""
        return ((look, look.measures[role]) for look in self.looks if role in look.measures)

    @property
    def pictures(self) -> Iterator[tuple[Look, str, Measures]]:
        """All pictures."""
        return ((look, role, one) for look in self.looks for role, one in look.measures.items())

    @property
    def size(self) -> int:
        """The side to train at: the configuration's, or what fits most pictures."""
        if self.wanted:
            return self.wanted.size
        sides = [min(one.height, one.width) for _, _, one in self.pictures]
        middle = median(sides) if sides else 256
        return next((size for size in SIZES if size <= min(256, middle)), SIZES[-1])

    def shapes(self) -> Counter[tuple[int, int]]:
        """Files by width and height."""
        return Counter(stored.size[::-1] for look in self.looks for stored in look.stored)

    def modes(self) -> Counter[str]:
        """Files by how colours are stored."""
        return Counter(stored.mode for look in self.looks for stored in look.stored)

    def formats(self) -> Counter[str]:
        """Files by format."""
        return Counter(stored.format for look in self.looks for stored in look.stored)
