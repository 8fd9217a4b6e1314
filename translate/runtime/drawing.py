"""Drawing pictures from noise: what a model is given, checked, and in pieces, so that any number can be drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from translate.card import Card
from translate.errors import LatentError

PIECE = 64 * 64 * 64
"""Pixels that are drawn at once, 64 pictures of 64²: a network holds some hundred numbers for each meanwhile."""


def piece(card: Card) -> int:
    """Pictures that are drawn at once."""
    return max(1, PIECE // card.size**2)


def checked(card: Card, noise: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The noise as the graph takes it.

    Raises:
        LatentError: it is no float32 `[N, L]`, or has numbers that are none.
    """
    if not isinstance(noise, np.ndarray) or noise.dtype != np.float32 or noise.shape[1:] != (card.latent,):
        found = f"{noise.dtype} {list(noise.shape)}" if isinstance(noise, np.ndarray) else type(noise).__name__
        raise LatentError(f"{card.name} draws from float32 [N, {card.latent}], not {found}: see Translator.noise")
    if not np.isfinite(noise).all():
        raise LatentError(f"the noise for {card.name} has values that are no finite numbers: see Translator.noise")
    return np.ascontiguousarray(noise)


def numbered(card: Card, labels: Sequence[int] | None, count: int) -> npt.NDArray[np.int64] | None:
    """Labels as the graph takes them: int64 `[N]`, none where it has no classes.

    Raises:
        LatentError: they are missing, or there are others than the model has, or not as many as pictures.
    """
    if not card.classes:
        if labels is not None:
            raise LatentError(f"{card.name} knows no labels: give none")
        return None
    last = len(card.classes) - 1
    if labels is None:
        raise LatentError(f"{card.name} draws what it is told: give each picture a label from 0 to {last}")
    array = np.asarray(labels)
    if array.shape != (count,) or (count and array.dtype.kind not in "iu"):
        raise LatentError(f"{card.name} needs a label for each of {count} pictures: give whole numbers, one each")
    if count and not (array.min() >= 0 and array.max() <= last):
        wrong = next(label for label in array.tolist() if not 0 <= label <= last)
        raise LatentError(f"{card.name} has no label {wrong}: its {last + 1} labels are from 0 to {last}")
    return array.astype(np.int64)


def pieces(card: Card, count: int) -> Iterator[slice]:
    """Parts of so many pictures, one after the other."""
    for start in range(0, count, piece(card)):
        yield slice(start, min(count, start + piece(card)))
