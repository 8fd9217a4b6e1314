"""Eight-bit integers: convolutions in int8 (per channel) on uint8 activations, ranges taken from pictures.

First and last layers stay in float: they see and make the picture itself, and cost the most error for the least time.
Where that is not enough, so do the layers that do most harm, by measurement: of a trained ResNet-9 all but the ends are
5 levels off, mostly by its last doubling, whose flat parts round alike under the 7×7 kernel behind it.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx


def quantised(
    model: onnx.ModelProto,
    pictures: Sequence[np.ndarray],
    error: Callable[[onnx.ModelProto], float],
    good_enough: Callable[[onnx.ModelProto], bool],
) -> tuple[onnx.ModelProto, list[str]]:
    """The model with int8 convolutions, and the names of those left in float.

    Args:
        model: in float32; its convolutions have names.
        pictures: uint8 `[H, W, C]`, to take the ranges from.
        error: how far off a model is.
        good_enough: whether a model will do. When not even keeping half of the layers in float makes it so, that
            is what is given.
    """
    with tempfile.TemporaryDirectory() as folder:
        quantise = _Quantiser(model, pictures, Path(folder))
        inner = [layer for layer in quantise.layers if not (set(layer) & quantise.ends)]
        left = [name for layer in quantise.layers if set(layer) & quantise.ends for name in layer]
        found = quantise(left)
        if good_enough(found) or not inner:
            return found, left
        every = [name for layer in quantise.layers for name in layer]
        harm = {layer: error(quantise([name for name in every if name not in layer])) for layer in inner}
        worst_first = sorted(inner, key=lambda layer: -harm[layer])
        for layer in worst_first[: (len(inner) + 1) // 2]:
            left += layer
            found = quantise(left)
            if good_enough(found):
                break
        return found, left


class _Quantiser:
    """ONNX Runtime's quantiser on one model; ranges are measured once."""

    def __init__(self, model: onnx.ModelProto, pictures: Sequence[np.ndarray], folder: Path) -> None:
        import onnx

        self._folder, self._pictures = folder, pictures
        self._model = folder / "float.onnx"  # a file: a model in memory is emptied into one and then read again
        onnx.save(model, self._model)
        self.layers = _layers(model)
        self.ends = {name for layer in (self.layers[0], self.layers[-1]) for name in layer}

    def __call__(self, in_float: Sequence[str]) -> onnx.ModelProto:
        import onnx
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

        target = self._folder / "quantised.onnx"
        with _quiet():
            quantize_static(
                self._model,
                target,
                _Reader(self._pictures),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=list(in_float),
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibration_cache_path=self._folder / "ranges.json",
            )
        return onnx.load(target)


class _Reader:
    """Feeds pictures one by one, as ONNX Runtime's `CalibrationDataReader` does."""

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        self._feeds = iter([{"image": picture[None]} for picture in pictures])

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        return self._feeds


def _layers(model: onnx.ModelProto) -> list[tuple[str, ...]]:
    """Names of the convolutions, those side by side (the phases of one doubling) together, from input to output."""
    depth: dict[str, int] = {}
    layers: dict[int, list[str]] = {}
    for node in model.graph.node:  # in topological order
        here = max((depth.get(name, 0) for name in node.input), default=0)
        if node.op_type == "Conv":
            layers.setdefault(here, []).append(node.name)
            here += 1
        for name in node.output:
            depth[name] = here
    return [tuple(layers[place]) for place in sorted(layers)]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """ONNX Runtime's quantiser advises on the root logger and prints."""
    logger = logging.getLogger()
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logger.setLevel(level)
