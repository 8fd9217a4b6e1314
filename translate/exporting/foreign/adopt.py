"""From a file of the authors' code to what is exported: the network as it is used, and its card."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from translate.card import UNKNOWN, Card
from translate.errors import ModelError
from translate.exporting.foreign.filling import COUNT, fill
from translate.exporting.foreign.layout import Layout
from translate.exporting.foreign.reading import read
from translate.exporting.foreign.recognise import recognise
from translate.networks.norm import as_used, statistics_of

SIZES = range(16, 4097)


@dataclass(frozen=True)
class Foreign:
    """A network that was trained elsewhere."""

    network: nn.Module
    """As it is used: in eval mode, dropout off, BatchNorm by the statistics that were asked for."""
    card: Card
    """What is known of it, which is little."""
    warning: str
    """What the file cannot tell and may be wrong; empty where there is nothing."""


def adopt(
    path: Path, name: str = "", domains: tuple[str, str] = ("source", "target"), size: int = 0, statistics: str = "auto"
) -> Foreign:
    """Read a generator of the pix2pix, CycleGAN or CUT authors' code.

    Args:
        path: its file, `{epoch}_net_{G,G_A,G_B}.pth`.
        name: of the model; without one its folder's, which is where that code puts an experiment's name.
        domains: what it translates from and into, in words.
        size: side in pixels of the squares it was trained on; 0 for what such networks usually are.
        statistics: what BatchNorm uses: `image`, each picture's own, `running`, training's averages, or `auto`: the
            former, with which that code tests.

    Raises:
        ModelError: the file cannot be read, is of no such generator, or `size` or `statistics` cannot be.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from None
    try:
        tensors = read(content)
        layout = recognise(tensors)
        network = _as_used(fill(layout, tensors), statistics)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    size = size or min(layout.size, SIZES[-1])
    if size not in SIZES:
        raise ModelError(f"size = {size}: it must be {SIZES[0]} to {SIZES[-1]} pixels")
    card = Card(
        name=name or path.resolve().parent.name or path.stem,
        task=f"{domains[0]} → {domains[1]}",
        method=UNKNOWN,
        source=domains[0],
        target=domains[1],
        source_channels=layout.inputs,
        target_channels=layout.outputs,
        size=size,
        statistics=statistics_of(network),
        # CycleGAN's G_B is the way back of its G_A.
        direction="backward" if re.search(r"_net_G_B\.", path.name) else "forward",
        training={
            "weights": "raw",
            "network": layout.described,
            "file": path.name,
            "sha256": hashlib.sha256(content).hexdigest(),
        },
    )
    return Foreign(network, card, _warning(layout, tensors))


def _as_used(network: nn.Module, statistics: str) -> nn.Module:
    if statistics == "running" and statistics_of(network) != "running":
        raise ModelError("it has no BatchNorm, so no running statistics to use: leave them out")
    return as_used(network, "image" if statistics == "auto" else statistics)


def _warning(layout: Layout, tensors: dict[str, Tensor]) -> str:
    """The authors' U-Net once put what came up in front of what passed by: the same tensors mean something else."""
    averages = any(name.endswith(".running_mean") for name in tensors)
    if "U-Net" not in layout.described or not averages or any(name.endswith(f".{COUNT}") for name in tensors):
        return ""
    return (
        "it was written by a torch older than 0.4.1: if it was trained with code of before 2017-09-23, whose U-Net was "
        "another one with the same tensors, its pictures will be wrong"
    )
