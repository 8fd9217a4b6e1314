"""What happened: a line of means every so often, in `log.jsonl`, TensorBoard and a tracker, and a watch for NaN.

Losses are kept as tensors where they were made until a line is due, so that a GPU is not asked after every step.
Looking at them is where a value that is not finite is found. It names the very step and term, and it comes before
every checkpoint, so that no checkpoint holds what follows from one.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate.errors import DivergedError
from translate.files import write_whole
from translate.training.events import Events
from translate.training.trackers import Tracker


class Journal:
    """The log of one run.

    Args:
        folder: the run's folder, which holds `log.jsonl`; None to write nothing and only watch.
        every: steps from one line to the next.
        tensorboard: write event files into `folder/tensorboard` as well.
        tracker: is told the same.
    """

    def __init__(self, folder: Path | None, every: int, tensorboard: bool, tracker: Tracker | None = None) -> None:
        self.every, self._path = every, folder / "log.jsonl" if folder else None
        self._pending: list[tuple[int, dict[str, Tensor]]] = []
        self._events = Events(folder / "tensorboard") if folder and tensorboard else None
        self._viewers = [viewer for viewer in (self._events, tracker) if viewer]

    def note(self, step: int, losses: dict[str, Tensor], last: bool = False) -> dict[str, float] | None:
        """Take the losses by term of round `step`, counted from 1. Where a line is due, returns their means.

        A line is due every so many steps, and at the `last` one.

        Raises:
            DivergedError: a loss since the last line is not finite.
        """
        self._pending.append((step, losses))
        if step % self.every and not last:
            return None
        rounds = self.inspect()
        self._pending = []
        return means_of(rounds)

    def inspect(self) -> list[dict[str, float]]:
        """The losses since the last line, as numbers.

        Raises:
            DivergedError: one is not finite; names the first such step and its terms.
        """
        if not self._pending:
            return []
        # One transfer for all of them.
        numbers = iter(torch.stack([loss for _, losses in self._pending for loss in losses.values()]).tolist())
        rounds = [{term: next(numbers) for term in losses} for _, losses in self._pending]
        for (step, _), losses in zip(self._pending, rounds, strict=True):
            _finite(step, losses)
        return rounds

    def numbers(self, step: int, values: dict[str, Tensor]) -> dict[str, float]:
        """Scalars on the device as numbers.

        Raises:
            DivergedError: one is not finite.
        """
        numbers = torch.stack([value.float() for value in values.values()]).tolist() if values else []
        return _finite(step, dict(zip(values, numbers, strict=True)))

    def write(self, step: int, means: dict[str, float], timing: dict[str, float]) -> None:
        """Write a line. What depends on the clock goes to the viewers alone: the log of a run can be reproduced."""
        self._append({"step": step, **means})
        for viewer in self._viewers:
            viewer.scalars(step, {**means, **timing})

    def warn(self, step: int, warning: str) -> None:
        """Write a line of its own for a warning, `{"step": …, "warning": …}`."""
        self._append({"step": step, "warning": warning})
        if self._events:
            self._events.text(step, "warnings", warning)

    def picture(self, step: int, sheet: Any) -> None:
        """Show a sample sheet, uint8 `[H, W, 3]`, to the viewers."""
        for viewer in self._viewers:
            viewer.picture(step, "samples", sheet)

    def state(self) -> list[tuple[int, dict[str, Tensor]]]:
        """What the next line will be made of, for a checkpoint."""
        return self._pending

    def load(self, step: int, state: list[tuple[int, dict[str, Tensor]]], device: torch.device) -> None:
        """Go on after `step`: lines that the interrupted run wrote later than that are taken back."""
        self._pending = [(at, {term: loss.to(device) for term, loss in losses.items()}) for at, losses in state]
        if not self._path or not self._path.exists():
            return
        lines = self._path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if _step(line) <= step]
        write_whole(self._path, "".join(line + "\n" for line in kept).encode())

    def sync(self) -> None:
        """Bring the log to the disk, so that no checkpoint is there without the lines before it."""
        if self._path and self._path.exists():
            with self._path.open("rb+") as file:
                os.fsync(file.fileno())

    def close(self) -> None:
        """Let go of TensorBoard's file, and send what is left to the tracker."""
        for viewer in self._viewers:
            viewer.close()

    def _append(self, line: dict[str, Any]) -> None:
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


def means_of(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The mean of each term over the rounds that have it."""
    terms = {term: None for losses in rounds for term in losses}
    return {term: _mean([losses[term] for losses in rounds if term in losses]) for term in terms}


def _finite(step: int, values: dict[str, float]) -> dict[str, float]:
    bad = [f"{term} is {value}" for term, value in values.items() if not math.isfinite(value)]
    if bad:
        raise DivergedError(f"step {step}: {', '.join(bad)}")
    return values


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def _step(line: str) -> float:
    """The step of a log line; infinite for one that a crash cut short."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return math.inf
