"""A run's folder says where it came from, for every start, and nothing secret."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import translate
from tests.tiny import ignore, plan
from translate.training.origin import origin, record
from translate.training.run import Run

CPU = torch.device("cpu")


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "origin.jsonl").read_text().splitlines()]


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_every_start_is_told(town: Path, tmp_path: Path) -> None:
    for steps in (4, 6):
        Run(plan("pix2pix", town, steps=steps), tmp_path, ignore).train(resume=steps == 6)
    first, second = lines(tmp_path / "pix2pix")
    assert (first["step"], second["step"]) == (0, 4)
    assert first["command"] == sys.argv
    assert first["seed"] == 5
    assert first["folder"] == str(Path.cwd())
    assert first["versions"]["torch"] == torch.__version__
    assert first["versions"]["translate"] == translate.__version__
    assert first["machine"]["threads"] == torch.get_num_threads()
    assert first["machine"]["device"] == "cpu"
    assert first["machine"]["cpu"]
    assert first["processes"] == 1


def test_the_environment_stays_outside_but_for_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("WANDB_API_KEY", "a secret")
    found = origin(0, 0, CPU, 2)
    assert found["environment"]["OMP_NUM_THREADS"] == "3"
    assert "a secret" not in json.dumps(found)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_the_state_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    assert origin(0, 0, CPU, 1)["git"] is None
    git(tmp_path, "init")
    (tmp_path / "a.txt").write_text("one")
    git(tmp_path, "add", "a.txt")
    git(tmp_path, "commit", "-m", "one")
    state = {"commit": git(tmp_path, "rev-parse", "HEAD"), "branch": "main"}
    assert origin(0, 0, CPU, 1)["git"] == {**state, "changed": []}
    (tmp_path / "a.txt").write_text("two")
    (tmp_path / "untracked.txt").write_text("two")
    before = (tmp_path / ".git/index").read_bytes()
    assert origin(0, 0, CPU, 1)["git"] == {**state, "changed": ["a.txt"]}
    assert (tmp_path / ".git/index").read_bytes() == before, "looked at, not touched"


def test_no_git_and_no_room_are_no_reason_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    record(tmp_path, 0, 0, CPU, 1)
    assert lines(tmp_path)[0]["git"] is None
    record(tmp_path / "nowhere", 0, 0, CPU, 1)
    (tmp_path / "origin.jsonl").unlink()
    (tmp_path / "origin.jsonl").mkdir()
    record(tmp_path, 0, 0, CPU, 1)
