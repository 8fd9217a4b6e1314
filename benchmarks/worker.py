"""A process that holds one candidate and plays steps when told to, so that candidates share nothing but the machine."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.candidates import Sizes

# How long a worker that was told to stop may take.
PATIENCE = 30.0


class Worker:
    """A candidate in a process of its own; a context manager that ends it.

    Args:
        method: which paper's.
        kind: `literal` or `ours`.
        tiny: the smallest networks instead of the papers'.
        side: of the pictures, in pixels.
        batch: pictures of each domain a step.
        sizes: arguments of networks and methods that are not those of `tiny`, as in `candidates`.
        settings: of ours that are not default.
    """

    def __init__(
        self,
        method: str,
        kind: str,
        tiny: bool,
        side: int,
        batch: int = 1,
        sizes: Sizes | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = f"{method} {kind}"
        # A fresh interpreter: threads and allocators do not survive a fork.
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        built = (method, kind, tiny, side, batch, sizes or {}, {"batch": batch, **(settings or {})})
        self._process = context.Process(target=_serve, args=(theirs, *built), daemon=True)
        self._process.start()
        theirs.close()

    @cached_property
    def facts(self) -> dict[str, str]:
        """`device` and `precision`; the first look waits until all is built."""
        return dict(self._answer())

    def play(self, steps: int, within: float | None = None) -> float:
        """Play so many steps, once there are `facts`. Returns the seconds that all took, by the worker's own clock.

        Raises:
            TimeoutError: there was no answer `within` so many seconds; the worker is of no more use.
        """
        self._send(steps)
        return float(self._answer(within))

    def memory(self) -> dict[str, int]:
        """Bytes: `before`, resident before the first step, `peak` since; on a GPU also `device`, the most allocated."""
        self._send("memory")
        return dict(self._answer())

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(PATIENCE)
        self._process.kill()

    def _send(self, request: int | str) -> None:
        # Of a process that has ended the answer says so.
        with suppress(BrokenPipeError):
            self._pipe.send(request)

    def _answer(self, within: float | None = None) -> Any:
        try:
            if within is not None and not self._pipe.poll(within):
                self._process.kill()
                raise TimeoutError(f"{self.name}: no answer within {within:.0f} s")
            return self._pipe.recv()
        except (EOFError, ConnectionResetError):
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


def _die_first() -> None:
    """Where memory runs out, Linux is to end this process and not the one that waits for it."""
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _serve(
    pipe: Connection,
    method: str,
    kind: str,
    tiny: bool,
    side: int,
    batch: int,
    sizes: Sizes,
    settings: Mapping[str, Any],
) -> None:
    """Say what was built, then answer until the other end is closed."""
    _die_first()
    import torch

    from benchmarks.candidates import CHANNELS, PAPERS, TINY, Candidate

    torch.manual_seed(0)
    usual = TINY if tiny else PAPERS
    candidate = Candidate(method, kind, {name: {**usual[name], **sizes.get(name, {})} for name in usual}, settings)
    on_gpu = candidate.device.type == "cuda"
    pictures = [(torch.rand(2, batch, CHANNELS, side, side) * 2 - 1).to(candidate.device).unbind() for _ in range(4)]
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
