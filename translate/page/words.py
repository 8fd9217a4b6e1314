"""What the page says: of a model, of a picture's trip, of what went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from translate.card import UNKNOWN, Card
from translate.errors import TranslateError
from translate.page.desk import Translated
from translate.page.speed import Speed

EMPTY = """### There is no model here yet

`{folder}` holds no model that can be used. `make demo` trains a small one and puts it there in a few minutes, and
`translate export` makes one of a training run of yours. It then appears here by itself."""
STATISTICS = {
    "image": " It normalises each picture by the picture's own statistics.",
    "running": " It normalises by statistics gathered in training.",
}
PRECISIONS = {
    "fp32": "32-bit floating point, as it was trained.",
    "fp16": "16-bit floating point: half the file, and made for GPUs.",
    "bf16": "Weights in 16 bits (bfloat16): half the file.",
    "int8": "8-bit integers: a quarter of the file, and faster on CPUs.",
}

_SCORES = 8
"""Scores that are shown, at most."""
_LARGEST = 1e12
"""Numbers from a card beyond this are damage."""


def facts(card: Card) -> str:
    """What the model is, in a few sentences, from its card: plain text."""
    training = {key: _count(card.training.get(key)) for key in ("pictures", "held_out", "step")}
    levels = _number(card.parity.get("max_levels"))
    does = f"turns {short(card.source)} into {short(card.target)}"
    if card.draws:
        does = (
            f"draws {short(card.target)} from noise: of each seed, {card.latent:,} random numbers, always the same one"
        )
        does += f", in any of {len(card.classes)} classes" if card.classes else ""
    sizes = "it draws that size alone" if card.draws else "it takes any size, and is at its best near that one"
    return (
        f"{short(card.name)} {does}. It was trained "
        + ("elsewhere" if card.method == UNKNOWN else f"with {short(card.method)}")
        + (f" for {training['step']:,} steps" if training["step"] else "")
        + (f" on {training['pictures']:,} pictures" if training["pictures"] else "")
        + f" in squares of {card.size} × {card.size} pixels: {sizes}."
        + (f" {training['held_out']:,} others were held back to judge it by." if training["held_out"] else "")
        + STATISTICS.get(card.statistics, "")
        + ("" if levels is None else f" At export it agreed with the trained network within {levels:g} of 255 levels.")
    )


def precision(card: Card) -> str:
    """In what numbers the model computes, and what that costs: plain text."""
    said = PRECISIONS.get(card.precision, f"{short(card.precision)}.")
    cost = card.parity.get(card.precision)
    cost = cost if isinstance(cost, dict) else {}
    mean, most, ssim, count = (_number(cost.get(key)) for key in ("mean_levels", "max_levels", "ssim", "pictures"))
    if mean is None:
        return said
    return (
        f"{said} It differs from the 32-bit model by {mean:.2f} of 255 levels on average"
        + ("" if most is None else f", {most:g} at most")
        + ("" if ssim is None else f", at a structural similarity of {ssim:.3f}")
        + ("" if count is None else f", on {count:g} {'held-out ' if cost.get('held_out') is True else ''}pictures")
        + "."
    )


def scores(card: Card) -> str:
    """Its scores on held-out pairs, where the card has any: plain text."""
    found = card.training.get("scores")
    known = {short(name, 40): _number(value) for name, value in found.items()} if isinstance(found, dict) else {}
    told = [f"{name} {value:.4g}" for name, value in known.items() if value is not None][:_SCORES]
    return f"{', '.join(told)}: the mean over pairs that it never saw." if told else ""


def took_here(speed: Speed) -> str:
    """How fast a model is on this machine."""
    digits = 0 if speed.milliseconds >= 10 else 1
    return (
        f"{speed.milliseconds:,.{digits}f} ms for {speed.side} × {speed.side} pixels on {speed.device} of this "
        f"machine, the median of {speed.count} {'drawings' if speed.draws else 'translations'}."
    )


def short(text: str, longest: int = 80) -> str:
    """A text cut off where it becomes too long to be read."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def way_home(error: float) -> str:
    """How far from the original a picture came back, `error` in levels of 255."""
    return f"There and back: {error:.1f} of 255 levels away from the original on average."


def took(made: Translated) -> str:
    """How large a picture was, how long it took, and on what."""
    height, width, _ = made.before.shape
    return f"{width} × {height} pixels in {made.milliseconds:,.0f} ms on {made.device}"


def sentence(error: TranslateError, *paths: Path) -> str:
    """The error's sentence with files by their names: where they lie on this machine is not for visitors.

    Args:
        error: what went wrong.
        paths: files, and folders of files, that it may tell.
    """
    told = str(error)
    for path in paths:
        told = told.replace(f"{path}/", "").replace(str(path), path.name)
    return told


def _number(value: Any) -> float | None:
    """A number from a card, where strangers may have put anything."""
    known = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
    return value if known else None


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and _number(value) is not None else None
