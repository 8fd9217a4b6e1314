"""Where a run came from: a line in `origin.jsonl` for every start, so that its folder explains itself years later.

`config.toml` beside it says what was trained. This says when, by which command, from which state of the code, with
which versions, on which machine. Of the environment only the variables named here are written: others may hold secrets.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

import translate
from translate.files import write_whole

LIBRARIES = ("torchvision", "numpy", "pillow", "albumentations", "kornia")
VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG",
    "MKL_NUM_THREADS",
    "OMP_NUM_THREADS",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "TORCH_NCCL_ASYNC_ERROR_HANDLING",
)
"""Environment variables that change what is computed or how fast."""
PATIENCE = 5.0
"""Seconds that git may take."""


def record(folder: Path, seed: int, step: int, device: torch.device, processes: int) -> None:
    """Add a line about this start to `folder/origin.jsonl`. What cannot be found out is null; it never raises OSError.

    Args:
        folder: the run's.
        seed: the run's.
        step: where it starts, 0 or the checkpoint's.
        device: where it trains.
        processes: how many train together.
    """
    path = folder / "origin.jsonl"
    line = json.dumps(origin(seed, step, device, processes)) + "\n"
    with suppress(OSError):
        before = path.read_bytes() if path.exists() else b""
        write_whole(path, before + line.encode())


def origin(seed: int, step: int, device: torch.device, processes: int) -> dict[str, Any]:
    """All that is known about this process."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "step": step,
        "seed": seed,
        "command": list(sys.argv),
        "folder": _folder(),
        "git": _git(),
        "versions": {
            "python": platform.python_version(),
            "translate": translate.__version__,
            "torch": torch.__version__,
            **{library: _version(library) for library in LIBRARIES},
            "cuda": torch.version.cuda,
        },
        "machine": _machine(device),
        "processes": processes,
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def _folder() -> str | None:
    with suppress(OSError):
        return str(Path.cwd())
    return None


def _version(library: str) -> str | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(library)
    return None


def _machine(device: torch.device) -> dict[str, Any]:
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "system": platform.platform(),
        "name": platform.node(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": str(device),
        "gpu": gpu,
    }


def _cpu() -> str:
    """The processor's name, which Python does not know everywhere."""
    with suppress(OSError, IndexError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()


def _git() -> dict[str, Any] | None:
    """The state of the repository that the command was given in; None where there is none, or no git."""
    commit = _asked("rev-parse", "HEAD")
    if not commit:
        return None
    changes = _asked("status", "--porcelain", "--untracked-files=no")
    return {
        "commit": commit,
        "branch": _asked("rev-parse", "--abbrev-ref", "HEAD"),
        "changed": None if changes is None else [line[3:] for line in changes.splitlines()],
    }


def _asked(*question: str) -> str | None:
    """What git answers, None where it does not. It is told to write nothing and to run no program of the repository."""
    command = ["git", "-c", "core.fsmonitor=false", *question]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    with suppress(OSError, subprocess.SubprocessError, UnicodeDecodeError):
        answer = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
            env=environment,
            stdin=subprocess.DEVNULL,
        )
        return answer.stdout.rstrip("\n")
    return None
