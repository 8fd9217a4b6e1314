"""Writes models as other people export them, without a card: `python tests/assets/make_foreign.py`.

They are committed, so that the tests of the runtime need neither torch nor onnx. Running this again writes the same
bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).parent / "foreign"
FREE = ["N", 3, "H", "W"]
F32, F16, U8 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8


def node(kind: str, given: str, made: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, given.split(), made.split(), **attributes)


def model(
    nodes: list[onnx.NodeProto],
    given: list[Any],
    made: list[Any] | None = None,
    kinds: tuple[int, int] = (F32, F32),
    more: tuple[str, ...] = (),
    **numbers: Any,
) -> onnx.ModelProto:
    """A graph from `x` (and `more` of its kind) to `y`, with constants of the input's kind unless they are arrays."""
    dtype = {F32: np.float32, F16: np.float16, U8: np.uint8}[kinds[0]]
    constants = {name: n if isinstance(n, np.ndarray) else np.array(n, dtype) for name, n in numbers.items()}
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info(name, kinds[0], given) for name in ("x", *more)],
        [helper.make_tensor_value_info("y", kinds[1], given if made is None else made)],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="tests")
    onnx.checker.check_model(proto, full_check=True)
    return proto


def squashed(kind: str) -> list[onnx.NodeProto]:
    """`kind`(a·x + b), as networks end."""
    return [node("Mul", "x a", "ax"), node("Add", "ax b", "t"), node(kind, "t", "y")]


def main() -> None:
    sigmoid = squashed("Sigmoid")
    levels = [*sigmoid[:2], node("Sigmoid", "t", "s"), node("Mul", "s white", "y")]
    # Down by 64 and up again, beside the picture itself: only sides that are multiples of 64 fit.
    coarse = [
        node("AveragePool", "x", "small", kernel_shape=[64, 64], strides=[64, 64]),
        node("Resize", "small none scales", "large", mode="nearest"),
        node("Sub", "x large", "t"),
        node("Tanh", "t", "y"),
    ]
    grey = [node("ReduceMean", "x", "mean", axes=[1]), node("Neg", "mean", "t"), node("Tanh", "t", "y")]
    classes = [node("GlobalAveragePool", "x", "mean"), node("Flatten", "mean", "y")]
    half = [node("AveragePool", "x", "y", kernel_shape=[2, 2], strides=[2, 2])]
    nothing = np.zeros(0, np.float32)
    made = {
        "tanh": model(squashed("Tanh"), FREE, a=-1.5, b=0.0),
        "tanh_fixed": model(squashed("Tanh"), [1, 3, 24, 16], a=-1.5, b=0.0),
        "tanh_half": model(squashed("Tanh"), FREE, kinds=(F16, F16), a=-1.5, b=0.0),
        "tanh_to_grey": model(grey, FREE, ["N", 1, "H", "W"]),
        "tanh_of_64": model(
            coarse, FREE, ["N", 3, "H2", "W2"], none=nothing, scales=np.array([1, 1, 64, 64], np.float32)
        ),
        "sigmoid_last": model(sigmoid, ["N", "H", "W", 3], a=-4.0, b=2.0),
        "levels": model(levels, FREE, a=1 / 64, b=-2.0, white=255.0),
        "bytes": model([node("Identity", "x", "y")], ["N", "H", "W", 1], kinds=(U8, U8)),
        "anything": model([node("Identity", "x", "y")], FREE),
        "two_inputs": model([node("Add", "x z", "y")], FREE, more=("z",)),
        "classes": model(classes, FREE, ["N", 3]),
        "half_size": model(half, FREE, ["N", 3, "H2", "W2"]),
        "volume": model([node("Tanh", "x", "y")], ["N", 3, "D", "H", "W"]),
        "spectrum": model([node("Tanh", "x", "y")], ["N", 31, "H", "W"]),
        "batch_of_4": model([node("Tanh", "x", "y")], [4, 3, "H", "W"]),
        "one_side": model([node("Tanh", "x", "y")], ["N", 3, 64, "W"]),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, proto in made.items():
        (FOLDER / f"{name}.onnx").write_bytes(proto.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main()
