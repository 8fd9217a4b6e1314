"""Batches: what a method is fed. They know tensors, not files.

A batch travels from the loader as it was decoded (uint8 or uint16 `[N, C, H, W]`, the smallest form to move) and
becomes floats in [-1, 1] on the training device.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import torch
from torch import Tensor


class Images(NamedTuple):
    """Pictures of one domain."""

    image: Tensor
    """`[N, C, H, W]`"""


class Labelled(NamedTuple):
    """Pictures with a label."""

    image: Tensor
    """`[N, C, H, W]`"""
    label: Tensor
    """int64 `[N]`"""


class Pair(NamedTuple):
    """Pictures of two domains, in register where the data is paired."""

    source: Tensor
    """`[N, C, H, W]`"""
    target: Tensor
    """`[N, C', H, W]`"""


Batch = Images | Labelled | Pair
AnyBatch = TypeVar("AnyBatch", bound=Batch)

# Largest code of an integer picture: it becomes +1, and 0 becomes -1.
_LARGEST = {torch.uint8: 255, torch.uint16: 65535}


def to_device(batch: AnyBatch, device: torch.device) -> AnyBatch:
    """Move a batch and turn pictures into floats in [-1, 1]; labels and floats stay as they are."""
    return type(batch)(*(_to_range(tensor.to(device, non_blocking=True)) for tensor in batch))


def to_bytes(pictures: Tensor) -> Tensor:
    """Pictures in [-1, 1] as uint8, rounded to nearest: the inverse of `to_device`, and what an exported graph does."""
    return (pictures.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)


def _to_range(tensor: Tensor) -> Tensor:
    largest = _LARGEST.get(tensor.dtype)
    return tensor if largest is None else tensor.float() / (largest / 2) - 1
