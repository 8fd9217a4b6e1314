"""Stored values ↔ what networks see, by a domain's form: the same code in training and in the exported graph.

values      v ∈ [a, b]  →  (v − (a + b)/2) · 2/(b − a)  ∈ [-1, 1], what lies beyond is taken for the end it passed
label maps  class k     →  one channel a class: +1 in the k-th, −1 in all others; −1 in all where there is no class
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor

from translate.forms import DEPTHS, Form, Part

AnyTuple = TypeVar("AnyTuple", bound=tuple[Any, ...])

_TYPES = {"uint8": torch.uint8, "uint16": torch.uint16, "float32": torch.float32}


def encode_batch(batch: AnyTuple, device: torch.device, forms: Mapping[str, Form]) -> AnyTuple:
    """A batch as it is stored → on the device, its pictures encoded by the forms of their roles; labels as they are."""
    fields = zip(batch._fields, batch, strict=True)  # type: ignore[attr-defined]
    moved = {name: tensor.to(device, non_blocking=True) for name, tensor in fields}
    return type(batch)(**{name: encode(t, forms[name]) if name in forms else t for name, t in moved.items()})


def encode(stored: Tensor, form: Form) -> Tensor:
    """Pictures `[N, C, H, W]` as they are stored → float32 `[N, K, H, W]` in [-1, 1], K = `form.encoded`."""
    if form.classes:
        return _one_hot(stored, form.parts[0])
    if form.whole:
        return stored.float() / 127.5 - 1
    middle, half = (scale.reshape(-1, 1, 1) for scale in _scale(form.ranges, stored.device))
    return ((stored.float() - middle) / half).clamp(-1, 1)


def decode(values: Tensor, form: Form) -> Tensor:
    """What a network gives, channels last: `[N, H, W, K]` → `[N, H, W, C]` as it is stored, integers rounded."""
    if form.classes:
        return _classes(values, form.parts[0])
    found = levels(values, form)
    if form.depth == "float32":
        return found
    return found.round().clamp(*DEPTHS[form.depth]).to(_TYPES[form.depth])


def levels(values: Tensor, form: Form) -> Tensor:
    """The same before rounding: float32 `[N, H, W, C]`; of label maps the networks' own numbers `[N, H, W, K]`."""
    if form.classes:
        return values.float()
    if form.whole:
        return values.float() * 127.5 + 127.5
    middle, half = _scale(form.ranges, values.device)
    return values.float().clamp(-1, 1) * half + middle


def _one_hot(stored: Tensor, part: Part) -> Tensor:
    """Label maps `[N, 1 | 3, H, W]` → ±1 `[N, classes, H, W]`; of colours each pixel is of the nearest one."""
    numbers = torch.arange(part.classes, device=stored.device, dtype=torch.float32).reshape(-1, 1, 1)
    if not part.colours:
        return (stored.float() == numbers).float() * 2 - 1
    colours = _colours(part, stored.device)
    # |c − p|² − |c|² = |p|² − 2 c·p: whole numbers, which float32 has exactly.
    distance = colours.square().sum(1).reshape(-1, 1, 1) - 2 * torch.einsum("nchw,kc->nkhw", stored.float(), colours)
    return (distance.argmin(1, keepdim=True).float() == numbers).float() * 2 - 1


def _classes(values: Tensor, part: Part) -> Tensor:
    number = values.argmax(-1, keepdim=True)
    if not part.colours:
        return number.to(torch.int32).to(_TYPES[part.depth])
    return _colours(part, values.device).to(torch.uint8)[number.squeeze(-1)]


def _colours(part: Part, device: torch.device) -> Tensor:
    rows = [[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in part.colours]
    return torch.tensor(rows, dtype=torch.float32, device=device)


def _scale(ranges: tuple[tuple[float, float], ...], device: torch.device) -> tuple[Tensor, Tensor]:
    """Of each channel the middle of its range and half its length; one number for all where they agree."""
    rows = ranges[:1] if len(set(ranges)) == 1 else ranges
    middle = torch.tensor([(low + high) / 2 for low, high in rows], device=device)
    return middle, torch.tensor([(high - low) / 2 for low, high in rows], device=device)
