"""Activations forgotten in the forward pass and computed again in the backward one (Chen 2016)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def through(layers: nn.Module, x: Tensor, again: bool) -> Tensor:
    """`layers(x)`. Where `again`, of what happens inside only `x` is kept; the numbers are the same."""
    if not (again and torch.is_grad_enabled()):
        return layers(x)
    return checkpoint(layers, x, use_reentrant=False, context_fn=lambda: (nullcontext(), _statistics_kept(layers)))


@contextmanager
def _statistics_kept(layers: nn.Module) -> Iterator[None]:
    """BatchNorm must take each batch into its running statistics once, not twice."""
    norms = [module for module in layers.modules() if isinstance(module, _BatchNorm)]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm, (_, count) in zip(norms, before, strict=True):
        norm.momentum = 0.0
        norm.num_batches_tracked = count if count is None else count.clone()
    try:
        yield
    finally:
        for norm, (momentum, count) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count
