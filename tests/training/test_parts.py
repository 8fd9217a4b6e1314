"""The parts of the loop: average, sheets, precision, journal."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from translate.errors import ConfigError, DivergedError
from translate.methods.dcgan import DCGAN
from translate.networks import DCGANDiscriminator, DCGANGenerator
from translate.training import precision
from translate.training.average import Average
from translate.training.journal import Journal
from translate.training.sheet import GAP, sheet


def method() -> DCGAN:
    return DCGAN(DCGANGenerator(size=8, width=2, latent=4), DCGANDiscriminator(size=8, width=2))


def test_average_is_the_recursion() -> None:
    """ā ← d·ā + (1 − d)·w with d = min(decay, (1 + t)/(10 + t)), buffers followed as they are."""
    torch.manual_seed(0)
    game = method()
    average = Average(game, decay=0.5)
    expected = copy.deepcopy(game.G.state_dict())
    for step in range(20):
        for weight in game.G.parameters():
            weight.data.add_(torch.randn_like(weight))
        game.G.layers[1].running_mean.fill_(step)
        average.update(game, average.share(step))
        decay = min(0.5, (1 + step) / (10 + step))
        for name, weight in game.G.named_parameters():
            expected[name] = decay * expected[name] + (1 - decay) * weight.data
    for name, weight in average.networks["G"].named_parameters():
        torch.testing.assert_close(weight, expected[name])
    assert (average.networks["G"].layers[1].running_mean == 19).all()


def test_without_decay_it_follows() -> None:
    game = method()
    average = Average(game, decay=0.0)
    for weight in game.G.parameters():
        weight.data.add_(1)
    average.update(game, average.share(5))
    assert all(torch.equal(a, b) for a, b in zip(average.networks["G"].parameters(), game.G.parameters(), strict=True))


def test_a_view_leaves_the_method_as_it_is() -> None:
    game = method().train()
    trained = game.G
    view = Average(game, 0.9).view(game, "running")
    assert game.G is trained
    assert game.G.training
    assert view.G is not trained
    assert not view.G.training
    assert view.D is game.D


def test_a_sheet_has_a_sample_a_row() -> None:
    column = torch.full((2, 3, 4, 6), -1.0)
    column[1] = 1.0
    picture = sheet({"source": column[:, :1], "translated": column, "target": -column})
    assert picture.shape == (2 * (4 + GAP) + GAP, 3 * (6 + 2 * GAP), 3)
    assert (picture[GAP : GAP + 4, GAP : GAP + 6] == 0).all()
    assert (picture[GAP : GAP + 4, 2 * (6 + 2 * GAP) + GAP :][:, :6] == 255).all()
    assert picture.dtype == np.uint8


def test_many_small_pictures_become_blocks() -> None:
    picture = sheet({"data": torch.zeros(9, 3, 4, 4), "drawn": torch.zeros(9, 3, 4, 4)})
    assert picture.shape == (3 * (4 + GAP) + GAP, 2 * (3 * (4 + GAP) + GAP), 3)
    three = sheet({name: torch.zeros(9, 3, 4, 4) for name in ("data", "reconstructed", "drawn")})
    assert three.shape == (3 * (4 + GAP) + GAP, 3 * (3 * (4 + GAP) + GAP), 3)


def test_precision_is_what_is_asked_for() -> None:
    cpu = precision.device("cpu")
    assert precision.dtype("fp32", cpu) == torch.float32
    assert precision.dtype("bf16", cpu) == torch.bfloat16
    assert precision.dtype("auto", cpu) in (torch.float32, torch.bfloat16)
    with pytest.raises(ConfigError, match=r"train\.device = 'abacus'"):
        precision.device("abacus")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="cannot be used here"):
        precision.device("cuda")


def losses(**values: float) -> dict[str, torch.Tensor]:
    return {name: torch.tensor(value) for name, value in values.items()}


def test_journal_averages_what_was_played(tmp_path: Path) -> None:
    """A player that sat rounds out is averaged over those it played."""
    journal = Journal(tmp_path, every=3, tensorboard=False)
    assert journal.note(1, losses(D=1.0)) is None
    assert journal.note(2, losses(D=2.0, G=8.0)) is None
    assert journal.note(3, losses(D=6.0)) == {"D": 3.0, "G": 8.0}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_journal_names_the_first_step_that_is_not_finite(tmp_path: Path, value: float) -> None:
    journal = Journal(tmp_path, every=4, tensorboard=False)
    journal.note(1, losses(D=1.0, G=1.0))
    journal.note(2, losses(D=1.0, G=value))
    journal.note(3, losses(D=value, G=value))
    with pytest.raises(DivergedError, match=f"^step 2: G is {value}$"):
        journal.note(4, losses(D=1.0, G=1.0))


def test_journal_takes_back_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    journal = Journal(tmp_path, every=1, tensorboard=False)
    for step in (1, 2, 3):
        journal.write(step, {"D": 1.0}, {})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 4, "D"')  # cut short by a crash
    journal.load(2, [], torch.device("cpu"))
    assert (tmp_path / "log.jsonl").read_text() == '{"step": 1, "D": 1.0}\n{"step": 2, "D": 1.0}\n'
