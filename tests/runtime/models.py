"""ONNX models written by hand, in protobuf's wire format: hostile ones, which no library would write, without one."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

from translate.card import KEY, Card
from translate.forms import Form

FLOAT, UINT8, UINT16, INT32, INT64 = 1, 2, 4, 6, 7


def varint(value: int) -> bytes:
    head = b""
    value &= 2**64 - 1
    while value >= 128:
        head += bytes([value & 127 | 128])
        value >>= 7
    return head + bytes([value])


def field(number: int, content: bytes | str | int) -> bytes:
    """A field: numbers as they are, texts and messages with their length."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def several(number: int, contents: object) -> bytes:
    return b"".join(field(number, content) for content in contents)  # type: ignore[attr-defined]


def tensor(name: str, kind: int, dims: list[int], raw: bytes | None = b"", extra: bytes = b"") -> bytes:
    content = b"" if raw is None else field(9, raw)
    return several(1, dims) + field(2, kind) + field(8, name) + content + extra


def integer(name: str, value: int) -> bytes:
    return field(1, name) + field(3, value) + field(20, 2)


def graph_attribute(name: str, inner: bytes) -> bytes:
    return field(1, name) + field(6, inner) + field(20, 5)


def tensor_attribute(name: str, value: bytes) -> bytes:
    return field(1, name) + field(5, value) + field(20, 4)


def node(operator: str, given: list[str], made: list[str], *attributes: bytes, domain: str = "") -> bytes:
    return several(1, given) + several(2, made) + field(4, operator) + several(5, attributes) + field(7, domain)


def value(name: str, kind: int = UINT8, dims: tuple[str | int, ...] = ("N", "H", "W", 3)) -> bytes:
    shape = several(1, (field(1, side) if isinstance(side, int) else field(2, side) for side in dims))
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def graph(nodes: list[bytes], constants: list[bytes] = [], sides: bytes | None = None) -> bytes:  # noqa: B006
    """A graph from `image` to `translated`, unless other `sides` are given."""
    ends = field(11, value("image")) + field(12, value("translated")) if sides is None else sides
    return several(1, nodes) + field(2, "g") + several(5, constants) + ends


def function(domain: str, name: str, nodes: list[bytes]) -> bytes:
    """A function from `x` to `y`."""
    opsets = field(9, field(1, "") + field(2, 17)) + field(9, field(1, domain) + field(2, 1))
    return field(1, name) + field(4, "x") + field(5, "y") + several(7, nodes) + opsets + field(10, domain)


def model(
    inner: bytes, *functions: bytes, domains: tuple[str, ...] = (), card: bool = True, extra: bytes = b""
) -> bytes:
    opsets = several(8, (field(1, domain) + field(2, 17 if not domain else 1) for domain in ("", *domains)))
    told = Card("hand", "a → b", "none", "a", "b").to_json()
    props = field(14, field(1, KEY) + field(2, told)) if card else b""
    return field(1, 8) + field(7, inner) + opsets + props + several(25, functions) + extra


COPY = node("Identity", ["image"], ["translated"])
SOUND = model(graph([COPY]))


def integers(name: str, *values: int) -> bytes:
    return field(1, name) + several(8, values) + field(20, 7)


def floats(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}q", *values)


def convolution() -> bytes:
    """What a network is made of, once each."""
    nodes = [
        node("Cast", ["image"], ["float"], integer("to", FLOAT)),
        node("Transpose", ["float"], ["planes"], integers("perm", 0, 3, 1, 2)),
        node("Pad", ["planes", "pads"], ["padded"], field(1, "mode") + field(4, "edge") + field(20, 3)),
        node("Conv", ["padded", "weight", "bias"], ["features"], integers("kernel_shape", 3, 3)),
        node("InstanceNormalization", ["features", "bias", "bias"], ["normal"]),
        node("Relu", ["normal"], ["positive"]),
        node("Resize", ["positive", "", "scales"], ["same"]),
        node("Transpose", ["same"], ["rows"], integers("perm", 0, 2, 3, 1)),
        node("Clip", ["rows", "low", "high"], ["levels"]),
        node("Cast", ["levels"], ["translated"], integer("to", UINT8)),
    ]
    constants = [
        tensor("weight", FLOAT, [3, 3, 3, 3], floats(*[0.1] * 81)),
        tensor("bias", FLOAT, [3], floats(0, 1, 2)),
        tensor("pads", INT64, [8], longs(0, 0, 1, 1, 0, 0, 1, 1)),
        tensor("scales", FLOAT, [4], floats(1, 1, 1, 1)),
        tensor("low", FLOAT, [], floats(0)),
        tensor("high", FLOAT, [], floats(255)),
    ]
    return model(graph(nodes, constants))


def branches() -> bytes:
    branch = graph([node("Identity", ["image"], ["out"])], sides=field(12, value("out")))
    both = graph_attribute("then_branch", branch), graph_attribute("else_branch", branch)
    return model(graph([node("If", ["always"], ["translated"], *both)], [tensor("always", 9, [], b"\1")]))


def calls(*functions: bytes, called: str = "f0") -> bytes:
    """A model that calls a function of its own, which it holds with others."""
    return model(graph([node(called, ["image"], ["translated"], domain="mine")]), *functions, domains=("mine",))


def ladder(rungs: int) -> bytes:
    """Functions each of which calls the next one twice."""
    steps = [
        [node(f"f{n + 1}", ["x"], ["m"], domain="mine"), node(f"f{n + 1}", ["m"], ["y"], domain="mine")]
        for n in range(rungs)
    ]
    steps.append([node("Identity", ["x"], ["y"])])
    return calls(*(function("mine", f"f{n}", nodes) for n, nodes in enumerate(steps)))


RICH = [SOUND, convolution(), branches(), ladder(2)]
"""Sound models with, between them, every kind of message that vetting looks into."""


def copying(path: Path, takes: Form, gives: Form, kind: int = UINT16) -> Path:
    """A model that gives what it was given, of that type and these forms."""
    card = Card("copy", "a → b", "none", "a", "b", takes.channels, gives.channels, 8, version=2)
    told = replace(card, source_form=takes.records(), target_form=gives.records()).to_json()
    ends = [value(name, kind, ("N", "H", "W", takes.channels)) for name in ("image", "translated")]
    props = field(14, field(1, KEY) + field(2, told))
    path.write_bytes(model(graph([COPY], sides=field(11, ends[0]) + field(12, ends[1])), card=False, extra=props))
    return path
