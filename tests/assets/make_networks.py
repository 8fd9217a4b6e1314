"""Writes the small networks that the tests of tiles load: `python tests/assets/make_networks.py`.

They are committed, so that those tests need no torch. Their weights are random: what is tested is arithmetic.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from translate.card import Card
from translate.exporting import export
from translate.networks.norm import statistics_of
from translate.networks.resnet import ResNet
from translate.networks.unet import UNet

HERE = Path(__file__).parent


def write(name: str, network: nn.Module, size: int) -> None:
    network.eval()
    terms = "Apache-2.0"
    card = Card(
        name, "day → night", "none", "day", "night", size=size, statistics=statistics_of(network), license=terms
    )
    export(network, card, HERE / f"{name}.onnx")


def main() -> None:
    torch.manual_seed(0)
    write("resnet", ResNet(blocks=2, width=6), 64)
    write("resnet_running", ResNet(blocks=1, width=4, norm="batch"), 64)
    write("unet", UNet(depth=4, width=4, norm="instance"), 64)


if __name__ == "__main__":
    main()
