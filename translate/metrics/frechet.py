"""FID: the Fréchet distance of two sets of features, taken for Gaussians (Heusel 2017, eq. 6; Dowson & Landau 1982).

    d² = ‖μ₁ − μ₂‖² + tr Σ₁ + tr Σ₂ − 2 tr (Σ₁Σ₂)^½

With centred features as rows, Σ₁ = XᵀX and Σ₂ = YᵀY (each row divided by √(n − 1)), the eigenvalues of Σ₁Σ₂ are the
squares of the singular values of XYᵀ: so the last trace is their sum. No root of a matrix is taken, and nothing has to
be added to a Σ that is singular, as it is with fewer pictures than features.
"""

from __future__ import annotations

import numpy as np


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    """Squared Fréchet distance of features `[n, D]` and `[m, D]`, n and m at least 2; 0 for equal sets.

    Raises:
        ValueError: the features do not fit, or are not finite.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or min(len(x), len(y)) < 2:
        raise ValueError(f"features {list(x.shape)} and {list(y.shape)}: two sets [n, D] of at least 2 are needed")
    x, y = x.astype(np.float64), y.astype(np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("features are not finite")
    means = float(np.square(x.mean(0) - y.mean(0)).sum())
    a, b = _root(x), _root(y)
    cross = float(np.linalg.svd(a @ b.T, compute_uv=False).sum())
    # What rounding takes below 0 is 0.
    return max(0.0, means + float(np.square(a).sum() + np.square(b).sum()) - 2 * cross)


def _root(x: np.ndarray) -> np.ndarray:
    """A matrix `[k, D]` of few rows with R'R = Σ, by QR where there are more pictures than features."""
    centred = (x - x.mean(0)) / np.sqrt(len(x) - 1)
    return np.asarray(np.linalg.qr(centred, mode="r")) if len(x) > x.shape[1] else centred
