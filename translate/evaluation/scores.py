"""Numbers of several predictors on the same pictures, and their table."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

HEADINGS = {"L1": "L1 of 255", "PSNR": "PSNR dB", "SSIM": "SSIM", "accuracy": "accuracy", "IoU": "class IoU"}
DECIMALS = {"L1": 2, "PSNR": 2, "SSIM": 3, "accuracy": 3, "IoU": 3}


@dataclass(frozen=True)
class Scores:
    """Per predictor and metric, one number for each held-out picture."""

    title: str
    """What was translated, and how many pairs of which data."""
    names: list[str]
    """The held-out pictures."""
    numbers: dict[str, dict[str, list[float]]]
    """predictor → metric → a number a picture, in the order of `names`."""

    def mean(self, predictor: str, metric: str) -> float:
        """The mean over all held-out pictures."""
        return fmean(self.numbers[predictor][metric])

    def table(self) -> str:
        """Means as text, a predictor a line."""
        metrics = list(next(iter(self.numbers.values())))
        lines = [self.title, " " * 44 + "".join(f"{HEADINGS[metric]:>10}" for metric in metrics)]
        for predictor in self.numbers:
            means = (f"{self.mean(predictor, metric):10.{DECIMALS[metric]}f}" for metric in metrics)
            lines.append(f"  {predictor:<42}{''.join(means)}")
        return "\n".join(lines)

    def save(self, path: Path) -> None:
        """Every number, as JSON; what is infinite (the PSNR of equal pictures) is null there."""
        finite = {
            predictor: {metric: [n if math.isfinite(n) else None for n in of_one] for metric, of_one in metrics.items()}
            for predictor, metrics in self.numbers.items()
        }
        path.write_text(json.dumps({"title": self.title, "pictures": self.names, "scores": finite}, indent=1))
