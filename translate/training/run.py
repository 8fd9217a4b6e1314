"""One run, from a plan to a folder: `runs/NAME/` with its configuration, log, samples and checkpoints."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from translate import config, shares
from translate.config import Plan
from translate.data.loading import Order, Pictures, default_workers, loader
from translate.errors import CheckpointError, ConfigError, DataError, DivergedError, PictureError
from translate.files import sweep
from translate.methods import METHODS
from translate.training import allocator, checkpoint, origin, precision, together
from translate.training.guard import Guard
from translate.training.interrupt import Interrupt
from translate.training.lock import locked
from translate.training.pace import Pace
from translate.training.reporter import Reporter
from translate.training.resume import fitting, resume_from
from translate.training.scoring import Scorer
from translate.training.trackers import installed
from translate.training.trainer import Trainer, seed_step

SETBACKS = 3  # in a row, from one checkpoint: then it is not chance


@dataclass(frozen=True)
class Result:
    """How a run ended."""

    folder: Path
    step: int
    total: int
    interrupted: int
    """The number of the signal that stopped it, 0 for none."""


class Run:
    """A plan being carried out.

    Args:
        plan: what to do.
        runs: the folder of runs; this one's is `runs/NAME`.
        say: takes a line of text for the user.
    """

    def __init__(self, plan: Plan, runs: Path, say: Callable[[str], None]) -> None:
        self.plan, self.settings = plan, plan.settings
        self.leads = together.leads()
        self.say = say if self.leads else _nobody
        self.folder = runs / plan.name
        self.checkpoints = self.folder / "checkpoints"
        self.total = self.settings.total(len(plan.layout.train))
        self.seed = int(plan.resolved["seed"])
        self.pictures = Pictures(plan.layout, plan.transform)
        self.guard = Guard(self.settings.guard)
        scored = self.settings.best or self.settings.metrics
        kind = METHODS[plan.resolved["method"]["name"]]
        self.scorer = Scorer(self.settings, self.pictures, kind) if scored else None
        self.setbacks = 0
        self.stopped = False

    def train(self, resume: bool) -> Result:
        """Play all rounds, or those that are left.

        Raises:
            CheckpointError: there is a run of this name already and `resume` is not asked for, or it does not fit.
            DataError: a file cannot be used.
            DivergedError: a loss or a weight is not finite; the last checkpoint is from before.
        """
        try:
            together.join()
            together.each(self._look)
            together.same(self._facts())
            saved = together.agreed(lambda: self._prepared(resume))
            if self.settings.cache:
                together.each(lambda: self.pictures.keep(self.say, check=self.settings.check_data and not saved))
            seed_step(self.seed, 0)  # the initial weights are a function of the seed as well
            self.trainer = together.each(self._built)
            with locked(self.folder, patient=resume, say=self.say):
                return self._locked(saved)
        except DivergedError as error:
            told = f"{error}: training stopped; {self._fallback('try a lower train.lr')}"
            raise together.said_once(DivergedError(told)) from None
        except shares.LostError as error:
            raise together.lost(error) from error
        except (DataError, PictureError) as error:  # out of a worker process it comes with that process's traceback
            if not hasattr(self, "trainer"):
                raise  # nothing has begun
            told = str(error).strip().splitlines()[-1].rpartition("Error: ")[2]
            raise DataError(f"{told}: training stopped; {self._fallback('mend the file, then --resume')}") from None
        except torch.OutOfMemoryError:
            raise ConfigError(f"out of memory: {self._fallback('try a lower train.batch or transform.size')}") from None
        except OSError as error:  # the log or the configuration could not be written
            raise CheckpointError(
                f"{self.folder}: {error.strerror}: training stopped; {self._fallback('make room, then --resume')}"
            ) from None

    def _look(self) -> None:
        """What can be found wrong before anything is read or built."""
        if not self.plan.layout.train:
            raise DataError(
                f"{self.plan.layout.where}: all are held out, nothing is left to train on: give a smaller data.holdout"
            )
        if self.scorer and self.leads:
            self.scorer.rehearse()
        if self.settings.tracker:
            installed(self.settings.tracker)
        together.check(precision.device(self.settings.device), self.settings.batch, self.settings.accumulate)

    def _facts(self) -> dict[str, Any]:
        """What must be the same in all processes; where the data lies may differ."""
        plan = {key: value for key, value in self.plan.resolved.items() if key != "data"}
        return {"configuration": plan, "set of files": self.plan.layout.fingerprint(), "torch": torch.__version__}

    def _built(self) -> Trainer:
        method = config.build_method(self.plan.resolved)
        return Trainer(method, self.settings, self.total, self.seed, self.plan.entrance)

    def _prepared(self, resume: bool) -> dict[str, Any] | None:
        """The checkpoint to go on from; the data is looked at where there is none."""
        self.found = checkpoint.found(self.checkpoints)
        saved = resume_from(self.folder, self.plan, resume, self.say)
        if saved and saved["step"] > self.total:
            raise CheckpointError(
                f"{self.folder} is at step {saved['step']:,} already, past the {self.total:,} that are asked for: "
                "give train.steps or train.epochs that reach beyond"
            )
        if self.settings.check_data and not saved and not self.settings.cache:  # which reads all files itself
            self.plan.layout.check()
        return saved

    def _locked(self, saved: dict[str, Any] | None) -> Result:
        """Train, alone in the folder."""
        step = saved["step"] if saved else 0
        together.agreed(self._nobody_came_before)
        if saved:
            self._load(saved)
        together.agreed(partial(self._laid_out, step, shares.count()))
        self.reporter = Reporter(self.plan, self.folder if self.leads else None, self.pictures, self.say)
        try:
            if saved:
                self._go_on_from(saved)
            self._introduce(saved is not None)
            if together.agreed(lambda: self.scorer is not None and self.scorer.done):
                self._say_done()
                return Result(self.folder, self.trainer.step, self.total, 0)
            with Interrupt() as interrupt:
                if self.settings.guard and not saved:
                    self._save()  # there must be something to go back to
                while not self._came_through(interrupt):
                    pass
        finally:
            self.reporter.close()
        number = interrupt.number or (int(signal.SIGTERM) if self.stopped else 0)  # which only another process got
        return Result(self.folder, self.trainer.step, self.total, number)

    def _nobody_came_before(self) -> None:
        """Whether another run has gone on here since the checkpoint was read, while the data was."""
        if checkpoint.found(self.checkpoints) != self.found:
            raise CheckpointError(f"{self.folder}: another process has trained there meanwhile: start again")

    def _laid_out(self, step: int, processes: int) -> None:
        for folder in (self.folder, self.checkpoints, self.folder / "samples"):
            sweep(folder)
        config.write(self.folder / "config.toml", self.plan.resolved)
        origin.record(self.folder, self.seed, step, self.trainer.device, processes)

    def _load(self, saved: dict[str, Any]) -> None:
        with fitting(self.folder, saved["step"]):
            self.trainer.load(saved)

    def _go_on_from(self, saved: dict[str, Any]) -> None:
        """Take back what came later than a checkpoint that the trainer has loaded."""
        self.reporter.load(saved, self.trainer.device)
        self.guard.load(saved.get("guard", {}))  # checkpoints of earlier versions have none
        if self.scorer:
            self.scorer.load(saved, self.checkpoints)
        # What came later than the one that was whole is of no use, and must not count among the newest.
        for path in checkpoint.found(self.checkpoints) if self.leads else ():
            if path.name > checkpoint.name(saved["step"]):
                checkpoint.remove(path)

    def _came_through(self, interrupt: Interrupt) -> bool:
        """Play to the end, or until a loss explodes and the guard goes back to the last checkpoint.

        Raises:
            DivergedError: it exploded without a guard, or again and again.
        """
        try:
            self._rounds(interrupt)
        except DivergedError as error:
            self.setbacks += 1
            if not self.settings.guard or self.setbacks > SETBACKS:
                raise
            saved = together.agreed(lambda: checkpoint.newest(self.checkpoints, self.say))
            if saved is None:
                raise
            attempt = self.trainer.attempt + 1
            self._load(saved)
            self._go_on_from(saved)
            self.trainer.attempt = attempt
            self.say(f"{error}: back to step {saved['step']:,}, and on with other draws")
            return False
        return True

    def _rounds(self, interrupt: Interrupt) -> None:
        start = self.trainer.step
        share = (shares.rank(), shares.count(), self.plan.layout.windows)
        order = Order(len(self.pictures), self.settings.batch, self.trainer.draws, start, self.total, *share)
        workers = default_workers() if self.settings.workers < 0 else self.settings.workers
        batches = loader(self.pictures, order, workers, pin=self.trainer.device.type == "cuda")
        pace = Pace(start, self.total)
        for batch in batches:
            rate = self.trainer.rate
            losses = self.trainer.play(batch)
            step = self.trainer.step
            means = self.reporter.note(step, losses, last=step == self.total)
            if means is not None:
                self.guard.look(step, means)
                self.reporter.line(self.trainer, means, losses, rate, pace.at(step))
            due = self._due(step, self.settings.checkpoint_every)
            stop = together.any_of(bool(interrupt.name))
            # Before the checkpoint, so that no interruption comes between it and what its step has to show.
            if self._due(step, self.settings.sample_every):
                self.reporter.sheet(self.trainer)
            best = done = False
            if self.scorer and self._due(step, self.settings.evaluate_every or self.settings.checkpoint_every):
                best, done = together.agreed(partial(self.reporter.score, self.scorer, self.trainer))
            if due or stop or best or done:
                self._save()
            if done:
                self._say_done()
                return
            if stop:
                self.stopped = True
                self.say(f"{interrupt.name or 'stopped'}: saved at step {step:,}; go on with --resume")
                return

    def _due(self, step: int, every: int) -> bool:
        return every > 0 and (step % every == 0 or step == self.total)

    def _save(self) -> None:
        self.guard.judge(self.trainer.step, self.reporter.inspect())
        self.trainer.inspect()
        self.setbacks = 0
        together.agreed(self._saved)

    def _saved(self) -> None:
        state = {
            **self.trainer.state(),
            **self.reporter.state(),
            "guard": self.guard.state(),
            **(self.scorer.state() if self.scorer else {"best": None}),
            "pictures": len(self.plan.layout.train),
            "data": self.plan.layout.fingerprint(),
            "held_out": len(self.plan.layout.held_out),
        }
        best = self.scorer.best if self.scorer else None
        self.reporter.sync()
        checkpoint.save(self.checkpoints, state, self.plan.resolved, self.settings.keep, best and best["step"])
        del state
        allocator.release()

    def _introduce(self, resumed: bool) -> None:
        trainer, layout = self.trainer, self.plan.layout
        sizes = ", ".join(
            f"{name} {sum(p.numel() for p in getattr(trainer.method, name).parameters()) / 1e6:.1f} M"
            for name in trainer.method.networks
        )
        self.say(
            f"{self.plan.name}: {self.plan.resolved['method']['name']} on {len(layout.train):,} samples "
            f"({len(layout.held_out):,} held out), {sizes}; {trainer.device}, {str(trainer.dtype)[6:]}; "
            f"{self.total:,} steps" + (f", from step {trainer.step:,}" if resumed else "")
        )
        for concern in trainer.method.concerns:
            self.say(concern)

    def _say_done(self) -> None:
        """It was evaluated so often without a new best that more training would bring none."""
        if self.scorer and self.scorer.best:
            best, waited = self.scorer.best, self.scorer.waited
            what = f"{best['metric']} than {best['score']:.4f}, of step {best['step']:,}"
            self.say(
                f"no better {what}, in {waited} evaluations: "
                f"training is done at step {self.trainer.step:,}; a higher train.patience and --resume go on"
            )

    def _fallback(self, advice: str) -> str:
        paths = checkpoint.found(self.checkpoints)
        return f"{f'{paths[-1]} is from before' if paths else 'there is no checkpoint yet'}; {advice}"


def _nobody(line: str) -> None:
    """Takes what the processes after the first would say."""
