"""Whether the graph of an `.onnx` file may be given to ONNX Runtime: told from the file, before any of it is loaded.

A model is a program, and ONNX Runtime a large compiler in C++. What it would read from elsewhere, be kept busy by for
ever, or allocate because a few bytes say so, is refused here. Only the heads of tensors are read. What the graph
computes once it runs is another matter: see docs/safety.md.
"""

from __future__ import annotations

import io
import math
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from translate.errors import ModelError
from translate.runtime.wire import BYTES, VARINT, Field, fields, opened, varint

MAX_BYTES = 2**30
"""Largest model, a billion bytes: five times pix2pix's U-Net. Protobuf itself ends at twice that."""

MAX_NODES = 20_000
"""Most nodes, sub-graphs and expanded functions included: exported networks here have some hundreds."""

_MAX_FIELDS = 400_000
"""Most fields looked at, some twenty for each node: what bounds the time of looking, to a second or so."""

_MAX_DEPTH = 8
"""Sub-graphs within sub-graphs."""

_MAX_SIDES = 1000
"""Inputs and outputs of a graph. Old files list their weights among the inputs."""

_MAX_RANK = 32
_LONGEST_NAME = 4096

_DOMAINS = {"", "ai.onnx", "com.microsoft"}
"""ONNX's own operators and those that ONNX Runtime adds. Others would need a library that nobody loads here."""

_FOREIGN = {"EPContext"}
"""Operators that stand for something compiled, usually in a file of its own."""

# Numbers of fields that hold messages, from onnx.proto: which number means which message within which.
_WITHIN = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_INPUT, _OUTPUT = 11, 12  # of a graph
_OPERATOR, _DOMAIN = 4, 7  # of a node
_FUNCTION_NAME, _FUNCTION_DOMAIN = 1, 10
_DIMS, _DATA_TYPE, _RAW, _EXTERNAL, _LOCATION = 1, 2, 9, 13, 14  # of a tensor
_TYPED = {4, 5, 6, 7, 10, 11}
"""Fields that hold a tensor's values as numbers or texts instead of as raw bytes."""

# Bits of an element, by TensorProto.DataType; text (8) has none.
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 8: 0, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128}
_BITS |= {16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2}

Called = tuple[str, str]
"""An operator or a function: its domain and its name."""


def vet(path: str | os.PathLike[str]) -> None:
    """Refuse a model that ONNX Runtime must not see. Nothing is said here about its card.

    Raises:
        ModelError: it is refused, is no ONNX model, or cannot be read.
    """
    path = Path(path)
    if path.suffix.lower() == ".ort":  # another format, which ONNX Runtime takes by that name
        raise ModelError(f"{path} is a compiled model: give the .onnx file that it was made from")
    with opened(path) as (file, size):
        if size > MAX_BYTES:
            raise ModelError(f"{path} has {size:,} bytes, over the limit of {MAX_BYTES:,} for a model")
        try:
            _Walk(file).model(size)
        except _VettingError as error:
            raise ModelError(f"{path} {error}: export it again, or take another model") from None


def vet_content(content: bytes, name: str) -> None:
    """The same for a model that is not a file of its own.

    Raises:
        ModelError: as `vet`.
    """
    try:
        _Walk(io.BytesIO(content)).model(len(content))
    except _VettingError as error:
        raise ModelError(f"{name} {error}: export it again, or take another model") from None
    except ValueError:
        raise ModelError(f"{name} is not an ONNX model, or it is damaged: export it or copy it again") from None


class _VettingError(Exception):
    """Why a model is refused, in words that follow its name."""


