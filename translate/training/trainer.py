"""The one loop: it plays the turns of any method and knows no equation.

A step is a function of (seed, step): torch's generators are seeded anew at the start of every step, so that nothing
that happened before, how often the process was restarted included, changes what is drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from translate.batches import Batch, to_device
from translate.errors import DivergedError
from translate.methods import Method, Turn
from translate.networks.norm import statistics_after
from translate.settings import Settings
from translate.training import precision
from translate.training.average import Average


class Trainer:
    """A method, an optimiser for each of its players, and the average of its weights.

    Args:
        method: what is played; it is moved to the device.
        settings: learning rate, precision, device.
        total: rounds in the whole run, for the learning rate's schedule.
        seed: of all that is drawn.

    `step` is the number of rounds played.
    """

    def __init__(self, method: Method, settings: Settings, total: int, seed: int) -> None:
        self.settings, self.total, self.seed = settings, total, seed
        self.device = precision.device(settings.device)
        self.dtype = precision.dtype(settings.precision, self.device)
        self.method = method.to(self.device).train()
        self.average = Average(self.method, settings.ema)
        self.parameters = {
            player: [weight for name in names for weight in getattr(self.method, name).parameters()]
            for player, names in method.players.items()
        }
        self.optimizers = {
            player: torch.optim.Adam(weights, lr=settings.lr, betas=settings.betas, fused=True)
            for player, weights in self.parameters.items()
        }
        self.step = 0

    @property
    def rate(self) -> float:
        """The learning rate of the round that is about to be played."""
        return self.settings.rate(self.step, self.total)

    def play(self, batch: Batch) -> dict[str, Tensor]:
        """Play one round. Returns the losses by `player/term`, float32 scalars on the device."""
        seed_step(self.seed, self.step)
        losses: dict[str, Tensor] = {}
        moved: set[str] = set()
        turns = self.method.round(to_device(batch, self.device), self.step)
        while turn := self._think(turns):
            self._move(turn)
            moved.update(self.method.players[turn.player])
            losses |= {f"{turn.player}/{term}": loss.detach() for term, loss in turn.losses.items()}
        if moved & set(self.method.averaged):
            self.average.update(self.method, self.step)
        self.step += 1
        return losses

    def inspect(self) -> None:
        """Look whether the weights and statistics are numbers.

        Raises:
            DivergedError: one is not finite, which losses show only a step later.
        """
        for name, value in self.method.state_dict().items():
            if isinstance(value, Tensor) and not torch.isfinite(value).all():
                raise DivergedError(f"step {self.step}: {name} is not finite")

    @torch.no_grad()
    def show(self, batch: Batch) -> dict[str, Tensor]:
        """The method's columns of a sample sheet, drawn by the averaged networks; the same noise every time."""
        seed_step(self.seed, 0)
        method = self.average.view(self.method, statistics_after(self.settings.batch))
        return {name: pictures.float() for name, pictures in method.show(to_device(batch, self.device)).items()}

    def state(self) -> dict[str, Any]:
        """All that a later `load` needs to go on as if nothing had happened: tensors and plain values."""
        return {
            "step": self.step,
            "method": self.method.state_dict(),
            "optimizers": {player: optimizer.state_dict() for player, optimizer in self.optimizers.items()},
            "average": {name: network.state_dict() for name, network in self.average.networks.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same method and settings."""
        self.step = state["step"]
        self.method.load_state_dict(state["method"])
        for player, optimizer in self.optimizers.items():
            optimizer.load_state_dict(state["optimizers"][player])
        for name, network in self.average.networks.items():
            network.load_state_dict(state["average"][name])

    def _think(self, turns: Any) -> Turn | None:
        """Run the method to its next `yield`, in the run's precision."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            return next(turns, None)

    def _move(self, turn: Turn) -> None:
        optimizer = self.optimizers[turn.player]
        for group in optimizer.param_groups:
            group["lr"] = self.rate
        optimizer.zero_grad(set_to_none=True)
        # The opponent's weights get no gradients: they would be thrown away.
        total = torch.stack(list(turn.losses.values())).sum()
        total.backward(inputs=self.parameters[turn.player])
        optimizer.step()


def seed_step(seed: int, step: int) -> None:
    """Seed torch's generators (every device's) for one step."""
    torch.manual_seed(int(np.random.SeedSequence([seed, step, 1]).generate_state(1, np.uint64)[0]))
