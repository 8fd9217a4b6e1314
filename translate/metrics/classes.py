"""Scores of label maps: does every pixel have its class? (Long 2015, §5; Isola 2017, §3.4)

With n_ij the pixels of class i that are read as class j, t_i = Σ_j n_ij, over all pictures of a set:

    per-pixel accuracy  Σ_i n_ii / Σ_i t_i
    per-class accuracy  mean_i  n_ii / t_i
    class IoU           mean_i  n_ii / (t_i + Σ_j n_ji − n_ii)

Means are over the classes that occur in the truth.
"""

from __future__ import annotations

import numpy as np

Picture = np.ndarray

IGNORED = -1
"""The class of pixels that do not count."""

PIXEL_ACCURACY, CLASS_ACCURACY, CLASS_IOU = "pixel accuracy", "class accuracy", "class IoU"


def nearest(picture: Picture, palette: np.ndarray) -> np.ndarray:
    """Each pixel's nearest colour of a palette, by Euclid's distance.

    Args:
        picture: `[H, W, C]`.
        palette: `[K, C]`.

    Returns:
        int16 `[H, W]`, places in the palette.
    """
    found = np.zeros(picture.shape[:2], np.int16)
    least = np.full(picture.shape[:2], np.inf, np.float32)
    for index, colour in enumerate(palette.astype(np.float32)):
        distance = np.square(picture - colour).sum(2)
        found[distance < least] = index
        least = np.minimum(least, distance)
    return found


def confusion(read: np.ndarray, truth: np.ndarray, classes: int) -> np.ndarray:
    """Counts n_ij: pixels of class i that are read as j.

    Args:
        read: whole numbers `[H, W]`, each a class.
        truth: whole numbers of the same shape; below 0 where a pixel does not count.
        classes: how many there are.

    Returns:
        int64 `[classes, classes]`.
    """
    counts = truth >= 0
    pairs = truth[counts].astype(np.int64) * classes + read[counts]
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def scores(counts: np.ndarray) -> dict[str, float]:
    """The three scores of a confusion matrix, by name; all 0 where nothing counts."""
    right, true, read = np.diagonal(counts), counts.sum(1), counts.sum(0)
    there = true > 0
    if not there.any():
        return dict.fromkeys((PIXEL_ACCURACY, CLASS_ACCURACY, CLASS_IOU), 0.0)
    return {
        PIXEL_ACCURACY: float(right.sum() / true.sum()),
        CLASS_ACCURACY: float((right[there] / true[there]).mean()),
        CLASS_IOU: float((right[there] / (true + read - right)[there]).mean()),
    }
