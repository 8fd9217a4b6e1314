"""A small convolutional classifier: what a picture shows, of so many classes."""

from __future__ import annotations

from torch import Tensor, nn

from translate.networks.checks import at_least


class Classifier(nn.Module):
    """Picture → a score a class: `[N, inputs, H, W]` in [-1, 1] → logits `[N, classes]`, of any size.

    Convolutions of 3×3 with BatchNorm and ReLU, each but the first halving the side and doubling the channels; then the
    mean over all places (Lin 2014) and one linear layer.

    Args:
        inputs: channels in.
        classes: how many there are.
        width: channels after the first convolution.
        depth: how often the side is halved.
    """

    def __init__(self, inputs: int = 3, classes: int = 10, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        at_least(1, inputs=inputs, classes=classes, width=width, depth=depth)
        self.classes = classes
        self.layers = nn.Sequential(nn.Conv2d(inputs, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        for _ in range(depth):
            self.layers.extend((nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU()))
            width *= 2
        self.last = nn.Linear(width, classes)

    def forward(self, image: Tensor) -> Tensor:
        """Scores of `image`, whose largest is that of the class it is taken for."""
        scores: Tensor = self.last(self.layers(image).mean((2, 3)))
        return scores
