"""What there is to show: the models of a folder, their examples, and which of them are two ways of one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from translate import pixels
from translate.card import Card
from translate.errors import ModelError
from translate.runtime import models


@dataclass(frozen=True)
class Model:
    """A model that the page offers."""

    path: Path
    card: Card
    examples: list[Path] = field(default_factory=list)
    """Pictures of its source to start from."""

    @property
    def word(self) -> str:
        """The name of its file as a part of an address: letters, digits and underscores."""
        return word(self.path.stem)


def shelf(folder: Path) -> tuple[list[Model], list[tuple[Path, ModelError]]]:
    """The models of a folder in natural order, and those that cannot be used, each with the reason.

    A model's examples are the pictures in `folder/examples/<source>`. A folder that does not exist is empty.
    """
    usable, left_out = [], []
    for path, card in models(folder) if folder.is_dir() else []:
        if isinstance(card, Card):
            pictures = folder / "examples" / word(card.source)
            usable.append(Model(path, card, pixels.find(pictures) if pictures.is_dir() else []))
        else:
            left_out.append((path, card))
    return usable, left_out


def couples(found: Sequence[Model]) -> list[tuple[Model, Model]]:
    """Models that undo each other, forward before backward; each is in one couple at most.

    Where several exports of one direction could be chosen, those of the same point of training belong together before
    others do; among equals the first in the given order is chosen.
    """
    could = [
        (there, back)
        for there, back in product(found, found)
        if there.card.direction == "forward" and there.card.undoes(back.card)
    ]
    could.sort(key=lambda couple: couple[0].card.training != couple[1].card.training)
    chosen: list[tuple[Model, Model]] = []
    taken: set[Path] = set()
    for there, back in could:
        if taken.isdisjoint({there.path, back.path}):
            chosen.append((there, back))
            taken |= {there.path, back.path}
    return chosen


def word(text: str) -> str:
    """Text as a part of an address or the name of a folder: letters, digits and underscores."""
    return re.sub(r"\W+", "_", text)
