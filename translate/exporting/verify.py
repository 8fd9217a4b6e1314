"""Does the exported graph say what the network says? Measured in levels of the output, before and after rounding.

Levels are those that the range of the output has: 255 of 8 bits, 65,535 of 16 bits and of floats. Torch and ONNX
Runtime sum in other orders, which makes a deep network's output in [-1, 1] differ by 1e-6 to 2e-5 (measured on U-Nets
and ResNets): 0.001 levels of 255, and up to 0.6 of 65,535. More than `TOLERANCES` is a graph that says something else.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from translate.card import Card
from translate.errors import ExportError
from translate.exporting.graph import BytesToBytes
from translate.forms import Form
from translate.runtime.opening import FROZEN, STATISTICS, opened

if TYPE_CHECKING:
    import onnx

TOLERANCES = {255: 0.05, 65535: 2.0}
"""Largest difference before rounding that passes, by how many levels the output has: 1/5,000 and 1/30,000 of its range.
Of 16 bits it cannot be the same share as of 8, or nothing would show that depth was lost."""


def verify(model: onnx.ModelProto, graph: BytesToBytes, card: Card, norms: Sequence[int]) -> dict[str, Any]:
    """Run torch and ONNX Runtime side by side on even and odd sizes.

    Args:
        model: the exported graph.
        graph: what is meant.
        card: of the model.
        norms: channels of each norm in the graph; opened, it must say the same.

    Returns:
        `sizes` (height×width, with the batch where it is not 1), `max_levels` (of what is stored; of label maps 1 where
        a class differs) and `max_float` (before rounding), both in levels of 255, or where there are more of as many
        as `levels` says.

    Raises:
        ExportError: the two differ by more than `TOLERANCES` before rounding, or sizes or types differ.
    """
    unit = _Unit(card.gives)
    session, opening = with_levels(model), with_levels(model, norms) if norms else None
    side = card.size
    shapes = [(1, side, side), (2, side - side // 8 - 1, side + 1), (1, side + side // 2 + 1, side // 2 + 3)]
    floats, levels = [], []
    for shape in shapes:
        image = sample_picture((*shape, card.source_channels), card.takes)
        with torch.no_grad():
            expected = graph.levels(torch.from_numpy(image)).numpy()
            expected_bytes = graph(torch.from_numpy(image)).numpy()
        found_bytes, found = session.run(None, {"image": image})
        if found.shape != expected.shape or found_bytes.dtype != card.gives.depth:
            what = f"{found_bytes.dtype} {list(found.shape)}"
            raise ExportError(f"the exported graph gives {what} where torch gives {card.gives.depth} {expected.shape}")
        floats.append(unit(found, expected))
        if opening:
            _, same, row = opening.run(None, {"image": image})
            floats.append(unit(same, expected))
            if shape[0] == 1:  # given what was measured, it must say the same again
                given = {STATISTICS: row, FROZEN: np.array([True])}
                floats.append(unit(opening.run(None, {"image": image, **given})[1], expected))
        levels.append(unit.stored(found_bytes, expected_bytes))
    worst = held(floats, unit.levels)
    names = [f"{height}×{width}" + (f" ({count} at once)" if count > 1 else "") for count, height, width in shapes]
    more = {} if unit.levels == 255 else {"levels": unit.levels}
    return {"sizes": names, "max_levels": int(np.rint(np.max(levels))), "max_float": worst, **more}


def held(floats: Sequence[float], levels: int) -> float:
    """The worst of these differences before rounding; raises ExportError where it does not pass."""
    # NumPy's max keeps a NaN, and the comparison is not `>`: a NaN must not pass.
    worst = float(np.max(floats))
    if not worst <= TOLERANCES[levels]:
        raise ExportError(
            f"the exported graph differs from torch by {worst:.3g} of {levels} levels, more than "
            f"{TOLERANCES[levels]:g}: nothing was written"
        )
    return worst


class _Unit:
    """Differences of pictures of a form, in levels of their range."""

    def __init__(self, form: Form) -> None:
        self.levels = 255 if form.depth == "uint8" or form.classes else 65535
        self._form = form
        # Of label maps the network's own numbers are compared, which are in [-1, 1].
        self._span = np.array([high - low for low, high in form.ranges] or [2.0], np.float64)

    def __call__(self, found: np.ndarray, expected: np.ndarray) -> float:
        if self._form.whole:
            return float(np.abs(found - expected).max())
        return float((np.abs(found.astype(np.float64) - expected) / self._span).max() * self.levels)

    def stored(self, found: np.ndarray, expected: np.ndarray) -> float:
        """Of what is stored: 1 where classes differ."""
        if self._form.classes:
            return float((found != expected).any())
        if self._form.depth == "float32":
            return self(found, expected)
        return float(np.abs(found.astype(int) - expected.astype(int)).max())


def with_levels(model: onnx.ModelProto, norms: Sequence[int] = ()) -> Any:
    """A session that also gives what goes into the last rounding; with norms, one whose statistics are open.

    Of floats nothing is rounded: what they come from is what they are. Of label maps the greatest is taken instead.
    """
    import onnx
    import onnxruntime

    model = copy.deepcopy(model)
    last = [node for node in model.graph.node if node.op_type in ("Round", "ArgMax")]
    floats = model.graph.output[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    if floats:
        same = onnx.helper.make_node("Identity", [model.graph.output[0].name], ["as it was"])
        model.graph.node.append(same)
    name = "as it was" if floats else last[-1].input[0]
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    file = model.SerializeToString()
    if norms:
        file = opened(file, norms)
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def sample_picture(shape: tuple[int, ...], form: Form) -> np.ndarray:
    """Soft shapes and some noise over the form's range: what a picture's statistics are like, the same every time."""
    count, height, width, channels = shape
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width] / 24.0
    phases = random.uniform(0, 6.3, (count, channels, 2))[..., None, None]
    waves = np.sin(x + phases[:, :, 0]) * np.cos(y + phases[:, :, 1])
    levels = 127.5 + 100 * waves.transpose(0, 2, 3, 1) + random.normal(0, 12, shape)
    levels = np.clip(levels, 0, 255)
    if form.classes and shape[3] == 1:
        return (levels * (form.classes - 1) / 255).round().astype(form.depth)
    if form.whole or form.classes:
        return levels.astype(np.uint8)
    low, high = np.array(form.ranges).T
    return (low + levels / 255 * (high - low)).astype(form.depth)
