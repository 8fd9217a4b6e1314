"""Pixelwise normalisation of features: no channel can run away with another one              (Karras 2018, §4.2)

b = a / √(1/C Σ_c a_c² + ε),   ε = 1e-8,   at each place of each picture
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPSILON = 1e-8


class PixelNorm(nn.Module):
    """`[N, C, ...]` → the same shape; at each place the channels' mean square is 1. It has no weights.

    Of noise `[N, C]` it gives the point of the hypersphere of radius √C in its direction.
    """

    def forward(self, x: Tensor) -> Tensor:
        wide = torch.promote_types(x.dtype, torch.float32)
        square = x.square().mean(1, keepdim=True, dtype=wide)
        return x * torch.rsqrt(square + EPSILON).to(x.dtype)
