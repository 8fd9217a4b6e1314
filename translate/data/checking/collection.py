"""Which files belong together: a `[data]` section of a configuration, as samples to look at.

Unlike a layout, which refuses a set at its first mistake, this takes what is there and lists what does not fit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from translate import pixels
from translate.data.checking.looking import Reader, Sample
from translate.data.files import find, spread_out
from translate.errors import DataError

Grouped = tuple[tuple[Any, ...], tuple[str, ...]]
"""The files of a sample, and the roles of its pictures."""
PAIRED = ("side_by_side", "two_folders")
HELD_OUT = "held out"


@dataclass
class Collection:
    """The samples of one data set, of all its splits."""

    root: Path | str
    """What names in findings are relative to."""
    section: dict[str, Any]
    """The `[data]` section that describes the part to train on: `layout` and its arguments."""
    samples: list[Sample] = field(default_factory=list)
    lonely: list[Any] = field(default_factory=list)
    """Files of pairs whose partner is missing."""
    ambiguous: list[tuple[Any, Any]] = field(default_factory=list)
    """Files of one folder that have the same stem."""
    recognised: str = ""
    """By what the layout was told, where it was not given."""
    kind: str = ""
    """The layout of the samples, where `section` names what they are packed in."""
    reader: Reader | None = None
    """Reads a file in a role as a configuration's layout does, where it may be no ordinary picture."""
    hints: list[str] = field(default_factory=list)
    """What else it could be, or lacks."""

    @property
    def layout(self) -> str:
        """The layout's name."""
        return self.kind or str(self.section["layout"])

    @property
    def aligned(self) -> bool:
        """Whether its samples are pairs in register."""
        return self.layout in PAIRED

    def name(self, file: Any) -> str:
        """A file's name in findings: from the root where it lies below it."""
        if isinstance(file, tuple):
            return " + ".join(map(self.name, file))
        try:
            return Path(str(file)).relative_to(self.root).as_posix()
        except ValueError:
            return str(file)

    def count(self, split: str) -> int:
        """Samples of a split; of an unpaired set the pictures of its larger domain."""
        roles = [sample.roles[0] for sample in self.samples if sample.split == split]
        return max((roles.count(role) for role in set(roles)), default=0)

    @property
    def splits(self) -> list[str]:
        """The splits that there are, in order."""
        return list(dict.fromkeys(sample.split for sample in self.samples))


def add(collection: Collection, section: dict[str, Any], split: str = "train") -> None:
    """Add the samples that a `[data]` section names; its last `holdout` count as held out, in the layout's order.

    Raises:
        DataError: a folder is not there, or the layout is none of those that are known here.
    """
    layout, holdout = section["layout"], int(section.get("holdout", 0))
    groups: list[list[Grouped]]
    match layout:
        case "side_by_side":
            order = ("source", "target") if section.get("source", "left") == "left" else ("target", "source")
            groups = [[((path,), order) for path in find(Path(section["root"]))]]
        case "two_folders":
            groups = [_matched(collection, Path(section["source"]), Path(section["target"]))]
        case "unpaired":
            groups = [[((path,), (role,)) for path in find(Path(section[role]))] for role in ("source", "target")]
        case "images" | "derived":
            role, found = "image" if layout == "images" else "target", find(Path(section["root"]))
            groups = [[((path,), (role,)) for path in (spread_out(found) if section.get("spread") else found)]]
        case "labelled":
            groups = [[((path,), ("image",)) for path in _by_class(Path(section["root"]), holdout)]]
        case _:
            raise DataError(f"layout {layout!r} cannot be looked into")
    for group in groups:
        kept = max(0, len(group) - holdout)
        for rank, (files, roles) in enumerate(group):
            collection.samples.append(Sample(files, roles, split if rank < kept else HELD_OUT))


def by_stem(collection: Collection, folder: Path) -> dict[str, Any]:
    """The pictures of a folder by stem; those with the stem of another are noted."""
    found: dict[str, Any] = {}
    for path in find(folder):
        if path.stem in found:
            collection.ambiguous.append((found[path.stem], path))
        else:
            found[path.stem] = path
    return found


def _matched(collection: Collection, source: Path, target: Path) -> list[Grouped]:
    sources, targets = by_stem(collection, source), by_stem(collection, target)
    collection.lonely += [path for stem, path in sources.items() if stem not in targets]
    collection.lonely += [path for stem, path in targets.items() if stem not in sources]
    return [((path, targets[stem]), ("source", "target")) for stem, path in sources.items() if stem in targets]


def folders_of(folder: Path) -> list[Path]:
    """The folders of a folder, not hidden, in natural order.

    Raises:
        DataError: it does not exist or cannot be listed.
    """
    try:
        inside = [path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))]
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be listed: {error.strerror}") from None
    return sorted(inside, key=lambda path: pixels.natural(path.name))


def _by_class(root: Path, holdout: int) -> Sequence[Any]:
    """As the layout orders them where some are held out: the first of every class, then the second …"""
    ranked = [
        (rank, number, path) for number, folder in enumerate(folders_of(root)) for rank, path in enumerate(find(folder))
    ]
    return [path for *_, path in (sorted(ranked, key=lambda one: one[:2]) if holdout else ranked)]
