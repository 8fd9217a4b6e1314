"""Directions of a model's noise that mean something, as its card has them: smile, glasses, age.

    {"smile": {"direction": [0.12, …], "low": "serious", "high": "smiling", "lands": 0.91}}

A code plus once the direction is, on average, what makes a picture without the attribute one that has it. `low` and
`high` are what the two ends of a slider are called, and `lands` how often one step was measured to land on it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from translate.errors import ModelError
from translate.suggest import suggestion

MOST, NAME = 16, 40
"""Attributes of a model, and letters of a name: what fits beside a picture."""

_KEYS = ("direction", "low", "high", "lands")
_FARTHEST = 100.0


def attributes_fault(attributes: Any, latent: int) -> str:
    """What is wrong with attributes, as the rest of a sentence that has just named them; empty where nothing is.

    Args:
        attributes: the record.
        latent: numbers of the model's noise, and so of each direction.
    """
    if not isinstance(attributes, dict):
        return f" = {attributes!r:.60}: it must be names, each with a direction"
    if attributes and not latent:
        return " of a model that does not draw from noise"
    if len(attributes) > MOST:
        return f" has {len(attributes):,} names: give {MOST} at most"
    for name, known in attributes.items():
        if not _line(name, least=1):
            return f" has {name!r:.60}: a name is a line of 1 to {NAME} letters"
        if fault := _fault(known, latent):
            return f".{name}{fault}"
    return ""


def read(path: Path) -> dict[str, Any]:
    """The record in a file of JSON, as it is there.

    Raises:
        ModelError: it cannot be read, or holds something else.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{path} cannot be read: {error}") from None
    if not isinstance(record, dict):
        raise ModelError(f'{path} must hold a record such as {{"smile": {{"direction": [0.1, …]}}}}')
    return record


def _fault(known: Any, latent: int) -> str:
    if not isinstance(known, dict) or "direction" not in known:
        return ' must be a record such as {"direction": [0.1, …]}'
    for key in known:
        if key not in _KEYS:
            return f" knows no {key!r:.60}{suggestion(key, _KEYS)}"
    direction = known["direction"]
    if not isinstance(direction, list) or len(direction) != latent or not all(map(_number, direction)):
        return f".direction must be {latent} numbers from {-_FARTHEST:g} to {_FARTHEST:g}"
    if not any(direction):
        return ".direction is all zeros, which leads nowhere"
    for key in ("low", "high"):
        if not _line(known.get(key, ""), least=0):
            return f".{key} = {known[key]!r:.60}: it must be a line of at most {NAME} letters"
    lands = known.get("lands", 0.0)
    return "" if _number(lands) and 0 <= lands <= 1 else f".lands = {lands!r:.40}: it must be from 0 to 1"


def _line(text: Any, least: int) -> bool:
    return isinstance(text, str) and text.isprintable() and least <= len(text.strip()) <= len(text) <= NAME


def _number(value: Any) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return known and math.isfinite(value) and abs(value) <= _FARTHEST
