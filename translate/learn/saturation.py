"""What reaches G while D wins: next to nothing of the minimax loss, all of the other one        (Goodfellow 2014, §3)

    ∂/∂s log(1 − σ(s)) = −σ(s) = −D            ∂/∂s (−log σ(s)) = −(1 − σ(s)) = −(1 − D)

s is D's logit on G(z). Early on D rejects what G draws, D(G(z)) → 0, and so does the first, while the second stays 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from translate.games import Game, Rules
from translate.learn import charts
from translate.learn.charts import BLUE, INK, ORANGE, TEAL, Axis, Line, Panel
from translate.learn.lesson import Lesson, looks
from translate.learn.mixtures import Part, density, drawn_density, quantiles
from translate.learn.play import play, settings
from translate.losses import OBJECTIVES
from translate.methods.dcgan import DCGAN
from translate.networks.points import PointCritic, PointGenerator
from translate.settings import Settings
from translate.training.trainer import Trainer

LOSSES = ("minimax", "nonsaturating")
NAMES = {"minimax": "minimax: log(1 - D)", "nonsaturating": "non-saturating: -log D"}
COLOURS = {"minimax": ORANGE, "nonsaturating": BLUE}
DATA = (Part(1.0, 3.0, 0.4),)
"""Away from where G begins, near 0."""
HEADSTART = 100
"""Rounds of D for one of G in the second game: a critic that wins."""
BINS = torch.linspace(-5.95, 5.95, 120)


def slopes(logits: Tensor) -> dict[str, Tensor]:
    """|∂ loss/∂ logit| of each of `LOSSES` at these logits, by the losses that training uses."""
    found = {}
    for name in LOSSES:
        at = logits.detach().clone().requires_grad_()
        # A loss is a mean: times their number it is each one's own.
        (slope,) = torch.autograd.grad(OBJECTIVES[name].generator(at) * at.numel(), at)
        found[name] = slope.abs()
    return found


class Reached(NamedTuple):
    """What reaches G after so many rounds of D."""

    round: int
    fooled: float
    """The mean of D(G(z))."""
    norms: dict[str, float]
    """The norm of the gradient by G's weights, of each of `LOSSES`."""


@dataclass
class Played:
    """A game that G played with one of the losses: looks at it."""

    rounds: list[int] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    """Of G's gradient, in its latest turn."""
    away: list[float] = field(default_factory=list)
    """|E x − E G(z)|."""
    drawn: list[np.ndarray] = field(default_factory=list)
    """q on `BINS`."""
    said: list[np.ndarray] = field(default_factory=list)
    """D on `BINS`."""


