"""What the theory of 2014 says, seen on one-dimensional mixtures, played by the one loop.

Here a picture is a number: a critic is a small network of one input, real samples are the quantiles of their mixture.
"""

import math

import pytest
import torch
from torch import Tensor, nn

from translate.batches import Images
from translate.games import Game, Rules
from translate.losses import OBJECTIVES
from translate.methods.dcgan import DCGAN
from translate.settings import Settings
from translate.training.trainer import Trainer

Mixture = list[tuple[float, float, float]]
"""(weight, mean, deviation) of each part."""
DATA: Mixture = [(0.5, -1.5, 0.5), (0.5, 1.5, 0.5)]
DRAWN: Mixture = [(0.7, -0.5, 0.8), (0.3, 2.0, 0.4)]
GENTLE: Mixture = [(0.6, -1.0, 0.6), (0.4, 1.0, 0.8)]
"""Its parts overlap: a small generator, which is continuous, can draw it."""
GRID = torch.linspace(-6, 6, 4801)


def density(mixture: Mixture, x: Tensor) -> Tensor:
    return sum(
        (w * torch.exp(-(((x - m) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi)) for w, m, s in mixture),
        start=torch.zeros_like(x),
    )


def quantiles(mixture: Mixture, count: int = 1024) -> Tensor:
    """Points at the middle of each of so many equal parts of the mass `[count, 1]`: a sample without luck."""
    mass = torch.cumsum(density(mixture, GRID), 0)
    levels = (torch.arange(count) + 0.5) / count
    return GRID[torch.searchsorted(mass / mass[-1], levels)][:, None]


def jensen_shannon(p: Tensor, q: Tensor) -> float:
    """Of two densities on the grid, in nats."""
    p, q = p / p.sum(), q / q.sum()
    m = (p + q) / 2
    return float(0.5 * torch.xlogy(p, p / m).nan_to_num().sum() + 0.5 * torch.xlogy(q, q / m).nan_to_num().sum())


class Numbers(nn.Sequential):
    """A network from a number to a number."""

    latent = 1

    def __init__(self, width: int = 48) -> None:
        layers = [nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)]
        super().__init__(*layers)


def test_a_trained_critic_is_p_over_p_plus_q() -> None:
    """Proposition 1 and theorem 1: D → p/(p + q), V → −log 4 + 2 JSD(p ‖ q). To 0.02 of D where there are samples."""
    torch.manual_seed(0)
    D, (real, fake) = Numbers(), (quantiles(DATA), quantiles(DRAWN))
    game, mover = Game("minimax", Rules(), D), torch.optim.Adam(D.parameters(), lr=5e-3)
    for step in range(800):
        mover.zero_grad()
        loss = game.critic(D, real, fake, step=step)[0]["gan"]
        loss.backward()
        mover.step()
    p, q = density(DATA, GRID), density(DRAWN, GRID)
    with torch.no_grad():
        wrong = (torch.sigmoid(D(GRID[:, None]))[:, 0] - p / (p + q)).abs()
    assert float((wrong * (p + q)).sum() / (p + q).sum()) < 0.02
    assert -loss.item() == pytest.approx(-math.log(4) + 2 * jensen_shannon(p, q), abs=0.01)


def test_a_critic_of_slope_one_measures_the_distance() -> None:
    """Two clouds of one shape, W = 1.5 apart: the best critic has one slope s, which minimises −W s + λ (s − 1)².

    So s = 1 + W/2λ: the estimate is W (1 + W/2λ), W₁ itself as λ grows. To half a percent.
    """
    torch.manual_seed(0)
    real = quantiles([(1.0, 0.75, 0.5)], 512)
    D = Numbers(24)
    game, mover = Game("wasserstein", Rules(gradient_penalty=10.0), D), torch.optim.Adam(D.parameters(), lr=5e-3)
    for step in range(400):
        mover.zero_grad()
        losses = game.critic(D, real, real - 1.5, step=step)[0]
        torch.stack([*losses.values()]).sum().backward()
        mover.step()
    assert -losses["gan"].item() == pytest.approx(1.5 * (1 + 1.5 / 20), rel=5e-3)


def test_a_generator_comes_to_minus_log_4() -> None:
    """Corollary of theorem 1: C(G) = −log 4 + 2 JSD(p ‖ p_G) falls to its least, −log 4. To 0.05."""
    torch.manual_seed(0)
    fields = {"batch": 256, "device": "cpu", "precision": "fp32", "decay": 0.5, "ema": 0.99}
    settings = Settings(lr=2e-3, betas=(0.0, 0.99), players={"D": {"lr": 8e-3}}, **fields)
    method = DCGAN(Numbers(), Numbers(), rules=Rules(r1=0.003))
    rounds = 1200
    trainer = Trainer(method, settings, total=rounds, seed=0)
    before = criterion(method.G)
    real = quantiles(GENTLE, 8192)
    for step in range(rounds):
        draw = torch.Generator().manual_seed(step)
        trainer.play(Images(real[torch.randint(len(real), (256,), generator=draw)]))
    after = criterion(trainer.view().G)
    assert before > -math.log(4) + 0.5
    assert -math.log(4) <= after < -math.log(4) + 0.05


@torch.no_grad()
def criterion(G: nn.Module) -> float:
    """C(G) of what it makes of 200,000 quantiles of N(0, 1), over bins of a tenth."""
    noise = quantiles([(1.0, 0.0, 1.0)], 200_000)
    edges = torch.linspace(-6, 6, 121)
    centres = (edges[1:] + edges[:-1]) / 2
    drawn = torch.histogram(G(noise)[:, 0].clamp(-6, 6), edges).hist
    return -math.log(4) + 2 * jensen_shannon(density(GENTLE, centres), drawn)


def test_the_saturating_gradient_is_the_other_times_the_odds() -> None:
    """∇ log(1 − D) = −σ(s) ∇s beside −∇ log D = −(1 − σ(s)) ∇s: their ratio is e^s, nothing where D wins (§3)."""
    logits = torch.linspace(-12, 6, 19, dtype=torch.float64, requires_grad=True)
    saturating, other = (
        torch.autograd.grad(OBJECTIVES[name].generator(logits), logits)[0] for name in ("minimax", "nonsaturating")
    )
    torch.testing.assert_close(saturating / other, logits.detach().exp(), rtol=1e-10, atol=0)
