"""There and back: a picture through a model and through the one that undoes it, and how far from home it comes out.

Models that learn both ways at once are trained to return (CycleGAN's cycle consistency: Zhu et al. 2017, eq. 2):
what the round trip loses shows what the way there has thrown away, without a picture of what the result should be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from translate.errors import ModelError
from translate.pixels import Pixels
from translate.runtime import contract
from translate.runtime.translator import Translator


@dataclass(frozen=True)
class RoundTrip:
    """What a round trip gave. Arrays are uint8 and of the picture's height and width."""

    translated: Pixels
    """The picture in the other domain: `[H, W, C]` with the first model's `target_channels`."""
    returned: Pixels
    """The picture back in its own domain: of the original's shape."""
    error: float
    """Mean absolute difference between the original and the returned picture, 0 to 255 levels."""


def round_trip(there: Translator, back: Translator, picture: Pixels) -> RoundTrip:
    """Translate a picture there and back. That the models belong together is the caller's to know (`Card.undoes`).

    Args:
        there: translates the picture.
        back: translates the result into the picture's own domain.
        picture: uint8 `[H, W, C]`, or a batch `[N, H, W, C]`, with `there`'s `source_channels`.

    Raises:
        PictureError: the array is of another type or shape.
        ModelError: one model's channels do not fit the other's, or a model failed on the picture.
    """
    _check(there, back)
    translated = there.array(picture)
    returned = back.array(translated)
    return RoundTrip(translated, returned, distance(picture, returned))


def _check(there: Translator, back: Translator) -> None:
    # By their tasks, because two models of one run have one name.
    first, second = there.card, back.card
    for card in (first, second):
        contract.translating(card, "a round trip")
    if first.target_channels != second.source_channels:
        told = f"{first.task} gives {first.target_channels} channels where {second.task} takes {second.source_channels}"
    elif second.target_channels != first.source_channels:
        told = f"{second.task} gives {second.target_channels} channels where {first.task} took {first.source_channels}"
    else:
        return
    raise ModelError(f"{told}, so there is no way there and back: choose two models that undo each other")


def distance(one: Pixels, other: Pixels) -> float:
    """Mean absolute difference of two uint8 arrays of one shape, 0 to 255 levels."""
    # uint8 would wrap below zero; the larger less the smaller does not, and needs no wider copies of large pictures.
    return float((np.maximum(one, other) - np.minimum(one, other)).mean())
