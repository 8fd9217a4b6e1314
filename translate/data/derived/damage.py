"""A photo made worse: blurred, made small, with holes, with noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from translate import shares
from translate.data.derived.base import Derivation, Draws, smoothed, within
from translate.errors import ConfigError

NEUTRAL = 128.0
"""The level in a hole."""
_TILE = 64  # pixels of the pattern of noise where there is to be no chance
_RISES = ("bicubic", "bilinear", "nearest")


class Blur(Derivation):
    """Under a Gaussian, cut off at three sigma, as kornia's `gaussian_blur2d` with its edges repeated.

    Args:
        sigma: pixels, 0.3 to 10.
    """

    channels = 3
    does = "blurred by a Gaussian"

    def __init__(self, sigma: float = 2.0) -> None:
        super().__init__()
        within(0.3, 10, sigma=sigma)
        self.sigma = sigma

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        return smoothed(levels, self.sigma, math.ceil(3 * self.sigma))


class Downsample(Derivation):
    """Made small and as large as before: for super-resolution.

    Down by the mean of each square of `factor` pixels, rounded as a small picture's file has it; up by interpolation
    (Keys 1981 with a = −0.75 for `bicubic`). To make a small picture larger, enlarge it by the factor and translate it
    as it is.

    Args:
        factor: 2 to 16.
        up: `bicubic`, `bilinear` or `nearest`.
    """

    channels = 3
    does = "made small and as large as before"

    def __init__(self, factor: int = 4, up: str = "bicubic") -> None:
        super().__init__()
        within(2, 16, factor=factor)
        if up not in _RISES:
            raise ConfigError(f"derive: up = {up!r}: choose one of {', '.join(_RISES)}")
        self.factor, self.up = factor, up

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        height, width = levels.shape[2], levels.shape[3]
        down, right = -height % self.factor, -width % self.factor
        whole = functional.pad(levels, (0, right, 0, down), mode="replicate")
        small = (functional.avg_pool2d(whole, self.factor) + 0.5).floor()  # halves upwards, as Pillow's `reduce`
        smooth = {} if self.up == "nearest" else {"align_corners": False}
        large = functional.interpolate(small, scale_factor=float(self.factor), mode=self.up, **smooth)
        return large[:, :, :height, :width]


class Mask(Derivation):
    """With rectangular holes, for inpainting (Pathak 2016): RGBA whose holes are transparent, their colour neutral.

    Training draws `holes` of them for each picture, of sides and at places that are uniform; without chance there is
    one in the middle. To fill a hole of your own give an RGBA picture in which it is transparent: the exported model
    takes no notice of what colour lies below.

    Args:
        holes: 1 to 16 a picture.
        least: shortest side, of the picture's: 0.01 to 1.
        most: longest side.
    """

    channels = 4
    does = "with a hole, transparent"

    def __init__(self, holes: int = 1, least: float = 0.25, most: float = 0.5) -> None:
        super().__init__()
        within(1, 16, holes=holes)
        within(0.01, 1, least=least, most=most)
        if least > most:
            raise ConfigError(f"derive: least = {least:g} is more than most = {most:g}: exchange them")
        self.holes, self.least, self.most = holes, least, most

    def chance(self, photo: Tensor) -> Draws:
        """`[N, holes, 4]`: height, width, and place down and across, each 0 … 1 of what there is room for."""
        return (shares.mine(torch.rand(len(photo) * shares.count(), self.holes, 4)).to(photo.device),)

    def still(self, photo: Tensor) -> Draws:
        return (torch.full((1, 1, 4), 0.5, device=photo.device),)

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        sides = self.least + draws[0][..., :2] * (self.most - self.least)
        starts = draws[0][..., 2:] * (1 - sides)
        within = [
            self._between(levels.shape[2 + axis], starts[..., axis], sides[..., axis], levels.device) for axis in (0, 1)
        ]
        hole = (within[0][:, :, :, None] * within[1][:, :, None, :]).amax(1, keepdim=True)
        alpha = (255 - 255 * hole) + 0 * levels[:, :1]  # of each picture
        return torch.cat((levels * (1 - hole) + NEUTRAL * hole, alpha), dim=1)

    @staticmethod
    def _between(length: int, start: Tensor, side: Tensor, device: torch.device) -> Tensor:
        """1 where the middle of a pixel lies in a hole, else 0: `[N, holes, length]`."""
        place = (torch.arange(length, device=device) + 0.5) / length
        start, end = start[..., None], (start + side)[..., None]
        return ((place >= start) & (place < end)).float()


class Filled(nn.Module):
    """A network that takes RGBA, with what is transparent made neutral before it sees it, as training had it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.multiple, self.smallest, self.halo = network.multiple, network.smallest, network.halo

    def forward(self, x: Tensor) -> Tensor:
        """`[N, 4, H, W]` in [-1, 1] → what the network makes of it."""
        colour, alpha = x[:, :3], x[:, 3:]
        share = (alpha + 1) / 2
        filled = colour * share + (NEUTRAL / 127.5 - 1) * (1 - share)
        made: Tensor = self.network(torch.cat((filled, alpha), dim=1))
        return made


class Noise(Derivation):
    """With white Gaussian noise, its own for each channel; without chance it is a fixed pattern, repeated.

    Args:
        sigma: of the noise, levels of 255: 0.1 to 128.
    """

    channels = 3
    does = "with Gaussian noise"
    pattern: Tensor

    def __init__(self, sigma: float = 25.0) -> None:
        super().__init__()
        within(0.1, 128, sigma=sigma)
        self.sigma = sigma
        pattern = torch.randn(1, 3, _TILE, _TILE, generator=torch.Generator().manual_seed(0), device="cpu")
        self.register_buffer("pattern", pattern, persistent=False)

    def chance(self, photo: Tensor) -> Draws:
        shape = (len(photo) * shares.count(), *photo.shape[1:])
        return (shares.mine(torch.randn(shape)).to(photo.device),)

    def still(self, photo: Tensor) -> Draws:
        down, across = (torch.arange(length, device=photo.device) % _TILE for length in photo.shape[2:])
        return (self.pattern.to(photo.device).index_select(2, down).index_select(3, across),)

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        return levels + draws[0] * self.sigma
