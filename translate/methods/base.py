"""A method is a game played in turns.

`Method.round` is a generator over one batch: each `yield` is one player's move, and that player's optimiser has
stepped by the time `yield` returns. The order of the algorithm is the order of the code. The trainer (the one loop,
`translate.training`) owns optimisers, precision and devices; a method owns its networks and its equations.

Two hazards when writing one: never `yield` inside a `with` (the block would stay open through the optimiser's step);
never reuse a graph after its player has moved (the weights it was recorded with are gone).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, cast

import torch
from torch import Tensor, nn

from translate import shares
from translate.games import Game, Rules

__all__ = ["Game", "Method", "Rules", "Turn", "draw_noise"]


class Turn(NamedTuple):
    """One player's move: it minimises the sum of `losses`, scalars by the name of their term."""

    player: str
    losses: dict[str, Tensor]
    facts: Mapping[str, Tensor] = MappingProxyType({})
    """Scalars that nobody minimises, to be seen in the log, such as the discriminator's accuracy."""


class Method(nn.Module):
    """Base of all methods: which networks play, for whom, and one round of the game.

    A method's networks are its constructor's `nn.Module` arguments and its attributes of the same name. One that plays
    a game takes `gan` and `rules` as well, and asks its critic through `game`.
    """

    players: ClassVar[Mapping[str, tuple[str, ...]]]
    """Player → the networks whose weights it moves, in the order of a round's turns; several may move the same one."""
    networks: ClassVar[Mapping[str, str]]
    """Network → the kind a configuration gets when it names none."""
    averaged: ClassVar[tuple[str, ...]]
    """The networks that are used after training: an exponential moving average of their weights is kept."""
    aligned: ClassVar[bool] = False
    """Whether source and target must show the same thing, pixel for pixel."""
    directions: ClassVar[Mapping[str, str]] = {}
    """Translations this method learns: `forward` (source → target), `backward` → the network that does it."""
    drawer: ClassVar[str] = ""
    """The network that draws pictures in [-1, 1] from noise `[N, latent]`, and from a label int64 `[N]` if told any."""
    reader: ClassVar[str] = ""
    """The network that says what a picture in [-1, 1] shows: a score a class, `[N, classes]`."""

    critic: ClassVar[str] = "D"
    """The player whose weights a game under a rule of clipping keeps small."""
    of_codes: ClassVar[bool] = False
    """Whether the critic judges codes instead of pictures."""

    wiring: ClassVar[Callable[..., dict[str, dict[str, int]]]]
    """Arguments of each network that follow from the data, by network.

    Its parameters are the facts it needs (channels of `source` and `target`, or of `image`, number of `classes`,
    `size`) and so say which layouts of data the method can learn from.
    """

    @property
    def period(self) -> int:
        """Rounds until the same turns come again: all that a round may know of its `step` is the remainder by this."""
        return self._game.period if self._game else 1

    @property
    def phase(self) -> object:
        """Which stretch of the run this is, where rounds of one stretch differ from those of another."""
        return None

    @property
    def twice(self) -> bool:
        """Whether a network is differentiated twice, which not everything that makes training cheaper can do."""
        return self._game is not None and self._game.twice

    @property
    def concerns(self) -> list[str]:
        """What the user should know of these arguments, in sentences."""
        return self._game.concerns if self._game else []

    def at(self, step: int) -> None:
        """Round `step` is about to be played: the place for what changes slowly, and lies on the device."""
        if self._game:
            self._game.at(step)

    @torch.no_grad()
    def after(self, player: str) -> None:
        """`player` has moved: a clipped critic's weights go back into their box      (Arjovsky 2017, algorithm 1)."""
        bound = self._game.rules.clip if self._game and player == self.critic else 0.0
        if bound:
            weights = [weight for name in self.players[player] for weight in getattr(self, name).parameters()]
            torch._foreach_clamp_min_(weights, -bound)
            torch._foreach_clamp_max_(weights, bound)

    @property
    def _game(self) -> Game | None:
        found = getattr(self, "game", None)
        return found if isinstance(found, Game) else None

    def round(self, batch: Any, step: int) -> Iterator[Turn]:
        """Play one round on `batch` (pictures in [-1, 1]); `step` counts rounds from 0."""
        raise NotImplementedError

    def show(self, batch: Any) -> dict[str, Tensor]:
        """Columns of a sample sheet, name → pictures `[N, C, H, W]` in [-1, 1]."""
        raise NotImplementedError


def draw_noise(network: nn.Module, like: Tensor) -> Tensor:
    """z ~ N(0, 1) `[N, latent]` of the length that `network` takes, for as many pictures as `like`, where they are."""
    count = len(like) * shares.count()
    return shares.mine(torch.randn(count, cast("int", network.latent), device=like.device))
