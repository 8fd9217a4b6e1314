"""Mode collapse on a ring of 8 Gaussians: the same two networks in five games                      (Metz 2017, §3.1)

    min_G f(θ_G, θ_D^K),    θ_D^{k+1} = θ_D^k + η ∇_θ f(θ_G, θ_D^k)                                 (eq. 6 and 9)

Against the D of today it pays G to flee to one mode, and on to the next when D has followed. G that sees K of D's
steps ahead sees itself caught there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean, stdev
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor

from translate.games import Rules
from translate.learn import charts, ring
from translate.learn.charts import BLUE, GREY, INK, ORANGE, PURPLE, TEAL, Axis, Dots, Line, Panel
from translate.learn.lesson import Lesson, looks
from translate.learn.play import play, settings
from translate.methods import Method
from translate.methods.dcgan import DCGAN
from translate.methods.unrolled import Unrolled
from translate.methods.wgan_gp import WGANGP
from translate.networks.points import PointCritic, PointGenerator
from translate.training.trainer import Trainer

RATE = 3e-3
"""Of both players and of up to five steps ahead. The paper has 1e-4; at thirty times that a run takes minutes."""
BATCH, ROUNDS, SEEDS = 256, 2000, 5
SHOWN = 600
"""Points of one look at a game."""


class Recipe(NamedTuple):
    """One of the games."""

    name: str
    """As it is called in the table."""
    method: Callable[[PointGenerator, PointCritic], Method]
    colour: str
    betas: tuple[float, float] = (0.5, 0.999)
    critic: Callable[[], PointCritic] = partial(PointCritic, 2, 128, 1, "relu", gain=0.8, scale=0.25)
    times: int = 1
    """Rounds of it for one of the others', so that G moves as often: the method's critic steps."""


def _unrolled(steps: int, rate: float = RATE) -> Callable[[PointGenerator, PointCritic], Method]:
    return lambda G, D: Unrolled(G, D, unroll=steps, inner_lr=rate)


RECIPES: dict[str, Recipe] = {
    "gan": Recipe("GAN, non-saturating", DCGAN, GREY),
    "minimax": Recipe("GAN, minimax", lambda G, D: DCGAN(G, D, "minimax"), ORANGE),
    "unrolled5": Recipe("unrolled, K = 5", _unrolled(5), BLUE),
    # As far ahead in all as five steps: at the full rate G is thrown back late in the game, in three seeds of five.
    "unrolled10": Recipe("unrolled, K = 10", _unrolled(10, RATE / 2), TEAL),
    # As the authors' code has it for points: λ = 0.1, three hidden layers, five steps of the critic for one of G.
    "wgan_gp": Recipe(
        "WGAN-GP",
        lambda G, D: WGANGP(G, D, critic_steps=5, rules=Rules(gradient_penalty=0.1)),
        PURPLE,
        (0.5, 0.9),
        partial(PointCritic, 2, 128, 3, "relu", gain=1.4, scale=0.5),
        times=5,
    ),
}


@dataclass
class Run:
    """One game, played once."""

    method: str
    seed: int
    rounds: int
    modes: int
    share: float
    counts: tuple[int, ...]
    seconds: float
    looks: list[tuple[int, Tensor, ring.Coverage]]
    """On the way: round, some points that G draws, what all cover."""

    def record(self) -> dict[str, Any]:
        """Plain values."""
        kept = ("method", "seed", "rounds", "modes", "share", "counts", "seconds")
        path = [(done, coverage.modes, round(coverage.share, 4)) for done, _, coverage in self.looks]
        return {**{name: getattr(self, name) for name in kept}, "counts": list(self.counts), "by_round": path}


def run(method: str, seed: int = 0, rounds: int = ROUNDS, frames: int = 40) -> Run:
    """Play one of `RECIPES`; networks, noise and data are functions of the seed.

    Networks as in Metz 2017, appendix A: G of two hidden layers of 128, D of one, ReLU, orthogonal weights times 0.8,
    256 numbers of noise, points a quarter as large for D; WGAN-GP's critic is its own.
    """
    recipe = RECIPES[method]
    torch.manual_seed(seed)
    G = PointGenerator(2, 256, 128, 2, "relu", gain=0.8)
    played, rounds = recipe.method(G, recipe.critic()), rounds * recipe.times
    noise = torch.randn(ring.SAMPLES, G.latent, generator=torch.Generator().manual_seed(seed))
    found: list[tuple[int, Tensor, ring.Coverage]] = []

    def watch(done: int, trainer: Trainer, scalars: dict[str, Tensor]) -> None:
        with torch.no_grad():
            drawn = G(noise)
        found.append((done, drawn[:SHOWN].clone(), ring.coverage(drawn)))

    start = time.process_time()
    paces = settings(batch=BATCH, lr=RATE, betas=recipe.betas, decay=0.5)
    play(played, paces, rounds, seed, lambda draw: ring.points(BATCH, draw), watch, looks(rounds, frames))
    last = found[-1][2]
    return Run(method, seed, rounds, *last, time.process_time() - start, found)


def summary(played: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """By game: modes and share of high quality, mean and standard deviation over seeds, and of each seed."""
    table = {}
    for method in dict.fromkeys(run.method for run in played):
        of = [run for run in played if run.method == method]
        modes, shares = [float(run.modes) for run in of], [run.share for run in of]
        table[method] = {
            "modes": fmean(modes),
            "modes_deviation": stdev(modes) if len(of) > 1 else 0.0,
            "share": fmean(shares),
            "share_deviation": stdev(shares) if len(of) > 1 else 0.0,
            "modes_by_seed": {str(run.seed): run.modes for run in of},
            "share_by_seed": {str(run.seed): round(run.share, 4) for run in of},
            "seconds": fmean(run.seconds for run in of),
        }
    return table


def rows(table: dict[str, dict[str, Any]]) -> str:
    """A summary as a table of text, which Markdown takes for one."""
    lines = [
        "| game | modes of 8 | high quality | modes by seed | high quality by seed | processor |",
        "|---|---|---|---|---|---|",
    ]
    for method, row in table.items():
        shares = ", ".join(f"{share:.0%}" for share in row["share_by_seed"].values())
        lines.append(
            f"| {RECIPES[method].name} | {row['modes']:.1f} ± {row['modes_deviation']:.1f} "
            f"| {row['share']:.0%} ± {row['share_deviation']:.0%} "
            f"| {', '.join(map(str, row['modes_by_seed'].values()))} | {shares} | {row['seconds']:.0f} s |"
        )
    return "\n".join(lines)


def runs(methods: Sequence[str], seeds: Sequence[int], rounds: int = ROUNDS, frames: int = 40) -> Iterator[Run]:
    """Every one of `RECIPES` named, with each seed, seed by seed."""
    for seed in seeds:
        for method in methods:
            yield run(method, seed, rounds, frames)


def numbers(played: Sequence[Run]) -> dict[str, Any]:
    """All that is to be kept of runs: plain values."""
    return {
        "rate": RATE,
        "batch": BATCH,
        "ring": {"modes": ring.MODES, "radius": ring.RADIUS, "deviation": ring.DEVIATION},
        "high quality": f"within {ring.WITHIN} standard deviations of a mode",
        "covered": f"by at least {ring.ENOUGH} high-quality points of {ring.SAMPLES}",
        "table": summary(played),
        "runs": [one.record() for one in played],
    }


def lesson(played: Sequence[Run]) -> Lesson:
    """What runs give; what is drawn is those of the first seed."""
    words = f"""\
