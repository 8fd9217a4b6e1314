"""Runs that draw, compared at equal numbers of pictures seen.

    python -m benchmarks.progressive runs/A runs/B --pictures 128000 256000

Each run's newest checkpoint that has seen no more pictures than that draws as many as are held out, with its averaged
generator, from the noise of the seeds from 0 on, and with the labels of those held out where it is told any. They are
compared by the sliced Wasserstein distance at each level of the Laplacian pyramid, ×10³ (Karras 2018, §5), with the
pictures held out of the first run, and with as many of those that it was trained on. (Without `data.spread` those
held out are the last of a folder, and may be of another kind. Only then do the two differ.) Real pictures in the
generator's place, others that were trained on, say what could be had. CPU time is measured here: rounds of each phase
are played, and multiplied by how many there were.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import taken
from benchmarks.record import add_out, keep, named, say
from translate import config
from translate.batches import Batch, Images, Labelled
from translate.card import Card
from translate.errors import TranslateError
from translate.evaluation.drawn import Reals
from translate.evaluation.predictors import Predictor, of_checkpoint
from translate.metrics import sliced
from translate.settings import Settings
from translate.training import checkpoint
from translate.training.resume import method_of
from translate.training.trainer import Trainer


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, compare, print a table, leave a dated record."""
    options = _options(arguments)
    try:
        record = measure(options)
    except TranslateError as error:  # says in a sentence what these runs, or their data, are not
        raise SystemExit(str(error)) from None
    name = named(record, "progressive", *(run.name for run in options.runs))
    keep(record, options.out / name, table(record))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All that is written down."""
    saved = {(run, seen): _saved(run, seen) for seen in options.pictures for run in options.runs}
    predictors = {key: _predictor(key[0], state) for key, state in saved.items()}
    reals = Reals(config.plan(_with_root(next(iter(saved.values()))["config"], options.root)))
    for predictor in predictors.values():
        reals.fits(predictor.card)
    held_out, labels = zip(*reals.some(options.count), strict=True)
    count = len(held_out)
    say(f"{count} pictures held out")
    seen = list(reals.training(2 * count))
    references, others = {"held out": held_out, "trained on": seen[::2]}, seen[1::2]
    rows = []
    for (run, pictures), state in saved.items():
        predictor = predictors[run, pictures]
        say(f"{run.name}, step {state['step']:,}")
        rows.append(
            {
                "run": run.name,
                "method": state["config"]["method"]["name"],
                "step": state["step"],
                "pictures": state["step"] * state["config"]["train"]["batch"],
                "cpu_seconds": _cost(state["config"], state["step"], options.rounds, predictor.card),
                "swd": _distances(list(predictor.drawn(range(count), labels)), references),
            }
        )
    return {
        "what": "sliced Wasserstein distance ×10³ of drawn and held-out pictures, by level, at equal pictures seen",
        **taken(torch.device("cpu")),
        "settings": {"count": count, "rounds": options.rounds, "threads": torch.get_num_threads()},
        "real": _distances(others, references),
        "runs": rows,
    }


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    lines = []
    rows = [*record["runs"], {"run": "real, others trained on", "swd": record["real"]}]
    for reference, levels in record["real"].items():
        head = "".join(f"{level:>9}" for level in (*levels, "mean"))
        lines.append(f"{f'against {reference}':<28}{'pictures':>10}{'CPU s':>8}{head}")
        for row in rows:
            numbers = [*row["swd"][reference].values()]
            spent = f"{row['pictures']:>10,}{row['cpu_seconds']:>8.0f}" if "step" in row else " " * 18
            lines.append(f"{row['run']:<28}{spent}" + "".join(f"{n:>9.2f}" for n in (*numbers, np.mean(numbers))))
    return "\n".join(lines)


def _distances(
    pictures: Sequence[np.ndarray], references: Mapping[str, Sequence[np.ndarray]]
) -> dict[str, dict[str, float]]:
    return {
        name: {f"{side}²": distance for side, distance in sliced.levels(pictures, reference).items()}
        for name, reference in references.items()
    }


def _saved(run: Path, seen: int) -> dict[str, Any]:
    """The newest checkpoint of a run's folder that has seen so many pictures at most."""
    for path in reversed(checkpoint.found(run / "checkpoints")):
        state = checkpoint.load(path)
        if state["step"] * state["config"]["train"]["batch"] <= seen:
            return state
    raise SystemExit(f"{run}: no checkpoint there that has seen {seen:,} pictures or fewer")


def _with_root(resolved: dict[str, Any], root: str) -> dict[str, Any]:
    return {**resolved, "data": {**resolved["data"], **({"root": root} if root else {})}}


def _predictor(run: Path, state: dict[str, Any]) -> Predictor:
    """The averaged generator of a checkpoint, as `translate evaluate` has it."""
    return of_checkpoint(state, method_of(run, state), device="cpu")


def _cost(resolved: dict[str, Any], steps: int, rounds: int, card: Card) -> float:
    """CPU seconds of so many steps: the rounds of each phase, times what one takes here, without reading pictures."""
    train = {**resolved["train"], "betas": tuple(resolved["train"]["betas"])}
    settings = replace(Settings(**train), device="cpu")
    trainer = Trainer(config.build_method(resolved), settings, total=steps, seed=0)
    phases: Counter[object] = Counter()
    within: dict[object, int] = {}
    for step in range(steps):
        trainer.method.at(step)
        phases[trainer.method.phase] += 1
        within[trainer.method.phase] = step
    batch = _batch(settings.batch, card)
    return sum(count * _round(trainer, batch, within[phase], rounds) for phase, count in phases.items())


def _batch(count: int, card: Card) -> Batch:
    """Pictures such as the model draws, of noise; with labels where it is told any."""
    image = torch.randint(0, 256, (count, card.target_channels, card.size, card.size), dtype=torch.uint8)
    return Labelled(image, torch.arange(count) % len(card.classes)) if card.classes else Images(image)


def _round(trainer: Trainer, batch: Batch, step: int, rounds: int) -> float:
    """CPU seconds of a round like that of `step`, the mean over whole periods, after a first one."""
    period = trainer.method.period
    for number in range(-period, rounds * period):
        if number == 0:
            start = time.process_time()
        trainer.step = max(step - number % period, 0)
        trainer.play(batch)
    return (time.process_time() - start) / (rounds * period)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.progressive", description=str(__doc__).partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, help="folders of runs that draw")
    parser.add_argument("--pictures", nargs="+", type=int, required=True, help="how many each has seen at most")
    parser.add_argument("--root", default="", help="where the pictures lie now (default: where they were)")
    parser.add_argument("--count", type=int, default=sliced.MOST, help="held-out pictures to compare with, at most")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each phase that are timed")
    add_out(parser)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
