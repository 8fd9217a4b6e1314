"""Checkpoints that are either whole or not there.

A checkpoint is one `.pt` file of tensors and plain values, loaded with `weights_only=True`. It is written aside, synced
to the disk and renamed; beside it stands its SHA-256 in `sha256sum`'s form, because torch loads a file with a flipped
bit without a word.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from translate.errors import CheckpointError
from translate.files import write_whole

FORMAT = 1


class DamagedError(CheckpointError):
    """A checkpoint that holds other bytes than were written."""


def save(folder: Path, state: dict[str, Any], config: dict[str, Any], keep: int, best: int | None = None) -> Path:
    """Write `state` (with its `step`) and the configuration it belongs to.

    The newest `keep` checkpoints are kept, and that of step `best`; older ones are deleted.

    Raises:
        CheckpointError: it could not be written; older ones are untouched.
    """
    path = path_of(folder, state["step"])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        torch.save({"format": FORMAT, "config": json.dumps(config), **state}, buffer)
        content = buffer.getbuffer()
        # The digest first: where there is a `.pt` there is its digest.
        write_whole(_digest(path), f"{hashlib.sha256(content).hexdigest()}  {path.name}\n".encode())
        write_whole(path, content)
    except OSError as error:
        if not path.exists():
            _digest(path).unlink(missing_ok=True)
        raise CheckpointError(
            f"{path}: {error.strerror}: this checkpoint was not written, {_last_good(folder)}; "
            "make room and go on with --resume"
        ) from None
    for old in found(folder)[:-keep]:
        if best is None or old.name != name(best):
            remove(old)
    return path


def remove(path: Path) -> None:
    """Delete a checkpoint; one that another program holds open stays."""
    with suppress(OSError):
        path.unlink()
        _digest(path).unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any]:
    """A checkpoint's content, on the CPU; `config` is parsed.

    Raises:
        DamagedError: it is damaged.
        CheckpointError: it cannot be read, or was written by a newer version.
    """
    try:
        content = path.read_bytes()
        expected = _digest(path).read_text().split()[0] if _digest(path).exists() else None
    except (IndexError, UnicodeDecodeError):
        raise DamagedError(f"{path}: its digest is damaged") from None
    except OSError as error:
        raise CheckpointError(f"{path}: {error.strerror}") from None
    if expected and hashlib.sha256(content).hexdigest() != expected:
        raise DamagedError(f"{path}: it is damaged: its SHA-256 is not the one it was written with")
    try:
        state = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        if state["format"] > FORMAT:
            raise CheckpointError(f"{path}: written by a newer version (format {state['format']}): upgrade")
        return {**state, "config": json.loads(state["config"])}
    except (CheckpointError, MemoryError):
        raise
    except Exception:  # torch raises whatever the bytes suggest: KeyError, RuntimeError, UnpicklingError, EOFError …
        raise DamagedError(f"{path}: it is not a checkpoint of this package, or it is damaged") from None


def name(step: int) -> str:
    """The name of a checkpoint's file; names sort as steps do."""
    return f"step_{step:09d}.pt"


def path_of(folder: Path, step: int) -> Path:
    """Where the checkpoint of a step is, or would be."""
    return folder / name(step)


def found(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    return sorted(folder.glob("step_*.pt"))


def newest(folder: Path, say: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest checkpoint that is whole, or None where there is none at all. `say` is told of those passed over.

    Raises:
        CheckpointError: there are some and every one is damaged, or one that may be whole cannot be read.
    """
    problem = False
    for path in reversed(found(folder)):
        try:
            state = load(path)
        except DamagedError as error:  # else: to go back to an older one would end in writing over this one
            problem = True
            say(str(error))
            continue
        if problem:
            say(f"going back to {path.name}")
        return state
    if problem:
        raise CheckpointError(f"{folder}: no checkpoint there is whole: start another run with name=OTHER")
    return None


def _last_good(folder: Path) -> str:
    paths = found(folder)
    return f"{paths[-1].name} before it is whole" if paths else "there is none before it"


def _digest(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
