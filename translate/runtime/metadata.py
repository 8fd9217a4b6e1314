"""Reads what a model says of itself out of an `.onnx` file, without loading the model.

Seeking over the graph, which is nearly all of the file, finds the metadata of a 200 MB model in well under a
millisecond, and needs neither the `onnx` package nor ONNX Runtime.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from translate.card import Card
from translate.errors import DataError, ModelError
from translate.pixels import natural
from translate.runtime.wire import BYTES, Field, fields, opened

# Numbers of fields, from onnx.proto: ModelProto and StringStringEntryProto.
_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14
_KEY, _VALUE = 1, 2

_LONGEST = 16 * 1024 * 1024
"""An entry of metadata longer than this is damage, not metadata."""

CLASSES = "translate.classes"
"""Key under which a classifier of ours, which has no card, has the names of its classes, as JSON."""


def metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The `metadata_props` of an ONNX model.

    Raises:
        ModelError: the file is missing, cannot be read, or is not an ONNX model.
    """
    with opened(Path(path)) as (file, size):
        return _model(file, size)


def card(path: str | os.PathLike[str]) -> Card:
    """The card of an exported model.

    Raises:
        ModelError: as `metadata`, or there is no card, or it cannot be read.
    """
    entries = metadata(path)
    try:
        return Card.from_metadata(entries)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def models(folder: str | os.PathLike[str]) -> list[tuple[Path, Card | ModelError]]:
    """Every `.onnx` file of a folder, in natural order, with its card or with why it cannot be used.

    Only the card is looked at, no session is made: a graph that does not fit its card shows when it is loaded.

    Raises:
        DataError: the folder does not exist or cannot be listed.
    """
    folder = Path(folder)
    try:
        names = [path.name for path in folder.iterdir() if path.suffix.lower() == ".onnx" and path.name[0] != "."]
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be listed: {error.strerror}") from None
    found: list[tuple[Path, Card | ModelError]] = []
    for name in sorted(names, key=natural):
        try:
            found.append((folder / name, card(folder / name)))
        except ModelError as error:
            found.append((folder / name, error))
    return found


def _model(file: BinaryIO, size: int) -> dict[str, str]:
    """Walk the fields of a ModelProto. Raises ValueError where it is none."""
    entries: dict[str, str] = {}
    seen = set()
    for field in fields(file, 0, size):
        seen.add(field.number)
        if field.number == _METADATA and field.kind == BYTES:
            if field.end - field.start > _LONGEST:
                raise ValueError("an entry of metadata is too long")
            key, value = _entry(file, field)
            entries[key] = value
    if not {_IR_VERSION, _GRAPH} <= seen:
        raise ValueError("the fields that every model has are missing")
    return entries


def _entry(file: BinaryIO, entry: Field) -> tuple[str, str]:
    """The key and the value of a StringStringEntryProto."""
    texts = {_KEY: "", _VALUE: ""}
    for field in fields(file, entry.start, entry.end):
        if field.kind == BYTES:
            file.seek(field.start)
            texts[field.number] = file.read(field.end - field.start).decode("utf-8")
    return texts[_KEY], texts[_VALUE]