min_G f(G, D after K more steps), f = V(D, G); K = 0 is the plain game               (Metz 2017, eq. 6 and 9)
A point is of high quality within {ring.WITHIN} standard deviations of a mode (Srivastava 2017, section 4.1).
A mode counts as covered if at least {ring.ENOUGH} of {ring.SAMPLES} points are of high quality there.

{rows(summary(played))}"""
    first = [one for one in played if one.seed == played[0].seed]
    return Lesson(numbers(played), _chart(first), _frames(first), words)


def _chart(played: Sequence[Run]) -> Image.Image:
    """What each game ended with, and the share on the way."""
    last = max(run.looks[-1][0] / RECIPES[run.method].times for run in played)
    path = [
        Line([done / RECIPES[one.method].times for done, *_ in one.looks],
             [100 * coverage.share for *_, coverage in one.looks], RECIPES[one.method].colour)
        for one in played
    ]  # fmt: skip
    progress = Panel("high quality, in the games' colours", Axis(0, last, "rounds"), Axis(0, 100, "%"), path)
    panels = [_look(one, len(one.looks) - 1) for one in played]
    return charts.draw([*panels, progress], columns=min(3, len(panels) + 1), size=(290, 310))


def _frames(played: Sequence[Run]) -> list[Image.Image]:
    count = min(len(one.looks) for one in played)
    return [
        charts.draw([_look(one, number) for one in played], columns=min(3, len(played)), size=(250, 282))
        for number in range(count)
    ]


def _look(one: Run, number: int) -> Panel:
    done, drawn, coverage = one.looks[number]
    recipe, centres, edge = RECIPES[one.method], ring.centres(), 3.0
    return Panel(
        recipe.name,
        Axis(-edge, edge, f"round {done}: {coverage.modes} modes, {coverage.share:.0%}", marked=False),
        Axis(-edge, edge, marked=False),
        [
            Dots(centres[:, 0].numpy(), centres[:, 1].numpy(), INK, radius=7, hollow=True),
            Dots(drawn[:, 0].numpy(), drawn[:, 1].numpy(), recipe.colour, radius=1.6, opacity=0.6),
        ],
    )
