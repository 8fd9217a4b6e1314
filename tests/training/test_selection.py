"""Model selection while training: what is scored and when, the best kept, patience, and nothing learnt differently."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w
import torch

from tests.contract.test_methods import assert_same
from tests.tiny import configuration, ignore, plan
from translate.cli import main
from translate.errors import ConfigError, DataError, MissingWeightsError
from translate.metrics import METRICS
from translate.settings import Settings
from translate.training import checkpoint, scoring
from translate.training.resume import load_method
from translate.training.run import Run

EVERY = {"best": "PSNR", "evaluate_every": 1, "evaluate_on": 1}
"""An evaluation a step, on one pair, so that each is one call of the metric."""


def scripted(monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> list[float]:
    """PSNR says these numbers, one a call; returned are those that are left."""
    left = list(scores)
    monkeypatch.setitem(scoring.PAIRED, "PSNR", lambda output, target: left.pop(0))
    return left


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]


def curve(run: Run, name: str) -> list[tuple[int, float]]:
    return [(line["step"], line[name]) for line in lines(run) if name in line]


def names(run: Run) -> list[int]:
    return [int(path.stem.removeprefix("step_")) for path in checkpoint.found(run.checkpoints)]


def mean_distance(outputs: Any, targets: Any) -> float:
    """A distance of sets: of the mean levels."""
    return abs(float(np.mean(outputs)) - float(np.mean(targets)))


def test_every_so_many_steps_and_at_the_last(town: Path, tmp_path: Path) -> None:
    said: list[str] = []
    settings = {"metrics": ["L1", "SSIM"], "best": "PSNR", "evaluate_every": 2, "checkpoint_every": 100}
    run = Run(plan("pix2pix", town, steps=5, **settings), tmp_path, said.append)
    run.train(resume=False)
    assert run.scorer is not None
    assert run.scorer.metrics == ("L1", "SSIM", "PSNR")
    for metric in run.scorer.metrics:
        assert [step for step, _ in curve(run, f"held_out/{metric}")] == [2, 4, 5]
    best = max(curve(run, "held_out/PSNR"), key=lambda point: point[1])
    assert run.scorer.best == {"metric": "PSNR", "step": best[0], "score": best[1], "pictures": 2}
    assert sum(line.startswith("held-out L1 ") and "  SSIM " in line for line in said) == 3


def test_without_a_best_nothing_but_the_log(town: Path, tmp_path: Path) -> None:
    run = Run(plan("pix2pix", town, steps=4, metrics=["L1"], checkpoint_every=3), tmp_path, ignore)
    run.train(resume=False)
    assert [step for step, _ in curve(run, "held_out/L1")] == [3, 4]  # with every checkpoint
    assert checkpoint.load(checkpoint.found(run.checkpoints)[-1])["best"] is None


def test_the_best_is_saved_between_checkpoints(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [1.0, 3.0, 2.0, 2.0, 2.0, 2.0])
    run = Run(plan("pix2pix", town, steps=6, checkpoint_every=100, keep=1, **EVERY), tmp_path, ignore)
    run.train(resume=False)
    assert names(run) == [2, 6]
    saved, _ = load_method(run.folder, ignore, best=True)
    assert (saved["step"], saved["best"]) == (2, {"metric": "PSNR", "step": 2, "score": 3.0, "pictures": 1})


def test_patience(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stops, is done, says so; goes on where it is raised, as if it had never stopped."""
    scores = [1.0, 3.0, 2.0, 2.5, 2.0, 4.0, 3.0, 3.0, 3.0]
    left = scripted(monkeypatch, scores)
    said: list[str] = []
    settings = {"steps": 9, "checkpoint_every": 100, "keep": 2, **EVERY}
    run = Run(plan("pix2pix", town, patience=2, **settings), tmp_path, said.append)
    result = run.train(resume=False)
    assert (result.step, result.total, result.interrupted) == (4, 9, 0)
    assert "no better PSNR than 3.0000, of step 2, in 2 evaluations: training is done at step 4" in said[-1]
    assert len(left) == 5
    before = (run.folder / "log.jsonl").read_bytes()
    again = Run(plan("pix2pix", town, patience=2, **settings), tmp_path, said.append)
    assert again.train(resume=True).step == 4
    assert "training is done at step 4; a higher train.patience" in said[-1]
    assert len(left) == 5
    assert (run.folder / "log.jsonl").read_bytes() == before
    longer = Run(plan("pix2pix", town, patience=3, **settings), tmp_path, ignore)
    assert longer.train(resume=True).step == 5
    assert names(longer) == [2, 4, 5]
    last = Run(plan("pix2pix", town, patience=4, **settings), tmp_path, ignore)
    assert last.train(resume=True).step == 9
    scripted(monkeypatch, scores)
    whole = Run(plan("pix2pix", town, patience=4, **settings), tmp_path / "whole", ignore)
    assert whole.train(resume=False).step == 9
    assert lines(whole) == lines(last)
    ends = [checkpoint.load(checkpoint.found(one.checkpoints)[-1]) for one in (last, whole)]
    assert ends[0]["waited"] == ends[1]["waited"] == 3
    for end in ends:  # who was more patient before is written in the configuration
        del end["config"]
    assert_same(*ends)


