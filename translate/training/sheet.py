"""Sample sheets: what the model makes of the same held-out inputs, every so often, as one picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from translate import pixels
from translate.batches import Pair, to_bytes
from translate.data.loading import Pictures
from translate.errors import PictureError
from translate.training.trainer import Trainer

GAP = 4
SHOWN = 6
"""Samples on a sheet of translations."""
DRAWN = 64
"""Samples on one of pictures drawn from noise."""


class Sheets:
    """The sample sheets of one run, in `samples/`: of held-out samples, or the first to be trained on where none are.

    Args:
        folder: the run's.
        pictures: where the samples come from.
        say: takes a line of text for the user.
    """

    def __init__(self, folder: Path, pictures: Pictures, say: Callable[[str], None]) -> None:
        self.folder, self.say = folder / "samples", say
        self.shown = pictures.fixed(SHOWN if pictures.layout.batch is Pair else DRAWN)

    def draw(self, trainer: Trainer) -> tuple[dict[str, Tensor], np.ndarray]:
        """Draw the sheet of the trainer's step. Returns its columns by name, `[N, C, H, W]` in [-1, 1], and itself."""
        columns = trainer.show(self.shown)
        picture = sheet(columns)
        try:
            self.folder.mkdir(exist_ok=True)
            pixels.write(picture, self.folder / f"step_{trainer.step:09d}.png")
        except (OSError, PictureError) as error:  # no reason to stop a run
            self.say(f"no sample sheet: {error}")
        return columns, picture


def sheet(columns: dict[str, Tensor]) -> np.ndarray:
    """Columns of pictures `[N, C, H, W]` in [-1, 1] → uint8 `[height, width, 3]`, a sample a row.

    Two columns or fewer of many small pictures (a data set beside what was drawn) become two square blocks instead.
    """
    pictures = [np.stack([_rgb(one) for one in to_bytes(column).cpu()]) for column in columns.values()]
    across = math.isqrt(len(pictures[0]) - 1) + 1 if len(pictures) <= 2 else 1
    return np.concatenate([_grid(column, across) for column in pictures], axis=1)


def _rgb(picture: Tensor) -> np.ndarray:
    """`[C, H, W]` → `[H, W, 3]`: one channel is grey, of more than three the first three are shown."""
    return picture.expand(3, -1, -1).permute(1, 2, 0).numpy() if len(picture) == 1 else _first_three(picture)


def _first_three(picture: Tensor) -> np.ndarray:
    channels = picture if len(picture) >= 3 else torch.cat((picture, picture[-1:]))
    return channels[:3].permute(1, 2, 0).numpy()


def _grid(pictures: np.ndarray, across: int) -> np.ndarray:
    """`[N, H, W, 3]` → one picture, so many beside each other, white between them."""
    count, height, width, _ = pictures.shape
    down = math.ceil(count / across)
    canvas = np.full((down * (height + GAP) + GAP, across * (width + GAP) + GAP, 3), 255, np.uint8)
    for rank, picture in enumerate(pictures):
        top, left = (
            GAP + place * (side + GAP) for place, side in zip(divmod(rank, across), (height, width), strict=True)
        )
        canvas[top : top + height, left : left + width] = picture
    return canvas
