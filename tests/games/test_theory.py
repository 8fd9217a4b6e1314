"""What the theory of 2014 says, seen on one-dimensional mixtures, played by the one loop.

The games are those of `translate learn`: a student sees what is tested here.
"""

import pytest
import torch

from translate.learn import minimax, wasserstein
from translate.learn.mixtures import LOG4, Part, quantiles
from translate.losses import OBJECTIVES


def test_a_trained_critic_is_p_over_p_plus_q() -> None:
    """Proposition 1 and theorem 1: D → p/(p + q), V → −log 4 + 2 JSD(p ‖ q). To 0.02 of D where there are samples."""
    found = minimax.alone(800)
    assert found.mean < 0.02
    assert found.value == pytest.approx(found.best, abs=0.01)


def test_a_critic_of_slope_one_measures_the_distance() -> None:
    """Two clouds of one shape, W = 1.5 apart: the best critic has one slope s, which minimises −W s + λ (s − 1)².

    So s = 1 + W/2λ: the estimate is W (1 + W/2λ), W₁ itself as λ grows. To half a percent.
    """
    real = quantiles((Part(1.0, 0.75, 0.5),), 512)
    _, learned = wasserstein.critic("wasserstein", real, real - 1.5, 400)
    assert wasserstein.sorted_distance(real, real - 1.5) == pytest.approx(1.5, rel=1e-6)
    assert learned == pytest.approx(1.5 * (1 + 1.5 / (2 * wasserstein.PENALTY)), rel=5e-3)


def test_a_generator_comes_to_minus_log_4() -> None:
    """Corollary of theorem 1: C(G) = −log 4 + 2 JSD(p ‖ p_G) falls to its least, −log 4. To 0.05."""
    found = minimax.both(1200)
    assert found.before > -LOG4 + 0.5
    assert -LOG4 <= found.after < -LOG4 + 0.05


def test_the_saturating_gradient_is_the_other_times_the_odds() -> None:
    """∇ log(1 − D) = −σ(s) ∇s beside −∇ log D = −(1 − σ(s)) ∇s: their ratio is e^s, nothing where D wins (§3)."""
    logits = torch.linspace(-12, 6, 19, dtype=torch.float64, requires_grad=True)
    saturating, other = (
        torch.autograd.grad(OBJECTIVES[name].generator(logits), logits)[0] for name in ("minimax", "nonsaturating")
    )
    torch.testing.assert_close(saturating / other, logits.detach().exp(), rtol=1e-10, atol=0)
