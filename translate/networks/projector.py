"""The projection head of CUT: features of a few patches → unit vectors that can be compared       (Park 2020, §3.2)"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from translate.networks.init import initialise


class PatchProjector(nn.Module):
    """A perceptron of two layers for every feature map.

    Args:
        width: hidden units, and length of the vectors.

    It is made for a generator's features by `build`, which the method does: only then are their channels known.
    """

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.width = width
        self.heads = nn.ModuleList()

    def build(self, channels: Sequence[int]) -> None:
        """Make a perceptron for each feature map, of so many channels."""
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(inputs, self.width), nn.ReLU(), nn.Linear(self.width, self.width))
            for inputs in channels
        )
        initialise(self, "xavier")

    def forward(self, features: Sequence[Tensor], places: Sequence[Tensor]) -> list[Tensor]:
        """Features `[N, C, h, w]`, and which of their h·w places → unit vectors `[N, places, width]`, for each map."""
        patches = [
            feature.flatten(2)[:, :, place].transpose(1, 2) for feature, place in zip(features, places, strict=True)
        ]
        return [functional.normalize(head(patch), dim=2) for head, patch in zip(self.heads, patches, strict=True)]


def draw_places(features: Sequence[Tensor], count: int) -> list[Tensor]:
    """At most `count` different places of each feature map, drawn where the map is."""
    return [torch.randperm(map_.shape[2] * map_.shape[3], device=map_.device)[:count] for map_ in features]
