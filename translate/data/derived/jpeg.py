"""A photo as JPEG keeps it (ITU-T T.81, the baseline process): its losses without its file.

YCbCr (JFIF), colour halved in both directions (4:2:0), the discrete cosine transform of blocks of 8 × 8, quantised by
the tables of annex K, scaled by quality as the Independent JPEG Group's code does; and back, colour interpolated.
kornia's codec rounds softly, to have gradients; here numbers are rounded, as in a file.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from translate import shares
from translate.data.derived.base import Derivation, Draws, within
from translate.errors import ConfigError

_LUMA = """
    16 11 10 16 24 40 51 61    12 12 14 19 26 58 60 55    14 13 16 24 40 57 69 56    14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77  24 35 55 64 81 104 113 92  49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99"""
_CHROMA = """
    17 18 24 47 99 99 99 99    18 21 26 66 99 99 99 99    24 26 56 99 99 99 99 99    47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99    99 99 99 99 99 99 99 99    99 99 99 99 99 99 99 99    99 99 99 99 99 99 99 99"""


class Jpeg(Derivation):
    """What is left of a photo after JPEG.

    Args:
        qualities: lowest and highest quality, 1 to 100. Training draws one for each picture; without chance it is the
            middle of the two.
    """

    channels = 3
    does = "as JPEG keeps it"
    base: Tensor
    cosines: Tensor

    def __init__(self, qualities: tuple[int, int] = (10, 10)) -> None:
        super().__init__()
        lowest, highest = qualities
        within(1, 100, qualities=lowest)
        within(1, 100, qualities=highest)
        if lowest > highest:
            raise ConfigError(f"derive: qualities = {list(qualities)}: the lowest comes first")
        self.lowest, self.highest = lowest, highest
        tables = [torch.tensor([int(word) for word in text.split()], device="cpu") for text in (_LUMA, _CHROMA)]
        self.register_buffer("base", torch.stack(tables).reshape(2, 8, 8), persistent=False)
        cosines = [
            [math.sqrt((1 if u == 0 else 2) / 8) * math.cos((2 * k + 1) * u * math.pi / 16) for k in range(8)]
            for u in range(8)
        ]
        self.register_buffer("cosines", torch.tensor(cosines, device="cpu"), persistent=False)

    def chance(self, photo: Tensor) -> Draws:
        drawn = torch.randint(self.lowest, self.highest + 1, (len(photo) * shares.count(),))
        return tuple(table.to(photo.device) for table in self._tables(shares.mine(drawn)))

    def still(self, photo: Tensor) -> Draws:
        middle = torch.tensor([(self.lowest + self.highest) // 2], device="cpu")
        return tuple(table.to(photo.device) for table in self._tables(middle))

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        height, width = levels.shape[2], levels.shape[3]
        whole = functional.pad(levels, (0, -width % 16, 0, -height % 16), mode="replicate")
        red, green, blue = whole.split(1, dim=1)
        y = (0.299 * red + 0.587 * green + 0.114 * blue).round()
        cb = (-0.168735892 * red - 0.331264108 * green + 0.5 * blue + 128).round()
        cr = (0.5 * red - 0.418687589 * green - 0.081312411 * blue + 128).round()
        halved = functional.avg_pool2d(torch.cat((cb, cr), dim=1), 2).round()
        y, halved = self._kept(y, draws[0]), self._kept(halved, draws[1])
        chroma = functional.interpolate(halved, scale_factor=2.0, mode="bilinear", align_corners=False).round() - 128
        cb, cr = chroma.split(1, dim=1)
        back = torch.cat((y + 1.402 * cr, y - 0.344136286 * cb - 0.714136286 * cr, y + 1.772 * cb), dim=1)
        return back[:, :, :height, :width]

    def _tables(self, qualities: Tensor) -> list[Tensor]:
        """Steps of luma and of chroma by quality `[N]`: each float `[N, 1, 1, 8, 1, 8]`."""
        scale = torch.where(qualities < 50, torch.full_like(qualities, 5000) // qualities, 200 - 2 * qualities)
        steps = ((self.base.cpu()[:, None] * scale[:, None, None] + 50) // 100).clamp(1, 255).float()
        return [of_one[:, None, None, :, None, :] for of_one in steps]

    def _kept(self, plane: Tensor, steps: Tensor) -> Tensor:
        """Planes of levels `[N, C, 8h, 8w]` after their blocks' cosines were divided by `steps`, rounded, and back."""
        count, channels, height, width = plane.shape
        blocks = plane.reshape(count, channels, height // 8, 8, width // 8, 8) - 128
        cosines = self.cosines.to(plane.device)
        found = _along(_along(blocks, cosines, 5), cosines, 3)
        kept = (found / steps).round() * steps
        back = _along(_along(kept, cosines.T, 3), cosines.T, 5) + 128
        return back.reshape(count, channels, height, width).round().clamp(0, 255)


def _along(blocks: Tensor, matrix: Tensor, dim: int) -> Tensor:
    """`matrix` times the eight numbers along `dim`, summed one after the other: the same on every device."""
    shape = [1] * blocks.ndim
    shape[dim] = 8
    out = blocks.narrow(dim, 0, 1) * matrix[:, 0].reshape(shape)
    for place in range(1, 8):
        out = out + blocks.narrow(dim, place, 1) * matrix[:, place].reshape(shape)
    return out
