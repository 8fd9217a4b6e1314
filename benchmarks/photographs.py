"""Pairs of JPEG files that cost what photographs do: detail at every scale, of several sizes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from PIL.Image import Resampling

SIDES = (286, 600)  # pixels, from … to
QUALITY = 90


def make(folder: Path, count: int, seed: int = 0) -> tuple[Path, Path]:
    """Write `count` pairs; both pictures of a pair have one size.

    Returns:
        The folders of the sources and of the targets.
    """
    draw = np.random.default_rng(seed)
    folders = folder / "source", folder / "target"
    for path in folders:
        path.mkdir(parents=True)
    for number in range(count):
        width, height = (int(side) for side in draw.integers(SIDES[0], SIDES[1], 2, endpoint=True))
        for path in folders:
            image = Image.fromarray(photograph(draw, width, height))
            image.save(path / f"{number:05d}.jpg", quality=QUALITY)
    return folders


def photograph(draw: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Noise whose amplitude falls with its frequency, as it does in photographs (close to 1/f)."""
    levels = np.full((height, width, 3), 128.0)
    for octave in range(9):
        cells = 2**octave + 1
        noise = Image.fromarray(draw.integers(0, 256, (cells, cells, 3), np.uint8))
        levels += (np.asarray(noise.resize((width, height), Resampling.BICUBIC), float) - 128) * 0.8**octave
    return levels.clip(0, 255).astype(np.uint8)
