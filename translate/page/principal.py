"""Sliders for a model whose card names none: the directions of its noise along which its pictures change most.

By Stein's lemma the average Jacobian of what a model draws, g, is a mean over its own draws, z of N(0, I):

    J = E[∂g(z)/∂z] = E[z g(z)ᵀ] = E[z (g(z) − g(−z))ᵀ] / 2

and the left singular vectors of J, longest first, are orthogonal directions of unit length in which the pictures change
most on average (after Härkönen et al. 2020 and Shen & Zhou 2021, who look at layers; this needs none but the file). The
draws are those of fixed seeds, so the directions are a function of the model alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from translate.pixels import Pixels

COUNT = 6
"""Sliders, at most."""
SIDE = 32
"""Pixels of a side at which pictures are compared."""
_PAIRS, _LEAST = 128, 16  # draws z, each with −z
_PIXELS = 2_000_000  # of all that are drawn for it, or the least of them

Codes = npt.NDArray[np.float32]


def pairs(size: int) -> int:
    """How many draws, each with its opposite, are looked at for a model of that side."""
    return max(_LEAST, min(_PAIRS, _PIXELS // (2 * size * size)))


def principal(codes: Codes, there: Pixels, back: Pixels) -> Codes:
    """The directions, float32 `[K, L]` of unit length, `K` = `COUNT` or fewer; towards the brighter pictures.

    Args:
        codes: z of N(0, I), float32 `[M, L]`.
        there: what was drawn of z, uint8 `[M, H, W, C]`.
        back: what was drawn of −z, of the same shape.
    """
    change = (_small(there) - _small(back)).reshape(len(codes), -1) / 2
    jacobian = codes.T.astype(np.float64) @ change / len(codes)
    directions, lengths, _ = np.linalg.svd(jacobian, full_matrices=False)
    found = directions.T[: min(COUNT, int((lengths > 0).sum()))]
    signs = np.where((found @ jacobian).sum(1, keepdims=True) < 0, -1, 1)
    return (signs * found).astype(np.float32)


def _small(pictures: Pixels) -> npt.NDArray[np.float64]:
    """Pictures at a side of `SIDE` or a little more, each pixel the mean of those that it stands for."""
    step = max(1, min(pictures.shape[1:3]) // SIDE)
    height, width = (side - side % step for side in pictures.shape[1:3])
    blocks = pictures[:, :height, :width].astype(np.float64)
    return blocks.reshape(len(pictures), height // step, step, width // step, step, -1).mean(axis=(2, 4))
