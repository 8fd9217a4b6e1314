"""Where two pictures differ, as a heat map whose steps look as large as they are.

The colours climb evenly in lightness from near black to near white while the hue goes from violet over red to yellow:
a path in OKLab (Ottosson 2020), in which equal distances look equal. A rainbow has edges where the numbers have none.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

SPAN = 96
"""Levels of 255 at the end of the scale; what differs more is as bright. It is one for all pictures."""


def difference(output: np.ndarray, target: np.ndarray) -> np.ndarray:
    """`[H, W]`: the mean over channels of |output − target|, in the pictures' levels. Its mean is their L1."""
    return np.abs(output.astype(np.float32) - target.astype(np.float32)).mean(2)


def heat(levels: np.ndarray, span: float = SPAN) -> np.ndarray:
    """A map of differences `[H, W]` from 0 to `span` levels in colours, uint8 `[H, W, 3]`."""
    return colours()[np.clip(levels * (255 / span), 0, 255).round().astype(np.uint8)]


@cache
def colours() -> np.ndarray:
    """The scale, dark to light: uint8 `[256, 3]`, sRGB."""
    along = np.linspace(0, 1, 256)
    lightness = 0.16 + 0.80 * along
    hue = np.radians(285 + 180 * along)
    chroma = 0.05 + 0.14 * np.sin(math.pi * np.clip(along * 1.05, 0, 1)) ** 0.8
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)
    return _srgb(lab)


# OKLab → cone responses (their cube roots) → linear sRGB.
_CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def _srgb(lab: np.ndarray) -> np.ndarray:
    """uint8 `[N, 3]` of OKLab `[N, 3]`; what a screen cannot show loses chroma, never lightness."""
    strength = np.ones(len(lab))
    for _ in range(60):
        linear = ((lab * np.stack([np.ones_like(strength), strength, strength], 1)) @ _CONES.T) ** 3 @ _LINEAR.T
        outside = ((linear < 0) | (linear > 1)).any(1)
        if not outside.any():
            break
        strength[outside] *= 0.97
    linear = np.clip(linear, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * encoded).round().astype(np.uint8)
