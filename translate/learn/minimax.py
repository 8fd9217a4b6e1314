"""The minimax game on the line: D comes to p/(p + q), and V to −log 4            (Goodfellow 2014, §4.1)

Twice the same game. First G stands still and D alone plays, which is proposition 1; then both play, which is theorem 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from translate.games import Rules
from translate.learn import charts
from translate.learn.charts import BLUE, INK, ORANGE, TEAL, Axis, Line, Panel
from translate.learn.lesson import Lesson, looks
from translate.learn.mixtures import (
    APART,
    BESIDE,
    GENTLE,
    GRID,
    LOG4,
    Still,
    best_critic,
    criterion,
    density,
    drawn_density,
    quantiles,
)
from translate.learn.play import play, settings
from translate.methods.dcgan import DCGAN
from translate.networks.points import PointCritic, PointGenerator
from translate.training.trainer import Trainer

BINS = torch.linspace(-5.95, 5.95, 120)
"""Centres of bins of a tenth, in which what G draws is counted."""
MATTERS = 0.02
"""D is compared where (p + q)/2 is at least so large a share of its peak; elsewhere no sample tells D anything."""


@dataclass
class Alone:
    """What came of D's game against a G that stands still."""

    worst: float
    """The greatest |D − p/(p + q)| where p + q matters."""
    mean: float
    """E|D − p/(p + q)| under (p + q)/2."""
    value: float
    """V(D, G) at the end."""
    best: float
    """−log 4 + 2 JSD(p ‖ q), the most that V can be."""
    critic: np.ndarray
    """D on `GRID`."""
    values: list[tuple[int, float]]
    """V on the way, by round."""


def alone(rounds: int = 800, seed: int = 0) -> Alone:
    """D plays against a G that draws `BESIDE` where the data is `APART`, both as quantiles   (proposition 1)."""
    torch.manual_seed(seed)
    real = quantiles(APART)
    # One round of G would come after the last.
    method = DCGAN(Still(quantiles(BESIDE)), _critic(), gan="minimax", critic_steps=rounds + 1)
    values: list[tuple[int, float]] = []

    def watch(done: int, trainer: Trainer, scalars: dict[str, Tensor]) -> None:
        if scalars:
            values.append((done, -float(scalars["D/gan"])))

    paces = settings(batch=len(real), lr=5e-3, betas=(0.9, 0.999))
    play(method, paces, rounds, seed, lambda _: real, watch)
    p, q = density(APART, GRID), density(BESIDE, GRID)
    said = _said(method.D, GRID)
    wrong, mass = (said - best_critic(p, q)).abs(), p + q
    matters = mass >= MATTERS * mass.max()
    return Alone(
        worst=float(wrong[matters].max()),
        mean=float((wrong * mass).sum() / mass.sum()),
        value=values[-1][1],
        best=criterion(p, q),
        critic=said.numpy(),
        values=values,
    )


@dataclass
class Both:
    """What came of the whole game."""

    before: float
    """C(G) of a G that has learned nothing."""
    after: float
    """C(G) at the end, of the averaged weights."""
    looks: list[tuple[int, float, np.ndarray, np.ndarray]] = field(default_factory=list)
    """On the way: round, C(G), q on `BINS`, D on `BINS`."""


def both(rounds: int = 1200, seed: int = 0, frames: int = 1) -> Both:
    """D and G play for `GENTLE`, the generator as users train it: non-saturating, R1, two time-scales, averaged."""
    torch.manual_seed(seed)
    method = DCGAN(PointGenerator(1, 1, 48), _critic(), rules=Rules(r1=0.003))
    paces = settings(batch=256, lr=2e-3, betas=(0.0, 0.99), decay=0.5, ema=0.99, players={"D": {"lr": 8e-3}})
    pool, p = quantiles(GENTLE, 8192), density(GENTLE, BINS)
    found: list[tuple[int, float, np.ndarray, np.ndarray]] = []

    def watch(done: int, trainer: Trainer, scalars: dict[str, Tensor]) -> None:
        q = drawn_density(trainer.view().get_submodule("G"), BINS)
        found.append((done, criterion(p, q), q.numpy(), _said(method.D, BINS).numpy()))

    def real(draw: torch.Generator) -> Tensor:
        return pool[torch.randint(len(pool), (256,), generator=draw)]

    play(method, paces, rounds, seed, real, watch, looks(rounds, frames))
    return Both(found[0][1], found[-1][1], found)


