"""Sample sheets: what the model makes of the same held-out inputs, every so often, as one picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from torch import Tensor

from translate import pixels
from translate.batches import Pair
from translate.data.loading import Pictures
from translate.encoding import decode
from translate.errors import PictureError
from translate.forms import Form
from translate.training.trainer import Trainer

GAP = 4
SHOWN = 6
"""Samples on a sheet of translations."""
DRAWN = 64
"""Samples on one of pictures drawn from noise."""
OF_SOURCE = ("source", "and back", "backward")
"""Columns of pictures of the source's domain."""


class Sheets:
    """The sample sheets of one run, in `samples/`: of held-out samples, or the first to be trained on where none are.

    Args:
        folder: the run's.
        pictures: where the samples come from.
        say: takes a line of text for the user.
    """

    def __init__(self, folder: Path, pictures: Pictures, say: Callable[[str], None]) -> None:
        self.folder, self.say = folder / "samples", say
        self.forms = pictures.layout.forms
        self.shown = pictures.fixed(SHOWN if pictures.layout.batch is Pair else DRAWN)

    def draw(self, trainer: Trainer) -> tuple[dict[str, Tensor], np.ndarray]:
        """Draw the sheet of the trainer's step. Returns its columns by name, `[N, C, H, W]` in [-1, 1], and itself."""
        columns = trainer.show(self.shown)
        picture = sheet(columns, self.forms)
        try:
            self.folder.mkdir(exist_ok=True)
            pixels.write(picture, self.folder / f"step_{trainer.step:09d}.png")
        except (OSError, PictureError) as error:  # no reason to stop a run
            self.say(f"no sample sheet: {error}")
        return columns, picture


def sheet(columns: dict[str, Tensor], forms: Mapping[str, Form] = MappingProxyType({})) -> np.ndarray:
    """Columns of pictures `[N, C, H, W]` in [-1, 1] → uint8 `[height, width, 3]`, a sample a row.

    `forms` say what the pictures of a role are made of: how many channels and classes there are, and which are shown.
    Columns of many small pictures (a data set, what comes back of it, and what was drawn) become square blocks instead.
    """
    pictures = [_rgb(column, _form(name, column, forms)) for name, column in columns.items()]
    blocks = len(pictures) <= 2 or "drawn" in columns
    across = math.isqrt(len(pictures[0]) - 1) + 1 if blocks else 1
    return np.concatenate([_grid(column, across) for column in pictures], axis=1)


def _rgb(column: Tensor, form: Form) -> np.ndarray:
    """`[N, K, H, W]` → `[N, H, W, 3]`."""
    stored = decode(column.permute(0, 2, 3, 1), form).cpu().numpy()
    return np.stack([pixels.shown(picture, form) for picture in stored])


def _form(name: str, column: Tensor, forms: Mapping[str, Form]) -> Form:
    """What the pictures of a column are made of."""
    role = "source" if name in OF_SOURCE else "target"
    form = forms.get(role) or forms.get("image")
    return form if form and form.encoded == column.shape[1] else Form.plain(column.shape[1])


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
