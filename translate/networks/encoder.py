"""Encoders: picture → code, the way back of a generator that draws from noise; and the critic of codes.

DCGAN's discriminator (Radford 2016) with as many outputs as a code has numbers. With `pooled` features are averaged
over the picture before them, so that pictures of any size have a code, as in the encoders of multi-modal translation.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from translate import shares
from translate.networks.checks import at_least
from translate.networks.dcgan import halvings
from translate.networks.init import normal_init
from translate.networks.spectral import spectral as normalised


class Gaussian(NamedTuple):
    """q(z|x) = N(μ, σ²), each number of a code on its own; float32 at least."""

    mean: Tensor
    """μ `[N, latent]`"""
    log_variance: Tensor
    """log σ² `[N, latent]`"""

    def draw(self) -> Tensor:
        """z = μ + σ ε, ε ~ N(0, I), through which gradients reach both              (Kingma & Welling 2014, eq. 10)."""
        count = len(self.mean) * shares.count()
        noise = torch.randn(count, *self.mean.shape[1:], device=self.mean.device, dtype=self.mean.dtype)
        return self.mean + (self.log_variance / 2).exp() * shares.mine(noise)


class DCGANEncoder(nn.Module):
    """Picture → code: `[N, inputs, size, size]` in [-1, 1] → `[N, latent]`.

    Args:
        inputs: channels in.
        latent: length of the code.
        size: side of the picture, a power of two from 8; with `pooled` it only says how often the picture is halved,
            and pictures may have any size from a quarter of that.
        width: channels after the first layer.
        norm: `batch`, `instance`, `layer` or `none`; never on the first and last layer.
        pooled: average over the picture before the last layer.
    """

    def __init__(
        self,
        inputs: int = 3,
        latent: int = 100,
        size: int = 64,
        width: int = 64,
        norm: str = "batch",
        pooled: bool = False,
    ) -> None:
        super().__init__()
        at_least(1, inputs=inputs, latent=latent, width=width)
        self.latent = latent
        self.layers = _encoder(inputs, latent, size, width, norm, pooled)

    def forward(self, image: Tensor) -> Tensor:
        """The code of `image`, float32 at least."""
        return _wide(self.layers(image))


class GaussianEncoder(nn.Module):
    """Picture → distribution over codes: `[N, inputs, size, size]` in [-1, 1] → `Gaussian`.

    Arguments are those of `DCGANEncoder`.
    """

    def __init__(
        self,
        inputs: int = 3,
        latent: int = 100,
        size: int = 64,
        width: int = 64,
        norm: str = "batch",
        pooled: bool = False,
    ) -> None:
        super().__init__()
        at_least(1, inputs=inputs, latent=latent, width=width)
        self.latent = latent
        self.layers = _encoder(inputs, 2 * latent, size, width, norm, pooled)

    def forward(self, image: Tensor) -> Gaussian:
        """q(z|image)."""
        return Gaussian(*_wide(self.layers(image)).chunk(2, 1))


class CodeCritic(nn.Module):
    """Code → logit that it was drawn from the prior: `[N, latent]` → `[N]`; a perceptron (Makhzani 2016, appendix A).

    Args:
        latent: length of the code.
        width: units of each hidden layer; the paper's have 1000.
        layers: how many hidden layers there are.
        spectral: divide each weight by its largest singular value (see `spectral`).
    """

    def __init__(self, latent: int = 100, width: int = 1000, layers: int = 2, spectral: bool = False) -> None:
        super().__init__()
        at_least(1, latent=latent, width=width, layers=layers)
        self.latent = latent
        self.layers = nn.Sequential()
        for inputs in (latent, *(width for _ in range(layers - 1))):
            self.layers.extend((nn.Linear(inputs, width), nn.LeakyReLU(0.2)))
        self.layers.append(nn.Linear(width, 1))
        self.apply(normal_init)
        self.spectral = spectral
        if spectral:
            normalised(self)

    def forward(self, code: Tensor) -> Tensor:
        """Judge `code`."""
        return self.layers(code).flatten()


def one_latent(**networks: nn.Module) -> None:
    """Raise ValueError if the named networks do not have codes of one length."""
    lengths = {name: getattr(network, "latent", None) for name, network in networks.items()}
    if len(set(lengths.values())) > 1 or None in lengths.values():
        told = ", ".join(f"networks.{name} has {length or 'none'}" for name, length in lengths.items())
        raise ValueError(f"codes must have one length, and {told}: give all of them the same latent")


def _encoder(inputs: int, outputs: int, size: int, width: int, norm: str, pooled: bool) -> nn.Sequential:
    layers, channels = halvings(inputs, size, width, norm)
    if pooled:
        layers.append(nn.AdaptiveAvgPool2d(1))
    layers.extend((nn.Conv2d(channels, outputs, 1 if pooled else 4), nn.Flatten()))
    layers.apply(normal_init)
    return layers


def _wide(values: Tensor) -> Tensor:
    """Half precision to float32: a code's exponential and its divergence want more than 8 bits."""
    return values.float() if values.dtype in (torch.bfloat16, torch.float16) else values
