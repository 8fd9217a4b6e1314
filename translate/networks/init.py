"""Initial weights: N(0, 0.02), as DCGAN (Radford 2016, §4) and everything after it."""

from __future__ import annotations

from torch import nn

_NORMS = (nn.BatchNorm2d, nn.InstanceNorm2d)


def normal_init(module: nn.Module, deviation: float = 0.02) -> None:
    """Initialise one module, for `network.apply(normal_init)`.

    Convolutions and linear layers: weight N(0, deviation), bias 0. Affine norms: weight N(1, deviation), bias 0.
    """
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(module.weight, 0.0, deviation)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, _NORMS) and module.affine:
        nn.init.normal_(module.weight, 1.0, deviation)
        nn.init.zeros_(module.bias)
