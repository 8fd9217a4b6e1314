"""A run from outside: folders, stopping, going on, and what is said when it cannot."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import tomli_w
import torch
from filelock import FileLock

from tests.contract.test_methods import assert_same
from tests.tiny import TINY, configuration, ignore, plan
from translate import config
from translate.errors import CheckpointError, DataError, DivergedError
from translate.training import checkpoint, lock
from translate.training.run import Run


def started(town: Path, runs: Path, **train) -> Run:
    run = Run(plan("pix2pix", town, **train), runs, ignore)
    run.train(resume=False)
    return run


def test_a_run_folder_explains_itself(town: Path, tmp_path: Path) -> None:
    said: list[str] = []
    made = plan("pix2pix", town, steps=4, log_every=2, sample_every=2, tensorboard=True)
    Run(made, tmp_path, said.append).train(resume=False)
    folder = tmp_path / "pix2pix"
    assert config.plan(config.read(folder / "config.toml")).resolved == made.resolved
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [2, 4]
    shares = {"D/right_on_real", "D/right_on_fake"}
    assert set(log[0]) == {"step", "D/gan", "G/gan", "G/l1", "gradient/D", "gradient/G", "train/lr"} | shares
    (start,) = [json.loads(line) for line in (folder / "origin.jsonl").read_text().splitlines()]
    assert (start["seed"], start["step"], start["command"]) == (5, 0, sys.argv)
    assert [path.name for path in sorted((folder / "samples").iterdir())] == [
        "step_000000002.png",
        "step_000000004.png",
    ]
    assert list((folder / "tensorboard").iterdir())
    assert "steps/s" in said[-1]
    assert "left" in said[-1]


def test_the_log_is_a_mean_over_its_steps(town: Path, tmp_path: Path) -> None:
    fine, coarse = started(town, tmp_path / "1", log_every=1), started(town, tmp_path / "2", log_every=3)
    lines = [
        [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()] for run in (fine, coarse)
    ]
    for place, line in enumerate(lines[1]):
        for term in ("D/gan", "G/gan", "G/l1"):
            mean = sum(one[term] for one in lines[0][3 * place : 3 * place + 3]) / 3
            assert line[term] == pytest.approx(mean, rel=1e-6)


def test_a_second_start_touches_nothing(town: Path, tmp_path: Path) -> None:
    run = started(town, tmp_path)
    before = {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()}
    with pytest.raises(CheckpointError, match="already holds a run, at step 6: go on with --resume"):
        started(town, tmp_path)
    assert {path: path.read_bytes() for path in run.folder.rglob("*") if path.is_file()} == before


def test_resume_with_nothing_there_starts(town: Path, tmp_path: Path) -> None:
    assert Run(plan("pix2pix", town), tmp_path, ignore).train(resume=True).step == 6


def test_resume_of_a_finished_run_is_done_at_once(town: Path, tmp_path: Path) -> None:
    run = started(town, tmp_path)
    weights = checkpoint.load(checkpoint.found(run.checkpoints)[-1])["method"]
    result = Run(plan("pix2pix", town), tmp_path, ignore).train(resume=True)
    assert (result.step, result.total) == (6, 6)
    after = checkpoint.load(checkpoint.found(run.checkpoints)[-1])["method"]
    assert all(torch.equal(weights[key], after[key]) for key in weights)


def test_another_configuration_is_refused_by_name(town: Path, tmp_path: Path) -> None:
    started(town, tmp_path)
    other = configuration("pix2pix", town)
    other["method"]["l1"] = 10.0
    other["networks"]["G"]["width"] = 8
    with pytest.raises(
        CheckpointError, match=r"method\.l1 was 100\.0, now is 10\.0; networks\.G\.width was 4, now is 8"
    ):
        Run(config.plan(other), tmp_path, ignore).train(resume=True)


def test_colours_of_classes_change_nothing_that_is_learnt(town: Path, tmp_path: Path) -> None:
    """They may come, go and change while a run goes on, and the last ones are what is exported."""
    started(town, tmp_path)  # of a configuration without any
    made = configuration("pix2pix", town)
    for palette in ({"sky": "#87CEEB", "sun": "#ffe150"}, {"sky": "#87ceeb"}, {}):
        made["train"]["steps"] += 1
        run = Run(config.plan({**made, "palette": palette}), tmp_path, ignore)
        run.train(resume=True)
        saved = checkpoint.load(checkpoint.found(run.checkpoints)[-1])["config"]
        assert saved["palette"] == {name: colour.lower() for name, colour in palette.items()}


def test_a_run_can_be_made_longer_and_told_to_log_less(town: Path, tmp_path: Path) -> None:
    started(town, tmp_path)
    result = Run(plan("pix2pix", town, steps=8, log_every=2, keep=5), tmp_path, ignore).train(resume=True)
    assert (result.step, result.total) == (8, 8)


def test_data_is_checked_before_training_starts(town: Path, tmp_path: Path) -> None:
    made = configuration("dcgan", town)
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in (town / "day").iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    (broken / "00003.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    made["data"]["root"] = str(broken)
    with pytest.raises(DataError, match=r"1 of 8 cannot be used: .*00003\.png"):
        Run(config.plan(made), tmp_path / "runs", ignore).train(resume=False)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_file_that_was_not_looked_for(workers: int, town: Path, tmp_path: Path) -> None:
    """One sentence as well, though a worker process met it."""
    data = tmp_path / "data"
    shutil.copytree(town, data)
    (data / "day/00003.png").write_text("a text")
    run = Run(plan("pix2pix", data, workers=workers, check_data=False), tmp_path, ignore)
    with pytest.raises(DataError, match=r"^[^\n]*00003\.png is not a picture[^\n]*: training stopped; [^\n]*$"):
        run.train(resume=False)


def test_nan_stops_names_step_and_term_and_keeps_the_last_good_checkpoint(town: Path, tmp_path: Path) -> None:
    run = Run(plan("pix2pix", town, steps=20, checkpoint_every=4, log_every=50), tmp_path, ignore)
    play = type(run).train

    def poisoned():
        trainer = run.trainer
        playing = trainer.play

        def play(batch):
            losses = playing(batch)
            if trainer.step == 6:
                losses["G/l1"] = losses["G/l1"] * torch.nan
            return losses

        trainer.play = play

    rounds = run._rounds

    def with_poison(interrupt):
        poisoned()
        rounds(interrupt)

    run._rounds = with_poison  # type: ignore[method-assign]
    with pytest.raises(
        DivergedError, match=r"step 6: G/l1 is nan: training stopped; .*step_000000004\.pt is from before"
    ):
        play(run, resume=False)
    assert [path.name for path in checkpoint.found(run.checkpoints)] == ["step_000000004.pt"]


def test_weights_that_are_not_finite_are_not_saved(town: Path, tmp_path: Path) -> None:
    run = started(town, tmp_path)
    torch.nn.init.constant_(next(run.trainer.method.D.parameters()), float("inf"))
    with pytest.raises(DivergedError, match=r"step 6: D\..* is not finite"):
        run._save()


def test_two_processes_do_not_train_in_one_folder(town: Path, tmp_path: Path) -> None:
    (tmp_path / "pix2pix").mkdir()
    with FileLock(tmp_path / "pix2pix" / "lock"), pytest.raises(CheckpointError, match="another process is training"):
        started(town, tmp_path)


def test_going_on_waits_for_what_was_killed(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.2)
    started(town, tmp_path)
    said: list[str] = []
    run = Run(plan("pix2pix", town, steps=6), tmp_path, said.append)
    held = FileLock(tmp_path / "pix2pix" / "lock", thread_local=False)
    with held, pytest.raises(CheckpointError, match="another process is training"):
        run.train(resume=True)
    assert any("is in use: waiting" in line for line in said)
    monkeypatch.setattr(lock, "PATIENCE", 20.0)
    held.acquire()
    threading.Timer(1.0, held.release).start()
    assert Run(plan("pix2pix", town, steps=6), tmp_path, ignore).train(resume=True).step == 6


def test_no_fewer_steps_than_were_played(town: Path, tmp_path: Path) -> None:
    before = (started(town, tmp_path, steps=6).folder / "config.toml").read_text()
    with pytest.raises(CheckpointError, match="is at step 6 already, past the 4 that are asked for"):
        Run(plan("pix2pix", town, steps=4), tmp_path, ignore).train(resume=True)
    assert (tmp_path / "pix2pix" / "config.toml").read_text() == before


@pytest.mark.parametrize("method", TINY)
def test_going_on_is_exact_as_it_is_used(method: str, town: Path, tmp_path: Path) -> None:
    """In bfloat16, channels last, with a process that reads."""
    made = plan(method, town, steps=6, checkpoint_every=3, precision="bf16", channels_last="on", workers=1)
    Run(made, tmp_path, ignore).train(resume=False)
    last = checkpoint.found(tmp_path / method / "checkpoints")[-1]
    whole = checkpoint.load(last)
    checkpoint.remove(last)
    Run(made, tmp_path, ignore).train(resume=True)
    assert_same(whole, checkpoint.load(last))


def test_going_back_past_a_damaged_checkpoint(town: Path, tmp_path: Path) -> None:
    """The damaged one is named, and does not count among the newest again."""
    run = started(town, tmp_path, checkpoint_every=3)
    newest = checkpoint.found(run.checkpoints)[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    said: list[str] = []
    again = Run(plan("pix2pix", town, checkpoint_every=2, keep=1), tmp_path, said.append)
    assert again.train(resume=True).step == 6
    assert "step_000000006.pt: it is damaged" in said[0]
    assert said[1] == "going back to step_000000003.pt"
    assert checkpoint.load(newest)["step"] == 6


def test_other_files_are_refused(town: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(town, data)
    started(data, tmp_path)
    made = configuration("pix2pix", data)
    for view in ("edges", "day"):
        shutil.copy(data / view / "00000.png", data / view / "99999.png")
    with pytest.raises(CheckpointError, match="are not those it was trained on"):
        Run(config.plan(made), tmp_path, ignore).train(resume=True)


def test_a_short_run_has_a_line_too(town: Path, tmp_path: Path) -> None:
    run = started(town, tmp_path, log_every=50)
    assert [json.loads(line)["step"] for line in (run.folder / "log.jsonl").read_text().splitlines()] == [6]


def test_training_that_blows_up_is_stopped(town: Path, tmp_path: Path) -> None:
    run = Run(plan("pix2pix", town, steps=4, checkpoint_every=2, lr=1e38), tmp_path, ignore)
    with pytest.raises(DivergedError, match="try a lower"):
        run.train(resume=False)
    for path in checkpoint.found(run.checkpoints):
        assert all(torch.isfinite(weight).all() for weight in checkpoint.load(path)["method"].values())


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "workers"), [("SIGTERM", 2), ("SIGINT", 0)])
def test_a_signal_saves_first(name: str, workers: int, town: Path, tmp_path: Path) -> None:
    """Sent to the whole group of processes, workers too, as a terminal and a scheduler do."""
    settings = configuration("pix2pix", town, steps=100_000, workers=workers)
    (tmp_path / "c.toml").write_text(tomli_w.dumps(settings))
    command = [sys.executable, "-m", "translate", "train", "c.toml"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    log = tmp_path / "runs/pix2pix/log.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and log.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    number = signal.Signals[name]
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in err
    (saved,) = checkpoint.found(tmp_path / "runs/pix2pix/checkpoints")
    step = checkpoint.load(saved)["step"]
    assert f"{name}: saved at step {step:,}; go on with --resume" in out
    assert json.loads(log.read_text().splitlines()[-1])["step"] == step
