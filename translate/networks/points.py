"""Networks for points instead of pictures: what a lecture plays its games with.

A point is a row of `[N, d]`. Apart from that these are a generator and a critic as any other, and every method of the
unconditional game takes them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU}


class PointGenerator(nn.Module):
    """Noise `[N, latent]` → points `[N, outputs]`.

    Args:
        outputs: coordinates of a point.
        latent: numbers of noise.
        width: of the hidden layers.
        depth: how many of them.
        activation: `tanh` or `relu`.
        gain: of orthogonal weights, with biases of 0 (Metz 2017, appendix A: 0.8); 0 leaves torch's own.
    """

    classes = 0

    def __init__(
        self, outputs: int = 2, latent: int = 256, width: int = 128, depth: int = 2, activation: str = "tanh",
        gain: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.latent = latent
        self.layers = _layers([latent, *[width] * depth, outputs], activation, gain)

    def forward(self, noise: Tensor) -> Tensor:
        points: Tensor = self.layers(noise)
        return points


class PointCritic(nn.Module):
    """Points `[N, inputs]` → logits `[N, 1]`.

    Args:
        inputs: coordinates of a point.
        width: of the hidden layers.
        depth: how many of them.
        activation: `tanh` or `relu`.
        gain: as the generator's.
        scale: points are multiplied by it first (Metz 2017, appendix A: by 1/4).
    """

    def __init__(
        self, inputs: int = 2, width: int = 128, depth: int = 2, activation: str = "tanh", gain: float = 0.0,
        scale: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.scale = scale
        self.layers = _layers([inputs, *[width] * depth, 1], activation, gain)

    @property
    def last(self) -> nn.Linear:
        """The layer that gives the logit."""
        return cast("nn.Linear", self.layers[-1])

    def forward(self, points: Tensor) -> Tensor:
        logits: Tensor = self.layers(self.scale * points)
        return logits


def _layers(widths: list[int], activation: str, gain: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layer = nn.Linear(inputs, outputs)
        if gain:
            nn.init.orthogonal_(layer.weight, gain)
            nn.init.zeros_(layer.bias)
        layers += [layer, ACTIVATIONS[activation]()]
    return nn.Sequential(*layers[:-1])
