"""A photo with less colour: grey, lightness, or few levels of each."""

from __future__ import annotations

from torch import Tensor

from translate import colour
from translate.data.derived.base import Derivation, within


class Grey(Derivation):
    """Luma of ITU-R BT.601, to the level what `pixels.read(file, 1)` and Pillow's mode L give."""

    does = "grey by ITU-R 601"

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        red, green, blue = levels.split(1, dim=1)
        # In units of 2⁻¹⁶ level, all sums below 2²⁴: exact in float32.
        return ((19595 * red + 38470 * green + 7471 * blue + 32768) * 2.0**-16).floor()


class Lightness(Derivation):
    """L* of CIE L*a*b* (D65), 0 … 100 as levels 0 … 255: what a network that gives a* and b* takes (`unet_ab`)."""

    does = "lightness L* of CIE Lab"

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        return colour.lightness(levels / 255) * 2.55


class Quantise(Derivation):
    """Few levels of each colour, evenly spaced from black to full: v → round(v (n − 1)) / (n − 1) for v in [0, 1].

    Args:
        levels: n, 2 to 64.
    """

    channels = 3
    does = "few levels of each colour"

    def __init__(self, levels: int = 4) -> None:
        super().__init__()
        within(2, 64, levels=levels)
        self.levels = levels

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        steps = self.levels - 1
        # (v·steps + 127) // 255, in whole numbers: halves do not depend on how a device divides.
        nearest = ((levels * steps + 127.5) * (1 / 255)).floor()
        return (nearest * (255 / steps) + 0.5).floor()
