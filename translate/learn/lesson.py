"""What a lesson gives its student: numbers, a chart, an animation, and a few sentences."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from translate.errors import DataError
from translate.files import write_whole


@dataclass
class Lesson:
    """All of it."""

    numbers: dict[str, Any]
    """Plain values, for `numbers.json`."""
    chart: Image.Image
    """What came out, for `chart.png`."""
    frames: Sequence[Image.Image]
    """How it came about, for `animation.webp`; none for no animation."""
    words: str
    """What was seen, with the equation and where it stands."""
    milliseconds: int = 90
    """From one frame to the next; the last stands still for two seconds."""

    def save(self, folder: Path) -> list[Path]:
        """Write the files into `folder`, and return their paths."""
        written = [folder / "numbers.json", folder / "chart.png"]
        write_whole(written[0], (json.dumps(self.numbers, indent=1, ensure_ascii=False) + "\n").encode())
        self.chart.save(written[1], optimize=True)
        if self.frames:
            written.append(folder / "animation.webp")
            first, *rest = self.frames
            pause = [self.milliseconds] * len(rest) + [2000]
            first.save(written[2], save_all=True, append_images=rest, duration=pause, loop=0, quality=80, method=4)
        return written


def prepare(folder: Path) -> None:
    """Make the folder of a lesson.

    Raises:
        DataError: there is a file of that name.
    """
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file: name a folder for what is written")
    folder.mkdir(parents=True, exist_ok=True)


def looks(rounds: int, frames: int) -> int:
    """Rounds from one look at a game to the next, for about so many looks in all."""
    return max(1, round(rounds / frames))
