"""Reads what a model says of itself out of an `.onnx` file, without loading the model.

An `.onnx` file is a protobuf message: a row of fields, each with its number, its kind and its length. Seeking over
the graph, which is nearly all of the file, finds the metadata of a 200 MB model in well under a millisecond, and
needs neither the `onnx` package nor ONNX Runtime.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from translate.card import Card
from translate.errors import DataError, ModelError
from translate.pixels import natural

# Numbers of fields, from onnx.proto: ModelProto and StringStringEntryProto.
_IR_VERSION, _GRAPH, _METADATA = 1, 7, 14
_KEY, _VALUE = 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

_LONGEST = 16 * 1024 * 1024
"""An entry of metadata longer than this is damage, not metadata."""


def metadata(path: str | os.PathLike[str]) -> dict[str, str]:
    """The `metadata_props` of an ONNX model.

    Raises:
        ModelError: the file is missing, cannot be read, or is not an ONNX model.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _model(file, os.fstat(file.fileno()).st_size)
    except FileNotFoundError:
        raise ModelError(f"the model {path} does not exist") from None
    except IsADirectoryError:
        raise ModelError(f"{path} is a folder: give one .onnx file") from None
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ModelError(f"{path} is not an ONNX model, or it is damaged: export it or copy it again") from None


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
    while file.tell() < size:
        number, kind = divmod(_varint(file), 8)
        seen.add(number)
        length = _length(file, kind, size)
        if number == _METADATA and kind == _BYTES:
            if length > _LONGEST:
                raise ValueError("an entry of metadata is too long")
            key, value = _entry(file, file.tell() + length)
            entries[key] = value
        else:
            file.seek(length, os.SEEK_CUR)
    if not {_IR_VERSION, _GRAPH} <= seen:
        raise ValueError("the fields that every model has are missing")
    return entries


def _entry(file: BinaryIO, end: int) -> tuple[str, str]:
    """Walk the fields of a StringStringEntryProto that ends where told."""
    texts = {_KEY: "", _VALUE: ""}
    while file.tell() < end:
        number, kind = divmod(_varint(file), 8)
        content = file.read(_length(file, kind, end))
        if kind == _BYTES:
            texts[number] = content.decode("utf-8")
    return texts[_KEY], texts[_VALUE]


def _length(file: BinaryIO, kind: int, end: int) -> int:
    """Bytes of the field's content still ahead; a varint is read on the spot and leaves none."""
    if kind == _VARINT:
        _varint(file)
        length = 0
    elif kind == _BYTES:
        length = _varint(file)
    elif kind in (_FIXED64, _FIXED32):
        length = 8 if kind == _FIXED64 else 4
    else:
        raise ValueError(f"no field is of kind {kind}")
    if file.tell() + length > end:
        raise ValueError("the file ends within a field")
    return length


def _varint(file: BinaryIO) -> int:
    """Seven bits a byte, lowest first, the eighth bit says that more follow; at most ten bytes."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("a number does not end")
