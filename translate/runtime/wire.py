"""Protobuf's wire format, read field by field from a file without reading what the fields hold.

An `.onnx` file is a protobuf message: a row of fields, each with its number, its kind and its value or length. A field
may hold a message of its own, which is read in the same way, between the same bounds.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from translate.errors import ModelError

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}

_HEAD = 20
"""A field's number and its value or length take at most ten bytes each."""


class Field(NamedTuple):
    """One field, its content still in the file."""

    number: int
    kind: int
    value: int
    """Of a varint; for other kinds nothing."""
    start: int
    """Where the content begins …"""
    end: int
    """… and ends, within the message."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A model's file and its size; what goes wrong while it is open becomes a ModelError.

    Raises:
        ModelError: the file is missing or cannot be read, or what read it raised ValueError.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():  # a pipe would wait for ever
            raise ModelError(f"{path} is not an ordinary file: give one .onnx file")
        with path.open("rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    except FileNotFoundError:
        raise ModelError(f"the model {path} does not exist") from None
    except IsADirectoryError:
        raise ModelError(f"{path} is a folder: give one .onnx file") from None
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise ModelError(f"{path} is not an ONNX model, or it is damaged: export it or copy it again") from None


def fields(file: BinaryIO, start: int, end: int) -> Iterator[Field]:
    """The fields of the message that reaches from `start` to `end`. The file may be read elsewhere in between.

    Raises:
        ValueError: there is no message of that length.
    """
    while start < end:
        file.seek(start)
        head = file.read(min(_HEAD, end - start))
        tag, used = varint(head, 0)
        number, kind = divmod(tag, 8)
        value = length = 0
        if kind == VARINT:
            value, used = varint(head, used)
        elif kind == BYTES:
            length, used = varint(head, used)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise ValueError(f"no field is of kind {kind}")
        content = start + used
        start = content + length
        if start > end:
            raise ValueError("a field is longer than the message that it stands in")
        yield Field(number, kind, value, content, start)


def varint(raw: bytes, at: int) -> tuple[int, int]:
    """A number and where it ends: seven bits a byte, lowest first, the eighth bit says that more follow."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            break
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number does not end")