def test_the_command_ends_well(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    scripted(monkeypatch, [3.0, 2.0])
    made = configuration("pix2pix", town, steps=9, patience=1, **EVERY)
    (tmp_path / "c.toml").write_text(tomli_w.dumps(made))
    words = ["train", str(tmp_path / "c.toml"), "--runs", str(tmp_path)]
    assert main(words) == 0
    assert main([*words, "--resume"]) == 0
    out = capsys.readouterr().out
    assert out.count("training is done at step 2") == 2
    assert out.count("done: ") == 2


def test_what_is_no_number_is_never_the_best(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, [float("nan"), 2.0, float("nan")])
    run = Run(plan("pix2pix", town, steps=3, **EVERY), tmp_path, ignore)
    run.train(resume=False)
    assert run.scorer is not None
    assert run.scorer.best == {"metric": "PSNR", "step": 2, "score": 2.0, "pictures": 1}
    assert run.scorer.waited == 1


@pytest.mark.parametrize("method", ["pix2pix", "cyclegan"])
def test_evaluation_changes_nothing_that_is_learnt(
    method: str, town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def greedy(outputs: Any, targets: Any) -> float:
        """Draws from every generator that there is."""
        torch.rand(3)
        np.random.default_rng().random()
        return mean_distance(outputs, targets)

    monkeypatch.setitem(scoring.OF_SETS, "SWD", greedy)  # type: ignore[index]
    runs = []
    for name, more in (("plain", {}), ("evaluated", {"best": "SWD", "evaluate_every": 1})):
        runs.append(Run(plan(method, town, steps=4, workers=1, **more), tmp_path / name, ignore))
        runs[-1].train(resume=False)
    plain, evaluated = runs
    assert [line for line in lines(evaluated) if "held_out/SWD" not in line] == lines(plain)
    ends = [checkpoint.load(checkpoint.found(run.checkpoints)[-1]) for run in runs]
    for part in ("method", "optimizers", "average"):
        assert_same(*({part: end[part]} for end in ends))


def test_going_on_between_evaluations_is_exact(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(scoring.OF_SETS, "SWD", mean_distance)  # type: ignore[index]
    made = plan("cyclegan", town, steps=7, checkpoint_every=3, evaluate_every=2, best="SWD", patience=7, keep=9)
    whole = Run(made, tmp_path / "whole", ignore)
    whole.train(resume=False)
    last = checkpoint.load(checkpoint.found(whole.checkpoints)[-1])
    assert last["best"]["metric"] == "SWD"
    assert [step for step, _ in curve(whole, "held_out/SWD")] == [2, 4, 6, 7]
    before = lines(whole)
    for path in checkpoint.found(whole.checkpoints):
        if path.name > checkpoint.name(3):
            checkpoint.remove(path)
    again = Run(made, tmp_path / "whole", ignore)
    again.train(resume=True)
    assert lines(again) == before
    assert_same(last, checkpoint.load(checkpoint.found(again.checkpoints)[-1]))


def test_a_best_on_other_pictures_is_none(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second half scores worse than the first, on more pictures: its own best counts."""
    scripted(monkeypatch, [9.0, *[2.0, 4.0], *[1.0, 1.0]])
    Run(plan("pix2pix", town, steps=1, **EVERY), tmp_path, ignore).train(resume=False)
    again = Run(plan("pix2pix", town, steps=3, **EVERY | {"evaluate_on": 2}), tmp_path, ignore)
    again.train(resume=True)
    assert again.scorer is not None
    assert again.scorer.best == {"metric": "PSNR", "step": 2, "score": 3.0, "pictures": 2}


def test_a_metric_of_sets_sees_all_that_is_asked_for(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int, Any, tuple[int, ...]]] = []

    def distance(outputs: Any, targets: Any) -> float:
        seen.append((len(outputs), len(targets), outputs[0].dtype, targets[0].shape))
        return 1.0

    monkeypatch.setitem(scoring.OF_SETS, "SWD", distance)  # type: ignore[index]
    for count in (0, 1, 9):
        made = plan("cyclegan", town, steps=1, best="SWD", evaluate_on=count)
        Run(made, tmp_path / str(count), ignore).train(resume=False)
    # Each is tried on what is held out before training.
    form = (np.dtype(np.uint8), (32, 32, 3))
    assert seen == [(2, 2, *form)] * 2 + [(1, 1, *form)] * 2 + [(2, 2, *form)] * 2


def test_missing_weights_are_told_before_training(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def missing(*_: Any) -> float:
        raise MissingWeightsError("Inception's weights are not here: put them there")

    def few(*_: Any) -> float:
        raise DataError("KID compares sets, of 10 pictures at the least, not 2")

    for name in ("TRANSLATE_WEIGHTS", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setitem(scoring.OF_SETS, "FID", missing)  # type: ignore[index]
    monkeypatch.setitem(scoring.OF_SETS, "SWD", missing)  # type: ignore[index]
    monkeypatch.setitem(scoring.OF_SETS, "KID", few)  # type: ignore[index]
    for name, error, words in (
        (
            "FID",
            MissingWeightsError,
            r"""^FID, which .*: Inception's .* fetch them with .*fetch\('inception', print\)"$""",
        ),
        ("SWD", MissingWeightsError, "SWD, which .*: Inception's weights are not here: put them there"),
        ("KID", ConfigError, "KID compares sets, of 10 pictures at the least, not 2, or choose another metric"),
    ):
        with pytest.raises(error, match=words):
            Run(plan("cyclegan", town, metrics=[name]), tmp_path, ignore).train(resume=False)
        assert not (tmp_path / "cyclegan").exists()
    made = configuration("cyclegan", town, metrics=["FID"])
    (tmp_path / "c.toml").write_text(tomli_w.dumps(made))
    assert main(["data", "check", str(tmp_path / "c.toml")]) == 1
    assert "error: FID, which train.best or train.metrics names: Inception's" in capsys.readouterr().out


def test_a_check_of_data_says_that_there_is_nothing_to_score_on(town: Path, tmp_path: Path, capsys) -> None:
    made = configuration("pix2pix", town, best="L1")
    (tmp_path / "c.toml").write_text(tomli_w.dumps(made))
    assert main(["data", "check", str(tmp_path / "c.toml")]) == 0
    assert main(["data", "check", str(tmp_path / "c.toml"), "data.holdout=0"]) == 1
    assert "there are no held-out pairs to score on: set data.holdout" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"metrics": ("L1", "L2")}, r"metrics = 'L2': choose one of L1, PSNR, SSIM"),
        ({"metrics": ("",)}, "metrics = ''"),
        ({"patience": 3}, "patience = 3: for a new best of what"),
        ({"patience": -1, "best": "L1"}, "patience = -1, it must not be negative"),
        ({"evaluate_every": 5}, "evaluate_every = 5: by which metric"),
        ({"evaluate_on": -1}, "evaluate_on = -1"),
    ],
)
def test_settings_that_cannot_be(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Settings(**wrong)
    assert Settings(metrics=tuple(METRICS), best="L1", evaluate_every=5, patience=3).evaluate_on == 0
