"""What to draw, as the page and programs say it in JSON: seeds, the way between seeds, sums of seeds, and sliders.

    {"seeds": [0, 1, 2]}                                          a picture of each
    {"noise": [[0.3, -1.2, ...]]}                                 likewise, of noise itself
    {"between": {"seeds": [3, 8], "at": 0.5}}                     halfway, or "steps": 9 for as many on the way
    {"between": {"seeds": [3, 8, 5, 2], "at": [0.5, 0.2]}}        amid four corners: across, then down
    {"sum": {"start": [3, 8], "minus": [5], "plus": [2]}}         averages: start − minus + plus

and with each of them `label` (a name or number; `labels` for one a picture), `sliders` (name → how far), and in what
`format` (`png`, `webp`, `gif`) and how many `columns`. Nothing here needs a model, only its card.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from translate.card import Card
from translate.errors import LatentError
from translate.latent import WAYS, Codes, arithmetic, noise, path
from translate.page.shelf import LIMIT
from translate.suggest import suggestion

MOST = 64
"""Pictures of one call."""
GROUP = 16
"""Seeds of one group of a sum."""
FARTHEST = 4.0
"""A slider's end that no picture lies behind."""
FORMATS = ("png", "webp", "gif")

_NOISE = 100.0  # beyond this a number is no noise

Record: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """What to draw, checked against the model's card."""

    codes: Codes
    """Float32 `[N, L]`, before the sliders."""
    labels: list[int] | None = None
    """One a picture, where the model has classes."""
    sliders: dict[str, float] = field(default_factory=dict)
    """Name of a direction → how far to go in it; those that rest are not here."""
    columns: int = 1
    """Of the sheet that pictures are laid out on."""
    format: str = "png"
    """Of `FORMATS`: a sheet as PNG, or a film."""

    def moved(self, directions: Mapping[str, Codes]) -> Codes:
        """The codes after the sliders.

        Raises:
            LatentError: a slider has no direction.
        """
        codes = self.codes.astype(np.float64)
        for name, far in self.sliders.items():
            if name not in directions:
                raise LatentError(f"there is no slider {name!r:.60}{suggestion(name, directions)}")
            codes += far * directions[name]
        return codes.astype(np.float32)


def recipe(given: Any, card: Card) -> Recipe:
    """What a record of JSON asks for.

    Args:
        given: the record.
        card: of the model.

    Raises:
        LatentError: it asks for something that there is not, or for too much.
    """
    _record("the body", given, (*_KINDS, "label", "labels", "sliders", "columns", "format"))
    asked = [kind for kind in _KINDS if kind in given]
    if len(asked) != 1:
        told = f", not with {' and '.join(asked)}" if asked else ""
        raise LatentError(f"say what to draw with one of {', '.join(_KINDS)}{told}")
    codes = _KINDS[asked[0]](given[asked[0]], card)
    count = len(codes)
    if not 1 <= count <= MOST:
        raise LatentError(f"{count:,} pictures are asked for: ask for 1 to {MOST} at once")
    if count * card.size**2 > LIMIT:
        raise LatentError(
            f"{count} pictures of {card.size} × {card.size} pixels are over {LIMIT:,} pixels: ask for fewer"
        )
    how = given.get("format", "png")
    if how not in FORMATS:
        raise LatentError(f"there is no format {how!r:.40}: choose {', '.join(FORMATS)}")
    columns = _whole("columns", given.get("columns", min(count, 6)), 1, MOST)
    return Recipe(codes, _labels(given, card, count), _sliders(given.get("sliders", {})), min(columns, count), how)


def _of_seeds(given: Any, card: Card) -> Codes:
    return noise(_seeds("seeds", given, MOST), card.latent)


def _of_noise(given: Any, card: Card) -> Codes:
    rows = given if isinstance(given, list) else []
    if not 1 <= len(rows) <= MOST or not all(isinstance(row, list) and len(row) == card.latent for row in rows):
        raise LatentError(f"noise must be 1 to {MOST} lists of {card.latent} numbers: send [[…], …]")
    return np.array([[_number("noise", value, -_NOISE, _NOISE) for value in row] for row in rows], np.float32)


