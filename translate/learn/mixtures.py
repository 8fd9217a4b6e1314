"""Mixtures of Gaussians, the data of lectures: their densities are known, so that what theory says can be counted."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

LOG4 = math.log(4)


class Part(NamedTuple):
    """One Gaussian of a mixture on the line."""

    weight: float
    mean: float
    deviation: float


Mixture = tuple[Part, ...]
"""Weights sum to 1."""

APART: Mixture = (Part(0.5, -1.5, 0.5), Part(0.5, 1.5, 0.5))
"""Two humps with little between them."""
BESIDE: Mixture = (Part(0.7, -0.5, 0.8), Part(0.3, 2.0, 0.4))
"""Another mixture on the same stretch: what a generator might draw that has not learned `APART` yet."""
GENTLE: Mixture = (Part(0.6, -1.0, 0.6), Part(0.4, 1.0, 0.8))
"""Its parts overlap: a small generator, which is continuous, can draw it."""

GRID = torch.linspace(-6, 6, 4801)
"""Where densities on the line are looked at."""


def density(mixture: Mixture, x: Tensor) -> Tensor:
    """p(x), of the shape of `x`."""
    parts = (w * torch.exp(-(((x - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi)) for w, m, s in mixture)
    return sum(parts, start=torch.zeros_like(x))


def quantiles(mixture: Mixture, count: int = 1024) -> Tensor:
    """Points at the middle of each of so many equal parts of the mass `[count, 1]`: a sample without luck."""
    mass = torch.cumsum(density(mixture, GRID), 0)
    levels = (torch.arange(count) + 0.5) / count
    return GRID[torch.searchsorted(mass / mass[-1], levels)][:, None]


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """JSD(p ‖ q) in nats of two densities on the same even grid."""
    # In float64: the half of float32's least number is 0, and a ratio to it infinite.
    p, q = p.double() / p.double().sum(), q.double() / q.double().sum()
    m = (p + q) / 2
    return float(0.5 * torch.xlogy(p, p / m).nan_to_num().sum() + 0.5 * torch.xlogy(q, q / m).nan_to_num().sum())


def best_critic(p: Tensor, q: Tensor) -> Tensor:
    """D*(x) = p(x) / (p(x) + q(x)) of two densities at the same places   (Goodfellow 2014, proposition 1).

    A half where there is neither.
    """
    return torch.where(p + q > 0, p / (p + q).clamp_min(torch.finfo(p.dtype).tiny), 0.5)


def drawn_density(G: nn.Module, centres: Tensor, count: int = 200_000) -> Tensor:
    """q at the `centres` of even bins: of what G, a generator of numbers from one number, makes of N(0, 1).

    Its noise is quantiles, and so the answer has no luck in it.
    """
    step = float(centres[1] - centres[0])
    edges = torch.linspace(float(centres[0]) - step / 2, float(centres[-1]) + step / 2, len(centres) + 1)
    with torch.no_grad():
        drawn = G(quantiles((Part(1.0, 0.0, 1.0),), count))[:, 0].clamp(edges[0], edges[-1])
    return torch.histogram(drawn, edges).hist / (count * step)


def criterion(p: Tensor, q: Tensor) -> float:
    """C(G) = −log 4 + 2 JSD(p ‖ q), what the best critic leaves of V   (Goodfellow 2014, theorem 1, eq. 6)."""
    return -LOG4 + 2 * jensen_shannon(p, q)


class Still(nn.Module):
    """A generator that has a mixture's quantiles for an answer to any noise, and never learns: D plays alone.

    Args:
        points: what it gives `[N, d]`, to noise for as many.
    """

    latent, classes = 1, 0

    def __init__(self, points: Tensor) -> None:
        super().__init__()
        self.register_buffer("points", points)
        self.shift = nn.Parameter(torch.zeros(()))  # a player has weights: this one stays 0

    def forward(self, noise: Tensor) -> Tensor:
        points: Tensor = self.get_buffer("points")
        if len(noise) != len(points):
            raise ValueError(f"noise for {len(noise)}: there are {len(points)} points")
        return points + self.shift
