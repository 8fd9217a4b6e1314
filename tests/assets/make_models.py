"""Writes the tiny models that the tests of the runtime load: `python tests/assets/make_models.py`.

They are committed, so that those tests need neither torch nor onnx. Running this again writes the same bytes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from translate.card import KEY, Card

HERE = Path(__file__).parent
PALETTE = {
    "sky": "#87ceeb",
    "wall": "#e6b482",
    "roof": "#be4632",
    "window": "#3c5adc",
    "door": "#824614",
    "tree": "#1e6e32",
    "grass": "#7cc850",
}
"""Of `labels`: the first is the sheet's."""


def value(name: str, channels: int, kind: int = TensorProto.UINT8) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, ["N", "H", "W", channels])


def model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    card: Card | None,
    channels: tuple[int, int] = (3, 3),
    names: tuple[str, str] = ("image", "translated"),
    opset: int = 17,
) -> onnx.ModelProto:
    return finished(nodes, constants, card, [value(names[0], channels[0])], value(names[1], channels[1]), opset)


def finished(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    card: Card | None,
    inputs: list[onnx.ValueInfoProto],
    output: onnx.ValueInfoProto,
    opset: int,
) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], tensors)
    # An old operator set and file version, so that any ONNX Runtime of the last years loads them.
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, producer_name="tests")
    if card is not None:
        helper.set_model_props(made, {KEY: card.to_json()})
    onnx.checker.check_model(made, full_check=True)
    return made


def invert(names: tuple[str, str] = ("image", "translated")) -> list[onnx.NodeProto]:
    """255 - x. ONNX Runtime subtracts no uint8, and BitwiseNot comes later than opset 17: through int32."""
    return [
        helper.make_node("Cast", [names[0]], ["wide"], to=TensorProto.INT32),
        helper.make_node("Sub", ["white", "wide"], ["inverted"]),
        helper.make_node("Cast", ["inverted"], [names[1]], to=TensorProto.UINT8),
    ]


def tint() -> list[onnx.NodeProto]:
    """Half of the picture and half of one colour."""
    return [
        helper.make_node("Cast", ["image"], ["wide"], to=TensorProto.INT32),
        helper.make_node("Add", ["wide", "colour"], ["sum"]),
        helper.make_node("Div", ["sum", "two"], ["half"]),
        helper.make_node("Cast", ["half"], ["translated"], to=TensorProto.UINT8),
    ]


def colour() -> list[onnx.NodeProto]:
    """Grey to (grey, 255 - grey, grey)."""
    return [
        helper.make_node("Cast", ["image"], ["wide"], to=TensorProto.INT32),
        helper.make_node("Sub", ["white", "wide"], ["inverted"]),
        helper.make_node("Concat", ["wide", "inverted", "wide"], ["three"], axis=3),
        helper.make_node("Cast", ["three"], ["translated"], to=TensorProto.UINT8),
    ]


def tiny_card(name: str, source: str, target: str, channels: int = 3, direction: str = "forward") -> Card:
    task, terms = f"{source} → {target}", "Apache-2.0"
    return Card(name, task, "none", source, target, channels, size=64, license=terms, direction=direction)


