"""What every evaluation asks before it begins: is this held out, and where is it computed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from translate.card import Card
from translate.data.layouts import Layout
from translate.errors import DataError

Picture = np.ndarray


def relation(cards: Sequence[Card], layout: Layout, of: str = "pairs") -> str:
    """What these pictures are to the models: held out, as far as their cards tell; `of` is what they are called.

    Raises:
        DataError: some of them were trained on.
    """
    known = [card for card in cards if card.training.get("data") == layout.fingerprint()]
    for card in known:
        if len(layout.held_out) > card.training.get("held_out", 0):
            raise DataError(
                f"{layout.where}: {card.name} held out {card.training.get('held_out', 0)} of these and was trained on "
                f"the rest: scores on {len(layout.held_out)} would be scores on what it has seen; set data.holdout for "
                "training"
            )
    return f"held-out {of}" if known == list(cards) else of


def mean(targets: Iterator[Picture]) -> Picture:
    """The picture that minimises the squared error to all of them."""
    first = next(targets)
    dtype, total, count = first.dtype, first.astype(np.float64), 1
    for target in targets:
        total += target
        count += 1
    found = total / count
    return (found if dtype.kind == "f" else np.round(found)).astype(dtype)


def torch_device(device: str) -> str:
    """Where the networks of metrics compute, of `cpu`, `cuda` and `auto`."""
    if device == "cpu":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
