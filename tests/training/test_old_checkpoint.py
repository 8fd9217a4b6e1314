"""After an upgrade: a checkpoint of an earlier version goes on as if nothing had happened, or says why it cannot."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.tiny import ignore, plan
from translate.errors import CheckpointError
from translate.training import checkpoint
from translate.training.resume import NEEDED
from translate.training.run import Run

# What the first release wrote. What came later: attempt, guard, best …
STATE = {"step", "method", "optimizers", "average", "journal", "pictures", "data", "held_out"}
TRAIN = {
    *("epochs", "steps", "batch", "lr", "betas", "decay", "ema", "precision", "device", "workers", "check_data"),
    *("log_every", "sample_every", "checkpoint_every", "keep", "tensorboard"),
}
STEPS = 4


def half_way(town: Path, runs: Path) -> tuple[Run, dict[str, Any]]:
    """A run of today that has ended, taken back to its first checkpoint, and what it ended with."""
    run = Run(plan("pix2pix", town, steps=STEPS, checkpoint_every=STEPS // 2), runs, ignore)
    run.train(resume=False)
    last = checkpoint.found(run.checkpoints)[-1]
    ended = checkpoint.load(last)
    checkpoint.remove(last)
    return run, ended


def rewrite(run: Run, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what is in the one checkpoint, and write it as whole as it was."""
    (path,) = checkpoint.found(run.checkpoints)
    state = checkpoint.load(path)
    change(state)
    torch.save({**state, "config": json.dumps(state["config"])}, path)
    path.with_name(f"{path.name}.sha256").write_text(hashlib.sha256(path.read_bytes()).hexdigest())


def first_release(state: dict[str, Any]) -> None:
    for key in set(state) - STATE - {"format", "config"}:
        del state[key]
    train = state["config"]["train"]
    for key in set(train) - TRAIN:
        del train[key]


def resumed(town: Path, runs: Path, **train: Any) -> tuple[Run, list[str]]:
    said: list[str] = []
    settings = {"steps": STEPS, "checkpoint_every": STEPS // 2, **train}
    run = Run(plan("pix2pix", town, **settings), runs, said.append)
    run.train(resume=True)
    return run, said


@pytest.mark.parametrize("later", [{}, {"guard": 50.0, "best": "L1"}], ids=["default", "with what came later"])
def test_one_of_the_first_release_goes_on_to_the_bit(later: dict[str, Any], town: Path, tmp_path: Path) -> None:
    run, ended = half_way(town, tmp_path)
    rewrite(run, first_release)
    (path,) = checkpoint.found(run.checkpoints)
    old = torch.load(path, weights_only=True)
    assert set(old) == STATE | {"format", "config"}
    assert set(json.loads(old["config"])["train"]) == TRAIN
    again, said = resumed(town, tmp_path, **later)
    assert any(f"from step {STEPS // 2}" in line for line in said)
    state = checkpoint.load(checkpoint.found(again.checkpoints)[-1])
    assert state["step"] == STEPS
    for name, value in ended["method"].items():
        assert torch.equal(value, state["method"][name]), name
    if later:
        assert state["best"]["step"] == STEPS
        assert set(state["guard"]) == {"D/gan", "G/gan", "G/l1"}


def test_what_came_later_and_changes_what_is_learnt_is_refused(town: Path, tmp_path: Path) -> None:
    settings = {"steps": STEPS, "checkpoint_every": STEPS // 2, "batch": 2}
    run = Run(plan("pix2pix", town, **settings), tmp_path, ignore)
    run.train(resume=False)
    checkpoint.remove(checkpoint.found(run.checkpoints)[-1])
    rewrite(run, first_release)
    with pytest.raises(CheckpointError, match=r"train\.accumulate was 1, now is 2"):
        resumed(town, tmp_path, batch=2, accumulate=2)


def test_one_of_a_newer_version_is_not_gone_back_from(town: Path, tmp_path: Path) -> None:
    run = Run(plan("pix2pix", town, steps=STEPS, checkpoint_every=STEPS // 2), tmp_path, ignore)
    run.train(resume=False)
    older, newer = checkpoint.found(run.checkpoints)
    older.rename(older.with_suffix(".aside"))
    rewrite(run, lambda state: state.update(format=checkpoint.FORMAT + 1))
    older.with_suffix(".aside").rename(older)
    content = newer.read_bytes()
    with pytest.raises(CheckpointError, match="newer version"):
        resumed(town, tmp_path)
    assert newer.read_bytes() == content


def test_one_of_a_newer_version_says_so_and_stays(town: Path, tmp_path: Path) -> None:
    run, _ = half_way(town, tmp_path)
    rewrite(run, lambda state: state.update(format=checkpoint.FORMAT + 1))
    (path,) = checkpoint.found(run.checkpoints)
    content = path.read_bytes()
    with pytest.raises(
        CheckpointError, match=rf"written by a newer version \(format {checkpoint.FORMAT + 1}\): upgrade"
    ):
        resumed(town, tmp_path)
    assert path.read_bytes() == content


def grow(state: dict[str, Any]) -> None:
    weights = state["method"]
    name = next(name for name in weights if name.startswith("G.") and weights[name].dim() == 4)
    weights[name] = torch.cat((weights[name], weights[name]))


def rename(state: dict[str, Any]) -> None:
    state["method"] = {name.replace("G.downs", "G.encoder"): value for name, value in state["method"].items()}


def forget_a_player(state: dict[str, Any]) -> None:
    del state["optimizers"]["D"]


def other_optimiser(state: dict[str, Any]) -> None:
    groups = state["optimizers"]["D"]["param_groups"]
    groups[0]["params"] = groups[0]["params"][:-1]


@pytest.mark.parametrize("change", [grow, rename, forget_a_player, other_optimiser])
def test_other_networks_under_the_same_configuration_are_refused(
    change: Callable[[dict[str, Any]], None], town: Path, tmp_path: Path
) -> None:
    run, _ = half_way(town, tmp_path)
    rewrite(run, change)
    (run.folder / "config.toml").write_text("# of the version that can go on")
    with pytest.raises(CheckpointError, match=rf"step {STEPS // 2}.* does not fit") as caught:
        resumed(town, tmp_path)
    assert (run.folder / "config.toml").read_text() == "# of the version that can go on"
    assert "\n" not in str(caught.value)
    assert len(checkpoint.found(run.checkpoints)) == 1


@pytest.mark.parametrize("key", NEEDED)
def test_what_it_lacks_is_named(key: str, town: Path, tmp_path: Path) -> None:
    run, _ = half_way(town, tmp_path)
    rewrite(run, lambda state: state.pop(key))
    with pytest.raises(CheckpointError, match=f"its checkpoint lacks {key}: "):
        resumed(town, tmp_path)


@pytest.mark.parametrize("key", sorted(STATE - set(NEEDED)))
def test_what_says_nothing_about_learning_may_be_missing(key: str, town: Path, tmp_path: Path) -> None:
    run, _ = half_way(town, tmp_path)
    rewrite(run, lambda state: state.pop(key))
    again, _ = resumed(town, tmp_path)
    assert checkpoint.load(checkpoint.found(again.checkpoints)[-1])["step"] == STEPS
