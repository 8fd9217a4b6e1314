"""Writes the small networks that the tests of tiles and of photos load: `python tests/assets/make_networks.py`.

They are committed, so that those tests need no torch. Their weights are random, or there are none: what is tested is
arithmetic.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from translate.card import Card
from translate.data.derived import derivation
from translate.exporting import export
from translate.networks.norm import statistics_of
from translate.networks.resnet import ResNet
from translate.networks.unet import UNet

HERE = Path(__file__).parent


class Tint(nn.Module):
    """Grey to (grey, 255 - grey, grey): such that a picture shows which of two it was made of."""

    multiple = smallest = 1
    halo = 1

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, -x, x], dim=1)


def write(name: str, network: nn.Module, size: int) -> None:
    network.eval()
    terms = "Apache-2.0"
    card = Card(
        name, "day → night", "none", "day", "night", size=size, statistics=statistics_of(network), license=terms
    )
    export(network, card, HERE / f"{name}.onnx")


def write_derived(name: str, source: str, section: dict[str, Any]) -> None:
    """A model whose input is derived of photos."""
    found = derivation(section)
    arguments = {key: value for key, value in section.items() if key != "name"}
    told = {"name": section["name"], "arguments": arguments, "does": found.does}
    task, terms = f"{source} → photo", "Apache-2.0"
    card = Card(name, task, "none", source, "photo", found.channels, size=64, license=terms, derived=told)
    export(Tint().eval(), card, HERE / f"{name}.onnx")


def main() -> None:
    torch.manual_seed(0)
    write("resnet", ResNet(blocks=2, width=6), 64)
    write("resnet_running", ResNet(blocks=1, width=4, norm="batch"), 64)
    write("unet", UNet(depth=4, width=4, norm="instance"), 64)
    write_derived("from_edges", "edges", {"name": "canny", "low": 0.05, "high": 0.12, "reach": 4})
    write_derived("from_lightness", "lightness", {"name": "lightness"})


if __name__ == "__main__":
    main()
