"""What there is to show: the models of a folder as it is now, their examples, and which of them are two ways of one."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from translate import pixels
from translate.card import Card
from translate.errors import DataError, ModelError
from translate.runtime import Translator, models

LIMIT = 25_000_000
"""Pixels of the largest picture that is translated."""
SETTLING = 2.0
"""Seconds for which a file that cannot be read is taken to be on its way: somebody is copying it into the folder."""

_NAME = 60  # letters, of up to four bytes each
_AGAIN = 1.0  # seconds from one look at the folder to the next

Stamp = tuple[int, int, int]
"""Of a file: which it is, how large, and when it was last written."""


@dataclass(frozen=True)
class Model:
    """A model that the page offers."""

    path: Path
    card: Card
    examples: list[Path] = field(default_factory=list)
    """Pictures of its source to start from."""

    @property
    def name(self) -> str:
        """What it is called in addresses and calls: its file's name without the ending."""
        return self.path.stem


@dataclass(frozen=True)
class Entry:
    """What the visitor chooses between: a model, or two that undo each other."""

    key: str
    """The names of its models, with a slash between them, which no name has."""
    title: str
    kind: str
    """How it is used: `draw`, `ways`, `picture` or `noise`."""
    models: tuple[Model, ...]


class Shelf:
    """The models of a folder. It may be shared by any number of threads, and follows the folder while they run.

    Args:
        folder: of `.onnx` files; the examples of a model are the pictures in `folder/examples/<source>`. One that does
            not exist is empty, until it does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.RLock()
        self._opening = threading.Lock()
        self._looked = -_AGAIN
        self._stamp = ""
        self._models: dict[str, Model] = {}
        self._entries: dict[str, Entry] = {}
        self._left_out: list[tuple[Path, ModelError]] = []
        self._open: dict[Path, tuple[Stamp, Translator]] = {}

    @property
    def stamp(self) -> str:
        """Changes whenever something in the folder does, and when a file that was arriving is judged."""
        with self._lock:
            self._look()
            return self._stamp

    def entries(self) -> list[Entry]:
        """What can be chosen, in the order in which it is offered."""
        with self._lock:
            self._look()
            return list(self._entries.values())

    def entry(self, key: str) -> Entry:
        """The entry of that key.

        Raises:
            ModelError: there is none (any more).
        """
        with self._lock:
            self._look()
            if not isinstance(key, str) or key not in self._entries:  # it comes from a client, who may send anything
                raise ModelError(f"there is no model {key!r:.100} here: reload the page")
            return self._entries[key]

    def models(self) -> list[Model]:
        """The models that can be used, in natural order of their names."""
        with self._lock:
            self._look()
            return list(self._models.values())

    def model(self, name: str) -> Model:
        """The model of that name.

        Raises:
            ModelError: there is none (any more).
        """
        with self._lock:
            self._look()
            if not isinstance(name, str) or name not in self._models:
                known = ", ".join(self._models) or "none"
                raise ModelError(f"there is no model {name!r:.100} here: choose one of {known}")
            return self._models[name]

    def translating(self, name: str) -> Model:
        """The model of that name, which translates pictures.

        Raises:
            ModelError: there is none (any more), or it draws from noise.
        """
        model = self.model(name)
        if model.card.draws:
            raise ModelError(f"{model.name} draws pictures from noise and takes none: choose one that translates")
        return model

    def drawing(self, name: str) -> Model:
        """The model of that name, which draws pictures from noise.

        Raises:
            ModelError: there is none (any more), or it translates pictures.
        """
        model = self.model(name)
        if not model.card.draws:
            raise ModelError(f"{model.name} translates pictures and draws none from noise: choose one that draws")
        return model

    def left_out(self) -> list[tuple[Path, ModelError]]:
        """Files that cannot be used, each with the reason."""
        with self._lock:
            self._look()
            return list(self._left_out)

    def translator(self, model: Model) -> Translator:
        """The model's translator, opened at the first call and kept, opened anew when its file changes.

        Raises:
            ModelError: the file cannot be used.
        """
        with self._opening:
            stamp = stamp_of(model.path)
            known = self._open.get(model.path)
            if known is None or known[0] != stamp:
                known = self._open[model.path] = (stamp, Translator(model.path, limit=LIMIT))
            return known[1]

    def _look(self) -> None:
        """Bring everything up to date, unless that was done just now."""
        now = time.monotonic()
        if now - self._looked < _AGAIN:
            return
        self._looked = now
        # What a file was found to be does not change as long as the file does not; a broken one may be arriving.
        stamp = hashlib.sha256(repr(_listing(self.folder)).encode()).hexdigest()[:16]
        if stamp == self._stamp:
            return
        usable, left_out, arriving = _found(self.folder)
        self._models = {model.name: model for model in usable}
        self._entries = {entry.key: entry for entry in entries(usable)}
        self._left_out = left_out
        self._stamp = f"{stamp}…" if arriving else stamp  # it is judged at a later look, though nothing changes
        for path in set(self._open) - {model.path for model in usable}:
            self._open.pop(path, None)


def entries(found: Sequence[Model]) -> list[Entry]:
    """What can be drawn on comes first, then what goes both ways, then other pictures, then what draws from noise.

    A model in a couple has no entry of its own, unless it can be drawn for: the couple's has no canvas. Entries of one
    title are told apart by their models' files.
    """
    imagined = [model for model in found if model.card.draws]
    found = [model for model in found if not model.card.draws]
    pairs = couples(found)
    paired = {model.path for pair in pairs for model in pair}
    drawn = [model for model in found if drawable(model.card)]
    alone = [model for model in found if not drawable(model.card) and model.path not in paired]
    planned = [
        *(Entry(model.name, model.card.task, "draw", (model,)) for model in drawn),
        *(
            Entry(f"{pair[0].name}/{pair[1].name}", f"{pair[0].card.source} ↔ {pair[0].card.target}", "ways", pair)
            for pair in pairs
        ),
        *(Entry(model.name, model.card.task, "picture", (model,)) for model in alone),
        *(Entry(model.name, model.card.task, "noise", (model,)) for model in imagined),
    ]
    titles = [entry.title for entry in planned]
    return [
        entry
        if titles.count(entry.title) == 1
        else Entry(entry.key, f"{entry.title} ({entry.models[0].name})", entry.kind, entry.models)
        for entry in planned
    ]


def drawable(card: Card) -> bool:
    """Whether a visitor can draw what the model takes: edges, or areas in the colours of labels."""
    return card.source == "edges" or bool(card.palette)


def couples(found: Sequence[Model]) -> list[tuple[Model, Model]]:
    """Models of two domains, there and back; each is in one couple at most.

    Of several that could be chosen, those that undo each other, being of one run, come before others, and among these
    those of the same point of training; among equals the first in the given order is chosen.
    """
    could = [(there, back) for there, back in product(found, found) if there is not back and _inverse(there, back)]
    could.sort(key=lambda couple: _strangers(*couple))
    chosen: list[tuple[Model, Model]] = []
    taken: set[Path] = set()
    for there, back in could:
        if taken.isdisjoint({there.path, back.path}):
            chosen.append((there, back))
            taken |= {there.path, back.path}
    return chosen


def word(text: str) -> str:
    """Text as the name of a folder: letters, digits and underscores, no more of them than a name may have."""
    return re.sub(r"\W+", "_", text)[:_NAME]


def _inverse(there: Model, back: Model) -> bool:
    one, other = there.card, back.card
    return (one.source, one.target, one.source_channels, one.target_channels) == (
        other.target,
        other.source,
        other.target_channels,
        other.source_channels,
    )


def _strangers(there: Model, back: Model) -> tuple[bool, bool, bool]:
    one, other = there.card, back.card
    return not one.undoes(other), one.training != other.training, one.direction != "forward"


def _found(folder: Path) -> tuple[list[Model], list[tuple[Path, ModelError]], bool]:
    """The models of a folder, those that cannot be used, and whether one of these may be on its way."""
    try:
        files = models(folder)
    except DataError:
        return [], [], False
    usable: dict[str, Model] = {}
    left_out: list[tuple[Path, ModelError]] = []
    arriving = False
    for path, card in files:
        if isinstance(card, Card) and path.stem in usable:
            left_out.append((path, ModelError(f"{path} has the name of another: rename it")))
        elif isinstance(card, Card) and not (card.ordinary or card.draws):
            told = f"{path} takes {card.takes} and gives {card.gives}, the page shows 8-bit grey and RGB: translate run"
            left_out.append((path, ModelError(told)))
        elif isinstance(card, Card):
            pictures = folder / "examples" / word(card.source)
            usable[path.stem] = Model(path, card, pixels.find(pictures) if pictures.is_dir() else [])
        elif 0 <= time.time() - _written(path) < SETTLING:  # one from the future would never settle
            arriving = True
        else:
            left_out.append((path, card))
    return list(usable.values()), left_out, arriving


def _listing(folder: Path) -> list[tuple[str, Stamp]]:
    """Every file that matters, and whether it is still the same."""
    return sorted((str(path), stamp_of(path)) for path in _files(folder))


def _files(folder: Path) -> Iterable[Path]:
    for inner in (folder, *_folders(folder / "examples")):
        try:
            with os.scandir(inner) as found:
                yield from [Path(entry.path) for entry in found if entry.is_file()]
        except OSError:
            continue


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as found:
            return [Path(entry.path) for entry in found if entry.is_dir()]
    except OSError:
        return []


def stamp_of(path: Path) -> Stamp:
    """What changes when a file does; that of one which is not there is all zeros."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_size, status.st_mtime_ns


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
