"""What is said of known data sets: the list, one set's particulars, and what to do once it is there."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from translate.data.known.catalogue import Archive, Card
from translate.data.known.fetching import here, on_the_way
from translate.data.known.progress import size
from translate.errors import TranslateError

CONFIGS = Path("configs")


def table(cards: list[Card], to: Path) -> list[str]:
    """A line for each archive, under a head; `to` is the folder of data sets, to see what is there."""
    rows = [("NAME", "COMES", "TRANSLATES", "PICTURES", "SIZE", "LICENCE", "HERE")]
    for card in cards:
        for archive in card.archives:
            rows.append(
                (
                    card.name,
                    archive.variant,
                    card.shows,
                    pictures(archive),
                    size(archive.size),
                    card.licence,
                    _state(card, archive, to),
                )
            )
    wide = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = {3, 4}
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in rows
    ]


def particulars(card: Card, to: Path) -> list[str]:
    """Everything that a card says."""
    lines = [f"{card.name}: {card.shows}", f"pictures of {card.of}. {card.terms}"]
    lines += [f"cite {entry}" for entry in card.cite]
    for archive in card.archives:
        lines += ["", f"{archive.variant}, {archive.file}, {size(archive.size)}: {_state(card, archive, to)}"]
        lines += [
            f"  {folder.path:<10} {'' if folder.exact else 'about '}{folder.pictures:,} ({folder.shows})"
            for folder in archive.folders
        ]
        checksum = f"sha256 {archive.sha256}" if archive.sha256 else f"MD5 {archive.md5}" if archive.md5 else ""
        lines += [f"  {checksum}, recorded by {archive.recorded_by}"] if checksum else []
        lines += [f"  {mirror}" for mirror in archive.mirrors]
        lines += [f"  for configs/{config}.toml" for config in archive.configs]
    return [*lines, "", f"not given out freely: {card.by_hand}"] if card.by_hand else lines


def pictures(archive: Archive) -> str:
    """Their number: `1,012`, or `about 50,025`."""
    about = "" if all(folder.exact for folder in archive.folders) else "about "
    return f"{about}{archive.pictures:,}"


def next_steps(card: Card, archive: Archive, to: Path) -> list[str]:
    """The commands that go on from there, or where there is no such configuration what to write into one."""
    files = [CONFIGS / f"{name}.toml" for name in archive.configs]
    files = [file for file in files if file.is_file()]
    if not files:
        return ["next: a configuration with", *section(card, archive, to)]
    lines = []
    for file in files:
        words = " ".join([str(file), *_elsewhere(file, card, to)])
        lines += [f"translate data check {words}", f"translate train {words}"]
    return [f"next: {lines[0]}", *(f"      {line}" for line in lines[1:])]


def section(card: Card, archive: Archive, to: Path) -> list[str]:
    """The `[data]` section for an archive that was unpacked into `to`, and the `domains` that go with it."""
    inside = {folder.path for folder in archive.folders}
    place = {
        key: (to / card.name / value).as_posix() if value in inside else value for key, value in archive.data.items()
    }
    return [
        f"domains = {json.dumps(archive.domains, ensure_ascii=False)}",
        "[data]",
        *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in place.items()),
    ]


def _elsewhere(file: Path, card: Card, to: Path) -> list[str]:
    """What is to be laid over a configuration where the data set is not in `data`."""
    if to.resolve() == Path("data").resolve():
        return []
    data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")).get("data", {})
    start = f"data/{card.name}/"
    return [
        f"data.{key}={(to / str(value).removeprefix('data/')).as_posix()}"
        for key, value in data.items()
        if str(value).startswith(start)
    ]


def _state(card: Card, archive: Archive, to: Path) -> str:
    try:
        if here(card, archive, to) is not None:
            return "yes"
    except TranslateError:
        return "in part"
    come = on_the_way(card, archive, to)
    return f"{size(come)} of it" if come else "by hand" if not archive.mirrors else "no"
