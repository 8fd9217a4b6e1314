"""KID: the squared maximum mean discrepancy of two sets of features (Bińkowski 2018, eq. 4).

    MMD²ᵤ = 1/(n(n−1)) Σ_{i≠j} k(x_i, x_j) + 1/(m(m−1)) Σ_{i≠j} k(y_i, y_j) − 2/(nm) Σ k(x_i, y_j),
    k(x, y) = (xᵀy/D + 1)³

It is unbiased however few the pictures are, and so may be a little below 0.
"""

from __future__ import annotations

import numpy as np

SUBSETS, SIZE = 100, 1000
"""Sets of more than so many pictures are compared by the mean over so many subsets of them, as the paper does."""


def kid(x: np.ndarray, y: np.ndarray, seed: int = 0) -> float:
    """MMD² of features `[n, D]` and `[m, D]`, n and m at least 2.

    Args:
        x: features of one set.
        y: features of the other.
        seed: of the subsets, where a set has more than 1,000 pictures.
    """
    if max(len(x), len(y)) <= SIZE:
        return mmd(x, y)
    random = np.random.default_rng(seed)
    drawn = (
        mmd(*(features[random.choice(len(features), min(SIZE, len(features)), replace=False)] for features in (x, y)))
        for _ in range(SUBSETS)
    )
    return float(np.mean(list(drawn)))


def mmd(x: np.ndarray, y: np.ndarray) -> float:
    """The equation above, in double precision."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    within = sum((k.sum() - np.trace(k)) / (len(k) * (len(k) - 1)) for k in (_kernel(x, x), _kernel(y, y)))
    return float(within - 2 * _kernel(x, y).mean())


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    base: np.ndarray = x @ y.T / x.shape[1] + 1
    return base * base * base  # `** 3` takes ten times as long
