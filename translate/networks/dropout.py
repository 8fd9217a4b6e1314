"""Dropout whose mask is drawn for the whole batch, so that it does not depend on how many processes share it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from translate import shares


class Dropout(nn.Dropout):
    """`nn.Dropout`; where a batch is shared, each process takes its own rows of one mask."""

    def forward(self, x: Tensor) -> Tensor:
        """`[N, ...]` → the same shape; units are dropped in training alone."""
        if not self.training or shares.count() == 1:
            return functional.dropout(x, self.p, self.training)
        # A mask is drawn in the order of memory: it must lie as the whole would.
        ones = x.new_ones(len(x) * shares.count(), *x.shape[1:]).contiguous(memory_format=_layout(x))
        return x * shares.mine(functional.dropout(ones, self.p))


def _layout(x: Tensor) -> torch.memory_format:
    last = x.ndim == 4 and x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()
    return torch.channels_last if last else torch.contiguous_format
