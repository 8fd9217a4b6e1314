"""A network that colours: lightness in, and out the same lightness in colour (Zhang 2016, Colorful Image Colorization).

From L* it predicts a* and b* alone, and CIE Lab → sRGB (`translate.colour`) is the last step of its forward pass: so
methods, losses, scores and the exported file see RGB, and lightness is kept whatever the network says.
"""

from __future__ import annotations

from torch import Tensor, nn

from translate import colour
from translate.networks.unet import UNet

REACH = 110.0
"""Largest a* or b*, either way: those of sRGB's colours lie between −108 and 99."""


class UNetAB(nn.Module):
    """A U-Net from L* to a* and b*: lightness `[N, 1, H, W]` in [-1, 1] → sRGB `[N, 3, H, W]` in [-1, 1].

    Args:
        inputs: 1, L* of 0 … 100 as −1 … 1: what the derivation `lightness` makes.
        outputs: 3, RGB.
        depth: as `UNet`.
        width: as `UNet`.
        norm: as `UNet`.
        dropout: as `UNet`.
        upsample: as `UNet`.

    Raises:
        ValueError: other channels, or as `UNet`.
    """

    recompute = False

    def __init__(
        self,
        inputs: int = 1,
        outputs: int = 3,
        depth: int = 8,
        width: int = 64,
        norm: str = "batch",
        dropout: float = 0.5,
        upsample: str = "transposed",
    ) -> None:
        super().__init__()
        if (inputs, outputs) != (1, 3):
            raise ValueError(f"it takes 1 channel, lightness, and gives 3, RGB, not {inputs} and {outputs}")
        self.unet = UNet(1, 2, depth, width, norm, dropout, upsample)
        self.multiple, self.smallest, self.halo = self.unet.multiple, self.unet.smallest, self.unet.halo

    def forward(self, x: Tensor) -> Tensor:
        """Colour `x`."""
        self.unet.recompute = self.recompute
        # In float32 from here on, whatever the precision around it: in bfloat16 a level is lost near white.
        a, b = self.unet(x).float().split(1, dim=1)
        return colour.rgb(50 * (x.float() + 1), REACH * a, REACH * b) * 2 - 1
