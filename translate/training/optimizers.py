"""Optimisers by name, an instance for each player."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.optim import Optimizer

from translate.settings import Pace


def optimizer(weights: Sequence[Tensor], pace: Pace, graphs: bool) -> Optimizer:
    """What moves `weights`.

    Args:
        weights: a player's.
        pace: which kind, and how fast.
        graphs: its steps are to be recorded as part of a CUDA graph.
    """
    made: Optimizer
    if pace.optimizer == "rmsprop":
        made = torch.optim.RMSprop(weights, lr=pace.lr, capturable=graphs)
    elif pace.optimizer == "sgd":
        made = torch.optim.SGD(weights, lr=pace.lr, fused=True)
    else:
        made = torch.optim.Adam(weights, lr=pace.lr, betas=pace.betas, fused=True, capturable=graphs)
    # Rounds before the recording are meant to be played outside of one: torch need not warn of that.
    made._warned_capturable_if_run_uncaptured = True
    return made
