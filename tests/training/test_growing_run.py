"""A run that grows: its weights, moments, averages, log and sheets, stopped and gone on with anywhere."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.contract.test_methods import assert_same, first_batches, trainer_of
from tests.tiny import configuration, ignore
from tests.training.stopping import train_to
from translate import config, pixels
from translate.config import Plan
from translate.errors import ConfigError
from translate.training.resume import load_method
from translate.training.run import Run


def growing(town: Path, game: dict[str, Any] | None = None, **train: Any) -> Plan:
    """8² for a round, two rounds to 16², one there, two to 32²."""
    section = configuration("progressive", town, **train)
    section["method"].update(stable=[1], fade=[2])
    for network in section["networks"].values():
        network["start"] = 8
    return config.plan({**section, "game": game or {}})


GROWN = [0, 1 / 3, 2 / 3, 1, 4 / 3, 5 / 3, 2, 2]


def test_stopped_within_a_fade_and_at_a_border_it_goes_on_to_the_bit(town: Path, tmp_path: Path) -> None:
    """At step 1 the layers of 16² have no moments yet, at 5 those of 32² are half faded in."""
    whole = Run(growing(town, steps=8), tmp_path / "whole", ignore)
    whole.train(resume=False)
    stopped = Run(growing(town, steps=8, checkpoint_every=1), tmp_path / "stopped", ignore)
    for step in (1, 5):
        train_to(stopped, step)
    stopped.train(resume=True)
    assert_same(whole.trainer.state(), stopped.trainer.state())
    assert (whole.folder / "log.jsonl").read_text() == (stopped.folder / "log.jsonl").read_text()
    lines = [json.loads(line) for line in (whole.folder / "log.jsonl").read_text().splitlines()]
    assert [line["D/side"] for line in lines] == pytest.approx([8 * 2**grown for grown in GROWN])


def test_everything_is_as_far_grown_as_the_weights(town: Path, tmp_path: Path) -> None:
    """The averaged copy, a checkpoint, and a sheet, whose pictures have the full size from the start."""
    run = Run(growing(town, steps=2, sample_every=1), tmp_path, ignore)
    run.train(resume=False)
    view = run.trainer.view()
    assert (view.G.level, view.G.fading) == (1, True)
    assert float(view.G.grown) == pytest.approx(1 / 3)
    _, method = load_method(run.folder, ignore)
    for network in (method.G, method.D):
        assert (network.level, network.fading) == (1, True)
    noise = torch.randn(2, 8)
    with torch.no_grad():
        torch.testing.assert_close(method.G(noise), view.G(noise), rtol=0, atol=0)
    assert method.G(noise).shape == (2, 3, 32, 32)
    first = pixels.read(run.folder / "samples" / "step_000000001.png")
    block = first[4:36, 4:36]  # the first picture, of 8²
    assert np.array_equal(block, block[::4, ::4].repeat(4, 0).repeat(4, 1))


def test_new_layers_have_moments_of_their_own_from_their_first_round(town: Path) -> None:
    """Adam's correction begins when a weight begins: one that came later has taken fewer steps."""
    made = growing(town)
    trainer = trainer_of(made)
    method = trainer.method
    taken = []
    for batch in first_batches(made, 5):
        trainer.play(batch)
        state = trainer.optimizers["G"].state
        weights = (method.G.stages[1], method.G.stages[2], method.G.stages[3])  # of 8², 16² and 32²
        taken.append([int(state[w]["step"]) if (w := next(iter(s.parameters()))) in state else 0 for s in weights])
    assert taken == [[1, 0, 0], [2, 1, 0], [3, 2, 0], [4, 3, 0], [5, 4, 1]]


def test_recordings_are_made_anew_in_each_phase(town: Path) -> None:
    """A recorded round has the layers of its phase; within one α alone changes, and it lies on the device."""

    class Recorder:
        def __init__(self) -> None:
            self.told: list[str] = []

        def forget(self) -> None:
            self.told.append("forget")

        def play(self, play: Any, batch: Any, kind: int, settled: Any) -> Any:
            self.told.append(f"round {kind}")
            return play(batch)

    made = growing(town)
    trainer = trainer_of(made)
    trainer._recorder = recorder = Recorder()  # type: ignore[assignment]
    for batch in first_batches(made, 7):
        trainer.play(batch)
    new, same = ["forget", "round 0"], ["round 0"]
    assert recorder.told == new + new + same + new + new + same + new


def test_a_batch_in_parts_grows_as_one(town: Path) -> None:
    trainer = trainer_of(growing(town), accumulate=2)
    for batch in first_batches(growing(town), 3):
        scalars = trainer.play(batch)
        assert all(torch.isfinite(value) for value in scalars.values())


@pytest.mark.parametrize("gan", ["nonsaturating", "least_squares", "hinge"])
def test_other_games_grow_too(gan: str, town: Path) -> None:
    section = configuration("progressive", town)
    section["method"]["gan"] = gan
    section["game"] = {"gradient_penalty": 0.0, "drift": 0.0, "r1": 1.0}
    made = config.plan(section)
    (batch,) = first_batches(made, 1)
    assert {"D/gan", "D/r1", "G/gan"} <= set(trainer_of(made).play(batch))


def test_networks_of_other_sizes_are_refused_before_anything_is_read(town: Path) -> None:
    section = configuration("progressive", town)
    section["networks"]["D"]["start"] = 8
    with pytest.raises(ConfigError, match="method: G and D must grow together"):
        config.plan(section)
