"""Smaller precisions of an exported graph, each held to the float32 graph on pictures.

- `fp16`: computes in half precision, norms in float32: for GPUs. Half the file.
- `bf16`: weights in bfloat16: half the file. OpenVINO computes in it too where the processor can, others in float32.
- `int8`: convolutions in eight-bit integers (see `int8`): for CPUs, two to three times as fast. A quarter of the file.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from translate.errors import ExportError
from translate.exporting.int8 import quantised
from translate.exporting.samples import Samples
from translate.metrics import l1, ssim

if TYPE_CHECKING:
    import onnx

PRECISIONS = ("fp32", "fp16", "bf16", "int8")

MOST_LEVELS, LEAST_SSIM = 1.0, 0.98
"""What passes: distance from float32 in levels of 255, and structural similarity to it, means over the pictures."""

RANKING = 8
"""Pictures that layers are ranked by, for what they cost in int8."""

_SMALL = 1024
"""Tensors of fewer numbers (biases, norms' weights) stay as they are."""


def reduced(
    model: onnx.ModelProto, precision: str, begun: onnx.ModelProto, samples: Samples
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The model in a smaller precision, and what that costs.

    Args:
        model: the graph in float32.
        precision: `fp16`, `bf16` or `int8`.
        begun: the same function in the form to begin with: in half precision for `fp16`, with channels of equal range
            for `int8` (see `equalise`).
        samples: pictures to calibrate with and to judge by.

    Returns:
        The model, and for the card: `mean_levels` and `max_levels` (of 255) from float32, `ssim` to it, the number of
        `pictures`, whether they were `held_out` of training, and with int8 the `float_layers`.

    Raises:
        ExportError: it is further from float32 than `MOST_LEVELS` and `LEAST_SSIM` allow.
    """
    judge = Judge(model, _fed(samples.judging))
    extra: dict[str, Any] = {}
    if precision == "int8":
        # Which layers do harm is asked of other pictures than those that judge.
        harm = Judge(model, _fed(samples.calibrating[:RANKING]))
        found, left = quantised(begun, samples.calibrating, lambda other: harm(other)["mean_levels"], judge.passes)
        extra = {"float_layers": left}
    else:
        found = begun if precision == "fp16" else in_bfloat16(begun)
    figures = judge.held(found, precision)
    return found, {**figures, **extra, "pictures": len(samples.judging), "held_out": samples.held_out}


Feeds: TypeAlias = Mapping[str, np.ndarray]
"""What a graph is given for one picture, by the names of its inputs."""


def _fed(pictures: Sequence[np.ndarray]) -> list[Feeds]:
    return [{"image": picture[None]} for picture in pictures]


class Judge:
    """Compares models with one of them, on what each makes of the same."""

    def __init__(self, model: onnx.ModelProto, feeds: Sequence[Feeds]) -> None:
        self._feeds = feeds
        self._truth = _given(model, feeds)

    def __call__(self, model: onnx.ModelProto) -> dict[str, float]:
        found = _given(model, self._feeds)
        pairs = list(zip(found, self._truth, strict=True))
        return {
            "mean_levels": float(np.mean([l1(one, other) for one, other in pairs])),
            "max_levels": int(max(np.abs(one.astype(int) - other).max() for one, other in pairs)),
            "ssim": float(np.mean([ssim(one, other) for one, other in pairs])),
        }

    def held(self, model: onnx.ModelProto, precision: str) -> dict[str, float]:
        """Its figures; raises ExportError where they do not pass."""
        figures = self(model)
        if not self.good(figures):
            raise ExportError(
                f"in {precision} the model is {figures['mean_levels']:.2f} of 255 levels off on average, with a "
                f"structural similarity of {figures['ssim']:.4f}, where at most {MOST_LEVELS} and at least "
                f"{LEAST_SSIM} pass: nothing was written; choose another precision"
            )
        return figures

    def passes(self, model: onnx.ModelProto) -> bool:
        return self.good(self(model))

    @staticmethod
    def good(figures: dict[str, float]) -> bool:
        # So put that a NaN does not pass.
        return figures["mean_levels"] <= MOST_LEVELS and figures["ssim"] >= LEAST_SSIM


def _given(model: onnx.ModelProto, feeds: Sequence[Feeds]) -> list[np.ndarray]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [session.run(["translated"], dict(one))[0][0] for one in feeds]


def in_bfloat16(model: onnx.ModelProto) -> onnx.ModelProto:
    """Large weights stored in bfloat16 and widened where the graph begins; runtimes do so once, when they load it."""
    import ml_dtypes
    import onnx

    model = copy.deepcopy(model)
    casts = []
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        name = tensor.name
        tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(ml_dtypes.bfloat16), f"{name}.bf16"))
        casts.append(onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT))
    for place, node in enumerate(casts):
        model.graph.node.insert(place, node)
    return model
