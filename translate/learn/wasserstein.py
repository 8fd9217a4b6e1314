"""Two lines move apart: the Jensen-Shannon divergence does not see it, the earth mover's distance does.

Z ~ U(0, 1); p is (0, Z), q is (θ, Z)                                                       (Arjovsky 2017, example 1)

    JSD(p ‖ q) = log 2 unless θ = 0, and so has no slope;        W₁(p, q) = |θ|

Both are read off trained critics here, and what slope in θ each gives its generator.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from PIL import Image
from torch import Tensor, nn

from translate.games import Rules
from translate.learn import charts
from translate.learn.charts import BLUE, GREY, ORANGE, TEAL, Axis, Dots, Line, Panel
from translate.learn.lesson import Lesson
from translate.learn.mixtures import LOG4, Part, Still, quantiles
from translate.learn.play import play, settings
from translate.methods.dcgan import DCGAN
from translate.networks.points import PointCritic
from translate.training.trainer import Trainer

PENALTY = 10.0
LINE = 128
"""Points of a line."""


class Told(NamedTuple):
    """What two critics say of p and q, θ apart."""

    theta: float
    divergence: float
    """JSD(p ‖ q) in nats, as (V(D, G) + log 4)/2 of the minimax critic."""
    distance: float
    """W₁(p, q), as E f(x) − E f(G(z)) of a critic whose slope is kept near 1."""
    slopes: dict[str, float]
    """|∂ loss/∂θ| of the generator, by game."""


def line(theta: float) -> Tensor:
    """`[LINE, 2]`: (θ, z) for z in the middle of each of so many equal parts of (0, 1)."""
    z = (torch.arange(LINE) + 0.5) / LINE
    return torch.stack([torch.full_like(z, theta), z], 1)


def told(theta: float, rounds: int = 200, seed: int = 0) -> Told:
    """Train both critics on lines θ apart."""
    minimax, V = critic("minimax", line(0.0), line(theta), rounds, seed)
    wasserstein, W = critic("wasserstein", line(0.0), line(theta), rounds, seed)
    slopes = {name: _slope(method, theta) for name, method in (("minimax", minimax), ("wasserstein", wasserstein))}
    return Told(theta, (V + LOG4) / 2, W, slopes)


def critic(gan: str, real: Tensor, fake: Tensor, rounds: int, seed: int = 0) -> tuple[DCGAN, float]:
    """The game `gan` between points `[N, d]` that stand still, and its value after so many rounds of the critic.

    A Wasserstein critic pays the gradient penalty. For two clouds of one shape, W apart, its best slope is 1 + W/2λ.
    Critics begin flat: the penalty has a second valley at the slope −1 + W/2λ, which a critic that begins on the wrong
    side of 0 does not leave while W < 2λ.
    """
    torch.manual_seed(seed)
    rules = Rules(gradient_penalty=PENALTY if gan == "wasserstein" else 0.0)
    D = PointCritic(real.shape[1], 32)
    nn.init.zeros_(D.last.weight)
    method = DCGAN(Still(fake), D, gan, rounds + 1, rules)
    values: list[float] = []

    def watch(done: int, trainer: Trainer, scalars: dict[str, Tensor]) -> None:
        if scalars:
            values.append(-float(scalars["D/gan"]))

    paces = settings(batch=len(real), lr=5e-3, betas=(0.9, 0.999), decay=0.5)
    play(method, paces, rounds, seed, lambda _: real, watch, rounds)
    return method, values[-1]


def sorted_distance(one: Tensor, other: Tensor) -> float:
    """W₁ of two samples of numbers `[N, 1]`, as many of each: the mean distance of the n-th least from the n-th least.

    In one dimension no earth need cross (Villani 2003, theorem 2.18).
    """
    return float((one.flatten().sort().values - other.flatten().sort().values).abs().mean())


def lesson(rounds: int = 200, seed: int = 0, places: int = 17) -> Lesson:
    """θ from −1 to 1, and two bells on the line beside their distance by sorting."""
    found = [told(float(theta), rounds, seed) for theta in torch.linspace(-1, 1, places)]
    bell = quantiles((Part(1.0, 0.75, 0.5),), 512)
    exact, (_, learned) = sorted_distance(bell, bell - 1.5), critic("wasserstein", bell, bell - 1.5, rounds, seed)
    numbers = {
        "rounds": rounds,
        "seed": seed,
        "penalty": PENALTY,
        "lines": [{**one._asdict()} for one in found],
        "two bells 1.5 apart": {"W1 by sorting": exact, "W1 by the critic": learned},
    }
    far, near = found[-1], found[len(found) // 2 + 2]
    reached = f"{far.slopes['minimax']:.1e} of the minimax loss, {far.slopes['wasserstein']:.2f} of W1"
    words = f"""\
