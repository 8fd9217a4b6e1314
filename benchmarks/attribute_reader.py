"""What a picture of a known world shows, read by a small network whose error is known.

It learns from pictures and their `attributes.csv`, as `translate data make faces` writes them, and is measured on the
tenth that it did not learn from. Pictures are blurred, shaken in brightness and strewn with noise while it learns:
those that it is to read were drawn by a generator, and are less clean.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from translate.errors import DataError

Pictures = npt.NDArray[np.uint8]
"""`[N, H, W, 3]`."""
HELD_OUT = 10  # one picture in so many


@dataclass(frozen=True)
class Labelled:
    """Pictures and what is in them."""

    pictures: Pictures
    attributes: npt.NDArray[np.bool_]  # [N, A]
    names: tuple[str, ...]


def labelled(folder: Path, view: str = "face", most: int = 0) -> Labelled:
    """The pictures of `folder`/`view` and the columns of `folder`/attributes.csv; the first `most` of them, 0 for all.

    Raises:
        DataError: there is no such table, or a picture is missing.
    """
    try:
        with (folder / "attributes.csv").open(newline="") as file:
            heads, *rows = csv.reader(file)
    except (OSError, ValueError):
        raise DataError(f"{folder}: it has no attributes.csv: draw faces there, translate data make faces") from None
    rows = rows[:most] if most else rows
    try:
        pictures = np.stack([np.asarray(Image.open(folder / view / row[0]).convert("RGB")) for row in rows])
    except OSError as error:
        raise DataError(f"{folder / view}: a picture that attributes.csv names cannot be read: {error}") from None
    return Labelled(pictures, np.array([[value == "1" for value in row[1:]] for row in rows]), tuple(heads[1:]))


class Reader(nn.Module):
    """Picture in [-1, 1] → a logit an attribute: `[N, 3, H, W]` → `[N, attributes]`."""

    def __init__(self, attributes: int, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for more in (width, 2 * width, 4 * width, 4 * width):
            layers += [nn.Conv2d(channels, more, 3, 2, 1, bias=False), nn.BatchNorm2d(more), nn.ReLU()]
            channels = more
        # Where a thing is matters (a smile is not a frown): the map is not averaged over.
        self.layers = nn.Sequential(
            *layers, nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * channels, attributes)
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image)

    @torch.inference_mode()
    def read(self, pictures: Pictures, batch: int = 256) -> npt.NDArray[np.float32]:
        """How probable each attribute is, float32 `[N, attributes]`, of uint8 `[N, H, W, 3]`."""
        self.eval()
        parts = [torch.sigmoid(self(_floats(pictures[i : i + batch]))) for i in range(0, len(pictures), batch)]
        return torch.cat(parts).numpy()


def learn(known: Labelled, epochs: int = 4, batch: int = 128, seed: int = 0) -> tuple[Reader, dict[str, float]]:
    """A reader, and its accuracy on the held-out tenth, by attribute."""
    torch.manual_seed(seed)
    test = np.arange(len(known.pictures)) % HELD_OUT == HELD_OUT - 1
    pictures, wanted = known.pictures[~test], torch.from_numpy(known.attributes[~test]).float()
    reader = Reader(len(known.names))
    steps = epochs * (len(pictures) // batch)
    optimizer = torch.optim.Adam(reader.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
    reader.train()
    order = torch.cat([torch.randperm(len(pictures)) for _ in range(epochs)])
    for step in range(steps):
        rows = order[step * batch : (step + 1) * batch]
        loss = functional.binary_cross_entropy_with_logits(
            reader(_shaken(_floats(pictures[rows.numpy()]))), wanted[rows]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    right = (reader.read(known.pictures[test]) > 0.5) == known.attributes[test]
    return reader, dict(zip(known.names, map(float, right.mean(0)), strict=True))


def save(path: Path, reader: Reader, names: tuple[str, ...], accuracy: dict[str, float]) -> None:
    """Keep a reader: to learn again takes minutes on a busy machine."""
    torch.save({"weights": reader.state_dict(), "names": list(names), "accuracy": accuracy}, path)


def load(path: Path) -> tuple[Reader, tuple[str, ...], dict[str, float]]:
    """A reader that was kept, what it reads and how well."""
    kept = torch.load(path, weights_only=True)
    reader = Reader(len(kept["names"]))
    reader.load_state_dict(kept["weights"])
    return reader, tuple(kept["names"]), kept["accuracy"]


def _floats(pictures: Pictures) -> Tensor:
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1


def _shaken(image: Tensor) -> Tensor:
    """Half of a batch blurred; all of it brighter or darker, and noisy."""
    half = len(image) // 2
    image = torch.cat(
        (functional.avg_pool2d(functional.pad(image[:half], (1, 1, 1, 1), "reflect"), 3, 1), image[half:])
    )
    gain, lift = (torch.randn(2, len(image), 1, 1, 1) * 0.08).unbind()
    return image * (1 + gain) + lift + 0.08 * torch.rand(len(image), 1, 1, 1) * torch.randn_like(image)
