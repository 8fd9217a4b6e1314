"""How far a picture is from the truth, and a set of pictures from real ones.

Pictures are `[H, W, C]` of levels 0 … 255, uint8 or floats. Nothing here imports torch, or any library on it, before a
metric that needs it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from translate.metrics.paired import l1, ms_ssim, psnr, ssim
from translate.metrics.perceptual import lpips
from translate.metrics.sets import OfSets, of_sets

Picture = np.ndarray

METRICS: dict[str, Callable[[Picture, Picture], float]] = {"L1": l1, "PSNR": psnr, "SSIM": ssim}
"""The quick ones of `PAIRED`, which need no weights."""


def paired(alexnet_file: Path | None = None, device: str = "cpu") -> dict[str, Callable[[Picture, Picture], float]]:
    """The metrics of (output, target), by name: each one number a pair of one shape.

    Args:
        alexnet_file: AlexNet's weights for LPIPS, if not where they are looked for.
        device: where LPIPS is computed.
    """
    return {**METRICS, "MS-SSIM": ms_ssim, "LPIPS": partial(lpips, file=alexnet_file, device=device)}


PAIRED = paired()
OF_SETS: Mapping[str, Callable[[Sequence[Picture], Sequence[Picture]], float]] = of_sets()
"""(outputs, real targets) → a distance of the two sets."""

LESS_IS_BETTER = {"L1", "LPIPS", "FID", "KID", "SWD"}
WEIGHTS = {"LPIPS": "alexnet", "FID": "inception", "KID": "inception"}
"""What a metric needs of `translate.metrics.weights.KNOWN`."""

__all__ = [
    "LESS_IS_BETTER",
    "METRICS",
    "OF_SETS",
    "PAIRED",
    "WEIGHTS",
    "OfSets",
    "l1",
    "lpips",
    "ms_ssim",
    "of_sets",
    "paired",
    "psnr",
    "ssim",
]
