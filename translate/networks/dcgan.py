"""DCGAN's generator and discriminator (Radford 2016), unconditional or told a label (Mirza 2014).

The guidelines (§3): strided and fractionally strided convolutions, no pooling; BatchNorm in both, but not at the
generator's output and the discriminator's input; no hidden fully connected layer; ReLU and Tanh in the generator;
LeakyReLU in the discriminator.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from translate.networks.checks import at_least
from translate.networks.init import normal_init
from translate.networks.norm import CRITIC_NORMS, needs_bias, norm_layer
from translate.networks.spectral import spectral as normalised


class DCGANGenerator(nn.Module):
    """Noise → picture: `[N, latent]` → `[N, outputs, size, size]` in [-1, 1].

    Args:
        outputs: channels out.
        latent: length of the noise vector.
        size: side of the picture, a power of two from 8.
        width: channels before the last layer.
        classes: number of labels it is told, 0 for none.
    """

    def __init__(self, outputs: int = 3, latent: int = 100, size: int = 64, width: int = 64, classes: int = 0) -> None:
        super().__init__()
        at_least(1, outputs=outputs, latent=latent, width=width)
        self.latent, self.classes = latent, classes
        channels = width * 2 ** (_doublings(size) - 1)
        self.layers = nn.Sequential(
            nn.ConvTranspose2d(latent + classes, channels, 4, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
        while channels > width:
            up = nn.ConvTranspose2d(channels, channels // 2, 4, 2, 1, bias=False)
            self.layers.extend((up, nn.BatchNorm2d(channels // 2), nn.ReLU()))
            channels //= 2
        self.layers.extend((nn.ConvTranspose2d(channels, outputs, 4, 2, 1, bias=False), nn.Tanh()))
        self.apply(normal_init)

    def forward(self, noise: Tensor, label: Tensor | None = None) -> Tensor:
        """Draw from `noise` `[N, latent]` ~ N(0, 1) and, where it was built with classes, `label` int64 `[N]`."""
        if self.classes:
            noise = torch.cat((noise, _one_hot(label, self.classes).to(noise)), 1)
        return self.layers(noise[:, :, None, None])


class DCGANDiscriminator(nn.Module):
    """Picture → logit that it is real: `[N, inputs, size, size]` → `[N]`.

    Args:
        inputs: channels in.
        size: side of the picture, a power of two from 8.
        width: channels after the first layer.
        classes: number of labels it is told, 0 for none.
        norm: `batch`, `instance`, `layer` or `none`; never on the first and last layer.
        spectral: divide each weight by its largest singular value (see `spectral`), mostly with norm `none`.
    """

    def __init__(
        self,
        inputs: int = 3,
        size: int = 64,
        width: int = 64,
        classes: int = 0,
        norm: str = "batch",
        spectral: bool = False,
    ) -> None:
        super().__init__()
        at_least(1, inputs=inputs, width=width)
        self.classes = classes
        self.layers, channels = halvings(inputs + classes, size, width, norm)
        self.layers.append(nn.Conv2d(channels, 1, 4, bias=False))
        self.apply(normal_init)
        self.spectral = spectral
        if spectral:
            normalised(self)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """Judge `image` in [-1, 1], with its `label` int64 `[N]` where it was built with classes."""
        if self.classes:
            # The label as constant planes, one a class.
            planes = _one_hot(label, self.classes).to(image)[:, :, None, None].expand(-1, -1, *image.shape[2:])
            image = torch.cat((image, planes), 1)
        return self.layers(image).flatten()


def halvings(inputs: int, size: int, width: int, norm: str) -> tuple[nn.Sequential, int]:
    """The discriminator but for its last layer: pictures of `size` → features of 4², and how many channels they have.

    Args:
        inputs: channels in.
        size: side of the picture, a power of two from 8.
        width: channels after the first layer; they double from there.
        norm: a name in `norm.CRITIC_NORMS`; never on the first layer.
    """
    layers = nn.Sequential(nn.Conv2d(inputs, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2))
    channels = width
    for _ in range(_doublings(size) - 1):
        down = nn.Conv2d(channels, 2 * channels, 4, 2, 1, bias=needs_bias(norm))
        layers.extend((down, norm_layer(norm, CRITIC_NORMS)(2 * channels), nn.LeakyReLU(0.2)))
        channels *= 2
    return layers, channels


def _doublings(size: int) -> int:
    """How often 4 doubles until `size`."""
    doublings = size.bit_length() - 3
    if size < 8 or 4 << doublings != size:
        raise ValueError(f"dcgan: size = {size}, it needs a power of two from 8")
    return doublings


def _one_hot(label: Tensor | None, classes: int) -> Tensor:
    if label is None:
        raise TypeError("this network was built with classes: it needs a label")
    return functional.one_hot(label, classes)
