"""Drawing pictures from noise: what a model is given, checked, and in pieces, so that any number can be drawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from translate.card import Card
from translate.errors import LatentError, ModelError
from translate.pixels import Pixels
from translate.runtime.contract import LABEL, NOISE, TRANSLATED
from translate.runtime.engines.base import piece

Run: TypeAlias = Callable[
    [dict[str, npt.NDArray[Any]], list[str], tuple[int, ...], float | None], list[npt.NDArray[Any]]
]


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


def drawn(
    card: Card,
    run: Run,
    noise: npt.NDArray[np.float32],
    labels: Sequence[int] | None,
    limit: float | None,
) -> Pixels:
    """Pictures `[N, H, W, C]`, piece by piece.

    Args:
        card: of the model.
        run: runs its graph: what it is given, what is wanted, of which shape, in how many seconds at most.
        noise: float32 `[N, L]`.
        labels: one each, where the card has classes.
        limit: seconds for all of them.

    Raises:
        LatentError: the noise or the labels do not fit the model.
        ModelError: as `run`, or it took too long.
    """
    noise = checked(card, noise)
    numbers = numbered(card, labels, len(noise))
    try:
        pictures = np.empty((len(noise), card.size, card.size, card.target_channels), np.uint8)
    except MemoryError:
        raise LatentError(f"{len(noise):,} pictures do not fit into memory: draw them in parts") from None
    end = time.monotonic() + (float("inf") if limit is None else limit)
    for start in range(0, len(noise), piece(card)):
        part = slice(start, start + piece(card))
        feeds = {NOISE: noise[part]} | ({} if numbers is None else {LABEL: numbers[part]})
        left = None if limit is None else max(1e-3, end - time.monotonic())
        try:
            (pictures[part],) = run(feeds, [TRANSLATED], pictures[part].shape, left)
        except TimeoutError:
            told = f"{card.name} was stopped on {len(noise)} pictures after {limit:g} s"
            raise ModelError(f"{told}: draw fewer, or give more seconds") from None
    return pictures
