"""Runs on the ring: functions of their seed, and a table of the right shape."""

import pytest
import torch

from translate.commands.learn import COLLAPSE
from translate.learn import collapse
from translate.learn.collapse import RECIPES, Run


@pytest.mark.parametrize("method", RECIPES)
def test_a_run_is_a_function_of_its_seed(method: str) -> None:
    one, again, other = (collapse.run(method, seed, rounds=4, frames=2) for seed in (3, 3, 4))
    rounds = 4 * RECIPES[method].times
    assert one.rounds == rounds
    assert [done for done, *_ in one.looks] == [0, rounds // 2, rounds]
    assert torch.equal(one.looks[-1][1], again.looks[-1][1])
    assert one.counts == again.counts
    assert not torch.equal(one.looks[-1][1], other.looks[-1][1])
    assert (one.looks[-1][1] - one.looks[0][1]).abs().max() > 1e-4, "G has had a turn"


def runs() -> list[Run]:
    made = [("gan", 0, 1, 0.5), ("gan", 1, 3, 0.7), ("unrolled5", 0, 8, 0.9)]
    return [Run(method, seed, 4, modes, share, (0,) * 8, 2.0, []) for method, seed, modes, share in made]


def test_the_table() -> None:
    table = collapse.summary(runs())
    assert list(table) == ["gan", "unrolled5"]
    assert table["gan"]["modes"] == 2
    assert table["gan"]["modes_deviation"] == pytest.approx(2**0.5)
    assert table["gan"]["share"] == pytest.approx(0.6)
    assert table["gan"]["modes_by_seed"] == {"0": 1, "1": 3}
    assert table["unrolled5"]["modes_deviation"] == 0
    *_, gan, unrolled = collapse.rows(table).splitlines()
    assert gan == "| GAN, non-saturating | 2.0 ± 1.4 | 60% ± 14% | 1, 3 | 50%, 70% | 2 s |"
    assert unrolled.startswith("| unrolled, K = 5 | 8.0 ± 0.0 |")


def test_the_command_knows_all_games() -> None:
    # Named there again, so that `translate --help` need not wait for torch.
    assert (*RECIPES,) == COLLAPSE
