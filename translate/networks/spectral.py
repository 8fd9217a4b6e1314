"""Spectral normalisation: every weight of a discriminator divided by its largest singular value   (Miyato 2018, eq. 8)

A layer then stretches no input more than once over, and neither do all of them together, but for norms between them.
The value is estimated by a step of power iteration at each pass in training, whose vectors are buffers: they are saved
with the weights, and every process that shares a batch has the same ones.
"""

from __future__ import annotations

from torch import nn
from torch.nn.utils.parametrizations import spectral_norm


def spectral(network: nn.Module) -> nn.Module:
    """Normalise every convolution and linear layer of `network`, in place, which has its initial weights already."""
    for module in [*network.modules()]:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            spectral_norm(module)
    return network
