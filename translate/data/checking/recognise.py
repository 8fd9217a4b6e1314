"""What a folder is: pairs side by side, CycleGAN's four folders, two folders by stem, classes, or loose pictures.

Told by names and shapes alone, in the order of `recognise`; whatever it says can be overridden.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from translate import pixels
from translate.data.checking.collection import Collection, add, folders_of
from translate.data.checking.measures import measure
from translate.errors import DataError, PictureError

SPLITS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "eval"), "test"),
}
SOURCES = ("a", "source", "sources", "input", "inputs", "label", "labels", "x", "edges")
TARGETS = ("b", "target", "targets", "output", "outputs", "photo", "photos", "y", "images", "day")
PEEKED = 50
"""Pictures whose shape is looked at to tell pairs side by side."""
SHARED = 0.5
"""Share of equal stems from which two folders are pairs."""

FLATTER = 0.15
"""By how much larger a share of flat pixels labels or edges differ from photos."""

Section = dict[str, Any]


def recognise(root: Path, given: Section) -> Collection:
    """The samples in a folder.

    Args:
        root: the folder.
        given: of the `[data]` section, what the user says it is; it goes before what is recognised.

    Raises:
        DataError: no pictures are there.
    """
    if not root.is_dir():
        raise DataError(f"{root} is not a folder: give a folder of pictures or a configuration (.toml)")
    collection = Collection(root, {})
    splits = {SPLITS[path.name.lower()]: path for path in folders_of(root) if path.name.lower() in SPLITS}
    section, reason, others = (
        _given(root, given, splits)
        or _letters(root)
        or (_split(root, splits) if splits else None)
        or _within(collection, root)
        or (None, "", {})
    )
    if section is None:
        raise DataError(
            f"{root}: no pictures there ({', '.join(sorted(pixels.READABLE))}), nor folders of pictures: give the "
            "folder that holds them"
        )
    rest = {key: value for key, value in given.items() if key not in section}
    collection.section, collection.recognised = {**section, **rest}, reason
    add(collection, collection.section)
    for split, other in others.items():
        add(collection, {**rest, **other, "holdout": 0}, split)
    return collection


Found = tuple[Section, str, dict[str, Section]]
"""A section to train on, by what it was told, and the sections of other splits."""


def _given(root: Path, given: Section, splits: dict[str, Path]) -> Found | None:
    """As the user says: paths may be given from the folder."""
    if "layout" not in given:
        return None
    main = splits.get("train", root)
    section: Section = {"layout": given["layout"]}
    if given["layout"] in ("two_folders", "unpaired"):
        if {"source", "target"} <= given.keys():
            for role in ("source", "target"):
                inside = root / given[role]
                section[role] = str(inside if inside.exists() else given[role])
        else:
            pair = _pair_of(main) or _pair_of(root)
            if pair is None:
                raise DataError(f"{root}: which of its folders? Give data.source=FOLDER data.target=FOLDER as well")
            section |= {"source": str(pair[0]), "target": str(pair[1])}
        return section, "as given", {}
    section["root"] = str(given.get("root", main))
    others = {split: {**section, "root": str(path)} for split, path in splits.items() if path != main}
    return section, "as given", others


def _letters(root: Path) -> Found | None:
    """CycleGAN's: trainA, trainB and perhaps testA, testB."""
    there = {path.name.lower(): path for path in folders_of(root)}
    sections = {}
    for word, split in SPLITS.items():
        if f"{word}a" in there and f"{word}b" in there:
            sections[split] = _two("unpaired", there[f"{word}a"], there[f"{word}b"])
    if not sections:
        return None
    main = sections.pop("train", None) or sections.pop(next(iter(sections)))
    return main, f"by its folders {Path(main['source']).name} and {Path(main['target']).name}", sections


def _split(root: Path, splits: dict[str, Path]) -> Found | None:
    """A folder a split, each of the same layout."""
    names = dict(splits)
    first = "train" if "train" in names else next(iter(names))
    probe = Collection(root, {})
    found = _within(probe, names[first])
    if found is None:
        return None
    section, reason, _ = found
    del names[first]
    others = {}
    for split, path in names.items():
        moved = {}
        for key, value in section.items():
            is_path = key in ("root", "source", "target") and value.startswith(str(splits[first]))
            moved[key] = str(path / Path(value).relative_to(splits[first])) if is_path else value
        if all(Path(moved[key]).is_dir() for key in ("root", "target") if key in moved):
            others[split] = moved
    return section, f"{reason}; a folder a split: {', '.join(path.name for path in splits.values())}", others


