"""Pictures that no 8-bit file holds, made on the spot: soft fields of 16 bits in two channels, and what they give."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from translate import pixels


def field(number: int, side: int, channels: int) -> np.ndarray:
    """uint16 `[side, side, channels]` over the whole range, thousands of levels."""
    random = np.random.default_rng([number, channels])
    y, x = np.mgrid[0:side, 0:side] / side
    waves = [
        np.sin(random.uniform(2, 9) * x + random.uniform(0, 6))
        * np.cos(random.uniform(2, 9) * y + random.uniform(0, 6))
        for _ in range(channels)
    ]
    return np.rint(32767.5 + 32767 * np.stack(waves, axis=2)).astype(np.uint16)


def mean(source: np.ndarray) -> np.ndarray:
    """What is to be learnt: the mean of the channels, uint16 `[side, side, 1]`."""
    return np.rint(source.mean(axis=2, keepdims=True)).astype(np.uint16)


def make(folder: Path, count: int = 6, side: int = 36, suffix: str = ".npy") -> None:
    """`two` of two channels and `one` of one, by number."""
    for name in ("two", "one"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        source = field(number, side, 2)
        pixels.write(source, folder / "two" / f"{number}{suffix}")
        pixels.write(mean(source), folder / "one" / f"{number}.png")


def configuration(folder: Path, **changes: object) -> dict:
    """A tiny pix2pix from two channels of 16 bits to one."""
    deep = {"depth": "uint16"}
    return {
        "name": "deep",
        "domains": ["radar", "height"],
        "seed": 1,
        "method": {"name": "pix2pix"},
        "networks": {
            "G": {"name": "resnet", "blocks": 1, "width": 4},
            "D": {"name": "patchgan", "layers": 1, "width": 4},
        },
        "data": {
            **{"layout": "two_folders", "source": str(folder / "two"), "target": str(folder / "one"), "holdout": 2},
            **{"source_channels": 2, "target_channels": 1, "source_values": deep, "target_values": deep},
        },
        "transform": {"size": 32, "load": 36},
        "train": {
            **{"steps": 4, "batch": 1, "device": "cpu", "precision": "fp32", "workers": 0, "log_every": 1},
            **{"sample_every": 4, "checkpoint_every": 4, "tensorboard": False},
            **changes,
        },
    }
