"""A lecture's game is played by the one loop: the same methods, games and `Trainer` that learn pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from translate.batches import Images
from translate.methods import Method
from translate.settings import Settings
from translate.training.trainer import Trainer

Watch = Callable[[int, Trainer, dict[str, Tensor]], None]
"""Called with the number of rounds played, the trainer, and the latest round's losses (none before the first)."""


def play(
    method: Method,
    settings: Settings,
    rounds: int,
    seed: int,
    real: Callable[[torch.Generator], Tensor],
    watch: Watch = lambda *_: None,
    every: int = 1,
) -> Trainer:
    """Play so many rounds, and be watched before the first and then after each `every`.

    Args:
        method: what is played, its networks drawn already.
        settings: how; `settings` below has what all lectures' games share.
        rounds: how many.
        seed: of all that is drawn; a round is a function of (seed, its number).
        real: draws a batch of real points `[N, d]`.
        watch: is shown the game on its way.
        every: rounds from one look to the next; the last round is always looked at.
    """
    trainer = Trainer(method, settings, total=rounds, seed=seed)
    watch(0, trainer, {})
    for done in range(1, rounds + 1):
        draw = torch.Generator().manual_seed((seed << 32) + done)
        scalars = trainer.play(Images(real(draw)))
        if done % every == 0 or done == rounds:
            watch(done, trainer, scalars)
    return trainer


def settings(**given: Any) -> Settings:
    """Of points: float32 on the processor, a rate that does not fall, no averaged weights, unless said otherwise."""
    return Settings(**{"device": "cpu", "precision": "fp32", "decay": 0.0, "ema": 0.0, **given})
