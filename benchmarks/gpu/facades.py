"""A whole training on real pairs: pix2pix on façades at the paper's settings, rounds recorded, against the clock.

What is timed is what a user waits for once the pictures are in memory: crops, mirrors, warming up, recording and
every step. Some pairs are held out for scores; the number of steps is that of all pairs.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.candidates import TINY
from benchmarks.gpu.item import Clock, Result, Task
from benchmarks.gpu.pairs import Crops, files, halves, read
from benchmarks.gpu.scores import scores
from translate import config
from translate.batches import Pair, to_bytes, to_device
from translate.files import write_whole
from translate.methods import METHODS, Method
from translate.settings import Settings
from translate.training import precision
from translate.training.sheet import sheet
from translate.training.trainer import Trainer

CONFIG = Path(__file__).resolve().parents[2] / "configs" / "pix2pix_facades.toml"
TARGET_SECONDS = 300.0
HELD_OUT = 50
ROWS = 6
# Steps from one reading of the losses to the next, from one look at the clock to the next, and of the trial before.
READ_EVERY, LOOK_EVERY, TRIAL = 50, 200, 600
# Seconds for scores and the sheet, and the share of the trial's rate that is counted on.
RESERVE, CAUTION = 8.0, 0.95


def facades(task: Task, clock: Clock) -> Result:
    """Train, score what was held out, draw a sheet."""
    if task.data is None:
        return {"status": "no data"}
    given = config.read(CONFIG)
    size, load = (32, 36) if task.quick else (given["transform"]["size"], given["transform"]["load"])
    device, start = precision.device("auto"), time.perf_counter()
    paths = files(task.data)
    held = min(HELD_OUT, len(paths) // 4)
    if not held:
        return {"status": "no data", "why": f"{len(paths)} pairs are too few"}
    learnt = read(paths[:-held], load).to(device)
    split = halves(given["data"]["source"])
    unseen = split(read(paths[-held:], size).to(device))
    reading = time.perf_counter() - start
    # Recorded rounds are for GPUs.
    settings = {**given["train"], "graphs": device.type == "cuda"}
    full = 12 if task.quick else Settings(**settings).total(len(paths))
    steps, rate = full, None
    if not task.quick:
        rate = _trial(given, settings, learnt, size, full)
        # A whole schedule, with its falling rate, in fewer steps where the time is too short for all.
        steps = max(1, min(full, int(CAUTION * rate * (clock.left() - RESERVE))))
    trainer = _trainer(given, settings, steps, task.quick)
    crops = Crops(learnt, size, trainer.settings.batch, steps, given["seed"], given["data"]["source"])
    found = _train(trainer, crops, steps, clock)
    seconds = found["seconds"] * full / max(1, found["steps"])
    judged = not task.quick and device.type == "cuda"
    return {
        "status": "measured",
        "pairs": {"learnt": len(learnt), "held_out": held},
        "reading_seconds": reading,
        "trial_steps_per_second": rate,
        "schedule_steps": full,
        **found,
        "whole": found["steps"] == full,
        "seconds_of_whole_schedule": seconds,
        "target": {"at_most": TARGET_SECONDS, "met": seconds <= TARGET_SECONDS if judged else None},
        **_show(trainer, unseen, task.sheet),
    }


def build(given: dict[str, Any], tiny: bool) -> Method:
    """The configuration's method, without looking at data: pictures have three channels on both sides."""
    wiring = METHODS[given["method"]["name"]].wiring(source=3, target=3)
    networks = {role: {**section, **wiring[role]} for role, section in given["networks"].items()}
    if tiny:
        networks = {role: {**section, **TINY[section["name"]]} for role, section in networks.items()}
    torch.manual_seed(given["seed"])
    return config.build_method({"method": given["method"], "networks": networks})


def _trainer(given: dict[str, Any], settings: dict[str, Any], steps: int, tiny: bool) -> Trainer:
    return Trainer(build(given, tiny), Settings(**settings), total=steps, seed=given["seed"])


def _trial(given: dict[str, Any], settings: dict[str, Any], learnt: torch.Tensor, size: int, full: int) -> float:
    """Steps per second of a training that is thrown away, once it runs as it will."""
    trainer = _trainer(given, settings, full, tiny=False)
    crops = Crops(learnt, size, trainer.settings.batch, TRIAL, 1, given["data"]["source"])
    count = TRIAL // 2 if trainer.device.type == "cuda" else 4
    for step in range(count):
        trainer.play(crops(step))
    _wait(trainer)
    start = time.perf_counter()
    for step in range(count, 2 * count):
        trainer.play(crops(step))
    _wait(trainer)
    return count / (time.perf_counter() - start)


def _train(trainer: Trainer, crops: Crops, steps: int, clock: Clock) -> Result:
    """Play all steps, or those that the clock allows."""
    kept: list[tuple[int, dict[str, torch.Tensor]]] = []
    _wait(trainer)
    start = time.perf_counter()
    for step in range(steps):
        losses = trainer.play(crops(step))
        if step % READ_EVERY == 0:
            kept.append((step, {term: loss.clone() for term, loss in losses.items()}))
        if step % LOOK_EVERY == LOOK_EVERY - 1:
            # The host must not run ahead of the GPU, or the clock would say nothing.
            _wait(trainer)
            if clock.left() < RESERVE:
                break
    _wait(trainer)
    seconds = time.perf_counter() - start
    trainer.inspect()
    return {
        "steps": trainer.step,
        "batch": trainer.settings.batch,
        "recorded": bool(getattr(trainer, "captured", False)),
        "precision": str(trainer.dtype).removeprefix("torch."),
        "seconds": seconds,
        "steps_per_second": trainer.step / seconds,
        "losses": _tenths(kept),
    }


def _tenths(kept: list[tuple[int, dict[str, torch.Tensor]]]) -> list[dict[str, float]]:
    """Mean losses of each tenth of the training, with the step at which it begins."""
    parts = np.array_split(np.arange(len(kept)), min(10, len(kept)))
    return [
        {"step": kept[part[0]][0]}
        | {term: float(torch.stack([kept[place][1][term] for place in part]).mean()) for term in kept[0][1]}
        for part in parts
    ]


def _show(trainer: Trainer, unseen: Pair, path: Path) -> Result:
    """Scores of the held-out pairs, and a sheet of some: source, translated, target."""
    generator = trainer.view().get_submodule("G")
    sources = to_device(unseen, trainer.device).source
    with torch.no_grad():
        # One by one, as it was trained.
        bytes_ = torch.cat([to_bytes(generator(source)) for source in sources.split(1)])
    columns = {"source": unseen.source, "translated": bytes_, "target": unseen.target}
    drawn = sheet({name: pictures[:ROWS].float() / 127.5 - 1 for name, pictures in columns.items()})
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, _png(drawn))
    return {"scores": scores(bytes_, unseen.target), "sheet": path.name}


def _png(picture: np.ndarray) -> bytes:
    import io

    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, "PNG")
    return memory.getvalue()


def _wait(trainer: Trainer) -> None:
    if trainer.device.type == "cuda":
        torch.cuda.synchronize(trainer.device)
