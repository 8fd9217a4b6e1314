"""A trained classifier as one `.onnx` file, for programs that judge pictures by it, ours and others'.

image uint8 [N, size, size, C] → [-1, 1] → network → scores float32 [N, classes]

It makes no pictures and so has no card; the names of its classes are in its metadata (`translate.classes`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from translate.encoding import encode
from translate.errors import ExportError
from translate.exporting.export import to_model, write
from translate.forms import Form
from translate.methods import Method
from translate.runtime.metadata import CLASSES

TOLERANCE = 1e-3
"""Of a score, between torch and ONNX Runtime, where the largest is 1 or more; of larger ones so much of the largest."""
_BATCHES = (1, 2, 5)


class BytesToScores(nn.Module):
    """A classifier with its preprocessing."""

    def __init__(self, network: nn.Module, form: Form) -> None:
        super().__init__()
        self.network, self.form = network, form

    def forward(self, image: Tensor) -> Tensor:
        """uint8 `[N, H, W, C]` → float32 `[N, classes]`."""
        scores: Tensor = self.network(encode(image.permute(0, 3, 1, 2), self.form)).float()
        return scores


def export_classifier(method: Method, config: dict[str, Any], path: Path) -> float:
    """Write the network that says what a picture shows.

    Args:
        method: trained, its averaged weights in place, on the CPU, in eval mode.
        config: the resolved configuration of its run.
        path: where the file goes; it appears there whole or not at all.

    Returns:
        By how much scores of torch and ONNX Runtime differ at most.

    Raises:
        ExportError: by too much, or the file cannot be written.
    """
    import onnxruntime

    channels, size = config["networks"][method.reader]["inputs"], config["transform"]["size"]
    if config.get("forms", {}).get("image"):
        raise ExportError(f"{config['name']} reads other than 8-bit pictures: only a classifier of these is exported")
    graph = BytesToScores(getattr(method, method.reader), Form.plain(channels)).eval()
    model = to_model(graph, {"image": torch.zeros(3, size, size, channels, dtype=torch.uint8)}, "scores", ("n",))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    worst = 0.0
    for count in _BATCHES:
        image = np.random.default_rng(count).integers(0, 256, (count, size, size, channels), np.uint8)
        with torch.no_grad():
            expected = graph(torch.from_numpy(image)).numpy()
        (found,) = session.run(None, {"image": image})
        worst = max(worst, float(np.abs(found - expected).max() / max(1, np.abs(expected).max())))
    if worst > TOLERANCE:
        raise ExportError(f"scores of torch and ONNX Runtime differ by {worst:.2g}: nothing was written")
    model.producer_name = "translate-gan"
    model.doc_string = f"{config['name']}: image uint8 [N, {size}, {size}, {channels}] → scores of classes"
    entry = model.metadata_props.add()
    entry.key, entry.value = CLASSES, json.dumps(config.get("classes", []), ensure_ascii=False)
    write(model, path)
    return worst
