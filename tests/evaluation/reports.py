"""Evaluations to report on: small pictures whose order by every metric is known, and names that attack the page."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from translate.evaluation.gallery import Gallery
from translate.evaluation.scores import Scores
from translate.metrics import l1, psnr

HOSTILE = "<script>window.hacked=1</script>\"'><img src=x onerror=window.hacked=1>&lt;.png"
COUNT, SIDE = 8, 48


def picture(seed: int) -> np.ndarray:
    """Smooth colours, uint8 `[48, 48, 3]`."""
    y, x = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = [np.sin(6 * x + seed) + np.cos(5 * y - 2 * seed + channel) for channel in range(3)]
    return (127 + 50 * np.stack(waves, 2)).astype(np.uint8)


def drawing(seed: int) -> np.ndarray:
    """A grey drawing with two colours, uint8 `[48, 48, 1]`."""
    paper = np.full((SIDE, SIDE, 1), 255, np.uint8)
    paper[8 + seed : 30, 10:38] = 0
    return paper


def evaluation(models: int = 1, paired: bool = True) -> tuple[Scores, Gallery]:
    """Models that are further off the later the picture; the last picture has the hostile name.

    Of the first model L1 is 4, 8, … 32, and SSIM falls the other way, so that by it the first picture is the worst.
    """
    names = [*(f"house_{index}.png" for index in range(COUNT - 1)), HOSTILE]
    labels = ["edges2photo", "<b>other</b>", "third"][:models]
    numbers: dict[str, dict[str, list[float]]] = {label: {"L1": [], "PSNR": [], "SSIM": []} for label in labels}
    gallery = Gallery()
    for index, name in enumerate(names):
        target = picture(index)
        outputs = {}
        for place, label in enumerate(labels):
            off = 4 * (index + 1) if place == 0 else 20 + 3 * ((index * 5) % COUNT)
            outputs[label] = np.clip(target.astype(int) + off, 0, 255).astype(np.uint8)
            numbers[label]["L1"].append(l1(outputs[label], target))
            numbers[label]["PSNR"].append(psnr(outputs[label], target))
            numbers[label]["SSIM"].append(0.3 + 0.05 * index + 0.01 * place)
        outputs["copy the input"] = np.repeat(drawing(index), 3, 2)
        gallery(name, drawing(index), target if paired else None, outputs)
    facts = {
        "command": "translate evaluate </code><script>window.hacked=1</script> --data 'configs/x.toml'",
        "data": {"where": "data/town", "fingerprint": "c0ffee"},
        "card": {label: {"name": "page", "license": "</bdi><script>window.hacked=1</script>"} for label in labels},
        "config": {"name": "</pre><script>window.hacked=1</script>"},
    }
    sets = {label: {"FID": 30.5 + place} for place, label in enumerate(labels)}
    missing = {"LPIPS": "LPIPS needs <i>weights</i> that are not here"}
    return Scores("edges → photo", names, numbers if paired else {}, sets, missing, facts), gallery


def run(folder: Path) -> Path:
    """A run's folder with a log: scores that are best at 300, losses, a warning, and a line that a crash cut short."""
    folder.mkdir()
    lines = [
        {"step": step, "G/l1": round(math.exp(-step / 200), 4), "D/gan": 0.6, "train/lr": 2e-4}
        for step in range(10, 501, 10)
    ]
    lines += [{"step": step, "held_out/L1": abs(step - 300) / 50 + 10} for step in range(100, 501, 100)]
    lines += [{"step": 200, "warning": "D wins"}]
    text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": 510, "G/l1": 0.'
    (folder / "log.jsonl").write_text(text)
    return folder
