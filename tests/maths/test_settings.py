"""The learning rate's schedule and the length of a run."""

import pytest

from translate.errors import ConfigError
from translate.settings import Settings


def test_rate_is_constant_then_linear_and_never_zero() -> None:
    settings = Settings(lr=1.0, decay=0.5)
    rates = [settings.rate(step, 10) for step in range(10)]
    assert rates == pytest.approx([1, 1, 1, 1, 1, 1, 0.8, 0.6, 0.4, 0.2])


@pytest.mark.parametrize("total", [1, 2, 3])
def test_a_run_of_a_few_steps_learns(total: int) -> None:
    assert all(Settings().rate(step, total) > 0 for step in range(total))
    assert Settings().rate(0, total) == Settings().lr


def test_no_decay() -> None:
    settings = Settings(decay=0.0)
    assert {settings.rate(step, 100) for step in range(100)} == {settings.lr}


def test_epochs_in_steps() -> None:
    assert Settings(epochs=2, batch=4).total(10) == 5
    assert Settings(epochs=0.01).total(10) == 1
    assert Settings(epochs=2, steps=7).total(10) == 7


@pytest.mark.parametrize(
    "wrong",
    [
        {"batch": 0},
        {"steps": -1},
        {"epochs": 0.0},
        {"epochs": float("inf")},
        {"lr": 0.0},
        {"betas": (0.5, 1.0)},
        {"workers": 300},
        {"decay": 1.5},
        {"ema": 1.0},
        {"precision": "fp8"},
        {"keep": 0},
    ],
)
def test_values_that_cannot_be(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Settings(**wrong)