p = (0, Z), q = (theta, Z), Z ~ U(0, 1)                                                    (Arjovsky 2017, example 1)
JSD = log 2 = 0.693 unless theta = 0, W1 = |theta|. Trained critics say:
  theta = {near.theta:.3g}: JSD {near.divergence:.3f}, W1 {near.distance:.3f}
  theta = {far.theta:.3g}: JSD {far.divergence:.3f}, W1 {far.distance:.3f}
What reaches G, |d loss / d theta|, at theta = {far.theta:.3g}: {reached}
Two bells on the line, 1.5 apart: W1 = {exact:.3f} by sorting, {learned:.3f} by the critic, which reads too much
by W/2 lambda of itself, lambda = {PENALTY:g}: {1.5 * (1 + 1.5 / 2 / PENALTY):.3f} is expected"""
    return Lesson(
        numbers, charts.draw(_panels(found, len(found)), columns=3, size=(330, 300)), _frames(found), words, 250
    )


def _slope(method: DCGAN, theta: float) -> float:
    at = torch.tensor(theta, requires_grad=True)
    z = line(0.0)[:, 1]
    loss = method.game.generator(method.D, torch.stack([at.expand_as(z), z], 1))
    (slope,) = torch.autograd.grad(loss, at)
    return abs(float(slope))


def _frames(found: list[Told]) -> list[Image.Image]:
    return [charts.draw(_panels(found, number + 1), columns=3, size=(290, 270)) for number in range(len(found))]


def _panels(found: list[Told], shown: int) -> list[Panel]:
    seen = found[:shown]
    theta, thetas = seen[-1].theta, [one.theta for one in seen]
    across = Axis(-1.05, 1.05, "theta")
    p, q = line(0.0)[::4], line(theta)[::4]
    divergences, distances = [one.divergence for one in seen], [one.distance for one in seen]
    least = 1e-4
    slopes = {name: [max(one.slopes[name], least) for one in seen] for name in ("minimax", "wasserstein")}
    return [
        Panel(
            "p and q",
            Axis(-1.2, 1.2, "x"),
            Axis(-0.1, 1.1),
            [
                Dots(p[:, 0].numpy(), p[:, 1].numpy(), BLUE, "p = (0, Z)", 2.5),
                Dots(q[:, 0].numpy(), q[:, 1].numpy(), ORANGE, f"q = ({theta:.3g}, Z)", 2.5),
            ],
        ),
        Panel(
            "What critics measure",
            across,
            Axis(0, 1.15),
            [
                Line([-1, 1], [math.log(2)] * 2, GREY, "", 1, dashed=True),
                Line([-1, 0, 1], [1, 0, 1], GREY, "", 1, dashed=True),
                Line(thetas, divergences, ORANGE, "JSD"),
                Line(thetas, distances, TEAL, "W1"),
                Dots(thetas, divergences, ORANGE, radius=3),
                Dots(thetas, distances, TEAL, radius=3),
            ],
        ),
        Panel(
            "The slope that reaches G",
            across,
            Axis(least, 10, log=True),
            [
                Line(thetas, slopes["minimax"], ORANGE, "minimax"),
                Line(thetas, slopes["wasserstein"], TEAL, "Wasserstein"),
                Dots(thetas, slopes["minimax"], ORANGE, radius=3),
                Dots(thetas, slopes["wasserstein"], TEAL, radius=3),
            ],
        ),
    ]
