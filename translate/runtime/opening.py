"""The second face of an exported model: the same graph, with the statistics of its norms to be told and given.

A graph whose norms take statistics from the picture holds everything for that: `statistics` (float32 `[1, S]`) and
`frozen` (bool `[1]`, false), which are constants, and `measured` (float32 `[N, S]`), which nobody asks for. Plain users
see one input and one output. Completed, the two are inputs that need not be given, and the third is an output.
"""

from __future__ import annotations

STATISTICS, FROZEN, MEASURED = "statistics", "frozen", "measured"

# Numbers of fields, from onnx.proto: ModelProto.graph, GraphProto.input and .output, ValueInfoProto, TypeProto.
_GRAPH, _INPUT, _OUTPUT = 7, 11, 12
_NAME, _TYPE, _TENSOR, _ELEMENT = 1, 2, 1, 1
_FLOAT, _BOOL = 1, 9


def completed(model: bytes) -> bytes:
    """The bytes of a model whose inputs and outputs are completed as above.

    A protobuf message that comes twice is the two merged, so it is enough to append what is to be added.
    """
    return model + _field(
        _GRAPH,
        _field(_INPUT, _value(STATISTICS, _FLOAT))
        + _field(_INPUT, _value(FROZEN, _BOOL))
        + _field(_OUTPUT, _value(MEASURED, _FLOAT)),
    )


def _value(name: str, element: int) -> bytes:
    kind = bytes([_ELEMENT << 3, element])
    return _field(_NAME, name.encode()) + _field(_TYPE, _field(_TENSOR, kind))


def _field(number: int, content: bytes) -> bytes:
    """A field of kind 2, with its length; both fit into one byte here."""
    return bytes([number << 3 | 2, len(content)]) + content
