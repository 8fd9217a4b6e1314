"""Networks written by hand, of which it is known what they answer."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from translate.card import KEY, Card

OPSET = [helper.make_opsetid("", 18)]


def saved(path: Path, nodes: list, given: tuple, made: tuple, constants: dict[str, np.ndarray], **facts: str) -> Path:
    """A file of that graph, with a card if there are facts for one."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(*given)],
        [helper.make_tensor_value_info(*made)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=10)
    if facts:
        entry = model.metadata_props.add()
        entry.key, entry.value = KEY, Card(path.stem, f"{facts['source']} → {facts['target']}", "x", **facts).to_json()
    onnx.save(model, path)
    return path


def constant(path: Path, level: int, source: str, target: str) -> Path:
    """A model of ours that gives that level everywhere."""
    nodes = [
        helper.make_node("Cast", ["image"], ["zero"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["zero", "none"], ["flat"]),
        helper.make_node("Add", ["flat", "level"], ["float"]),
        helper.make_node("Cast", ["float"], ["translated"], to=TensorProto.UINT8),
    ]
    shape = ["n", "h", "w", 3]
    constants = {"none": np.float32([0]), "level": np.float32([level])}
    sides = [(name, TensorProto.UINT8, shape) for name in ("image", "translated")]
    return saved(path, nodes, *sides, constants, source=source, target=target)


def reader(path: Path, palette: np.ndarray, source: str, target: str) -> Path:
    """A model of ours that gives each pixel the nearest colour of a palette: the most of 2 c·x − ‖c‖²."""
    colours = palette.astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["float", "twice"], ["products"]),
        helper.make_node("Add", ["products", "minus"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["classes"], axis=3, keepdims=0),
        helper.make_node("Gather", ["palette", "classes"], ["translated"]),
    ]
    constants = {"twice": 2 * colours.T, "minus": -np.square(colours).sum(1), "palette": palette}
    sides = [(name, TensorProto.UINT8, ["n", "h", "w", 3]) for name in ("image", "translated")]
    return saved(path, nodes, *sides, constants, source=source, target=target)


def segmentation(
    path: Path,
    palette: np.ndarray,
    gives: str = "scores",
    first: bool = True,
    size: int | None = None,
    black: float = 0,
    white: float = 1,
    bgr: bool = False,
) -> Path:
    """Anybody's segmentation: the same, in their form.

    Args:
        path: of the file.
        palette: colours `[K, 3]` of 0 … 255.
        gives: `scores` `[1, K, h, w]`, half as large as the picture; `classes`, int64 `[1, h, w]`; or `colours`.
        first: channels stand first in its input (and scores).
        size: the only side that it takes.
        black: what level 0 must have become.
        white: what level 255 must have become.
        bgr: the order in which it wants channels.
    """
    colours = palette.astype(np.float32) / 255 * (white - black) + black
    shown = colours[:, ::-1] if bgr else colours
    sides: list = [size, size] if size else ["h", "w"]
    nodes = [helper.make_node("Transpose", ["image"], ["rows"], perm=[0, 2, 3, 1])] if first else []
    nodes += [
        helper.make_node("MatMul", ["rows" if first else "image", "twice"], ["products"]),
        helper.make_node("Add", ["products", "minus"], ["scored"]),
    ]
    count = len(palette)
    if gives == "scores":
        # Nearest neighbours of every other pixel, so that scores must be made larger again.
        nodes.append(helper.make_node("Slice", ["scored", "from", "to", "axes", "steps"], ["small"]))
        perm = [0, 3, 1, 2] if first else [0, 1, 2, 3]
        nodes.append(helper.make_node("Transpose", ["small"], ["out"], perm=perm))
        made = ("out", TensorProto.FLOAT, [1, count, "a", "b"] if first else [1, "a", "b", count])
    else:
        nodes.append(
            helper.make_node("ArgMax", ["scored"], ["out" if gives == "classes" else "found"], axis=3, keepdims=0)
        )
        made = ("out", TensorProto.INT64, [1, "h2", "w2"])
        if gives == "colours":
            nodes.append(helper.make_node("Gather", ["palette", "found"], ["last"]))
            nodes.append(helper.make_node("Transpose", ["last"], ["out"], perm=[0, 3, 1, 2] if first else [0, 1, 2, 3]))
            made = ("out", TensorProto.UINT8, [1, 3, "h2", "w2"] if first else [1, "h2", "w2", 3])
    constants = {"twice": 2 * shown.T.copy(), "minus": -np.square(colours).sum(1), "palette": palette}
    constants |= {
        name: np.int64(values)
        for name, values in {"from": [0, 0], "to": [9999, 9999], "axes": [1, 2], "steps": [2, 2]}.items()
    }
    return saved(
        path, nodes, ("image", TensorProto.FLOAT, [1, 3, *sides] if first else [1, *sides, 3]), made, constants
    )


def drawer(path: Path, templates: np.ndarray, labelled: bool, latent: int = 4) -> Path:
    """A model of ours that draws from noise: of each label, or whatever the noise, always the same picture.

    Args:
        path: of the file.
        templates: uint8 `[K, side, side, C]`; of one that is told no labels the first alone counts.
        labelled: whether it is told labels.
        latent: numbers of noise, of which nothing is made.
    """
    count, side, _, channels = templates.shape
    if labelled:
        nodes = [helper.make_node("Gather", ["templates", "label"], ["translated"])]
    else:
        nodes = [
            helper.make_node("Shape", ["noise"], ["count"], start=0, end=1),
            helper.make_node("Concat", ["count", "rest"], ["shape"], axis=0),
            helper.make_node("Expand", ["templates", "shape"], ["translated"]),
        ]
    constants = {"templates": templates if labelled else templates[:1], "rest": np.int64([side, side, channels])}
    given = [helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["n", latent])]
    if labelled:
        given.append(helper.make_tensor_value_info("label", TensorProto.INT64, ["n"]))
    graph = helper.make_graph(
        nodes,
        "graph",
        given,
        [helper.make_tensor_value_info("translated", TensorProto.UINT8, ["n", side, side, channels])],
        [
            numpy_helper.from_array(array, name)
            for name, array in constants.items()
            if name == "templates" or not labelled
        ],
    )
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=10)
    card = Card(
        path.stem,
        "noise → picture",
        "x",
        "noise",
        "picture",
        target_channels=channels,
        size=side,
        latent=latent,
        classes=[str(number) for number in range(count)] if labelled else [],
        version=3,
    )
    entry = model.metadata_props.add()
    entry.key, entry.value = KEY, card.to_json()
    onnx.save(model, path)
    return path


def levels_classifier(path: Path, levels: np.ndarray, side: int) -> Path:
    """Anybody's classifier: grey `[1, side, side, 1]` is of the class whose level its mean is nearest."""
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
        helper.make_node("Sub", ["mean", "levels"], ["off"]),
        helper.make_node("Abs", ["off"], ["distance"]),
        helper.make_node("Neg", ["distance"], ["scores"]),
    ]
    constants = {"axes": np.int64([1, 2]), "levels": levels.astype(np.float32)[None]}
    shapes = ("image", TensorProto.UINT8, [1, side, side, 1]), ("scores", TensorProto.FLOAT, [1, len(levels)])
    return saved(path, nodes, *shapes, constants)
