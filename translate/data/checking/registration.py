"""Do the two pictures of a pair lie over each other, and do they belong together at all?

Labels and photos, day and night share no levels, but they share where edges are. So edges are compared, by their
gradient magnitudes. How far one lies from the other is the peak of their cross-correlation, half-whitened: between
plain correlation, whose peak is broad, and phase correlation (Kuglin & Hines, 1975), which gives noise as much weight
as edges; as the generalised cross-correlation of Knapp & Carter (1976) lets one choose.

A correlation always peaks somewhere. A shift is believed where its peak stands so far above the unshifted value as
`BELIEVED` times the surface's own standard deviation; on the real façades, whose labels are drawn by hand, see
docs/checking.md for how often that is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

Picture = np.ndarray

SIDE = 128
"""Side at which edges are compared, pixels; of every picture, whatever its shape."""
KEPT = 64
"""Side of what is kept of each picture, to compare it with those of other pairs."""
REACH = 16
"""Furthest shift looked for, in pixels of `SIDE`: an eighth of the picture."""
BELIEVED = 5.0
"""How far the peak must stand above the unshifted value, in standard deviations of the surface."""
_WHITENING = 0.5
_AXIS = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(SIDE, dtype=np.float32) + 0.5) / SIDE)
_WINDOW = np.outer(_AXIS, _AXIS)


@dataclass(frozen=True)
class Fit:
    """How the two pictures of a pair lie over each other."""

    surface: np.ndarray
    """Correlation by shift, in standard deviations of itself, float32 `[2 REACH + 1]²`; the middle is no shift."""
    maps: tuple[np.ndarray, np.ndarray]
    """Edges of source and target, uint8 `[KEPT, KEPT]`."""
    scale: tuple[float, float]
    """Pixels of the picture for one of `SIDE`: down and across."""

    @property
    def gap(self) -> float:
        """How far the peak stands above the value without a shift (to within a pixel of `SIDE`)."""
        near = self.surface[REACH - 1 : REACH + 2, REACH - 1 : REACH + 2]
        return float(self.surface.max() - near.max())

    @property
    def shift(self) -> tuple[float, float]:
        """How far the target's edges lie from the source's: down and right, in pixels of the picture."""
        return at_peak(self.surface, self.scale)


def at_peak(surface: np.ndarray, scale: tuple[float, float]) -> tuple[float, float]:
    """The shift of the peak of a surface, in pixels of the picture."""
    row, column = np.unravel_index(int(surface.argmax()), surface.shape)
    return (float(row) - REACH) * scale[0], (float(column) - REACH) * scale[1]


def fit(source: Picture, target: Picture) -> Fit:
    """Lay the edges of two pictures of one size over each other."""
    edges = [_edges(picture) for picture in (source, target)]
    spectra = [np.fft.rfft2((edge - edge.mean()) * _WINDOW) for edge in edges]
    cross = np.conj(spectra[0]) * spectra[1]
    cross /= (np.abs(cross) + 1e-3) ** _WHITENING
    surface = np.fft.irfft2(cross, s=(SIDE, SIDE))
    surface /= surface.std() + 1e-9
    window = np.roll(surface, (REACH, REACH), (0, 1))[: 2 * REACH + 1, : 2 * REACH + 1]
    height, width = source.shape[:2]
    maps = [edge.reshape(KEPT, SIDE // KEPT, KEPT, SIDE // KEPT).mean((1, 3)) for edge in edges]
    small = tuple(np.minimum(255, one * 12).astype(np.uint8) for one in maps)
    return Fit(window.astype(np.float32), (small[0], small[1]), (height / SIDE, width / SIDE))


def _edges(picture: Picture) -> np.ndarray:
    """Square root of the gradient magnitude, the largest over the channels: float `[SIDE, SIDE]`, at most 19."""
    small = np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX)).astype(np.float32)
    down, across = np.zeros_like(small), np.zeros_like(small)
    down[1:-1] = small[2:] - small[:-2]
    across[:, 1:-1] = small[:, 2:] - small[:, :-2]
    squares = down**2 + across**2
    magnitude: np.ndarray = np.maximum(np.maximum(squares[..., 0], squares[..., 1]), squares[..., 2]) ** 0.25
    return magnitude


def belonging(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """How well each source's edges match each target's, in standard deviations of what strangers reach.

    What all pictures of a domain have in common (the sky above, the street below) is taken away first, then what makes
    one picture match everything.

    Args:
        sources: uint8 `[N, KEPT, KEPT]`.
        targets: the same, in the pairs' order.

    Returns:
        float `[N, N]`: source by target; the diagonal is the pairs.
    """
    scores = _unit(sources) @ _unit(targets).T
    scores += scores.mean() - scores.mean(axis=1, keepdims=True) - scores.mean(axis=0, keepdims=True)
    strangers = scores[~np.eye(len(scores), dtype=bool)]
    # By the median, so that the true partners of shuffled pairs do not count.
    spread = np.sqrt(np.median(strangers**2) / 0.4549)  # the median of χ² with one degree of freedom
    belongs: np.ndarray = scores / (spread + 1e-9)
    return belongs


def _unit(maps: np.ndarray) -> np.ndarray:
    flat = maps.reshape(len(maps), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6
    flat -= flat.mean(axis=0)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-6
    return flat
