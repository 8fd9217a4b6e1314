"""What the page says: of a model, of a picture's trip, of what went wrong."""

from __future__ import annotations

from pathlib import Path

from translate.card import UNKNOWN, Card
from translate.errors import TranslateError
from translate.page.desk import Translated

EMPTY = """### There is no model here yet

`{folder}` holds no model that can be used. `make demo` trains a small one and puts it there in a few minutes, and
`translate export` makes one of a training run of yours. It then appears here by itself."""
STATISTICS = {
    "image": " It normalises each picture by the picture's own statistics.",
    "running": " It normalises by statistics gathered in training.",
}


def facts(card: Card) -> str:
    """What the model is, in a few sentences, from its card."""
    pictures, levels = card.training.get("pictures"), card.parity.get("max_levels")
    return (
        f"**{card.name}** turns {card.source} into {card.target}. It was trained "
        + ("elsewhere" if card.method == UNKNOWN else f"with {card.method}")
        + (f" on {pictures} pictures" if pictures else "")
        + f" in squares of {card.size} × {card.size} pixels: it takes any size, and is at its best near that one."
        + STATISTICS.get(card.statistics, "")
        + ("" if levels is None else f" At export it agreed with the trained network within {levels} of 255 levels.")
        + (f" Licence of the weights: {card.license}." if card.license else "")
    )


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
