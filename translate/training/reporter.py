"""What a run tells while it goes on: the user, its log and the viewers, in numbers, pictures and words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from translate.config import Plan
from translate.data.loading import Pictures
from translate.methods import METHODS
from translate.training.digest import digest
from translate.training.journal import Journal, means_of
from translate.training.pace import Pace
from translate.training.scoring import Scorer
from translate.training.sheet import Sheets
from translate.training.terms import GRADIENT, split
from translate.training.trackers import Tracker
from translate.training.trainer import Trainer
from translate.training.watch import Watch


class Reporter:
    """Everything that a run shows of itself, and what is odd about it.

    Args:
        plan: the run's.
        folder: of the run; None where another process writes, and this one only watches.
        pictures: where samples come from.
        say: takes a line of text for the user.
    """

    def __init__(self, plan: Plan, folder: Path | None, pictures: Pictures, say: Callable[[str], None]) -> None:
        settings, self.say = plan.settings, say
        self._sheets = Sheets(folder, pictures, say) if folder and settings.sample_every else None
        tracker = Tracker(settings.tracker, folder, plan.resolved, say) if folder and settings.tracker else None
        self._journal = Journal(folder, settings.log_every, bool(folder) and settings.tensorboard, tracker)
        method = METHODS[plan.resolved["method"]["name"]]
        self._watch, self._batch = Watch(plan.layout.aligned, method.of_codes), settings.batch

    def note(self, step: int, losses: dict[str, Tensor], last: bool) -> dict[str, float] | None:
        """Take what `player/term`s round `step` gave. Where a line is due, returns their means since the last one.

        Raises:
            DivergedError: one is not finite.
        """
        return self._journal.note(step, losses, last)

    def line(self, trainer: Trainer, means: dict[str, float], latest: Iterable[str], rate: float, pace: Pace) -> None:
        """Write a line: losses and accuracies, the learning rate, the gradients; and what is odd about them.

        Args:
            trainer: after the round.
            means: of losses and accuracies since the line before.
            latest: `player/term` of that round: of players that did not move, old gradients are left.
            rate: that round's.
            pace: taken at this step.
        """
        step, moved = trainer.step, {split(term)[0] for term in latest}
        norms = {GRADIENT + name: norm for name, norm in trainer.gradients().items() if name in moved}
        line = {**means, **self._journal.numbers(step, norms), "train/lr": rate}
        self._journal.write(step, line, pace.numbers(self._batch))
        self.say(f"{pace}  {digest(means)}")
        self._warn(step, self._watch.look(step, line))

    def sheet(self, trainer: Trainer) -> None:
        """Draw the sample sheet of this step, where the run has any, and look at it."""
        if self._sheets is None:
            return
        columns, picture = self._sheets.draw(trainer)
        self._journal.picture(trainer.step, picture)
        self._warn(trainer.step, self._watch.look_at(trainer.step, columns))

    def score(self, scorer: Scorer, trainer: Trainer) -> tuple[bool, bool]:
        """Score what the trainer has learnt on what was held out. Returns whether it is the best, and time to stop."""
        scores = scorer.score(trainer)
        self._journal.write(trainer.step, {f"held_out/{name}": score for name, score in scores.items()}, {})
        self.say(scorer.told(scores))
        return scorer.best is not None and scorer.best["step"] == trainer.step, scorer.done

    def inspect(self) -> dict[str, float]:
        """The means of what has come since the last line, which stays to be reported.

        Raises:
            DivergedError: a loss is not finite.
        """
        return means_of(self._journal.inspect())

    def sync(self) -> None:
        """Bring the log to the disk, so that no checkpoint is there without the lines before it."""
        self._journal.sync()

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps: what the next line will be made of, and what was warned of."""
        return {"journal": self._journal.state(), "watch": self._watch.state()}

    def load(self, saved: dict[str, Any], device: torch.device) -> None:
        """Go on from a checkpoint: lines that were written later than it are taken back."""
        step = saved["step"]
        self._journal.load(step, saved["journal"], device)
        self._watch.load(saved.get("watch", {"line": step}))  # checkpoints of earlier versions have none

    def close(self) -> None:
        """Let go of TensorBoard's file, and send what is left to the tracker."""
        self._journal.close()

    def _warn(self, step: int, warnings: list[str]) -> None:
        for warning in warnings:
            self._journal.warn(step, warning)
            self.say(f"warning: {warning}")
