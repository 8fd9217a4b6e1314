"""A process that holds one candidate and plays steps when told to, so that candidates share nothing but the machine."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

# How long a worker that was told to stop may take.
PATIENCE = 30.0


class Worker:
    """A candidate in a process of its own; a context manager that ends it.

    Args:
        method: which paper's.
        kind: `literal` or `ours`.
        tiny: the smallest networks instead of the papers'.
        side: of the pictures, in pixels.
    """

    def __init__(self, method: str, kind: str, tiny: bool, side: int) -> None:
        self.name = f"{method} {kind}"
        # A fresh interpreter: threads and allocators do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, method, kind, tiny, side), daemon=True)
        self._process.start()
        theirs.close()

    @cached_property
    def facts(self) -> dict[str, str]:
        """`device` and `precision`; the first look waits until all is built."""
        return dict(self._answer())

    def play(self, steps: int) -> float:
        """Play so many steps, once there are `facts`. Returns the seconds that all took, by the worker's own clock."""
        self._pipe.send(steps)
        return float(self._answer())

    def memory(self) -> dict[str, int]:
        """Bytes: `before`, resident before the first step, `peak` since; on a GPU also `device`, the most allocated."""
        self._pipe.send("memory")
        return dict(self._answer())

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(PATIENCE)
        self._process.kill()

    def _answer(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            self._process.join(PATIENCE)
            raise RuntimeError(f"{self.name}: its process ended with {self._process.exitcode}") from None


def resident() -> dict[str, int]:
    """Bytes of this process in memory, `now` and `peak`.

    Linux's `VmHWM` is the peak of this program alone, where `getrusage` starts with that of whoever started it. Where
    there is no such file, `now` is the peak as well.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return {"now": _kibibytes(fields["VmRSS"]), "peak": _kibibytes(fields["VmHWM"])}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"now": peak, "peak": peak}


def _kibibytes(field: str) -> int:
    return int(field.split()[0]) * 1024


def _serve(pipe: Connection, method: str, kind: str, tiny: bool, side: int) -> None:
    """Say what was built, then answer until the other end is closed."""
    import torch

    from benchmarks.candidates import CHANNELS, PAPERS, TINY, Candidate

    torch.manual_seed(0)
    candidate = Candidate(method, kind, TINY if tiny else PAPERS)
    on_gpu = candidate.device.type == "cuda"
    pictures = [(torch.rand(2, 1, CHANNELS, side, side) * 2 - 1).to(candidate.device).unbind() for _ in range(4)]
    before, played = resident()["now"], 0
    pipe.send({"device": str(candidate.device), "precision": str(candidate.dtype).removeprefix("torch.")})

    def play(steps: int) -> float:
        nonlocal played
        start = time.perf_counter()
        for _ in range(steps):
            candidate.step(*pictures[played % len(pictures)])
            played += 1
        if on_gpu:
            torch.cuda.synchronize(candidate.device)
        return time.perf_counter() - start

    def memory() -> dict[str, int]:
        device = {"device": torch.cuda.max_memory_allocated(candidate.device)} if on_gpu else {}
        return {"before": before, "peak": resident()["peak"], **device}

    while True:
        try:
            request = pipe.recv()
        except EOFError:
            return
        pipe.send(memory() if request == "memory" else play(request))