def _within(collection: Collection, folder: Path) -> Found | None:
    """One folder without splits, or with splits within the folders of two domains."""
    files = pixels.find(folder)
    if files:
        wide = _wide(files)
        if wide > 0.9:
            source = _source_half(files)
            told = f"by shape: {wide:.0%} are twice as wide as high; source = {source}, as far as can be told"
            return {"layout": "side_by_side", "root": str(folder), "source": source}, told, {}
        return {"layout": "images", "root": str(folder)}, "loose pictures", {}
    if found := _domains(folder):
        return found
    inside = [path for path in folders_of(folder) if pixels.find(path)]
    pair = _pair_of(folder)
    if pair and _shared(*pair) >= SHARED:
        told = f"by the file names that {pair[0].name} and {pair[1].name} share"
        return _two("two_folders", *pair), told, {}
    if pair:
        return _two("unpaired", *pair), "two folders whose file names differ", {}
    if inside:
        if len(inside) > 2 and all(_shared(inside[0], other) == 1 for other in inside[1:]):
            collection.hints.append(
                "all these folders have the same file names: if they are views of the same scenes and not classes, "
                "choose two: data.layout=two_folders data.source=FOLDER data.target=FOLDER"
            )
        return {"layout": "labelled", "root": str(folder)}, f"by its {len(inside)} folders, a class each", {}
    return None


def _domains(folder: Path) -> Found | None:
    """Splits within domains: A/train and B/train, as pix2pix keeps pairs before it joins them."""
    inside = folders_of(folder)
    if len(inside) != 2:
        return None
    source, target = _ordered(inside[0], inside[1])
    sections = {}
    for path in folders_of(source):
        split, partner = SPLITS.get(path.name.lower()), target / path.name
        if split and partner.is_dir() and pixels.find(path):
            sections[split] = _two("two_folders" if _shared(path, partner) >= SHARED else "unpaired", path, partner)
    if not sections:
        return None
    main = sections.pop("train", None) or sections.pop(next(iter(sections)))
    return main, f"by the folders of {source.name} and {target.name}", sections


def _two(layout: str, source: Path, target: Path) -> Section:
    return {"layout": layout, "source": str(source), "target": str(target)}


def _pair_of(folder: Path) -> tuple[Path, Path] | None:
    """The two folders of two domains, source first where names tell."""
    inside = [path for path in folders_of(folder) if pixels.find(path)]
    return _ordered(*inside) if len(inside) == 2 else None


def _ordered(first: Path, second: Path) -> tuple[Path, Path]:
    names = first.name.lower(), second.name.lower()
    swap = (names[0] in TARGETS and names[1] not in TARGETS) or (names[1] in SOURCES and names[0] not in SOURCES)
    return (second, first) if swap else (first, second)


def _shared(first: Path, second: Path) -> float:
    """The share of stems of the smaller folder that the other one has as well."""
    stems = [{path.stem for path in pixels.find(folder)} for folder in (first, second)]
    return len(stems[0] & stems[1]) / max(1, min(map(len, stems)))


def _wide(files: list[Any]) -> float:
    """The share of some of the pictures that are exactly twice as wide as high."""
    shapes = list(filter(None, map(_shape, files[:: max(1, len(files) // PEEKED)])))
    return sum(width == 2 * height for height, width in shapes) / max(1, len(shapes))


def _source_half(files: list[Any]) -> str:
    """The half that is the source: the flatter one, as labels and edges are, if one is; else the left."""
    leaning = []
    for file in files[:: max(1, len(files) // 12)]:
        try:
            both = pixels.read(file)
        except PictureError:
            continue
        half = both.shape[1] // 2
        left, right = (measure(np.ascontiguousarray(part)).flat for part in (both[:, :half], both[:, half : 2 * half]))
        leaning.append(right - left)
    return "right" if leaning and median(leaning) > FLATTER else "left"


def _shape(file: Any) -> tuple[int, int] | None:
    try:
        return pixels.header(file)
    except PictureError:
        return None
