"""Edges of a photo: dark lines on white paper, as the page's sheet and the edges2photo data sets have them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from translate.data.derived.base import Derivation, luma, slopes, smoothed, within
from translate.errors import ConfigError

_NEAR, _FAR = math.tan(math.radians(22.5)), math.tan(math.radians(67.5))


class Canny(Derivation):
    """Edges by Canny (1986, A Computational Approach to Edge Detection): lines one pixel wide, black or nothing.

    Luma, a Gaussian, Sobel's slopes; a pixel is kept where its slope is the greatest along its own direction (of
    eight), and is an edge where that is above `high`, or above `low` and connected to one: with hysteresis in `reach`
    steps of a pixel each, where the paper's has no end. Equations and units are kornia's; of two equal neighbours,
    which a straight edge between two pixels has, the first is kept (as OpenCV does), where kornia keeps none.

    Args:
        low: slope from which on a pixel may be an edge, of Sobel's operator on luma in [0, 1]: 0 to 4.
        high: slope from which on it is one.
        sigma: of the Gaussian, pixels: 0.3 to 10; more finds coarser edges.
        reach: pixels that an edge is followed for: 0 to 256.
        invert: white on black.
    """

    does = "edges by Canny, dark on white"

    def __init__(
        self, low: float = 0.1, high: float = 0.2, sigma: float = 1.0, reach: int = 32, invert: bool = False
    ) -> None:
        super().__init__()
        within(0, 4, low=low, high=high)
        within(0.3, 10, sigma=sigma)
        within(0, 256, reach=reach)
        if low > high:
            raise ConfigError(f"derive: low = {low:g} is more than high = {high:g}: exchange them")
        self.low, self.high, self.sigma, self.reach, self.invert = low, high, sigma, reach, invert

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        smooth = smoothed(luma(levels), self.sigma, math.ceil(2 * self.sigma))
        across, along = slopes(smooth)
        squared = across * across + along * along
        kept = _greatest(squared, across, along)
        weak, edges = kept > (255 * self.low) ** 2, kept > (255 * self.high) ** 2
        exported = torch.compiler.is_exporting()
        places = [_beside(levels, dim) if exported else None for dim in (2, 3)]
        for _ in range(self.reach):
            for dim, beside in enumerate(places, 2):
                edges = _grown(edges, dim, beside)
            edges = edges & weak
        return _ink(255 * edges.float(), self.invert)


class Sobel(Derivation):
    """The slope of luma by Sobel's operator, normalised as kornia's: grey lines, the darker the steeper.

    Args:
        gain: how dark: 0.1 to 100. At 1 nothing but a step from black to white is half black.
        sigma: of a Gaussian before, pixels: 0.3 to 10, or 0 for none.
        invert: white on black.
    """

    does = "the slope of luma by Sobel's operator, dark on white"

    def __init__(self, gain: float = 3.0, sigma: float = 0.0, invert: bool = False) -> None:
        super().__init__()
        within(0.1, 100, gain=gain)
        if sigma:
            within(0.3, 10, sigma=sigma)
        self.gain, self.sigma, self.invert = gain, sigma, invert

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        grey = luma(levels)
        across, along = slopes(smoothed(grey, self.sigma, math.ceil(3 * self.sigma)) if self.sigma else grey)
        return _ink((across * across + along * along).sqrt() * (self.gain / 8), self.invert)


class SoftEdges(Derivation):
    """Soft lines of several widths, which look like a learnt detector's (HED, Xie & Tu 2015) and need no weights.

    Slopes of each colour at two scales, normalised by scale (Lindeberg 1998, Edge detection and ridge detection with
    automatic scale selection, §4): m_σ = σ · max_c ‖∇(G_σ * c)‖. What both scales see is an outline, what only the
    fine one sees is texture: their geometric mean m keeps the former. The line is m / (m + contrast), which saturates,
    so that strong and weak outlines are about as dark.

    Args:
        fine: the smaller scale, pixels: 0.3 to 10.
        coarse: the larger scale, pixels: 0.3 to 10.
        contrast: the slope in [0, 1] per pixel, times scale, that gives half black: 0.001 to 1; less shows more.
        invert: white on black.
    """

    does = "soft edges at two scales, dark on white"

    def __init__(self, fine: float = 1.0, coarse: float = 2.5, contrast: float = 0.08, invert: bool = False) -> None:
        super().__init__()
        within(0.3, 10, fine=fine, coarse=coarse)
        within(0.001, 1, contrast=contrast)
        self.scales, self.contrast, self.invert = (fine, coarse), contrast, invert

    def derive(self, levels: Tensor, *draws: Tensor) -> Tensor:
        fine, coarse = (_steepest(levels, sigma) for sigma in self.scales)
        squared = (fine * coarse).sqrt()  # of the slopes that is the square of their geometric mean
        least = (255 * self.contrast) ** 2
        return _ink(255 * (squared / (squared + least)), self.invert)


def _steepest(levels: Tensor, sigma: float) -> Tensor:
    """The square of the steepest colour's slope, levels per pixel, times scale."""
    across, along = slopes(smoothed(levels, sigma, math.ceil(3 * sigma)))
    return (across * across + along * along).amax(1, keepdim=True) * (sigma / 8) ** 2


def _greatest(squared: Tensor, across: Tensor, along: Tensor) -> Tensor:
    """Slopes where they are the greatest along their own direction, else 0; beyond the border there are none."""
    height, width = squared.shape[2], squared.shape[3]
    padded = functional.pad(squared, (1, 1, 1, 1))

    def first_of(down: int, right: int) -> Tensor:
        """Whether the neighbours in a direction are less: the one before it at most as much."""
        after = padded.narrow(2, 1 + down, height).narrow(3, 1 + right, width)
        before = padded.narrow(2, 1 - down, height).narrow(3, 1 - right, width)
        return ((squared > before) & (squared >= after)).float()

    flat, steep = across.abs(), along.abs()
    level = (steep <= _NEAR * flat).float()
    upright = (steep >= _FAR * flat).float() * (1 - level)
    falling = ((across * along) > 0).float()  # to the right and downwards, or back
    slanting = falling * first_of(1, 1) + (1 - falling) * first_of(1, -1)
    greatest = level * first_of(0, 1) + upright * first_of(1, 0) + (1 - level) * (1 - upright) * slanting
    return squared * greatest


def _grown(edges: Tensor, dim: int, beside: tuple[Tensor, Tensor] | None) -> Tensor:
    """What is an edge, or has one beside it along `dim`."""
    if beside:
        before, after = beside
        return edges | edges.index_select(dim, before) | edges.index_select(dim, after)
    rest = edges.shape[dim] - 1
    grown = edges.clone()
    grown.narrow(dim, 0, rest).logical_or_(edges.narrow(dim, 1, rest))
    grown.narrow(dim, 1, rest).logical_or_(edges.narrow(dim, 0, rest))
    return grown


def _beside(levels: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Where the pixels before and after each lie along `dim`; the first and the last stand for those beyond them.

    For the exported graph: slices are ten times as fast in torch, but torch's exporter thinks for minutes over sizes
    that are differences.
    """
    place = torch.arange(levels.shape[dim], device=levels.device)
    return (place - 1).clamp(min=0), torch.minimum(place + 1, place[-1])


def _ink(lines: Tensor, invert: bool) -> Tensor:
    lines = lines.clamp(0, 255)
    return lines if invert else 255 - lines
