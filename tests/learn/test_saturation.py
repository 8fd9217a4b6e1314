"""What reaches G, in closed form and in a game."""

import math

import pytest
import torch

from translate.learn import saturation
from translate.losses import OBJECTIVES


def test_the_slopes_by_the_logit() -> None:
    """|∂/∂s log(1 − σ(s))| = σ(s), |∂/∂s (−log σ(s))| = 1 − σ(s)."""
    logits = torch.linspace(-12, 12, 97, dtype=torch.float64)
    found = saturation.slopes(logits)
    torch.testing.assert_close(found["minimax"], torch.sigmoid(logits), rtol=1e-10, atol=0)
    torch.testing.assert_close(found["nonsaturating"], torch.sigmoid(-logits), rtol=1e-10, atol=0)
    assert set(found) <= set(OBJECTIVES)


def test_a_winning_critic_leaves_the_one_and_not_the_other() -> None:
    first, *_, last = saturation.rejected(rounds=120)
    assert first.round == 0
    assert last.round == 120
    assert first.fooled > 0.3
    assert last.fooled < 0.05
    # D = σ(s) of one and 1 − σ(s) of the other: the ratio is about the odds that D gives.
    assert last.norms["minimax"] / last.norms["nonsaturating"] < 0.1
    assert last.norms["nonsaturating"] > 1


def test_g_moves_once_for_many_rounds_of_d() -> None:
    game = saturation.played("nonsaturating", rounds=6, frames=3, critic_steps=2)
    assert game.rounds == [0, 2, 4, 6]
    assert math.isnan(game.norms[0])
    assert all(norm > 0 for norm in game.norms[1:])
    assert len({round(away, 6) for away in game.away}) == 4, "G has moved each time"
    assert game.away[0] == pytest.approx(3, abs=0.5)
