"""Scores of translated pictures where there is no kornia: `translate.metrics`, and SSIM by the same definition."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from translate.metrics import l1, psnr

WINDOW, SIGMA = 11, 1.5


def scores(outputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Means over pictures, uint8 `[N, C, H, W]` both: L1 in levels of 255, PSNR in dB, SSIM."""
    pairs = [
        tuple(picture.permute(1, 2, 0).cpu().numpy() for picture in both) for both in zip(outputs, targets, strict=True)
    ]
    return {
        "L1": statistics.fmean(l1(output, target) for output, target in pairs),
        "PSNR": statistics.fmean(psnr(output, target) for output, target in pairs),
        "SSIM": statistics.fmean(ssim(outputs, targets)),
    }


def ssim(outputs: Tensor, targets: Tensor) -> Sequence[float]:
    """Structural similarity of each picture (Wang 2004, eq. 13), as `translate.metrics.ssim` defines it."""
    x, y = outputs.float() / 255, targets.float() / 255
    channels, place = x.shape[1], torch.arange(WINDOW, device=x.device) - WINDOW // 2
    row = torch.exp(-(place.float() ** 2) / (2 * SIGMA**2))
    window = (row[:, None] * row / row.sum() ** 2).expand(channels, 1, WINDOW, WINDOW)

    def mean(picture: Tensor) -> Tensor:
        padded = functional.pad(picture, [WINDOW // 2] * 4, mode="reflect")
        return functional.conv2d(padded, window, groups=channels)

    with torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        mx, my = mean(x), mean(y)
        vx, vy, both = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = 0.01**2, 0.03**2
    similar = (2 * mx * my + c1) * (2 * both + c2) / ((mx**2 + my**2 + c1) * (vx + vy + c2))
    found: list[float] = similar.mean((1, 2, 3)).tolist()
    return found
