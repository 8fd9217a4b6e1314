"""The derivation that a model was trained with, as a small ONNX graph for the model's own file.

image uint8 [N, H, W, 3] → photo in [-1, 1] → the derivation without chance → derived uint8 [N, H, W, C]

It is held to torch on pictures of real sizes before anything is written.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from translate.batches import to_bytes
from translate.card import Card
from translate.data.derived import Derivation, derivation
from translate.errors import ExportError
from translate.exporting.verify import sample_picture
from translate.forms import Form
from translate.runtime import deriving

if TYPE_CHECKING:
    import onnx

MOST = 1e-3
"""Largest share of values that may differ from torch's: rounding falls otherwise where a power or a root is taken. Sums
and products are the same to the bit, so that edges are."""


class Derived(nn.Module):
    """A derivation between bytes."""

    def __init__(self, derivation: Derivation) -> None:
        super().__init__()
        self.derivation = derivation

    def forward(self, image: Tensor) -> Tensor:
        """uint8 `[N, H, W, 3]` → uint8 `[N, H, W, C]`."""
        photo = image.permute(0, 3, 1, 2).float() / 127.5 - 1
        return to_bytes(self.derivation(photo)).permute(0, 2, 3, 1)


def attached(model: onnx.ModelProto, card: Card, to_onnx: Any) -> Card:
    """Put the graph of the card's derivation into a model's metadata, where the card names one.

    Args:
        model: the exported model.
        card: its card; `derived` names the derivation.
        to_onnx: makes a model of a module and an example of its input.

    Returns:
        The card, with what was measured.

    Raises:
        ExportError: the graph does not say what torch says.
    """
    if not card.derived:
        return card
    module = Derived(derivation({"name": card.derived["name"], **card.derived["arguments"]})).eval()
    graph = to_onnx(module, torch.zeros(2, card.size + 3, card.size + 11, 3, dtype=torch.uint8))
    graph.doc_string = f"photo uint8 [N, H, W, 3] → {card.source} uint8, {card.derived['does']}"
    found = _verified(graph, module, card)
    entry = model.metadata_props.add()
    entry.key, entry.value = deriving.KEY, base64.b64encode(graph.SerializeToString()).decode()
    if len(entry.value) > deriving.LONGEST:
        raise ExportError(f"the graph that derives {card.source} is too large for a model's file: nothing was written")
    return replace(card, derived={**card.derived, "parity": found})


def _verified(graph: onnx.ModelProto, module: Derived, card: Card) -> dict[str, Any]:
    """`sizes`, `differ` (the share of values that are not torch's) and `max_levels`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    side = card.size
    shapes = [(1, side, side), (2, side - side // 8 - 1, side + 1), (1, side + side // 2 + 1, side // 2 + 3)]
    different, most, count = 0, 0, 0
    for shape in shapes:
        image = sample_picture((*shape, 3), Form.plain(3))
        expected = module(torch.from_numpy(image)).numpy().astype(int)
        (found,) = session.run(None, {deriving.IMAGE: image})
        if found.shape != expected.shape or found.dtype != np.uint8:
            raise ExportError(f"the derivation's graph gives {found.shape} where torch gives {expected.shape}")
        off = np.abs(found.astype(int) - expected)
        different, most, count = different + int((off > 0).sum()), max(most, int(off.max())), count + off.size
    if different > MOST * count:
        raise ExportError(
            f"the graph that derives {card.source} differs from torch in {different:,} of {count:,} values, by up to "
            f"{most} levels: nothing was written"
        )
    return {"sizes": [f"{h}×{w}" for _, h, w in shapes], "differ": different / count, "max_levels": most}
