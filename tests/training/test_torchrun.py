"""The command with several processes: one voice, one clear error, and a worker that is killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import tomli_w
import torch

from tests.contract.test_methods import assert_same
from tests.tiny import configuration, ignore
from translate import config
from translate.training import checkpoint
from translate.training.run import Run

pytestmark = [
    pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL"),
    pytest.mark.skipif(not torch.distributed.is_available(), reason="needs torch.distributed"),
]

ROOT = Path(__file__).resolve().parents[2]
HANGS = 240.0
"""Seconds after which a job that should have ended does not."""
# As docs/many.md says it: without the second a restart may hang.
SURROUNDINGS = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
    "PYTHONPATH": str(ROOT),
}


def written(folder: Path, town: Path, **train: Any) -> Path:
    path = folder / "tiny.toml"
    path.write_text(tomli_w.dumps(configuration("pix2pix", town, batch=2, **train)))
    return path


def command(path: Path, runs: Path, *more: str, restarts: int = 0) -> list[str]:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return [
        *(*torchrun, "--max-restarts", str(restarts), "--monitor-interval", "0.2", "-m", "translate"),
        *("train", str(path), "--runs", str(runs), *more),
    ]


@contextmanager
def job(words: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """torchrun at work, in a session of its own; nothing of it is left afterwards."""
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        process = subprocess.Popen(
            words, cwd=folder, env=SURROUNDINGS, stdout=out, stderr=err, text=True, start_new_session=True
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                for worker in workers(process.pid):
                    os.kill(worker, signal.SIGKILL)
                process.kill()
                process.wait()


def finished(words: list[str], folder: Path) -> tuple[int, str, str]:
    with job(words, folder) as process:
        status = process.wait(HANGS)
    return status, (folder / "out").read_text(), (folder / "err").read_text()


def workers(agent: int) -> list[int]:
    """The processes that torchrun has started, in the order of their ranks."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (map(int, line.split()) for line in listed.splitlines())
    return sorted(pid for pid, parent in pairs if parent == agent)


def outcome(runs: Path) -> tuple[dict[str, Any], list[dict[str, float]]]:
    folder = runs / "pix2pix"
    state = checkpoint.newest(folder / "checkpoints", ignore)
    assert state is not None
    return state, [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def undisturbed(town: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a configuration and a run of it by two processes, and what that said."""
    folder = tmp_path_factory.mktemp("undisturbed")
    path = written(folder, town, steps=30, log_every=5, checkpoint_every=6)
    status, out, err = finished(command(path, folder / "runs"), folder)
    assert status == 0, err
    return folder, out


def test_one_voice(undisturbed: tuple[Path, str]) -> None:
    folder, out = undisturbed
    lines = out.splitlines()
    assert [line for line in lines if line.startswith(("pix2pix:", "done:"))] == [lines[0], lines[-1]]
    assert len(lines) == 2 + 30 / 5
    state, log = outcome(folder / "runs")
    assert state["step"] == 30
    assert [line["step"] for line in log] == list(range(5, 31, 5))


def test_two_processes_play_what_one_does(undisturbed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = undisturbed
    made = config.plan(config.read(folder / "tiny.toml", ["train.steps=5", "train.decay=0.0", "train.epochs=1"]))
    Run(made, tmp_path, ignore).train(resume=False)
    _, (line,) = outcome(tmp_path)
    _, (theirs, *_) = outcome(folder / "runs")
    assert line == {name: pytest.approx(theirs[name], abs=1e-4) for name in line}


def test_another_number_of_processes_goes_on(undisturbed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = undisturbed
    shutil.copytree(folder / "runs", tmp_path / "runs")
    made = config.plan(config.read(folder / "tiny.toml", ["train.steps=32"]))
    Run(made, tmp_path / "runs", ignore).train(resume=True)
    state, log = outcome(tmp_path / "runs")
    assert state["step"] == 32
    assert log[:-1] == outcome(folder / "runs")[1]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], "already holds a run, at step 30"),
        (["train.bach=2"], "did you mean 'batch'"),
    ],
)
def test_an_error_is_said_once(more: list[str], said: str, undisturbed: tuple[Path, str], tmp_path: Path) -> None:
    folder, _ = undisturbed
    status, out, err = finished(command(folder / "tiny.toml", folder / "runs", *more), tmp_path)
    assert status == 1
    assert out == ""
    assert [said in line for line in err.splitlines() if line.startswith("translate: ")] == [True]
    # Libraries lie below a folder called translate too, where the checkout is called so.
    ours = [line for line in err.splitlines() if "/translate/" in line and "/site-packages/" not in line]
    assert not ours, "a traceback through our files"


@pytest.mark.parametrize("victim", [pytest.param(0, marks=pytest.mark.slow), 1])
def test_a_killed_worker(victim: int, undisturbed: tuple[Path, str], tmp_path: Path) -> None:
    """The others end, torchrun starts all anew, and they go on from the last checkpoint as if nothing had happened."""
    folder, _ = undisturbed
    runs = tmp_path / "runs"
    with job(command(folder / "tiny.toml", runs, "--resume", restarts=2), tmp_path) as process:
        second = runs / "pix2pix" / "checkpoints" / checkpoint.name(12)
        deadline = time.monotonic() + HANGS
        while not second.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(workers(process.pid)[victim], signal.SIGKILL)
        status = process.wait(HANGS)
    said = (tmp_path / "out").read_text()
    assert status == 0, (tmp_path / "err").read_text()
    assert "30 steps, from step" in said
    assert_same(outcome(folder / "runs"), outcome(runs))


@pytest.mark.slow
def test_a_signal_saves_first(town: Path, tmp_path: Path) -> None:
    """A scheduler sends it to all; torchrun, which gets it too, sends it to its processes once more."""
    path = written(tmp_path, town, steps=100_000)
    with job(command(path, tmp_path), tmp_path) as process:
        log = tmp_path / "pix2pix" / "log.jsonl"
        deadline = time.monotonic() + HANGS
        while not (log.exists() and log.stat().st_size) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        for pid in (*workers(process.pid), process.pid):
            os.kill(pid, signal.SIGTERM)
        process.wait(HANGS)
    state, lines = outcome(tmp_path)
    assert f"SIGTERM: saved at step {state['step']:,}; go on with --resume" in (tmp_path / "out").read_text()
    assert lines[-1]["step"] == state["step"]
    assert "translate: " not in (tmp_path / "err").read_text()
