"""Initial weights: N(0, 0.02), as DCGAN (Radford 2016, §4) and most after it, or Xavier's as CUT."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

_NORMS = (nn.BatchNorm2d, nn.InstanceNorm2d)


def initialise(network: nn.Module, name: str) -> None:
    """Draw all weights of `network` anew: `normal` or `xavier`.

    Raises:
        ValueError: there is no way of that name.
    """
    if name not in INITS:
        raise ValueError(f"init = {name!r}: choose one of {', '.join(INITS)}")
    network.apply(INITS[name])


def xavier_init(module: nn.Module, gain: float = 0.02) -> None:
    """Initialise one module: weights N(0, gain² · 2 / (fan in + fan out)), biases 0                  (Glorot 2010)."""
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.xavier_normal_(module.weight, gain)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


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


INITS: dict[str, Callable[[nn.Module], None]] = {"normal": normal_init, "xavier": xavier_init}