def rejected(rounds: int = 300, seed: int = 0) -> list[Reached]:
    """D learns to reject a G that stands still; both gradients are taken on the way, at the same weights and noise."""
    method = _method("minimax", seed, critic_steps=rounds + 1)
    found: list[Reached] = []

    def watch(done: int, trainer: Trainer, scalars: dict[str, Tensor]) -> None:
        noise = torch.randn(256, 1, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            fooled = torch.sigmoid(method.D(method.G(noise))).mean().item()
        found.append(Reached(done, fooled, {name: _norm(name, method, noise) for name in LOSSES}))

    play(method, _paces(), rounds, seed, _real, watch, max(1, rounds // 60))
    return found


def played(name: str, rounds: int = 2000, seed: int = 0, frames: int = 50, critic_steps: int = HEADSTART) -> Played:
    """The whole game with G's loss `name`, against a critic that is a good way ahead in each round."""
    method, found = _method(name, seed, critic_steps), Played()
    centre = DATA[0].mean

    def watch(done: int, trainer: Trainer, scalars: dict[str, Tensor]) -> None:
        found.rounds.append(done)
        found.norms.append(float(trainer.gradients().get("G", torch.tensor(float("nan")))))
        with torch.no_grad():
            drawn = method.G(quantiles((Part(1.0, 0.0, 1.0),), 2000))
            found.away.append(abs(centre - float(drawn.mean())))
            found.said.append(torch.sigmoid(method.D(BINS[:, None]))[:, 0].numpy())
        found.drawn.append(drawn_density(method.G, BINS, 20_000).numpy())

    every = max(critic_steps, looks(rounds, frames) // critic_steps * critic_steps)
    play(method, _paces(), rounds, seed, _real, watch, every)
    return found


def lesson(rounds: int = 4000, seed: int = 0, frames: int = 40) -> Lesson:
    """The closed form, the measurement, and the two games side by side."""
    reached = rejected(min(300, rounds), seed)
    games = {name: played(name, rounds, seed, frames) for name in LOSSES}
    last = reached[-1]
    begun, ended = games["minimax"].away[0], {name: game.away[-1] for name, game in games.items()}
    numbers = {
        "rounds": rounds,
        "seed": seed,
        "gradient that reaches G": [
            {"rounds of D": one.round, "mean D(G(z))": one.fooled, **one.norms} for one in reached
        ],
        "distance of the means before": begun,
        "distance of the means after": ended,
    }
    words = f"""\
G minimises log(1 - D(G(z))), or better -log D(G(z)): the same fixed point, another gradient    (Goodfellow 2014, §3)
By D's logit they are -D and -(1 - D): where D rejects what G draws, D -> 0, the first has gone, the second is 1.

After {last.round} rounds of D alone D(G(z)) is {last.fooled:.1e}; the gradient that reaches G has the norm
  {last.norms["minimax"]:.1e} of the minimax loss, {last.norms["nonsaturating"]:.2g} of the non-saturating one
Then G plays too, one round for {HEADSTART} of D. What it draws is {begun:.2f} away at first, and after {rounds} rounds
  {ended["minimax"]:.2f} with the minimax loss, {ended["nonsaturating"]:.2f} with the non-saturating one"""
    return Lesson(numbers, _chart(reached, games), _frames(games), words)


def _method(name: str, seed: int, critic_steps: int) -> DCGAN:
    torch.manual_seed(seed)
    return DCGAN(PointGenerator(1, 1, 48), PointCritic(1, 48), name, critic_steps, Rules())


def _paces() -> Settings:
    return settings(batch=256, lr=1e-3, betas=(0.5, 0.999))


def _real(draw: torch.Generator) -> Tensor:
    _, mean, deviation = DATA[0]
    return mean + deviation * torch.randn(256, 1, generator=draw)


def _norm(name: str, method: DCGAN, noise: Tensor) -> float:
    """Of the gradient by G's weights of the loss `name`, as its turn has it."""
    loss = Game(name, Rules()).generator(method.D, method.G(noise))
    return float(torch.nn.utils.get_total_norm(torch.autograd.grad(loss, [*method.G.parameters()])))


def _chart(reached: list[Reached], games: dict[str, Played]) -> Image.Image:
    odds = torch.linspace(-12, 12, 400)
    D, both = torch.sigmoid(odds).numpy(), slopes(odds)
    rounds, fooled = [one.round for one in reached], [one.fooled for one in reached]
    last = rounds[-1]
    by_logit = [Line(D, both[name].numpy(), COLOURS[name], NAMES[name]) for name in LOSSES]
    measured = [Line(rounds, [one.norms[name] for one in reached], COLOURS[name], NAMES[name]) for name in LOSSES]
    away = [Line(game.rounds, game.away, COLOURS[name], NAMES[name]) for name, game in games.items()]
    return charts.draw(
        [
            Panel(
                "1  By D's logit: D, or 1 - D", Axis(0, 1, "D(G(z))"), Axis(0, 1.05, "size of the gradient"), by_logit
            ),
            Panel(
                "2  D learns to reject a G that stands still",
                Axis(0, last, "rounds of D"),
                Axis(min(fooled) / 3, 2, "mean D(G(z))", log=True),
                [Line(rounds, fooled, INK)],
            ),
            Panel(
                "3  What reaches G meanwhile",
                Axis(0, last, "rounds of D"),
                Axis(min(one.norms["minimax"] for one in reached) / 3, 30, "norm of G's gradient", log=True),
                measured,
            ),
            Panel(
                f"4  Then G plays too, once in {HEADSTART}",
                Axis(0, away[0].x[-1], "rounds"),
                Axis(0, 1.1 * max(away[0].y), "distance of the means"),
                away,
            ),
        ]
    )


def _frames(games: dict[str, Played]) -> list[Image.Image]:
    return [
        charts.draw([_look(name, game, number) for name, game in games.items()], size=(400, 280))
        for number in range(len(games[LOSSES[0]].rounds))
    ]


def _look(name: str, game: Played, number: int) -> Panel:
    x = BINS.numpy()
    return Panel(
        NAMES[name],
        Axis(-2, 5, "x"),
        Axis(0, 1.3),
        [
            Line(x, density(DATA, BINS).numpy(), TEAL, "p, the data", 1.5, filled=True),
            Line(x, game.drawn[number], COLOURS[name], "q, drawn by G", 1.5, filled=True),
            Line(x, game.said[number], INK, "D", 1.8, dashed=True),
        ],
        note=f"round {game.rounds[number]}",
    )
