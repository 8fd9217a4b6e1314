"""One range for every channel that a norm is given, so that eight bits serve each of them alike.

Activations are quantised with one range for all channels. A channel that moves little among others that move much is
left a few steps of the 256, and the InstanceNorm behind it blows these up to variance 1. But InstanceNorm (Ulyanov
2016, eq. 2) undoes any shift and scale of a channel: IN((x − m)/r) = IN(x) but for ε. So m and r go into the weights of
the convolution before it, and the function stays what it was. For layers with nothing but a ReLU between them the same
idea is known as cross-layer equalisation (Nagel 2019, §4.1).
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from translate.exporting.graph import BytesToBytes

RANGE = 16.0
"""Every channel reaches from −RANGE to RANGE: far above √ε, so that ε, which is not scaled with it, means nothing."""


def equalised(network: nn.Module, pictures: Sequence[np.ndarray]) -> nn.Module:
    """A copy of `network` in which every channel that an InstanceNorm is given directly by a convolution has one range.

    Args:
        network: translates `[N, C, H, W]` in [-1, 1]; in eval mode.
        pictures: uint8 `[H, W, C]`, what ranges are taken from.
    """
    network = copy.deepcopy(network)
    graph, pairs = BytesToBytes(network), list(_pairs(network))
    if not pairs:  # nothing to be measured
        return network
    seen = [_Seen() for _ in pairs]
    hooks = [conv.register_forward_hook(one) for (conv, _), one in zip(pairs, seen, strict=True)]
    with torch.no_grad():
        for picture in pictures:
            graph(torch.tensor(picture[None]))
        for hook in hooks:
            hook.remove()
        for (conv, norm), one in zip(pairs, seen, strict=True):
            _rescale(conv, norm, one)
    return network


def _pairs(network: nn.Module) -> Iterator[tuple[nn.Conv2d | nn.ConvTranspose2d, nn.InstanceNorm2d]]:
    """Each convolution that an InstanceNorm follows, and that norm."""
    for block in network.modules():
        if isinstance(block, nn.Sequential):
            for layer, norm in itertools.pairwise(block):
                if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and isinstance(norm, nn.InstanceNorm2d):
                    yield layer, norm


class _Seen:
    """What a layer gave: least and most of each channel, and its mean variance within a picture."""

    def __init__(self) -> None:
        self.least, self.most = torch.tensor(torch.inf), torch.tensor(-torch.inf)
        self.variance, self.count = torch.tensor(0.0), 0

    def __call__(self, layer: nn.Module, given: object, output: Tensor) -> None:
        self.least = torch.minimum(self.least, output.amin((0, 2, 3)))
        self.most = torch.maximum(self.most, output.amax((0, 2, 3)))
        self.variance = self.variance + output.var((2, 3), correction=0).sum(0)
        self.count += len(output)


def _rescale(conv: nn.Conv2d | nn.ConvTranspose2d, norm: nn.InstanceNorm2d, seen: _Seen) -> None:
    middle, reach = (seen.most + seen.least) / 2, (seen.most - seen.least) / 2
    scale = torch.where(reach > 0, RANGE / reach, 1)
    shape = (1, -1, 1, 1) if isinstance(conv, nn.ConvTranspose2d) else (-1, 1, 1, 1)
    conv.weight.mul_(scale.reshape(shape))
    bias: Tensor | None = conv.bias
    conv.bias = nn.Parameter(((0 if bias is None else bias) - middle) * scale, requires_grad=False)
    # ε was there beside this variance, and is not beside the new one.
    variance = seen.variance / seen.count
    damped = (variance / (variance + norm.eps)).sqrt()
    if not norm.affine:
        norm.affine = True
        norm.weight = nn.Parameter(torch.ones_like(damped), requires_grad=False)
        norm.bias = nn.Parameter(torch.zeros_like(damped), requires_grad=False)
    norm.weight.mul_(damped)
