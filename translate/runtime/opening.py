"""The second face of an exported model: the same graph, with the statistics of its norms to be told and given.

InstanceNorm (Ulyanov 2016, eq. 2) takes mean and variance from the picture that it normalises, and so a part of a large
picture comes out otherwise than in the whole. ONNX's operator, which exported graphs have because every runtime is
fastest at it, hides the two. Opened, each norm is written out: y = (x − μ)/√(σ² + ε)·w + b with μ and σ² measured, or
those given. The graph then has two inputs more, which need not be given, `statistics` (float32 `[1, S]`) and `frozen`
(bool `[1]`: whether they count), and an output more, `measured` (float32 `[N, S]`): of each norm, in the order of the
graph, its channels' means and then their (biased) variances.

The file is rewritten in Protobuf's wire format, as the runtime has no library for it.
"""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from translate.runtime.wire import BYTES, Field, fields, varint

STATISTICS, FROZEN, MEASURED = "statistics", "frozen", "measured"

# Numbers of fields, from onnx.proto: of a model, a graph, a node, an attribute, a tensor, a value.
_GRAPH = 7
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12
_TAKES, _GIVES, _OPERATOR, _ATTRIBUTE = 1, 2, 4, 5
_NAME, _F, _I, _KIND = 1, 2, 3, 20
_DIMENSION, _TYPE, _TENSOR_NAME, _RAW = 1, 2, 8, 9
_VALUE_TYPE, _TENSOR, _ELEMENT = 2, 1, 1
_FLOAT, _INT64, _BOOL = 1, 7, 9
_ELEMENTS = {"float32": _FLOAT, "int64": _INT64, "bool": _BOOL}
_INT_ATTRIBUTE = 2

_NORM, _EPSILON = b"InstanceNormalization", 1e-5
_OTHER = "it has other norms than its card says"


def opened(model: bytes, norms: Sequence[int]) -> bytes:
    """The bytes of a model whose norms are written out as above.

    Args:
        model: an `.onnx` file.
        norms: channels of each `InstanceNormalization` in its graph, in the graph's order.

    Raises:
        ValueError: the model has other norms, or is none.
    """
    file, parts, last = io.BytesIO(model), [], 0
    for part in fields(file, 0, len(model)):
        parts.append(_bytes(_GRAPH, _graph(file, part, norms)) if part.number == _GRAPH else model[last : part.end])
        last = part.end
    return b"".join(parts)


def _graph(file: BinaryIO, graph: Field, norms: Sequence[int]) -> bytes:
    """The graph's content, each norm replaced where it stands."""
    sizes, found = _sizes(file, graph), list[int]()
    written, last = _Written(), graph.start
    for part in fields(file, graph.start, graph.end):
        norm = _norm(file, part) if part.number == _NODE else None
        if norm is None:
            file.seek(last)
            (written.nodes if part.number == _NODE else written.rest).append(file.read(part.end - last))
        else:
            found.append(sizes.get(norm.w, 0))
            if found != list(norms[: len(found)]):  # before anything is made of what the card says
                raise ValueError(_OTHER)
            norm.write(found[-1], written)
        last = part.end
    if len(found) != len(norms) or not found:
        raise ValueError(_OTHER)
    return written.content()


def _sizes(file: BinaryIO, graph: Field) -> dict[str, int]:
    """How many numbers each constant of one dimension has, by name."""
    sizes: dict[str, int] = {}
    for tensor in fields(file, graph.start, graph.end):
        if tensor.number == _INITIALIZER:
            dimensions, name = [], ""
            for part in fields(file, tensor.start, tensor.end):
                if part.number == _DIMENSION:
                    packed = part.kind == BYTES
                    dimensions.append(varint(_content(file, part), 0)[0] if packed else part.value)
                elif part.number == _TENSOR_NAME:
                    name = _content(file, part).decode()
            if len(dimensions) == 1:
                sizes[name] = dimensions[0]
    return sizes


@dataclass(frozen=True)
class _Norm:
    """An `InstanceNormalization`: y = IN(x)·w + b."""

    x: str
    w: str
    b: str
    y: str
    epsilon: float

    def write(self, channels: int, graph: _Written) -> None:
        """The same written out, with what it measures and what is given."""
        graph.channels.append(channels)
        own = f"opened.{len(graph.channels)}."

        def node(operator: str, takes: Sequence[str], gives: str = "", **attributes: int) -> str:
            name = gives or f"{own}{next(graph.numbers)}"
            graph.nodes.append(_node(operator, takes, [name], attributes))
            return name

        def mean_of(x: str) -> str:
            return node("ReduceMean", [x, "opened.plane"], keepdims=1)

        def chosen(measured: str, given: str) -> str:
            graph.measured.append(measured)
            return node("Where", [FROZEN, f"opened.given.{given}", measured])

        place = 2 * len(graph.channels)
        mean = mean_of(self.x)
        centre = chosen(mean, str(place - 2))
        deviation = node("Sub", [self.x, centre])
        # About the measured mean, whichever is taken away: E(x − m)² = Var x + (E x − m)².
        shift = node("Sub", [mean, centre])
        square = mean_of(node("Mul", [deviation, deviation]))
        variance = chosen(node("Sub", [square, node("Mul", [shift, shift])]), str(place - 1))
        epsilon = graph.constant(f"{own}epsilon", np.array(self.epsilon, np.float32))
        root = node("Sqrt", [node("Add", [variance, epsilon])])
        scale = node("Div", [node("Reshape", [self.w, "opened.channels"]), root])
        node("Add", [node("Mul", [deviation, scale]), node("Reshape", [self.b, "opened.channels"])], self.y)


