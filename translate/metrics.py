"""Distances between a picture and the truth: uint8 `[H, W, C]` both, one number a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

Picture = np.ndarray


def l1(output: Picture, target: Picture) -> float:
    """Mean absolute difference, in levels of 255."""
    return float(np.abs(output.astype(np.float64) - target).mean())


def psnr(output: Picture, target: Picture) -> float:
    """Peak signal-to-noise ratio: 10 log₁₀(255² / MSE), dB; infinite for equal pictures."""
    error = float(np.square(output.astype(np.float64) - target).mean())
    return 10 * math.log10(255**2 / error) if error else math.inf


def ssim(output: Picture, target: Picture) -> float:
    """Structural similarity (Wang 2004, eq. 13), at most 1, over a Gaussian window of 11×11 with σ = 1.5.

    Averaged over channels and all pixels, reflected at the border: torchmetrics' definition, by kornia.
    """
    import torch
    from kornia.metrics import ssim as kornia_ssim

    x, y = (torch.from_numpy(p.astype(np.float32) / 255).permute(2, 0, 1)[None] for p in (output, target))
    return float(kornia_ssim(x, y, window_size=11, padding="same").mean())


METRICS: dict[str, Callable[[Picture, Picture], float]] = {"L1": l1, "PSNR": psnr, "SSIM": ssim}
PAIRED = METRICS
OF_SETS: dict[str, Callable[[Sequence[Picture], Sequence[Picture]], float]] = {}
"""(outputs, real targets) → a distance of the two sets."""
LESS_IS_BETTER = {"L1"}