def _between(given: Any, card: Card) -> Codes:
    """`[1, L]` of a place between two codes or amid four, or all on the way: row by row where there are four."""
    _record("between", given, ("seeds", "at", "steps", "how", "round"))
    corners = noise(_seeds("between.seeds", given.get("seeds"), 4), card.latent)
    if len(corners) not in (2, 4):
        raise LatentError(f"between takes two seeds or four, not {len(corners)}")
    if (how := given.get("how", "spherical")) not in WAYS:
        raise LatentError(f"there is no way {how!r:.40}: choose {' or '.join(WAYS)}")
    if ("at" in given) + ("steps" in given) + ("round" in given) != 1:
        raise LatentError("say where between them with one of at, steps and round")
    if "round" in given:
        # A film that begins again where it ends: there and back, or from corner to corner.
        way = corners if len(corners) == 2 else corners[[0, 1, 3, 2]]
        return path(way, _whole("round", given["round"], 1, MOST // len(corners)), how, closed=True)
    if "steps" in given:
        most = MOST if len(corners) == 2 else math.isqrt(MOST)
        shares = np.linspace(0, 1, _whole("steps", given["steps"], 2, most)).tolist()
        places = [(x, y) for y in (shares if len(corners) == 4 else [0.0]) for x in shares]
    else:
        at = given["at"] if len(corners) == 4 else [given["at"], 0]
        if not isinstance(at, list) or len(at) != 2:
            raise LatentError('amid four seeds a place is two numbers: send "at": [across, down]')
        x, y = (_number("at", share, 0, 1) for share in at)
        places = [(x, y)]
    return np.stack([_amid(corners, x, y, WAYS[how]) for x, y in places])


def _amid(corners: Codes, x: float, y: float, way: Callable[[Codes, Codes, float], Codes]) -> Codes:
    top = way(corners[0], corners[1], x)
    return top if len(corners) == 2 else way(top, way(corners[2], corners[3], x), y)


def _sum(given: Any, card: Card) -> Codes:
    """`[1, L]`: mean(start) + strength · (mean(plus) − mean(minus)), at the length that codes have unless told."""
    _record("sum", given, ("start", "minus", "plus", "strength", "restore"))
    start, minus, plus = (
        [noise(seeds, card.latent)] if (seeds := _seeds(f"sum.{name}", given.get(name, []), GROUP, least=0)) else []
        for name in ("start", "minus", "plus")
    )
    if not start:
        raise LatentError("a sum needs something to start with: give one or more seeds as start")
    strength = _number("strength", given.get("strength", 1), -FARTHEST, FARTHEST)
    restore = given.get("restore", True)
    if not isinstance(restore, bool):
        raise LatentError(f"restore = {restore!r:.40}: give true or false")
    return arithmetic([*start, *plus], minus, restore, strength)[None]


_KINDS: dict[str, Callable[[Any, Card], Codes]] = {
    "seeds": _of_seeds,
    "noise": _of_noise,
    "between": _between,
    "sum": _sum,
}


def _labels(given: Record, card: Card, count: int) -> list[int] | None:
    if not card.classes:
        if "label" in given or "labels" in given:
            raise LatentError("this model has no classes: leave the label out")
        return None
    if ("label" in given) == ("labels" in given):
        some = ", ".join(card.classes[:8]) + (", …" if len(card.classes) > 8 else "")
        raise LatentError(f"say which class to draw, as label or one for each picture as labels: {some}")
    asked = given["labels"] if "labels" in given else [given["label"]] * count
    if not isinstance(asked, list) or len(asked) != count:
        raise LatentError(f"labels must be a list of one for each of {count} pictures")
    return [_label(label, card.classes) for label in asked]


def _label(label: Any, classes: list[str]) -> int:
    if isinstance(label, str):
        if label in classes:
            return classes.index(label)
        raise LatentError(f"there is no class {label!r:.60}{suggestion(label, classes)}")
    return _whole("a label", label, 0, len(classes) - 1)


def _sliders(given: Any) -> dict[str, float]:
    if not isinstance(given, dict) or len(given) > MOST:
        raise LatentError("sliders must be names, each with how far to go")
    moved = {name: _number("a slider", far, -FARTHEST, FARTHEST) for name, far in given.items()}
    return {name: far for name, far in moved.items() if far}


def _seeds(what: str, given: Any, most: int, least: int = 1) -> list[int]:
    if not isinstance(given, list) or not least <= len(given) <= most:
        raise LatentError(f"{what} must be a list of {least} to {most} whole numbers")
    return given


def _record(what: str, given: Any, known: tuple[str, ...]) -> None:
    if not isinstance(given, dict):
        raise LatentError(f'{what} must be a record such as {{"seeds": [0, 1, 2]}}')
    for key in given:
        if key not in known:
            raise LatentError(f"{what} knows no {key!r:.60}{suggestion(key, known)}")


def _number(what: str, value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise LatentError(f"{what} is {value!r:.40}: give a number from {least:g} to {most:g}")
    return float(value)


def _whole(what: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise LatentError(f"{what} is {value!r:.40}: give a whole number from {least} to {most}")
    return value
