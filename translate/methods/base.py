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
from translate.losses import OBJECTIVES, Objective


class Turn(NamedTuple):
    """One player's move: it minimises the sum of `losses`, scalars by the name of their term."""

    player: str
    losses: dict[str, Tensor]
    facts: Mapping[str, Tensor] = MappingProxyType({})
    """Scalars that nobody minimises, to be seen in the log, such as the discriminator's accuracy."""


class Method(nn.Module):
    """Base of all methods: which networks play, for whom, and one round of the game.

    A method's networks are its constructor's `nn.Module` arguments and its attributes of the same name.
    """

    players: ClassVar[Mapping[str, tuple[str, ...]]]
    """Player → the networks whose weights it moves, in the order of a round's turns."""
    networks: ClassVar[Mapping[str, str]]
    """Network → the kind a configuration gets when it names none."""
    averaged: ClassVar[tuple[str, ...]]
    """The networks that are used after training: an exponential moving average of their weights is kept."""
    aligned: ClassVar[bool] = False
    """Whether source and target must show the same thing, pixel for pixel."""
    directions: ClassVar[Mapping[str, str]] = {}
    """Translations this method learns: `forward` (source → target), `backward` → the network that does it."""

    period: int = 1
    """Rounds until the same turns come again: all that a round may know of its `step` is the remainder by this."""

    wiring: ClassVar[Callable[..., dict[str, dict[str, int]]]]
    """Arguments of each network that follow from the data, by network.

    Its parameters are the facts it needs (channels of `source` and `target`, or of `image`, number of `classes`,
    `size`) and so say which layouts of data the method can learn from.
    """

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


def objective(name: str) -> Objective:
    """The game's form by name, one of `translate.losses.OBJECTIVES`.

    Raises:
        ValueError: there is no form of that name.
    """
    if name not in OBJECTIVES:
        raise ValueError(f"gan = {name!r}: choose one of {', '.join(OBJECTIVES)}")
    return OBJECTIVES[name]
