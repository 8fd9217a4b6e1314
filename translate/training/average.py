"""The exponential moving average of the weights that are used after training (Karras 2018, appendix A.1).

A generator's weights circle around where the game is going; their average is nearer to it.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

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

    def share(self, step: int) -> float:
        """The weight of the present after round `step`, counted from 0."""
        # Early on the average is short, or it would remember the initial weights for long.
        return 1 - min(self.decay, (1 + step) / (10 + step))

    @torch.no_grad()
    def update(self, method: Method, share: float | Tensor) -> None:
        """Take in the weights, as so large a `share`: a number, or a scalar on their device."""
        for name, average in self.networks.items():
            network: nn.Module = getattr(method, name)
            past, present = ([*one.parameters()] for one in (average, network))
            if isinstance(share, Tensor):
                for mine, theirs in zip(past, present, strict=True):
                    mine.lerp_(theirs, share)
            else:
                torch._foreach_lerp_(past, present, share)
            # By kind, as a GPU copies many tensors of one kind at once.
            for whole in (True, False):
                kept, new = (
                    [buffer for buffer in one.buffers() if buffer.is_floating_point() != whole]
                    for one in (average, network)
                )
                if kept:
                    torch._foreach_copy_(kept, new)

    def view(self, method: Method, statistics: str) -> Method:
        """The method as it is used: the averaged networks in their place (see `networks.norm.as_used`).

        It shares all other networks with `method`; do not train it.
        """
        view = copy.copy(method)
        averaged = {name: as_used(network, statistics) for name, network in self.networks.items()}
        view._modules = {**method._modules, **averaged}
        return view
