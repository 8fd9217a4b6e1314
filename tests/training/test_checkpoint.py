"""Checkpoints are whole or not there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.tiny import ignore
from translate.errors import CheckpointError
from translate.files import PART, sweep, write_whole
from translate.training import checkpoint


def state(step: int, size: int = 1000) -> dict:
    return {"step": step, "method": {"weight": torch.full((size,), float(step))}}


def test_there_and_back(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path / "new", state(7), {"seed": 1, "train": {"betas": [0.5, 0.9]}}, keep=2)
    loaded = checkpoint.load(path)
    assert loaded["config"] == {"seed": 1, "train": {"betas": [0.5, 0.9]}}
    assert loaded["step"] == 7
    assert torch.equal(loaded["method"]["weight"], state(7)["method"]["weight"])


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum")
def test_its_digest_is_what_sha256sum_says(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, state(1), {}, keep=1)
    done = subprocess.run(["sha256sum", "-c", f"{path.name}.sha256"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == f"{path.name}: OK\n"


def test_the_newest_are_kept(tmp_path: Path) -> None:
    for step in (1, 2, 3, 10, 20):
        checkpoint.save(tmp_path, state(step), {}, keep=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "step_000000010.pt",
        "step_000000010.pt.sha256",
        "step_000000020.pt",
        "step_000000020.pt.sha256",
    ]


@pytest.mark.parametrize("damage", ["bit", "cut", "empty"])
def test_a_damaged_one_is_noticed_and_the_one_before_taken(tmp_path: Path, damage: str) -> None:
    checkpoint.save(tmp_path, state(1), {}, keep=2)
    path = checkpoint.save(tmp_path, state(2), {}, keep=2)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes({"bit": bytes(content), "cut": bytes(content[:500]), "empty": b""}[damage])
    with pytest.raises(CheckpointError, match="it is damaged"):
        checkpoint.load(path)
    newest = checkpoint.newest(tmp_path, ignore)
    assert newest is not None
    assert newest["step"] == 1


def test_if_all_are_damaged_it_says_so(tmp_path: Path) -> None:
    path = checkpoint.save(tmp_path, state(1), {}, keep=2)
    path.write_bytes(b"nothing")
    said: list[str] = []
    with pytest.raises(CheckpointError, match="no checkpoint there is whole: start another run"):
        checkpoint.newest(tmp_path, said.append)
    assert "damaged" in said[0]


def test_leftovers_of_a_crash_are_swept(tmp_path: Path) -> None:
    (tmp_path / f".0123{PART}").write_bytes(b"half of it")
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())


def test_synced_before_it_is_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), sync(handle))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (done.append("replace"), replace(a, b))[1])
    write_whole(tmp_path / "file", b"content")
    assert done == ["sync", "replace", "sync"][: 3 if os.name == "posix" else 2]
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize("content", [b"", b"a text", b"PK\x03\x04", None])
def test_what_is_no_checkpoint(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "step_000000001.pt"
    if content is None:
        torch.save({"weights": torch.zeros(3)}, path)  # of some other program
    else:
        path.write_bytes(content)
    with pytest.raises(CheckpointError, match="not a checkpoint of this package"):
        checkpoint.load(path)


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "boom"),))

    path = tmp_path / "step_000000001.pt"
    torch.save({"format": 1, "config": "{}", "step": Bomb()}, path)
    with pytest.raises(CheckpointError):
        checkpoint.load(path)
    assert not (tmp_path / "boom").exists()


def test_a_newer_format_is_named(tmp_path: Path) -> None:
    torch.save({"format": checkpoint.FORMAT + 1, "config": "{}"}, tmp_path / "step_000000001.pt")
    with pytest.raises(CheckpointError, match="newer version"):
        checkpoint.load(tmp_path / "step_000000001.pt")


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on file sizes")
def test_a_full_disk_leaves_the_last_good_one(tmp_path: Path) -> None:
    """The limit on a file's size is the kernel's: a write beyond it fails just as on a full disk."""
    script = """
import resource, signal, sys
from pathlib import Path
from translate.errors import CheckpointError
from translate.training import checkpoint
import torch
folder = Path(sys.argv[1])
state = lambda step, size: {"step": step, "method": {"weight": torch.zeros(size)}}
checkpoint.save(folder, state(1, 1000), {}, keep=1)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    checkpoint.save(folder, state(2, 100_000), {}, keep=1)
except CheckpointError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert "this checkpoint was not written, step_000000001.pt before it is whole" in done.stdout
    newest = checkpoint.newest(tmp_path, ignore)
    assert newest is not None
    assert newest["step"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step_000000001.pt", "step_000000001.pt.sha256"]
