"""Every objective against its closed form."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from translate import losses
from translate.losses import OBJECTIVES

# Two distributions over four outcomes, as counts of samples, so that means over samples are exact expectations.
P = torch.tensor([1, 2, 5, 8])
Q = torch.tensor([7, 4, 3, 2])
p, q = P / P.sum(dtype=torch.float64), Q / Q.sum(dtype=torch.float64)


def on_samples(outcomes: Tensor) -> tuple[Tensor, Tensor]:
    """What a critic that gives `outcomes` logits says on the samples of P and of Q."""
    return outcomes.repeat_interleave(P), outcomes.repeat_interleave(Q)


def jensen_shannon() -> float:
    m = (p + q) / 2
    return float(0.5 * (p * (p / m).log()).sum() + 0.5 * (q * (q / m).log()).sum())


def best_logits() -> Tensor:
    """D* = p / (p + q) is σ(log p/q)                                         (Goodfellow 2014, proposition 1)."""
    return (p / q).log()


def test_value_at_the_best_critic_is_the_jensen_shannon_divergence() -> None:
    expected = -math.log(4) + 2 * jensen_shannon()  # theorem 1
    assert float(losses.value(*on_samples(best_logits()))) == pytest.approx(expected, abs=1e-14)


def test_value_of_a_perfect_generator_is_minus_log_4() -> None:
    assert float(losses.value(torch.zeros(9), torch.zeros(9))) == pytest.approx(-math.log(4), abs=1e-7)


def test_no_critic_does_better_than_the_best() -> None:
    best = float(losses.value(*on_samples(best_logits())))
    generator = torch.Generator().manual_seed(0)
    for _ in range(50):
        other = best_logits() + torch.randn(4, dtype=torch.float64, generator=generator)
        assert float(losses.value(*on_samples(other))) < best


@pytest.mark.parametrize(
    ("name", "outcomes", "loss"),
    [
        ("minimax", (p / q).log(), math.log(4) - 2 * jensen_shannon()),
        ("nonsaturating", (p / q).log(), math.log(4) - 2 * jensen_shannon()),
        # Mao 2017, eq. 11: D* = p / (p + q), where the loss is Σ pq / (p + q).
        ("least_squares", p / (p + q), float((p * q / (p + q)).sum())),
        # D* = sign(p − q), where the loss is 2 − 2·TV = 2 Σ min(p, q).
        ("hinge", (p - q).sign(), float(2 * torch.minimum(p, q).sum())),
    ],
)
def test_critic_at_its_optimum(name: str, outcomes: Tensor, loss: float) -> None:
    outcomes = outcomes.clone().requires_grad_()
    found = OBJECTIVES[name].critic(*on_samples(outcomes))
    assert found.item() == pytest.approx(loss, abs=1e-12)
    # The hinge has no gradient there but subgradients; the others are flat.
    if name != "hinge":
        (gradient,) = torch.autograd.grad(found, outcomes)
        torch.testing.assert_close(gradient, torch.zeros_like(gradient), atol=1e-12, rtol=0)


def test_wasserstein_is_the_distance_of_two_shifted_clouds() -> None:
    cloud = torch.linspace(-1, 1, 11, dtype=torch.float64)
    # f(x) = x is 1-Lipschitz and the best critic between a cloud and its shift; W₁ is the shift.
    assert float(-OBJECTIVES["wasserstein"].critic(cloud + 0.75, cloud)) == pytest.approx(0.75, abs=1e-15)


@pytest.mark.parametrize(
    ("name", "gradient"),
    [
        ("minimax", lambda s: -torch.sigmoid(s)),
        ("nonsaturating", lambda s: torch.sigmoid(s) - 1),
        ("least_squares", lambda s: 2 * (s - 1)),
        ("hinge", lambda s: -torch.ones_like(s)),
        ("wasserstein", lambda s: -torch.ones_like(s)),
    ],
)
def test_gradient_that_the_generator_gets(name: str, gradient) -> None:
    logits = torch.linspace(-6, 6, 13, dtype=torch.float64, requires_grad=True)
    OBJECTIVES[name].generator(logits).backward()
    torch.testing.assert_close(logits.grad, gradient(logits.detach()) / 13, atol=1e-14, rtol=0)


def test_the_saturating_gradient_vanishes_where_the_critic_wins_and_the_other_does_not() -> None:
    gradients = []
    for name in ("minimax", "nonsaturating"):
        logit = torch.tensor(-10.0, requires_grad=True)
        OBJECTIVES[name].generator(logit).backward()
        gradients.append(abs(logit.grad.item()))
    assert gradients[0] < 1e-4
    assert gradients[1] > 0.999


@pytest.mark.parametrize("name", OBJECTIVES)
def test_extreme_logits_stay_finite(name: str) -> None:
    extreme = torch.tensor([-1e4, 0.0, 1e4])
    assert torch.isfinite(OBJECTIVES[name].critic(extreme, extreme))
    assert torch.isfinite(OBJECTIVES[name].generator(extreme))


@pytest.mark.parametrize("name", OBJECTIVES)
def test_half_precision_logits_give_a_float32_mean(name: str) -> None:
    logits = torch.randn(1000, generator=torch.Generator().manual_seed(0)).bfloat16()
    objective = OBJECTIVES[name]
    for half, full in (
        (objective.critic(logits, -logits), objective.critic(logits.float(), -logits.float())),
        (objective.generator(logits), objective.generator(logits.float())),
    ):
        assert half.dtype == torch.float32
        assert half.item() == full.item()


def test_l1_is_the_mean_over_all_elements() -> None:
    output = torch.from_numpy(np.arange(24, dtype=np.float64).reshape(1, 2, 3, 4))
    target = output.clone()
    target[0, 0, 0, 0] += 6.0
    target[0, 1, 2, 3] -= 18.0
    assert losses.l1_loss(output, target).item() == pytest.approx(1.0, abs=1e-15)


def test_patch_nce_compares_in_full_precision_whatever_is_around_it() -> None:
    draw = torch.Generator().manual_seed(0)
    queries, keys = (torch.nn.functional.normalize(torch.randn(2, 64, 256, generator=draw), dim=2) for _ in range(2))
    plain = losses.patch_nce(queries, keys)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(losses.patch_nce(queries, keys), plain)
        narrow = queries @ keys.transpose(1, 2)
    assert narrow.dtype == torch.bfloat16, "or the test has tested nothing"


def test_patch_nce_by_hand() -> None:
    """−log of the softmax at the own place (Park 2020, eq. 3); for orthogonal keys −log(e^{1/τ} / (e^{1/τ} + n−1))."""
    unit = torch.eye(5, dtype=torch.float64)[None]
    expected = math.log(math.exp(1 / 0.5) + 4) - 1 / 0.5
    assert losses.patch_nce(unit, unit, 0.5).item() == pytest.approx(expected, abs=1e-12)
    # Negatives come from the same picture alone: a second one changes nothing.
    assert losses.patch_nce(unit.expand(2, -1, -1), unit.expand(2, -1, -1), 0.5).item() == pytest.approx(expected)
    # All alike: nothing can be told, log n.
    alike = torch.ones(1, 5, 3, dtype=torch.float64) / 3**0.5
    assert losses.patch_nce(alike, alike).item() == pytest.approx(math.log(5), abs=1e-12)


def test_patch_nce_gives_keys_no_gradient() -> None:
    queries, keys = (torch.randn(1, 4, 3, requires_grad=True) for _ in range(2))
    losses.patch_nce(queries, keys).backward()
    assert queries.grad is not None
    assert keys.grad is None
