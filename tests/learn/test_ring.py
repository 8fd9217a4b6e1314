"""Modes and quality are counted right on points made by hand."""

import math

import pytest
import torch

from translate.learn import ring


def test_eight_centres_on_a_circle() -> None:
    centres = ring.centres()
    torch.testing.assert_close(centres.norm(dim=1), torch.full((8,), 2.0))
    gap = 2 * 2.0 * math.sin(math.pi / 8)
    torch.testing.assert_close((centres - centres.roll(1, 0)).norm(dim=1), torch.full((8,), gap))


def test_the_data_itself() -> None:
    """All modes, and of high quality what of a Gaussian in the plane is within 3σ: 1 − e^(−9/2) = 98.9%."""
    found = ring.coverage(ring.points(20_000, torch.Generator().manual_seed(0)))
    assert found.modes == 8
    assert found.share == pytest.approx(1 - math.exp(-4.5), abs=3e-3)
    assert min(found.counts) > 2_200


def test_points_by_hand() -> None:
    centres = ring.centres()
    inside = torch.tensor([0.0, ring.WITHIN * ring.DEVIATION * 0.99])
    outside = torch.tensor([ring.WITHIN * ring.DEVIATION * 1.01, 0.0])
    drawn = torch.cat(
        [
            (centres[1] + inside).expand(ring.ENOUGH, 2),  # covered, by exactly enough
            (centres[4] + inside).expand(ring.ENOUGH - 1, 2),  # one too few
            (centres[6] + outside).expand(1000, 2),  # near, and not near enough
            torch.zeros(ring.SAMPLES - 2 * ring.ENOUGH - 999, 2),
        ]
    )
    found = ring.coverage(drawn)
    assert len(drawn) == ring.SAMPLES
    assert found.counts == (0, ring.ENOUGH, 0, 0, ring.ENOUGH - 1, 0, 0, 0)
    assert found.modes == 1
    assert found.share == pytest.approx((2 * ring.ENOUGH - 1) / ring.SAMPLES)


def test_enough_goes_with_the_number_of_points() -> None:
    drawn = ring.centres().repeat_interleave(2, 0)
    assert ring.coverage(drawn) == (8, 1.0, (2,) * 8)
    assert ring.coverage(torch.zeros(10, 2)) == (0, 0.0, (0,) * 8)
