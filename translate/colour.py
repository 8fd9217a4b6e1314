"""CIE L*a*b* and sRGB, both ways: what colourisation takes and gives.

    linear  c = ((s + 0.055) / 1.055)^2.4, or s / 12.92 up to s = 0.04045           (IEC 61966-2-1, of each channel)
    XYZ = M · linear                                                            (primaries of ITU-R BT.709, white D65)
    L* = 116 f(Y) − 16    a* = 500 (f(X/Xₙ) − f(Y))    b* = 200 (f(Y) − f(Z/Zₙ))                          (CIE 15:2004)
    f(t) = ∛t, or t · (29/6)² / 3 + 4/29 up to t = (6/29)³

The white point is the sum of M's columns, so that grey has a* = b* = 0. (kornia rounds it to five digits and leaves
grey an a* of 0.002.) Everything is computed in float32 and element by element: no matrix product that a device
might round its own way.
"""

from __future__ import annotations

import torch
from torch import Tensor

# sRGB, linear → XYZ with D65, as kornia has it; and back.
_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_FROM_XYZ = (
    (3.2404813432005266, -1.5371515162713185, -0.4985363261688878),
    (-0.9692549499965682, 1.8759900014898907, 0.0415559265582928),
    (0.0556466391351772, -0.2040413383665112, 1.0573110696453443),
)
_WHITE_X, _, _WHITE_Z = (sum(row) for row in _TO_XYZ)
_BEND = 6 / 29
_LEAST = 1e-6  # keeps quotients and gradients finite where nothing is left to divide


def lightness(rgb: Tensor) -> Tensor:
    """L* in [0, 100] `[N, 1, H, W]` of sRGB in [0, 1] `[N, 3, H, W]`."""
    red, green, blue = (_linear(channel) for channel in rgb.float().split(1, dim=1))
    y = _weighted(_TO_XYZ[1], red, green, blue)
    return torch.where(y > _BEND**3, 116 * y.clamp(min=_BEND**3) ** (1 / 3) - 16, y * (29 / 3) ** 3)


def rgb(lightness: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """sRGB in [0, 1] `[N, 3, H, W]` of L* in [0, 100], a* and b*, each `[N, 1, H, W]`; gradients are finite everywhere.

    A colour that sRGB does not have is mixed with the grey of its own luminance, no more than it must be: its lightness
    stays what it was. (Cut off channel by channel, as is usual, a saturated blue would change it by 30 and more.)
    """
    fy = (lightness.float() + 16) / 116
    x, y, z = (_unbent(fy + a.float() / 500) * _WHITE_X, _unbent(fy), _unbent(fy - b.float() / 200) * _WHITE_Z)
    colour = torch.cat([_weighted(row, x, y, z) for row in _FROM_XYZ], dim=1)
    y = y.clamp(0, 1)
    # Grey of luminance Y is (Y, Y, Y), and luminance is linear: Y + t (c − Y) has it for every t. The largest t ≤ 1
    # with all channels within [0, 1] is taken.
    above = (1 - y + _LEAST) / (torch.maximum(colour.amax(1, keepdim=True) - y, 1 - y) + _LEAST)
    below = (y + _LEAST) / (torch.maximum(y - colour.amin(1, keepdim=True), y) + _LEAST)
    mixed = (y + torch.minimum(above, below) * (colour - y)).clamp(0, 1)
    return torch.where(mixed > 0.0031308, 1.055 * mixed.clamp(min=0.0031308) ** (1 / 2.4) - 0.055, 12.92 * mixed)


def _linear(channel: Tensor) -> Tensor:
    return torch.where(channel > 0.04045, ((channel + 0.055) / 1.055) ** 2.4, channel / 12.92)


def _unbent(f: Tensor) -> Tensor:
    """The inverse of f."""
    return torch.where(f > _BEND, f * f * f, (f - 4 / 29) * (3 * _BEND**2))


def _weighted(weights: tuple[float, float, float], *parts: Tensor) -> Tensor:
    first, second, third = (weight * part for weight, part in zip(weights, parts, strict=True))
    return first + second + third
