"""SIGKILL at any moment loses nothing: the run that goes on ends as the one that was never interrupted, bit for bit."""

import json
import multiprocessing
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.contract.test_methods import assert_same
from tests.tiny import TINY, ignore, plan
from translate.config import Plan
from translate.training import checkpoint

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")

STEPS = 12
KILLS = 20

# Children come out of a process that has imported everything already, so that they are killed at work, not on the way.
PRELOAD = ["translate.training.run", "albumentations", "tensorboard.summary.writer.record_writer"]
PRELOAD += ["torch._dynamo", "pytest"]
context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(PRELOAD)


def work(made: Plan, runs: Path, fatal: int) -> None:
    """Train or go on; die at the `fatal`-th call that touches the disk for good (0: never)."""
    import torch

    from translate import files
    from translate.training.run import Run

    torch.set_num_threads(1)
    calls = 0

    def deadly(call):
        def called(*arguments):
            nonlocal calls
            calls += 1
            if calls == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)

        return called

    class Disk:
        """`os` as `translate.files` sees it."""

        fsync, replace = staticmethod(deadly(os.fsync)), staticmethod(deadly(os.replace))

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

    files.os = Disk()  # type: ignore[assignment]
    Run(made, runs, ignore).train(resume=True)


def start(made: Plan, runs: Path, fatal: int = 0) -> Any:
    process = context.Process(target=work, args=(made, runs, fatal))
    process.start()
    return process


def finish(made: Plan, runs: Path) -> tuple[dict[str, Any], list[dict[str, float]]]:
    process = start(made, runs)
    process.join()
    assert process.exitcode == 0
    folder = runs / made.name
    state = checkpoint.newest(folder / "checkpoints", ignore)
    assert state is not None
    assert state["step"] == STEPS
    return state, [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def made_for(method: str, town: Path) -> Plan:
    return plan(method, town, steps=STEPS, log_every=5, checkpoint_every=2, sample_every=4)


# Half a minute each: one here, all before a release.
SELDOM = {name: () if name == "pix2pix" else pytest.mark.slow for name in TINY}


@pytest.mark.parametrize("method", [pytest.param(name, marks=marks) for name, marks in SELDOM.items()])
def test_killed_at_random_moments(method: str, town: Path, tmp_path: Path) -> None:
    made = made_for(method, town)
    whole = finish(made, tmp_path / "whole")  # the first one waits for the imports
    began = time.monotonic()
    assert_same(whole, finish(made, tmp_path / "again"))
    duration = time.monotonic() - began
    chance = random.Random(7)
    killed = 0
    for attempt in range(10 * KILLS):
        process = start(made, tmp_path / "killed")
        process.join(chance.uniform(0, duration))
        if process.is_alive():
            process.kill()
            process.join()
            killed += 1
        if killed == KILLS:
            break
        if process.exitcode == 0:  # it got to its end: once more from the start, in another folder
            assert_same(whole, finish(made, tmp_path / "killed"))
            (tmp_path / "killed").rename(tmp_path / f"done{attempt}")
    assert killed == KILLS
    assert_same(whole, finish(made, tmp_path / "killed"))


def test_killed_while_a_process_reads(town: Path, tmp_path: Path) -> None:
    """It holds the folder for some seconds more: whoever goes on at once waits for it."""
    made = plan("cyclegan", town, steps=STEPS, checkpoint_every=2, precision="bf16", workers=1)
    whole = finish(made, tmp_path / "whole")
    process = start(made, tmp_path / "killed")
    newest = tmp_path / "killed" / "cyclegan" / "checkpoints" / checkpoint.name(4)
    while not newest.exists():
        assert process.is_alive()
        time.sleep(0.001)
    process.kill()
    process.join()
    assert_same(whole, finish(made, tmp_path / "killed"))


def test_killed_in_the_middle_of_writing(town: Path, tmp_path: Path) -> None:
    """At each of the first calls that sync or rename, which write the configuration, a checkpoint, the log."""
    made = made_for("cyclegan", town)
    whole = finish(made, tmp_path / "whole")
    for fatal in range(1, 13):
        process = start(made, tmp_path / "killed", fatal)
        process.join()
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
    assert_same(whole, finish(made, tmp_path / "killed"))
    left = [path.name for path in (tmp_path / "killed").rglob("*") if path.name.endswith(".part")]
    assert not left, "what the crashes left behind is swept"
