"""Does the exported graph say what the network says? Measured in levels of 255, before and after rounding."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from translate.card import Card
from translate.errors import ExportError
from translate.exporting.graph import BytesToBytes
from translate.runtime.opening import FROZEN, STATISTICS, opened

if TYPE_CHECKING:
    import onnx

TOLERANCE = 0.05
"""Largest difference before rounding that passes, in levels of 255. Other orders of summing give 0.001 to 0.01."""


def verify(model: onnx.ModelProto, graph: BytesToBytes, card: Card, norms: Sequence[int]) -> dict[str, Any]:
    """Run torch and ONNX Runtime side by side on even and odd sizes.

    Args:
        model: the exported graph.
        graph: what is meant.
        card: of the model.
        norms: channels of each norm in the graph; opened, it must say the same.

    Returns:
        `sizes` (height×width, with the batch where it is not 1), `max_levels` (of the bytes) and `max_float` (before
        rounding), both in levels of 255.

    Raises:
        ExportError: the two differ by more than `TOLERANCE` before rounding, or the sizes differ.
    """
    session, opening = _session(model, ()), _session(model, norms) if norms else None
    side = card.size
    shapes = [(1, side, side), (2, side - side // 8 - 1, side + 1), (1, side + side // 2 + 1, side // 2 + 3)]
    floats, levels = [], []
    for shape in shapes:
        image = sample_picture((*shape, card.source_channels))
        with torch.no_grad():
            expected = graph.levels(torch.from_numpy(image)).numpy()
            expected_bytes = graph(torch.from_numpy(image)).numpy()
        found_bytes, found = session.run(None, {"image": image})
        if found.shape != expected.shape or found_bytes.dtype != np.uint8:
            raise ExportError(f"the exported graph gives {found.shape} where torch gives {expected.shape}")
        floats.append(np.abs(found - expected).max())
        if opening:
            _, same, row = opening.run(None, {"image": image})
            floats.append(np.abs(same - expected).max())
            if shape[0] == 1:  # given what was measured, it must say the same again
                given = {STATISTICS: row, FROZEN: np.array([True])}
                floats.append(np.abs(opening.run(None, {"image": image, **given})[1] - expected).max())
        levels.append(np.abs(found_bytes.astype(int) - expected_bytes.astype(int)).max())
    # NumPy's max keeps a NaN, and the comparison is not `>`: a NaN must not pass.
    worst = float(np.max(floats))
    if not worst <= TOLERANCE:
        raise ExportError(
            f"the exported graph differs from torch by {worst:.3g} of 255 levels, more than {TOLERANCE}: "
            "nothing was written"
        )
    names = [f"{height}×{width}" + (f" ({count} at once)" if count > 1 else "") for count, height, width in shapes]
    return {"sizes": names, "max_levels": int(np.max(levels)), "max_float": worst}


def _session(model: onnx.ModelProto, norms: Sequence[int]) -> Any:
    """A session that also gives what goes into the last rounding; with norms, one whose statistics are open."""
    import onnx
    import onnxruntime

    model = copy.deepcopy(model)
    last = [node for node in model.graph.node if node.op_type == "Round"][-1]
    model.graph.output.append(onnx.helper.make_tensor_value_info(last.input[0], onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    file = model.SerializeToString()
    if norms:
        file = opened(file, norms)
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def sample_picture(shape: tuple[int, ...]) -> np.ndarray:
    """Soft shapes and some noise, uint8: what a picture's statistics are like, the same every time."""
    count, height, width, channels = shape
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width] / 24.0
    phases = random.uniform(0, 6.3, (count, channels, 2))[..., None, None]
    waves = np.sin(x + phases[:, :, 0]) * np.cos(y + phases[:, :, 1])
    levels = 127.5 + 100 * waves.transpose(0, 2, 3, 1) + random.normal(0, 12, shape)
    return np.clip(levels, 0, 255).astype(np.uint8)
