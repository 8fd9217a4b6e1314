"""The way back home: a result through the model that undoes what made it."""

from __future__ import annotations

from dataclasses import dataclass

from translate.page.desk import SECONDS, Translated, whole_or_parts
from translate.page.shelf import Model, Shelf
from translate.pixels import Pixels
from translate.runtime.round_trip import distance


@dataclass(frozen=True)
class Home:
    """What came back."""

    picture: Pixels
    """uint8, of the shape of the picture that was sent out."""
    error: float
    """Mean absolute difference from it, 0 to 255 levels."""


def returned(shelf: Shelf, back: Model, there: Translated) -> Home:
    """Translate a result back. For `Desk.translate`'s `finish`, so that the two ways are one turn.

    Raises:
        PictureError: it is large, and the model's parts would not fit together.
        ModelError: the model cannot be used, failed, or took too long.
    """
    picture = whole_or_parts(shelf.translator(back), there.after, SECONDS)
    return Home(picture, distance(there.before, picture))
