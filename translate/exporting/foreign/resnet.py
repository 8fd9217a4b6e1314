"""The authors' ResNet, and CUT's, which halves and doubles through filters: one list of layers, as ours is.

`model.1` is the first convolution and each block's layers are its `conv_block`; places are those of ours, with dropout
and without.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from torch import Tensor, nn

from translate.exporting.foreign.layout import Layout, sizes
from translate.exporting.foreign.norms import Norm, norm_of
from translate.networks import ResNet
from translate.networks.resnet import ResidualBlock

USUAL = 256


@dataclass(frozen=True)
class _Shape:
    inputs: int
    outputs: int
    blocks: int
    width: int
    dropout: bool
    down: bool
    """Whether it halves through filters."""
    up: bool
    """Whether it doubles through filters."""
    norm: Norm

    def build(self) -> nn.Module:
        network = self._with(self.down)
        if self.up != self.down:
            network.layers = _down_and_blocks(network.layers) + _up(self._with(self.up).layers)
        return self.norm.put(network)

    def _with(self, antialias: bool) -> ResNet:
        # The rate does not matter, as dropout is off: with dropout, what is behind it is one place further.
        dropout = 0.5 if self.dropout else 0.0
        return ResNet(self.inputs, self.outputs, self.blocks, self.width, self.norm.base, dropout, antialias=antialias)

    def __str__(self) -> str:
        halves = {(True, True): ", anti-aliased", (True, False): ", halved anti-aliased", (False, False): ""}
        smooth = halves.get((self.down, self.up), ", doubled anti-aliased")
        blocks = "1 block" if self.blocks == 1 else f"{self.blocks} blocks"
        return f"a ResNet of {blocks} and width {self.width} {self.norm.described}{smooth}"


def resnet(tensors: dict[str, Tensor]) -> Layout:
    """The ResNet that `tensors` are of.

    Raises:
        ModelError: they are not of one that the authors' code builds.
    """
    blocks, filters = _places(tensors, "conv_block.1.weight"), _places(tensors, "filt")
    width, inputs, *_ = sizes(tensors, "model.1.weight")
    first = min(blocks, default=10)
    last = max(place for place in _places(tensors, "weight") if tensors[f"model.{place}.weight"].ndim == 4)
    sizes(tensors, f"model.{first}.conv_block.1.weight")
    shape = _Shape(
        inputs=inputs,
        outputs=sizes(tensors, f"model.{last}.weight")[0],
        blocks=len(blocks),
        width=width,
        # Without it, the second norm is at place 6 and has a vector for a weight, if any.
        dropout=f"model.{first}.conv_block.5.weight" not in tensors,
        down=any(place < first for place in filters),
        up=any(place > first for place in filters),
        norm=norm_of(tensors, "model.1", "model.2"),
    )
    return Layout(str(shape), shape.build, _theirs, shape.inputs, shape.outputs, USUAL)


def _places(tensors: dict[str, Tensor], ending: str) -> list[int]:
    """The places of the layers that have such a tensor."""
    found = map(re.compile(rf"model\.(0|[1-9][0-9]{{0,3}})\.{re.escape(ending)}$").match, tensors)
    return [int(match[1]) for match in found if match]


def _theirs(ours: str) -> str:
    """`layers.10.layers.1` → `model.10.conv_block.1`."""
    return "model" + ours.removeprefix("layers").replace("layers", "conv_block")


def _down_and_blocks(layers: nn.Sequential) -> nn.Sequential:
    return layers[: _behind_the_blocks(layers)]


def _up(layers: nn.Sequential) -> nn.Sequential:
    return layers[_behind_the_blocks(layers) :]


def _behind_the_blocks(layers: nn.Sequential) -> int:
    return 1 + max(place for place, layer in enumerate(layers) if isinstance(layer, ResidualBlock))
