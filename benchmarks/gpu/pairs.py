"""Side-by-side pairs in device memory: read once with Pillow, then cropped and mirrored where they are, by indexing."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.Image import Resampling
from torch import Tensor

from translate.batches import Pair

ENDINGS = {".jpg", ".jpeg", ".png"}


def files(folder: Path) -> list[Path]:
    """The pictures of a folder, or of its `train`, by number, then by name."""
    folder = folder / "train" if (folder / "train").is_dir() else folder
    return sorted((path for path in folder.iterdir() if path.suffix.lower() in ENDINGS), key=_number)


def read(paths: list[Path], side: int) -> Tensor:
    """uint8 `[N, 6, side, side]`: the left half's channels, then the right's, resized as `Transform` does: bicubic."""
    with ThreadPoolExecutor(8) as pool:
        pairs = list(pool.map(partial(_halves, side=side), paths))
    return torch.from_numpy(np.stack(pairs))


class Crops:
    """Batches for each step of a run, as a function of (seed, step): all pairs once an epoch, in a random order.

    Args:
        pairs: uint8 `[N, 6, side, side]`, where they are wanted.
        size: side of a crop; every second one is mirrored.
        batch: pairs a step.
        steps: of the run.
        seed: of order, places and mirrors.
        source: the half that is translated, `left` or `right`.
    """

    def __init__(self, pairs: Tensor, size: int, batch: int, steps: int, seed: int, source: str) -> None:
        rng, count = np.random.default_rng(seed), steps * batch
        orders = [rng.permutation(len(pairs)) for _ in range(-(-count // len(pairs)))]
        self.order = np.concatenate(orders)[:count].reshape(steps, batch).tolist()
        self.places = rng.integers(pairs.shape[-1] - size + 1, size=(steps, batch, 2)).tolist()
        self.mirrored = (rng.random((steps, batch)) < 0.5).tolist()
        self.pairs, self.size, self.split = pairs, size, halves(source)

    def __call__(self, step: int) -> Pair:
        """The batch of round `step`; views, where nothing is mirrored."""
        crops = [
            self._crop(which, top, left, mirrored)
            for which, (top, left), mirrored in zip(
                self.order[step], self.places[step], self.mirrored[step], strict=True
            )
        ]
        return self.split(crops[0] if len(crops) == 1 else torch.cat(crops))

    def _crop(self, which: int, top: int, left: int, mirrored: bool) -> Tensor:
        crop = self.pairs[which : which + 1, :, top : top + self.size, left : left + self.size]
        return crop.flip(3) if mirrored else crop


def halves(source: str) -> Callable[[Tensor], Pair]:
    """The function that makes a batch of pictures with six channels."""

    def split(both: Tensor) -> Pair:
        left, right = both[:, :3], both[:, 3:]
        return Pair(right, left) if source == "right" else Pair(left, right)

    return split


def _halves(path: Path, side: int) -> np.ndarray:
    with Image.open(path) as file:
        picture = file.convert("RGB")
    middle = picture.width // 2
    parts = (picture.crop((0, 0, middle, picture.height)), picture.crop((middle, 0, 2 * middle, picture.height)))
    resized = [np.asarray(part.resize((side, side), Resampling.BICUBIC)) for part in parts]
    return np.concatenate(resized, axis=2).transpose(2, 0, 1)


def _number(path: Path) -> tuple[int, str]:
    digits = re.findall(r"\d+", path.stem)
    return (int(digits[-1]) if digits else -1, path.name)
