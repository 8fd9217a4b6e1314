"""Distances between a picture and the truth, `[H, W, C]` both, that need no pretrained weights.

Levels are 0 … 255, as uint8 or as floats; 255 is the peak of all of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from translate.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

Picture = np.ndarray

PEAK = 255
SMALLEST = 176
"""Least side for MS-SSIM: halved four times it is 11, the side of its window."""


def l1(output: Picture, target: Picture) -> float:
    """Mean absolute difference, in levels of 255."""
    return float(np.abs(output.astype(np.float64) - target).mean())


def psnr(output: Picture, target: Picture) -> float:
    """Peak signal-to-noise ratio: 10 log₁₀(255² / MSE), dB; infinite for equal pictures."""
    error = float(np.square(output.astype(np.float64) - target).mean())
    return 10 * math.log10(PEAK**2 / error) if error else math.inf


def ssim(output: Picture, target: Picture) -> float:
    """Structural similarity (Wang 2004, eq. 13), at most 1, over a Gaussian window of 11×11 with σ = 1.5.

    Averaged over channels and all pixels, reflected at the border: torchmetrics' definition, by kornia.
    """
    from kornia.metrics import ssim as kornia_ssim

    return float(kornia_ssim(tensor(output), tensor(target), window_size=11, padding="same").mean())


def ms_ssim(output: Picture, target: Picture) -> float:
    """SSIM over five scales, each half as large as the last (Wang, Simoncelli & Bovik 2003, eq. 7), at most 1.

    Its exponents, 0.0448, 0.2856, 0.3001, 0.2363 and 0.1333, and SSIM's window at each scale; the mean over channels
    and pixels of a scale is taken before the product, and what is negative counts as 0: torchmetrics' definition.

    Raises:
        DataError: the picture is too small to be halved four times.
    """
    if min(output.shape[:2]) < SMALLEST:
        height, width = output.shape[:2]
        raise DataError(
            f"MS-SSIM halves a picture four times and needs {SMALLEST}×{SMALLEST} pixels, not {width}×{height}: "
            "use SSIM, or evaluate at a larger transform.size"
        )
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as measure

    return float(measure(tensor(output), tensor(target), data_range=1.0, normalize="relu"))


def tensor(picture: Picture) -> Tensor:
    """A picture as torch's libraries want it: float32 `[1, C, H, W]` in [0, 1]."""
    import torch

    return torch.from_numpy(picture.astype(np.float32) / PEAK).permute(2, 0, 1)[None]


def colour(picture: Picture) -> Picture:
    """A picture as networks that know three channels want it; a grey one is repeated.

    Raises:
        DataError: it has neither 1 nor 3 channels.
    """
    channels = picture.shape[2]
    if channels not in (1, 3):
        raise DataError(f"metrics by pretrained networks know grey and RGB, not {channels} channels: leave them out")
    return np.repeat(picture, 3, axis=2) if channels == 1 else picture
