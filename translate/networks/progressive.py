"""The generator and the critic of progressive growing                          (Karras 2018, §2 and appendix A.1)

A stage a resolution: two convolutions of 3×3, nearest pixels on the way up, means on the way down. There is no
BatchNorm: learning rates are equalised, the generator's features are normalised at each pixel, and the critic is told
how much a batch varies. At each level a 1×1 convolution goes from features to colours, or back; while a level fades in,
that of the level before takes part.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from torch import Tensor, nn

from translate.networks.checks import at_least
from translate.networks.equalised import HE, EqualisedConv2d, EqualisedLinear
from translate.networks.growing import Growing, doubled, halved
from translate.networks.minibatch_deviation import MinibatchDeviation
from translate.networks.pixel_norm import PixelNorm

SLOPE = 0.2


class ProgressiveGenerator(Growing):
    """Noise → picture: `[N, latent]` → `[N, outputs, side, side]`, of the side of the level that it has reached.

    Its last layer is linear, and what it draws only meant to be in [-1, 1]. In eval mode it is: there pictures end at
    black and white, and have the full size, by nearest pixels where it has not grown so far.

    Args:
        outputs: channels out.
        latent: length of the noise vector, of which the direction alone counts.
        size: side of the picture at the last level, `start` doubled a few times.
        start: side of the picture at the first level, 4 doubled a few times.
        width: channels at the last level; at each one before twice as many,
        most: but never more than these.
    """

    classes = 0

    def __init__(
        self, outputs: int = 3, latent: int = 512, size: int = 64, start: int = 4, width: int = 64, most: int = 512
    ) -> None:
        super().__init__(start, size)
        at_least(1, outputs=outputs, latent=latent, width=width, most=most)
        self.latent = latent
        channels = _channels(size, width, most)
        self.hypersphere = PixelNorm()
        # A quarter of He's gain: as if each of the 16 places were a tap of one kernel, 4×4 over the noise.
        seed = EqualisedLinear(latent, 16 * channels[0], HE / 4)
        self.stages = nn.ModuleList(
            [nn.Sequential(seed, nn.Unflatten(1, (channels[0], 4, 4)), *_drawn(), *_draws(channels[0], channels[0]))]
        )
        for coarse, fine in pairwise(channels):
            self.stages.append(nn.Sequential(nn.Upsample(scale_factor=2), *_draws(coarse, fine), *_draws(fine, fine)))
        self.below = len(self.stages) - len(self.sides)
        self.colours = nn.ModuleList(EqualisedConv2d(count, outputs, 1, gain=1) for count in channels[self.below :])

    def forward(self, noise: Tensor) -> Tensor:
        """Draw from `noise` `[N, latent]` ~ N(0, 1)."""
        before = x = self.hypersphere(noise)
        for stage in islice(self.stages, self.below + self.level + 1):
            before, x = x, stage(x)
        picture = self.colours[self.level](x)
        if self.fading:
            picture = self.faded(doubled(self.colours[self.level - 1](before)), picture)
        return picture if self.training else self.enlarged(picture).clamp(-1, 1)


class ProgressiveCritic(Growing):
    """Picture → score: `[N, inputs, side, side]` → `[N]`, of the side of the level that it has reached.

    Args:
        inputs: channels in.
        size: side of the picture at the last level, `start` doubled a few times.
        start: side of the picture at the first level, 4 doubled a few times.
        width: channels at the last level; at each one before twice as many,
        most: but never more than these.
        group: pictures whose variation is told to the critic (see `MinibatchDeviation`); 1 tells nothing.
    """

    def __init__(
        self, inputs: int = 3, size: int = 64, start: int = 4, width: int = 64, most: int = 512, group: int = 4
    ) -> None:
        super().__init__(start, size)
        at_least(1, inputs=inputs, width=width, most=most, group=group)
        channels = _channels(size, width, most)
        last = channels[0]
        self.stages = nn.ModuleList(
            [
                nn.Sequential(
                    MinibatchDeviation(group),
                    *_judges(last + 1, last),
                    *(EqualisedConv2d(last, last, 4), nn.LeakyReLU(SLOPE)),
                    EqualisedConv2d(last, 1, 1, gain=1),
                )
            ]
        )
        for coarse, fine in pairwise(channels):
            self.stages.append(nn.Sequential(*_judges(fine, fine), *_judges(fine, coarse), nn.AvgPool2d(2)))
        self.below = len(self.stages) - len(self.sides)
        self.features = nn.ModuleList(
            nn.Sequential(EqualisedConv2d(inputs, count, 1), nn.LeakyReLU(SLOPE)) for count in channels[self.below :]
        )

    def forward(self, image: Tensor) -> Tensor:
        """Judge `image` of this level, about in [-1, 1]."""
        finest = self.below + self.level
        x = self.stages[finest](self.features[self.level](image))
        if self.fading:
            x = self.faded(self.features[self.level - 1](halved(image)), x)
        for number in range(finest - 1, -1, -1):
            x = self.stages[number](x)
        return x.flatten()


def _channels(size: int, width: int, most: int) -> list[int]:
    """Of each stage, from 4² on."""
    return [min(width * (size // (4 << stage)), most) for stage in range((size // 4).bit_length())]


def _draws(inputs: int, outputs: int) -> Iterator[nn.Module]:
    yield EqualisedConv2d(inputs, outputs, 3, padding=1)
    yield from _drawn()


def _drawn() -> tuple[nn.Module, ...]:
    return nn.LeakyReLU(SLOPE), PixelNorm()


def _judges(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return EqualisedConv2d(inputs, outputs, 3, padding=1), nn.LeakyReLU(SLOPE)
