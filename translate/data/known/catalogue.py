"""Cards of known data sets: `datasets/NAME/card.toml`, read strictly; an installed package has them as `sets/`."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints
from urllib.parse import urlsplit

from translate.data.known.names import plain
from translate.errors import DataError
from translate.suggest import suggestion

T = TypeVar("T")

CARD = "card.toml"


@dataclass(frozen=True)
class Folder:
    """A folder of pictures that an archive has, inside the data set's own."""

    path: str
    pictures: int
    shows: str = ""
    exact: bool = True
    """Whether `pictures` was counted, and is not what somebody said."""


@dataclass(frozen=True)
class Archive:
    """One file to fetch, and what is in it."""

    variant: str
    """`paired` or `unpaired`."""
    file: str
    mirrors: list[str]
    """Addresses, the best first; none where the owner hands it out only to those who sign up."""
    data: dict[str, str]
    """The `[data]` section of a configuration, folders relative to the data set's own."""
    domains: list[str]
    configs: list[str]
    """Names of files in `configs/`."""
    folders: list[Folder]
    bytes: int = 0
    """To the last one; where they are not known so well, `about` has what a listing says."""
    about: int = 0
    sha256: str = ""
    md5: str = ""
    """Against accidents, where nobody published a SHA-256: it does not hold off who made the file."""
    recorded_by: str = ""
    """Who saw that checksum."""

    @property
    def size(self) -> int:
        """Bytes, as exactly as they are known."""
        return self.bytes or self.about

    @property
    def pictures(self) -> int:
        """Of all folders together."""
        return sum(folder.pictures for folder in self.folders)


@dataclass(frozen=True)
class Card:
    """One data set."""

    name: str
    shows: str
    """What is translated, such as `horses ↔ zebras`."""
    of: str
    """Where its pictures come from."""
    licence: str
    """In three words, or that none is stated."""
    terms: str
    """In a sentence."""
    cite: list[str]
    archives: list[Archive]
    by_hand: str = ""
    """How to get it where nothing may be fetched."""

    def archive(self, variant: str | None = None) -> Archive:
        """The archive of that variant; of a set that has only one, that one.

        Raises:
            DataError: there is none, or it must be said which of two.
        """
        known = {archive.variant: archive for archive in self.archives}
        if variant is None and len(known) == 1:
            return self.archives[0]
        if variant is None:
            choice = " or ".join(
                f"--variant {archive.variant} (for {', '.join(archive.configs)})" for archive in self.archives
            )
            raise DataError(f"{self.name} comes in two variants: choose {choice}")
        if variant not in known:
            raise DataError(f"{self.name} does not come {variant}, only {' and '.join(known)}")
        return known[variant]


def folder() -> Path:
    """Where the cards are: in an installed package beside this file, in a checkout at its top."""
    packed = Path(__file__).with_name("sets")
    return packed if packed.is_dir() else Path(__file__).parents[3] / "datasets"


def cards() -> list[Card]:
    """All of them, by name."""
    return [read(path) for path in sorted(folder().glob(f"*/{CARD}"))]


def card(name: str) -> Card:
    """The card of that name, or the one in that file, if `name` ends in `.toml`.

    Raises:
        DataError: there is none; says which name was probably meant.
    """
    if name.endswith(".toml"):
        return read(Path(name))
    known = {path.parent.name: path for path in folder().glob(f"*/{CARD}")}
    if name not in known:
        raise DataError(f"no data set {name!r} is known{suggestion(name, known)}")
    return read(known[name])


def read(path: Path) -> Card:
    """A card from a file.

    Raises:
        DataError: it cannot be read, a key is unknown or missing or of the wrong type, or a name in it could lead
            out of the folder that it is unpacked in.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no TOML: {error}") from None
    archives = [
        {**entry, "folders": [_made(Folder, part, f"{path}: folders") for part in _tables(entry, "folders", path)]}
        for entry in _tables(table, "archives", path)
    ]
    found = [_made(Archive, entry, f"{path}: archives") for entry in archives]
    made = _made(Card, {**table, "archives": found}, str(path))
    for problem in _problems(made):
        raise DataError(f"{path}: {problem}")
    return made


def _tables(table: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    entries = table.get(key)
    if not (isinstance(entries, list) and entries and all(isinstance(entry, dict) for entry in entries)):
        raise DataError(f"{path}: {key} must be a list of tables, and not empty")
    return entries


def _made(kind: type[T], table: dict[str, Any], where: str) -> T:
    """A dataclass from a table, no key more or less, each of its type."""
    hints = get_type_hints(kind)
    known = {entry.name: entry for entry in fields(kind)}  # type: ignore[arg-type]
    for key, value in table.items():
        if key not in known:
            raise DataError(f"{where}: there is no key {key!r}{suggestion(key, known)}")
        if not _fits(value, hints[key]):
            raise DataError(f"{where}.{key} = {value!r}: it must be of type {known[key].type}")
    for key, entry in known.items():
        if key not in table and entry.default is MISSING and entry.default_factory is MISSING:
            raise DataError(f"{where}: {key} is missing")
    return kind(**table)


def _fits(value: Any, hint: Any) -> bool:
    inner = get_args(hint)
    if isinstance(value, list):
        return bool(inner) and len(inner) == 1 and all(_fits(entry, inner[0]) for entry in value)
    if isinstance(value, dict):
        return len(inner) == 2 and all(_fits(entry, inner[1]) for entry in value.values())
    return type(value) is hint


def _problems(made: Card) -> list[str]:
    """What is wrong with a card whose types are right."""
    problems = [] if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", made.name) else [f"name = {made.name!r} is no plain word"]
    for archive in made.archives:
        where = f"archive {archive.file!r}"
        inside = [folder.path for folder in archive.folders]
        if archive.variant not in ("paired", "unpaired"):
            problems.append(f"{where}: variant = {archive.variant!r}: it must be paired or unpaired")
        if plain(archive.file) or "/" in archive.file:
            problems.append(f"{where}: file must be a plain name")
        problems += [f"{where}: folder {path!r} {wrong}" for path in inside if (wrong := plain(path))]
        for mirror in archive.mirrors:
            if urlsplit(mirror).scheme not in ("http", "https") or not urlsplit(mirror).hostname:
                problems.append(f"{where}: {mirror!r} is no address that begins with https:// or http://")
        for key, length in (("sha256", 64), ("md5", 32)):
            value = getattr(archive, key)
            if value and not re.fullmatch(f"[0-9a-f]{{{length}}}", value):
                problems.append(f"{where}: {key} must be {length} digits of 0-9a-f")
        if (archive.bytes > 0) == (archive.about > 0):
            problems.append(f"{where}: it takes either bytes or about, above 0")
    if len({archive.variant for archive in made.archives}) < len(made.archives):
        problems.append("two archives have the same variant")
    return problems