def statistics() -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """Each channel to mean 128 and deviation 50, by the picture's own statistics or, when opened, by given ones."""
    nodes = [
        helper.make_node("Cast", ["image"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["x"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("InstanceNormalization", ["planes", "fifty", "grey"], ["moved"], epsilon=1e-3),
        helper.make_node("Clip", ["moved", "black", "white"], ["levels"]),
        helper.make_node("Transpose", ["levels"], ["rows"], perm=[0, 2, 3, 1]),
        helper.make_node("Cast", ["rows"], ["translated"], to=TensorProto.UINT8),
    ]
    return nodes, {
        "fifty": np.full(3, 50, np.float32),
        "grey": np.full(3, 128, np.float32),
        "black": np.array(0, np.float32),
        "white": np.array(255, np.float32),
    }


def heavy(count: int = 300) -> tuple[list[onnx.NodeProto], dict[str, np.ndarray]]:
    """A long row of convolutions: seconds of work in a small file."""
    kernel = np.random.default_rng(0).normal(0, 0.05, (24, 24, 3, 3)).astype(np.float32)
    constants = {
        "kernel": kernel,
        "widen": np.ones((24, 3, 1, 1), np.float32),
        "narrow": np.ones((3, 24, 1, 1), np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["float"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planes", "widen"], ["x0"]),
    ]
    for turn in range(count):
        nodes.append(helper.make_node("Conv", [f"x{turn}", "kernel"], [f"x{turn + 1}"], pads=[1, 1, 1, 1]))
    return [
        *nodes,
        helper.make_node("Conv", [f"x{count}", "narrow"], ["narrowed"]),
        helper.make_node("Transpose", ["narrowed"], ["pixels"], perm=[0, 2, 3, 1]),
        helper.make_node("Cast", ["pixels"], ["translated"], to=TensorProto.UINT8),
    ], constants


def drawing(classes: int = 0) -> onnx.ModelProto:
    """Noise of 4 numbers to RGB of 8²: grey 128, of which z₀, z₁, z₂ move red, green and blue by 40 each, and z₃ makes
    a ramp from left to right, 8 levels a pixel. Of those that are told a label k, channel k is 60 higher."""
    side, nodes = 8, [helper.make_node("MatMul", ["noise", "basis"], ["seen"])]
    basis = np.zeros((4, side, side, 3), np.float32)
    for channel in range(3):
        basis[channel, :, :, channel] = 40
    basis[3] = 8 * (np.arange(side, dtype=np.float32) - (side - 1) / 2)[None, :, None]
    constants = {
        "basis": basis.reshape(4, -1),
        "grey": np.array(128, np.float32),
        "black": np.array(0, np.float32),
        "white": np.array(255, np.float32),
        "shape": np.array([-1, side, side, 3], np.int64),
    }
    inputs = [helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["N", 4])]
    if classes:
        told = np.zeros((classes, side, side, 3), np.float32)
        for label in range(classes):
            told[label, :, :, label] = 60
        constants |= {
            "told": told.reshape(classes, -1),
            "classes": np.array(classes, np.int64),
            "off and on": np.array([0, 1], np.float32),
        }
        nodes += [
            helper.make_node("OneHot", ["label", "classes", "off and on"], ["one"]),
            helper.make_node("MatMul", ["one", "told"], ["more"]),
            helper.make_node("Add", ["seen", "more"], ["moved"]),
        ]
        inputs.append(helper.make_tensor_value_info("label", TensorProto.INT64, ["N"]))
    nodes += [
        helper.make_node("Add", ["moved" if classes else "seen", "grey"], ["added"]),
        helper.make_node("Clip", ["added", "black", "white"], ["clipped"]),
        helper.make_node("Round", ["clipped"], ["levels"]),
        helper.make_node("Reshape", ["levels", "shape"], ["pixels"]),
        helper.make_node("Cast", ["pixels"], ["translated"], to=TensorProto.UINT8),
    ]
    output = helper.make_tensor_value_info("translated", TensorProto.UINT8, ["N", side, side, 3])
    name = "drawing_labels" if classes else "drawing"
    card = replace(tiny_card(name, "noise", "colour"), size=side, latent=4, version=3)
    names = ["red", "green", "blue"][:classes]
    return finished(nodes, constants, replace(card, classes=names), inputs, output, 17)


def main() -> None:
    white = {"white": np.array(255, np.int32)}
    warm = {"colour": np.array([240, 160, 80], np.int32), "two": np.array(2, np.int32)}
    negative = tiny_card("invert", "photo", "negative")
    made = {
        "invert": model(invert(), white, negative),
        "edges": model(tint(), warm, tiny_card("edges", "edges", "photo")),
        "labels": model(invert(), white, replace(tiny_card("labels", "labels", "photo"), palette=PALETTE)),
        "grey_to_colour": model(colour(), white, tiny_card("grey_to_colour", "grey", "colour", 1), (1, 3)),
        # Two that undo each other, exactly.
        "there": model(invert(), white, tiny_card("both_ways", "day", "night")),
        "back": model(invert(), white, tiny_card("both_ways", "night", "day", direction="backward")),
        "heavy": model(*heavy(), tiny_card("heavy", "photo", "noise")),
        "statistics": model(*statistics(), replace(tiny_card("normal", "photo", "normal photo"), norms=[3]), opset=18),
        "drawing": drawing(),
        "drawing_labels": drawing(3),
        "no_card": model(invert(), white, None),
        "wrong_names": model(invert(("input", "output")), white, negative, names=("input", "output")),
    }
    for name, proto in made.items():
        (HERE / f"{name}.onnx").write_bytes(proto.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
