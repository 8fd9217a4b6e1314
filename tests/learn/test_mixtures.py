"""Mixtures on the line and their known answers."""

import math

import pytest
import torch
from torch import nn

from translate.learn.mixtures import (
    APART,
    GRID,
    LOG4,
    Part,
    Still,
    best_critic,
    criterion,
    density,
    drawn_density,
    jensen_shannon,
    quantiles,
)
from translate.learn.wasserstein import line, sorted_distance


def test_a_density_has_a_mass_of_one_and_its_quantiles_the_moments() -> None:
    step = float(GRID[1] - GRID[0])
    assert float(density(APART, GRID).sum() * step) == pytest.approx(1, abs=1e-4)
    drawn = quantiles(((Part(1.0, 0.5, 0.75)),), 20_000)
    assert drawn.shape == (20_000, 1)
    assert float(drawn.mean()) == pytest.approx(0.5, abs=2e-3)
    assert float(drawn.std()) == pytest.approx(0.75, abs=2e-3)


def test_the_best_critic_of_two_equal_bells_is_a_sigmoid() -> None:
    """p = N(m, s²), q = N(−m, s²): log p/q = 2mx/s², so p/(p + q) = σ(2mx/s²)."""
    m, s = 0.8, 0.6
    p, q = density((Part(1.0, m, s),), GRID), density((Part(1.0, -m, s),), GRID)
    known = torch.sigmoid(2 * m * GRID / s**2)
    middle = GRID.abs() < 3  # where float32 holds both densities
    torch.testing.assert_close(best_critic(p, q)[middle], known[middle], rtol=1e-4, atol=1e-6)
    nowhere = torch.zeros(2)
    assert best_critic(nowhere, nowhere).tolist() == [0.5, 0.5]


def test_the_divergence_is_0_of_equals_and_log_2_of_strangers() -> None:
    p, q = density((Part(1.0, -4, 0.2),), GRID), density((Part(1.0, 4, 0.2),), GRID)
    assert jensen_shannon(p, p) == pytest.approx(0, abs=1e-6)
    assert jensen_shannon(p, q) == pytest.approx(math.log(2), abs=1e-5)
    assert criterion(p, p) == pytest.approx(-LOG4, abs=1e-6)
    assert criterion(p, q) == pytest.approx(0, abs=1e-5)


def test_what_a_generator_draws_is_counted() -> None:
    """x ↦ x/2 + 1 of N(0, 1) is N(1, 1/4)."""
    G = nn.Linear(1, 1)
    nn.init.constant_(G.weight, 0.5)
    nn.init.constant_(G.bias, 1.0)
    centres = torch.linspace(-5.95, 5.95, 120)
    torch.testing.assert_close(
        drawn_density(G, centres), density((Part(1.0, 1.0, 0.5),), centres), rtol=0, atol=0.01
    )  # bins of a tenth are a little flatter than the bell


def test_a_still_generator_answers_any_noise_alike() -> None:
    points = quantiles(APART, 16)
    G = Still(points)
    assert torch.equal(G(torch.randn(16, 1)), points)
    with pytest.raises(ValueError, match="there are 16 points"):
        G(torch.randn(4, 1))


def test_the_distance_by_sorting() -> None:
    one, other = torch.tensor([[3.0], [1.0], [2.0]]), torch.tensor([[2.5], [0.0], [4.0]])
    assert sorted_distance(one, other) == pytest.approx((1 + 0.5 + 1) / 3)
    assert line(0.3)[:, 0].unique().tolist() == pytest.approx([0.3])