class _Walk:
    """One pass over a model's messages, with what has been met on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._fields = 0
        self._nodes = 0
        self._functions: dict[Called, Counter[Called]] = {}
        """What each function of the file calls, and how often."""
        self._calls: Counter[Called] = Counter()
        """What the part that is being walked calls."""

    def model(self, size: int) -> None:
        """Walk a whole file."""
        main: Counter[Called] = Counter()
        for field, kind in self._messages("model", Field(0, BYTES, 0, 0, size)):
            self._calls = Counter()
            if kind:
                self._descend(kind, field, 0)
            if kind != "function":
                main += self._calls
        self._check_domains(main)
        self._check_expanded(main)

    def _messages(self, parent: str, message: Field) -> Iterator[tuple[Field, str]]:
        """Fields of a message, each with the kind of message it holds, or with nothing."""
        within = _WITHIN[parent]
        for field in fields(self._file, message.start, message.end):
            self._fields += 1
            if self._fields > _MAX_FIELDS:
                raise _VettingError(f"has more than {_MAX_FIELDS:,} parts")
            yield field, within.get(field.number, "") if field.kind == BYTES else ""

    def _descend(self, kind: str, message: Field, depth: int) -> None:
        if kind == "tensor":
            self._tensor(message)
            return
        if depth > _MAX_DEPTH:
            raise _VettingError(f"has sub-graphs more than {_MAX_DEPTH} deep")
        depth += kind == "graph"
        sides = 0
        texts: dict[int, Field] = {}
        for field, child in self._messages(kind, message):
            if child:
                self._descend(child, field, depth)
            elif kind == "graph" and field.number in (_INPUT, _OUTPUT):
                sides += 1
                if sides > _MAX_SIDES:
                    raise _VettingError(f"has more than {_MAX_SIDES:,} inputs and outputs")
            elif field.kind == BYTES:
                texts[field.number] = field
        if kind == "node":
            self._nodes += 1
            if self._nodes > MAX_NODES:
                raise _VettingError(f"has more than {MAX_NODES:,} nodes")
            self._calls[self._text(texts.get(_DOMAIN)), self._text(texts.get(_OPERATOR))] += 1
        if kind == "function":
            name = self._text(texts.get(_FUNCTION_DOMAIN)), self._text(texts.get(_FUNCTION_NAME))
            self._functions.setdefault(name, Counter()).update(self._calls)

    def _text(self, field: Field | None) -> str:
        if field is None:
            return ""
        self._file.seek(field.start)
        return self._file.read(min(field.end - field.start, _LONGEST_NAME)).decode("utf-8", "replace")

    def _check_domains(self, main: Counter[Called]) -> None:
        for domain, operator in [*main, *(called for calls in self._functions.values() for called in calls)]:
            if domain not in _DOMAINS and (domain, operator) not in self._functions:
                raise _VettingError(
                    f"uses the operator {operator!a:.80} of {domain!a:.80}, which is not part of ONNX Runtime"
                )
            if operator in _FOREIGN:
                raise _VettingError(f"uses the operator {operator}, which stands for a compiled file beside it")

    def _check_expanded(self, main: Counter[Called]) -> None:
        """Functions are expanded where they are called: thirty, each calling the next twice, make a billion nodes."""
        sizes: dict[Called, int] = {}
        waiting: set[Called] = set()

        def size(called: Called) -> int:
            if called not in self._functions:
                return 1
            if called in waiting or len(waiting) > _MAX_DEPTH * _MAX_DEPTH:
                raise _VettingError("has functions that call themselves, or one another without an end")
            if called not in sizes:
                waiting.add(called)
                sizes[called] = total(self._functions[called])
                waiting.discard(called)
            return sizes[called]

        def total(calls: Counter[Called]) -> int:
            return sum(number * size(called) for called, number in calls.items())

        if max(total(main), *(size(called) for called in self._functions), 0) > MAX_NODES:
            raise _VettingError(f"has more than {MAX_NODES:,} nodes once its functions are expanded")

    def _tensor(self, message: Field) -> None:
        """Refuse a tensor whose values are elsewhere, or fewer or more than its size says."""
        dims: list[int] = []
        kind, raw, typed, numbered = 0, None, 0, 0
        for field, _ in self._messages("tensor", message):
            length = field.end - field.start
            if field.number == _EXTERNAL or (field.number == _LOCATION and field.value):
                raise _VettingError("keeps weights in another file, which no exported model of this package does")
            if field.number == _DIMS:
                dims += [field.value] if field.kind == VARINT else self._packed(field)
                if len(dims) > _MAX_RANK:
                    raise _VettingError(f"has a tensor of more than {_MAX_RANK} dimensions")
            elif field.number == _DATA_TYPE and field.kind == VARINT:
                kind = field.value
            elif field.number == _RAW and field.kind == BYTES:
                raw = length
            elif field.number in _TYPED:
                typed, numbered = typed + length, numbered + 1
        _check_size(dims, kind, raw, typed, numbered)

    def _packed(self, field: Field) -> list[int]:
        """Numbers of a field that holds several, as far as a tensor may have them."""
        self._file.seek(field.start)
        content = self._file.read(min(field.end - field.start, 10 * (_MAX_RANK + 1)))
        numbers, at = [], 0
        while at < len(content):
            number, at = varint(content, at)
            numbers.append(number)
        return numbers


def _check_size(dims: list[int], kind: int, raw: int | None, typed: int, numbered: int) -> None:
    """Compare what a tensor's sizes call for with the bytes that are there for it.

    Args:
        dims: its sizes. Negative ones come as numbers over 2⁶³.
        kind: its type.
        raw: bytes of its values as they lie in memory, if there are any.
        typed: bytes of its values as numbers or texts.
        numbered: how many fields those came in: one or more bytes each, or several numbers.
    """
    if kind not in _BITS:
        raise _VettingError(f"has a tensor of type {kind}, which there is not")
    elements = math.prod(dims)
    if any(side >= 2**63 for side in dims) or elements >= 2**40:
        raise _VettingError("has a tensor of an impossible size")
    if raw is not None and raw != (elements * _BITS[kind] + 7) // 8:
        raise _VettingError(f"has a tensor of {elements:,} values in {raw:,} bytes, which do not go together")
    # A number takes a byte or more, two of four bits share one; an empty text takes none, but a field of its own.
    if raw is None and elements > 4 * typed + numbered:
        raise _VettingError(f"has a tensor of {elements:,} values in {typed:,} bytes, which do not go together")
