"""The exponential moving average of the weights that are used after training (Karras 2018, appendix A.1).

A generator's weights circle around where the game is going; their average is nearer to it.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from translate.methods import Method
from translate.networks.norm import as_used


class Average:
    """Averaged copies of a method's `averaged` networks.

    Args:
        method: whose networks.
        decay: weight of the past, per step; 0 follows the weights exactly.
    """

    def __init__(self, method: Method, decay: float) -> None:
        self.decay = decay
        self.networks = {
            name: copy.deepcopy(getattr(method, name)).requires_grad_(False).eval() for name in method.averaged
        }

    @torch.no_grad()
    def update(self, method: Method, step: int) -> None:
        """Take in the weights after round `step`, counted from 0."""
        # Early on the average is short, or it would remember the initial weights for long.
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, average in self.networks.items():
            network: nn.Module = getattr(method, name)
            torch._foreach_lerp_(list(average.parameters()), list(network.parameters()), 1 - decay)
            for mine, theirs in zip(average.buffers(), network.buffers(), strict=True):
                mine.copy_(theirs)

    def view(self, method: Method, statistics: str) -> Method:
        """The method as it is used: the averaged networks in their place (see `networks.norm.as_used`).

        It shares all other networks with `method`; do not train it.
        """
        view = copy.copy(method)
        averaged = {name: as_used(network, statistics) for name, network in self.networks.items()}
        view._modules = {**method._modules, **averaged}
        return view
