"""The one loop: it plays the turns of any method and knows no equation.

A step is a function of (seed, step): torch's generators are seeded anew at the start of every step, so that nothing
that happened before, how often the process was restarted included, changes what is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from translate import shares
from translate.batches import Batch
from translate.data.entrance import Entrance
from translate.errors import DivergedError
from translate.methods import Method, Turn
from translate.networks.norm import statistics_after
from translate.settings import Settings
from translate.training import precision
from translate.training.average import Average
from translate.training.graphs import Recorder, settled
from translate.training.optimizers import optimizer
from translate.training.prepare import channels_last, check, laid_out, like, parts_of, prepare


class Trainer:
    """A method, an optimiser for each of its players, and the average of its weights.

    Args:
        method: what is played; it is moved to the device.
        settings: learning rate, precision, device.
        total: rounds in the whole run, for the learning rate's schedule.
        seed: of all that is drawn.
        entrance: from batches as they are read to what networks see.

    Raises:
        ConfigError: the settings exclude each other, or cannot be had here.

    `step` is the number of rounds played; `attempt` counts the times that it went back and on with other draws.
    """

    def __init__(
        self,
        method: Method,
        settings: Settings,
        total: int,
        seed: int,
        entrance: Entrance | None = None,
    ) -> None:
        self.settings, self.total, self.seed = settings, total, seed
        self.entrance = entrance or Entrance()
        self.device = precision.device(settings.device)
        self.dtype = precision.dtype(settings.precision, self.device)
        check(settings, self.device)
        if self.device.index is not None and self.device.type == "cuda":
            torch.cuda.set_device(self.device)
        self.method = method.to(self.device).train()
        if channels_last(settings, self.dtype):
            self.method.to(memory_format=torch.channels_last)
        self.average = Average(self.method, settings.ema)
        prepare(self.method, settings, self.device)
        self.parameters = {
            player: [weight for name in names for weight in getattr(self.method, name).parameters()]
            for player, names in method.players.items()
        }
        self.optimizers = {
            player: optimizer(weights, settings.pace(player), settings.graphs)
            for player, weights in self.parameters.items()
        }
        owners = Counter(name for names in method.players.values() for name in names)
        # Of players whose weights others move too: the gradients of the latest turn are not theirs alone.
        self._norms: dict[str, Tensor | None] = {
            player: None for player, names in method.players.items() if any(owners[name] > 1 for name in names)
        }
        self._recorder = Recorder(self.device) if settings.graphs else None
        # What changes from round to round: numbers, or where a recording finds them on the device.
        self._lr: dict[str, Tensor] = (
            {player: torch.zeros((), device=self.device) for player in self.optimizers} if settings.graphs else {}
        )
        self._share: float | Tensor = torch.zeros((), device=self.device) if settings.graphs else 0.0
        self.step = 0
        self.attempt = 0

    @property
    def draws(self) -> int:
        """The seed of what is drawn in this attempt: in the first one the run's own."""
        if not self.attempt:
            return self.seed
        return int(np.random.SeedSequence([self.seed, self.attempt]).generate_state(1)[0])

    @property
    def rate(self) -> float:
        """The learning rate of the round that is about to be played; a player may have another."""
        return self.settings.rate(self.step, self.total)

    @property
    def captured(self) -> bool:
        """Whether rounds are replayed from a recording (`train.graphs`) by now."""
        return self._recorder is not None and self._recorder.replaying

    def play(self, batch: Batch) -> dict[str, Tensor]:
        """Play one round. Returns losses and facts by `player/term`, float32 scalars on the device."""
        seed_step(self.draws, self.step)
        batch = laid_out(self.entrance.train(batch, self.device), channels_last(self.settings, self.dtype))
        self._set_pace()
        kind = self.step % self.method.period
        if self._recorder:
            scalars = self._recorder.play(self._round, batch, kind, lambda: settled(self.method))
        else:
            scalars = self._round(batch)
        self.step += 1
        shares.average(list(scalars.values()))
        return scalars

    def gradients(self) -> dict[str, Tensor]:
        """The norm of each player's gradient in its latest turn, be that rounds ago; scalars on the device.

        Empty where recordings of several kinds take turns: each has gradients of its own.
        """
        if self.captured and self.method.period > 1:
            return {}
        gradients = {
            player: [weight.grad for weight in weights if weight.grad is not None]
            for player, weights in self.parameters.items()
        }
        norms = {player: torch.nn.utils.get_total_norm(found) for player, found in gradients.items() if found}
        return norms | {player: norm for player, norm in self._norms.items() if norm is not None}

    def inspect(self) -> None:
        """Look whether the weights and statistics are numbers.

        Raises:
            DivergedError: one is not finite, which losses show only a step later.
        """
        for name, value in self.method.state_dict().items():
            if isinstance(value, Tensor) and not torch.isfinite(value).all():
                raise DivergedError(f"step {self.step}: {name} is not finite")

    @shares.alone()
    @torch.no_grad()
    def show(self, batch: Batch) -> dict[str, Tensor]:
        """The method's columns of a sample sheet, drawn by the averaged networks; the same noise every time."""
        seed_step(self.seed, 0)
        method = self.view()
        columns = method.show(self.entrance.plain(batch, self.device))
        return {name: pictures.float() for name, pictures in columns.items()}

    def view(self) -> Method:
        """The method as it is used: with its averaged networks, which must not be trained."""
        return self.average.view(self.method, statistics_after(self.settings.batch // self.settings.accumulate))

    def state(self) -> dict[str, Any]:
        """All that a later `load` needs to go on as if nothing had happened: tensors and plain values."""
        return {
            "step": self.step,
            "attempt": self.attempt,
            "method": self.method.state_dict(),
            "optimizers": {player: mover.state_dict() for player, mover in self.optimizers.items()},
            "average": {name: network.state_dict() for name, network in self.average.networks.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state` of the same method and settings."""
        self.step, self.attempt = state["step"], state.get("attempt", 0)
        self.method.load_state_dict(state["method"])
        for player, mover in self.optimizers.items():
            mover.load_state_dict(state["optimizers"][player])
            for group in mover.param_groups:
                if "capturable" in group:
                    group["capturable"] = self.settings.graphs
            for weight, moments in mover.state.items():
                # As weights lie here, not where they were saved: the fused step walks through both as they lie.
                moments.update({name: like(weight, value) for name, value in moments.items() if value.ndim})
        for name, network in self.average.networks.items():
            network.load_state_dict(state["average"][name])
        if self._recorder:
            self._recorder.forget()

    def _set_pace(self) -> None:
        """Set how far the round that is about to be played moves weights and averages."""
        phase = self.method.phase
        self.method.at(self.step)
        if self._recorder and self.method.phase != phase:
            self._recorder.forget()
        share = self.average.share(self.step)
        if isinstance(self._share, Tensor):
            self._share.fill_(share)
        else:
            self._share = share
        for player, mover in self.optimizers.items():
            rate = self.settings.rate(self.step, self.total, player)
            for group in mover.param_groups:
                group["lr"] = self._lr[player].fill_(rate) if self._lr else rate

    def _round(self, batch: Batch) -> dict[str, Tensor]:
        """Play all turns on `batch`, in so many parts as the settings ask for."""
        rounds = [self.method.round(part, self.step) for part in parts_of(batch, self.settings.accumulate)]
        scalars: dict[str, Tensor] = {}
        moved: set[str] = set()
        while player := self._turn(rounds, scalars):
            self._move(player)
            moved.update(self.method.players[player])
        if moved & set(self.method.averaged):
            self.average.update(self.method, self._share)
        return scalars

    def _turn(self, rounds: list[Iterator[Turn]], scalars: dict[str, Tensor]) -> str:
        """Let all parts of a batch come to their next turn. Returns whose it is, nobody's at the end of the round."""
        player, weight = "", 1 / len(rounds)
        for number, round_ in enumerate(rounds):
            turn = self._think(round_)
            if not turn:
                continue  # for the others too, so that each runs to its end
            player = turn.player
            if number == 0:
                self.optimizers[player].zero_grad(set_to_none=True)
            self._learn(turn, weight)
            for term, value in {**turn.losses, **turn.facts}.items():
                key, value = f"{player}/{term}", value.detach()
                scalars[key] = value if weight == 1 else scalars.get(key, 0) + weight * value
        return player

    def _think(self, turns: Iterator[Turn]) -> Turn | None:
        """Run the method to its next `yield`, in the run's precision."""
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32):
            return next(turns, None)

    def _learn(self, turn: Turn, weight: float) -> None:
        """Add a turn's gradients, times `weight`, to those of its player."""
        total = torch.stack(list(turn.losses.values())).sum()
        if weight != 1:
            total = weight * total
        # The opponent's weights get no gradients: they would be thrown away.
        total.backward(inputs=self.parameters[turn.player])

    def _move(self, player: str) -> None:
        """Step the player's optimiser."""
        gradients = [weight.grad for weight in self.parameters[player] if weight.grad is not None]
        shares.average(gradients)
        if player in self._norms:
            self._norms[player] = torch.nn.utils.get_total_norm(gradients)
        self.optimizers[player].step()
        self.method.after(player)


def seed_step(seed: int, step: int) -> None:
    """Seed torch's generators (every device's) for one step."""
    torch.manual_seed(int(np.random.SeedSequence([seed, step, 1]).generate_state(1, np.uint64)[0]))