@dataclass
class _Written:
    """What the graph is made of anew."""

    nodes: list[bytes] = field(default_factory=list)
    rest: list[bytes] = field(default_factory=list)
    """What is as it was."""
    constants: list[bytes] = field(default_factory=list)
    channels: list[int] = field(default_factory=list)
    """Of each norm so far."""
    measured: list[str] = field(default_factory=list)
    """`[N, c, 1, 1]` each: a norm's means, then its variances."""
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def constant(self, name: str, value: npt.NDArray[np.generic]) -> str:
        self.constants.append(_bytes(_INITIALIZER, _tensor(name, value)))
        return name

    def content(self) -> bytes:
        """All of it, what is new behind what was there; the given row is cut into what each norm takes before any."""
        row = 2 * sum(self.channels)
        sizes = np.repeat(self.channels, 2).astype(np.int64)
        self.constant(STATISTICS, np.zeros((1, row), np.float32))
        self.constant(FROZEN, np.zeros(1, np.bool_))
        self.constant("opened.plane", np.array([2, 3], np.int64))
        self.constant("opened.channels", np.array([1, -1, 1, 1], np.int64))
        self.constant("opened.row", np.array([0, -1], np.int64))
        self.constant("opened.sizes", sizes)
        given = [f"opened.given.{place}" for place in range(len(sizes))]
        first = [
            _node("Reshape", [STATISTICS, "opened.channels"], ["opened.given"], {}),
            _node("Split", ["opened.given", "opened.sizes"], given, {"axis": 1}),
        ]
        last = [
            _node("Concat", self.measured, ["opened.measured"], {"axis": 1}),
            _node("Reshape", ["opened.measured", "opened.row"], [MEASURED], {}),
        ]
        ends = [
            _bytes(_INPUT, _value(STATISTICS, _FLOAT)),
            _bytes(_INPUT, _value(FROZEN, _BOOL)),
            _bytes(_OUTPUT, _value(MEASURED, _FLOAT)),
        ]
        return b"".join([*first, *self.nodes, *last, *self.rest, *self.constants, *ends])


def _norm(file: BinaryIO, node: Field) -> _Norm | None:
    """What a node says, if it is a norm."""
    takes, gives, operator, epsilon = [], "", b"", _EPSILON
    for part in fields(file, node.start, node.end):
        if part.number == _TAKES:
            takes.append(_content(file, part).decode())
        elif part.number == _GIVES:
            gives = _content(file, part).decode()
        elif part.number == _OPERATOR:
            operator = _content(file, part)
        elif part.number == _ATTRIBUTE:
            for value in fields(file, part.start, part.end):
                if value.number == _F:
                    (epsilon,) = struct.unpack("<f", _content(file, value))
    if operator != _NORM:
        return None
    if len(takes) != 3:
        raise ValueError(_OTHER)
    x, w, b = takes
    return _Norm(x, w, b, gives, epsilon)


def _content(file: BinaryIO, part: Field) -> bytes:
    file.seek(part.start)
    return file.read(part.end - part.start)


def _node(operator: str, takes: Sequence[str], gives: Sequence[str], attributes: dict[str, int]) -> bytes:
    content = [
        *(_bytes(_TAKES, name.encode()) for name in takes),
        *(_bytes(_GIVES, name.encode()) for name in gives),
        _bytes(_OPERATOR, operator.encode()),
    ]
    for name, value in attributes.items():
        kind = _number(_I, value) + _number(_KIND, _INT_ATTRIBUTE)
        content.append(_bytes(_ATTRIBUTE, _bytes(_NAME, name.encode()) + kind))
    return _bytes(_NODE, b"".join(content))


def _tensor(name: str, value: npt.NDArray[np.generic]) -> bytes:
    sizes = b"".join(_number(_DIMENSION, size) for size in value.shape)
    element = _number(_TYPE, _ELEMENTS[value.dtype.name])
    return sizes + element + _bytes(_TENSOR_NAME, name.encode()) + _bytes(_RAW, value.tobytes())


def _value(name: str, element: int) -> bytes:
    kind = _bytes(_TENSOR, _number(_ELEMENT, element))
    return _bytes(_NAME, name.encode()) + _bytes(_VALUE_TYPE, kind)


def _bytes(number: int, content: bytes) -> bytes:
    """A field with its length."""
    return _varint(number << 3 | BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    """A field that is a number, not below 0."""
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