def lesson(rounds: int = 1200, seed: int = 0, frames: int = 60) -> Lesson:
    """Both games, with their numbers, a chart and an animation of the second."""
    first, second = alone(max(1, 2 * rounds // 3), seed), both(rounds, seed, frames)
    numbers = {
        "rounds": rounds,
        "seed": seed,
        "d_alone": {
            "greatest |D - p/(p+q)|": first.worst,
            "mean |D - p/(p+q)|": first.mean,
            "compared where (p+q)/2 is at least this share of its peak": MATTERS,
            "V": first.value,
            "-log 4 + 2 JSD": first.best,
        },
        "both": {"C(G) + log 4 before": second.before + LOG4, "C(G) + log 4 after": second.after + LOG4},
    }
    return Lesson(numbers, _chart(first, second), _frames(second), _words(first, second))


def _critic() -> PointCritic:
    return PointCritic(1, 48)


@torch.no_grad()
def _said(D: nn.Module, x: Tensor) -> Tensor:
    """D(x), a probability."""
    return torch.sigmoid(D(x[:, None]))[:, 0]


def _words(first: Alone, second: Both) -> str:
    return f"""\
min_G max_D V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))]                            (Goodfellow 2014, eq. 1)

D alone, G stands still: the best answer is D*(x) = p(x)/(p(x) + q(x))             (proposition 1).
  |D - p/(p+q)|: {first.mean:.4f} in the mean over p and q, {first.worst:.3f} at most where p + q matters
  V(D, G): {first.value:.4f}; the best D has -log 4 + 2 JSD(p, q) = {first.best:.4f}
Both play: C(G) = -log 4 + 2 JSD(p, q) falls to -log 4 = -1.3863 when q = p        (theorem 1).
  C(G) + log 4: {second.before + LOG4:.3f} before, {second.after + LOG4:.4f} after"""


def _chart(first: Alone, second: Both) -> Image.Image:
    x = GRID[::10].numpy()
    p, q = (density(mixture, GRID[::10]).numpy() for mixture in (APART, BESIDE))
    answer = Panel(
        "1  G stands still: what D answers",
        Axis(-4, 4, "x"),
        Axis(0, 1.05),
        [
            Line(x, p, BLUE, "p, the data", 1.5, filled=True),
            Line(x, q, ORANGE, "q, drawn by G", 1.5, filled=True),
            Line(x, _best(p, q), TEAL, "p/(p + q)", 4),
            Line(x, first.critic[::10], INK, "D, trained", 1.8, dashed=True),
        ],
    )
    rounds, values = zip(*first.values, strict=True)
    risen = Panel(
        "2  V(D, G) rises to its most",
        Axis(0, rounds[-1], "rounds of D"),
        Axis(-1.5, first.best + 0.1),
        [
            Line([0, rounds[-1]], [first.best] * 2, TEAL, "-log 4 + 2 JSD(p, q)", 1.5, dashed=True),
            Line(rounds, values, INK, "V(D, G)"),
        ],
    )
    return charts.draw([answer, risen, _game(second, -1), _fallen(second, len(second.looks))])


def _frames(second: Both) -> list[Image.Image]:
    return [
        charts.draw([_game(second, number), _fallen(second, number + 1)], size=(400, 280))
        for number in range(len(second.looks))
    ]


def _game(second: Both, number: int) -> Panel:
    done, _, q, D = second.looks[number]
    x, p = BINS.numpy(), density(GENTLE, BINS).numpy()
    return Panel(
        "3  Both play" if number == -1 else "Both play",
        Axis(-4, 4, "x"),
        Axis(0, 1.05),
        [
            Line(x, p, BLUE, "p, the data", 1.5, filled=True),
            Line(x, q, ORANGE, "q, drawn by G", 1.5, filled=True),
            Line(x, _best(p, q), TEAL, "p/(p + q)", 1.5),
            Line(x, D, INK, "D", 1.8, dashed=True),
        ],
        note=f"round {done}",
    )


def _fallen(second: Both, shown: int) -> Panel:
    rounds = [look[0] for look in second.looks]
    above = [max(look[1] + LOG4, 1e-4) for look in second.looks]
    whole = shown == len(rounds)
    return Panel(
        "4  C(G) falls to -log 4" if whole else "C(G) falls to -log 4",
        Axis(0, rounds[-1], "rounds"),
        Axis(1e-3, 2, "C(G) + log 4 = 2 JSD(p, q)", log=True),
        [Line(rounds[:shown], above[:shown], ORANGE, "", 2.2)],
        note=f"{above[shown - 1]:.3f}",
    )


def _best(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """p/(p + q), where it matters."""
    best = best_critic(torch.as_tensor(p), torch.as_tensor(q)).numpy()
    return np.where(p + q >= MATTERS * (p + q).max(), best, np.nan)
