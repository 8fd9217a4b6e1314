"""One run, from a plan to a folder: `runs/NAME/` with its configuration, log, samples and checkpoints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout

from translate import config, pixels
from translate.batches import Batch, Pair
from translate.config import Plan
from translate.data.loading import Order, Pictures, default_workers, loader
from translate.errors import CheckpointError, ConfigError, DataError, DivergedError, PictureError, first_line
from translate.files import sweep
from translate.training import checkpoint
from translate.training.interrupt import Interrupt
from translate.training.journal import Journal
from translate.training.sheet import sheet
from translate.training.trainer import Trainer, seed_step

SHOWN = 6  # held-out samples on a sheet of translations
# Settings that change how a run is carried out and recorded, but not what is learnt.
FREE = {"device", "workers", "check_data", "log_every", "sample_every", "checkpoint_every", "keep", "tensorboard"}
# Settings that may change when a run goes on: they say how long it is, and so its learning rate's schedule from there.
LENGTH = {"epochs", "steps"}


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
        self.plan, self.settings, self.say = plan, plan.settings, say
        self.folder = runs / plan.name
        self.checkpoints = self.folder / "checkpoints"
        self.total = self.settings.total(len(plan.layout.train))
        self.seed = int(plan.resolved["seed"])

    def train(self, resume: bool) -> Result:
        """Play all rounds, or those that are left.

        Raises:
            CheckpointError: there is a run of this name already and `resume` is not asked for, or it does not fit.
            DataError: a file cannot be used.
            DivergedError: a loss or a weight is not finite; the last checkpoint is from before.
        """
        if not self.plan.layout.train:
            raise DataError(f"{self.plan.layout.where}: all are held out, nothing is left to train on")
        saved = self._saved(resume)
        if self.settings.check_data and not saved:
            self.plan.layout.check()
        seed_step(self.seed, 0)  # the initial weights are a function of the seed as well
        try:
            self.trainer = Trainer(config.build_method(self.plan.resolved), self.settings, self.total, self.seed)
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / "lock", timeout=0):
                return self._locked(saved)
        except Timeout:
            raise CheckpointError(f"{self.folder}: another process is training there: let it end, or stop it") from None
        except DivergedError as error:
            raise DivergedError(f"{error}: training stopped; {self._fallback('try a lower train.lr')}") from None
        except (DataError, PictureError) as error:  # out of a worker process it comes with that process's traceback
            told = str(error).strip().splitlines()[-1].rpartition("Error: ")[2]
            raise DataError(f"{told}: training stopped; {self._fallback('mend the file, then --resume')}") from None
        except torch.OutOfMemoryError:
            raise ConfigError(f"out of memory: {self._fallback('try a lower train.batch or transform.size')}") from None
        except OSError as error:  # the log or the configuration could not be written
            raise CheckpointError(
                f"{self.folder}: {error.strerror}: training stopped; {self._fallback('make room, then --resume')}"
            ) from None

    def _locked(self, saved: dict[str, Any] | None) -> Result:
        """Train, alone in the folder."""
        sweep(self.folder)
        sweep(self.checkpoints)
        self.journal = Journal(self.folder, self.settings.log_every, self.settings.tensorboard)
        if saved:
            self.trainer.load(saved)
            self.journal.load(saved["step"], saved["journal"], self.trainer.device)
            # What came later than the one that was whole is of no use, and must not count among the newest.
            for path in checkpoint.found(self.checkpoints):
                if path.name > checkpoint.name(saved["step"]):
                    checkpoint.remove(path)
        config.write(self.folder / "config.toml", self.plan.resolved)
        self._introduce(saved is not None)
        try:
            with Interrupt() as interrupt:
                self._rounds(interrupt)
        finally:
            self.journal.close()
        return Result(self.folder, self.trainer.step, self.total, interrupt.number)

    def _rounds(self, interrupt: Interrupt) -> None:
        pictures = Pictures(self.plan.layout, self.plan.transform)
        shown = self._shown(pictures)
        start = self.trainer.step
        order = Order(len(pictures), self.settings.batch, self.seed, start, self.total)
        workers = default_workers() if self.settings.workers < 0 else self.settings.workers
        batches = loader(pictures, order, workers, pin=self.trainer.device.type == "cuda")
        pace = Pace(start, self.total)
        for batch in batches:
            rate = self.trainer.rate
            losses = self.trainer.play(batch)
            step = self.trainer.step
            means = self.journal.note(step, losses, last=step == self.total)
            if means is not None:
                timing = pace.at(step)
                self.journal.write(step, means, {"pace/steps_per_second": timing.rate, "pace/lr": rate})
                self.say(f"{timing}  " + "  ".join(f"{term} {mean:.3f}" for term, mean in means.items()))
            if interrupt.name or self._due(step, self.settings.checkpoint_every):
                self._save()
            if shown is not None and self._due(step, self.settings.sample_every):
                self._sample(shown)
            if interrupt.name:
                self.say(f"{interrupt.name}: saved at step {step:,}; go on with --resume")
                return

    def _due(self, step: int, every: int) -> bool:
        return every > 0 and (step % every == 0 or step == self.total)

    def _shown(self, pictures: Pictures) -> Batch | None:
        """The samples on every sheet: held-out ones, or the first to be trained on where none are."""
        if not self.settings.sample_every:
            return None
        most = SHOWN if self.plan.layout.batch is Pair else 64
        return pictures.fixed(most)

    def _sample(self, shown: Batch) -> None:
        picture = sheet(self.trainer.show(shown))
        self.journal.picture(self.trainer.step, picture)
        try:
            (self.folder / "samples").mkdir(exist_ok=True)
            pixels.write(picture, self.folder / "samples" / f"step_{self.trainer.step:09d}.png")
        except (OSError, PictureError) as error:  # no reason to stop a run
            self.say(f"no sample sheet: {error}")

    def _save(self) -> None:
        self.journal.inspect()
        self.trainer.inspect()
        state = {
            **self.trainer.state(),
            "journal": self.journal.state(),
            "pictures": len(self.plan.layout.train),
            "data": self.plan.layout.fingerprint(),
            "held_out": len(self.plan.layout.held_out),
        }
        checkpoint.save(self.checkpoints, state, self.plan.resolved, self.settings.keep)

    def _saved(self, resume: bool) -> dict[str, Any] | None:
        """The checkpoint to go on from.

        Raises:
            CheckpointError: there is one and it is not wanted, or it is of another configuration.
        """
        saved = checkpoint.newest(self.checkpoints, self.say)
        if saved is None:
            if resume:
                self.say(f"{self.folder}: nothing to go on from, starting at step 0")
            return None
        if not resume:
            raise CheckpointError(
                f"{self.folder} already holds a run, at step {saved['step']:,}: "
                "go on with --resume, or start another with name=OTHER"
            )
        different = sorted(_differences(saved["config"], self.plan.resolved))
        if different:
            raise CheckpointError(
                f"{self.folder} was trained with another configuration: {'; '.join(different)}: "
                "go on with the one in its config.toml, or start another run with name=OTHER"
            )
        if saved["data"] != self.plan.layout.fingerprint():
            raise CheckpointError(
                f"{self.folder}: the files in {self.plan.layout.where} are not those it was trained on, so it "
                "cannot go on as if nothing had happened: put them back, or start another run with name=OTHER"
            )
        return saved

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

    def _fallback(self, advice: str) -> str:
        paths = checkpoint.found(self.checkpoints)
        return f"{f'{paths[-1]} is from before' if paths else 'there is no checkpoint yet'}; {advice}"


class Pace:
    """How fast a run goes and how long it has to go, over its latest stretch."""

    def __init__(self, start: int, total: int) -> None:
        self.total, self._step, self._time, self.rate, self.left = total, start, time.perf_counter(), 0.0, 0.0

    def at(self, step: int) -> Pace:
        """Take the time at `step`."""
        now = time.perf_counter()
        self.rate = (step - self._step) / max(now - self._time, 1e-9)
        self.left = (self.total - step) / max(self.rate, 1e-9)
        self._step, self._time = step, now
        return self

    def __str__(self) -> str:
        hours, rest = divmod(round(self.left), 3600)
        left = f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
        return f"{self._step:>7,}/{self.total:,}  {self.rate:6.2f} steps/s  {left} left"


def load_method(folder: Path, say: Callable[[str], None]) -> tuple[dict[str, Any], Any]:
    """The newest checkpoint of a run and its method as it is used: averaged networks, on the CPU, in eval mode.

    Raises:
        CheckpointError: there is none.
    """
    saved = checkpoint.newest(folder / "checkpoints", say)
    if saved is None:
        raise CheckpointError(f"{folder}: no checkpoint there: is it a run's folder (runs/NAME)?")
    method = config.build_method(saved["config"])
    try:
        method.load_state_dict(saved["method"])
        for name, weights in saved["average"].items():
            getattr(method, name).load_state_dict(weights)
    except (RuntimeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{folder}: its weights do not fit its configuration: {first_line(error)}") from None
    return saved, method.eval()


def _differences(old: dict[str, Any], new: dict[str, Any], path: str = "") -> list[str]:
    """Keys in which two configurations differ, of those that change what is learnt.

    A key that the older one lacks came with a later version of this package.
    """
    texts = []
    for key in old:
        where = f"{path}{key}"
        if (path == "train." and key in FREE | LENGTH) or where == "data.root":
            continue
        mine, theirs = old.get(key), new.get(key)
        if isinstance(mine, dict) and isinstance(theirs, dict):
            texts += _differences(mine, theirs, f"{where}.")
        elif mine != theirs:
            texts.append(f"{where} was {mine!r}, now is {theirs!r}")
    return texts
