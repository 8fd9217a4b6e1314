"""Generators as the authors' code has them, and their state_dicts as it writes them.

`benchmarks.literal` has their layers in their order; here are the names that they have in a file, and what only some
versions or options of that code have.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.literal import networks as theirs


@dataclass(frozen=True)
class Variant:
    """A generator of the authors' and what is to be found out of its file."""

    kind: Callable[..., nn.Module]
    said: str
    arguments: dict[str, Any] = field(default_factory=dict)
    norm: Callable[[int], nn.Module] | None = None
    """What stands at the place of every norm."""
    dropout: bool = False
    inputs: int = 3
    outputs: int = 3
    drop: tuple[str, ...] = ()
    """Endings of names that this version did not write yet."""
    statistics: str = "image"

    def build(self) -> nn.Module:
        """In the mode that translates with each picture's own statistics, dropout off."""
        torch.manual_seed(0)
        network = self.kind(**{"width": 8, **self.arguments})
        if self.norm:
            replace(network, (nn.BatchNorm2d, nn.InstanceNorm2d), lambda old: self.norm(old.num_features))
        if self.dropout:
            for block in network.modules():
                if isinstance(block, theirs.ResnetBlock):
                    block.block.insert(4, nn.Dropout(0.5))
        with_channels(network, self.inputs, self.outputs)
        randomise(network)
        for module in network.train().modules():
            if isinstance(module, nn.Dropout):
                module.eval()
        return network

    def state(self, network: nn.Module) -> dict[str, Tensor]:
        """What the authors' code writes of `network`."""
        named = {authors_name(network, name): tensor for name, tensor in network.state_dict().items()}
        return {name: tensor for name, tensor in named.items() if not name.endswith(self.drop)}


def authors_name(network: nn.Module, name: str) -> str:
    """The name in a file of what the literal network calls `name`."""
    return f"model.{name}" if isinstance(network, theirs.UNet) else name.replace(".block.", ".conv_block.")


def replace(network: nn.Module, kinds: tuple[type[nn.Module], ...], make: Callable[[Any], nn.Module]) -> None:
    """Put other modules in the place of those of some kinds."""
    for name, module in list(network.named_modules()):
        if isinstance(module, kinds):
            parent, _, last = name.rpartition(".")
            setattr(network.get_submodule(parent), last, make(module))


def with_channels(network: nn.Module, inputs: int, outputs: int) -> None:
    """Another first and last convolution, where pictures are not RGB."""
    if inputs != 3:
        place = 0 if isinstance(network, theirs.UNet) else 1
        old = network.model[place]
        size, stride, padding, bias = old.kernel_size, old.stride, old.padding, old.bias is not None
        network.model[place] = nn.Conv2d(inputs, old.out_channels, size, stride, padding, bias=bias)
    if outputs != 3:
        old = network.model[-2]
        network.model[-2] = type(old)(old.in_channels, outputs, old.kernel_size, old.stride, old.padding)


def randomise(network: nn.Module) -> None:
    """Weights and statistics of which every one matters."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0, 0.1)
                if module.bias is not None:
                    nn.init.normal_(module.bias, 0, 0.1)
            elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d):
                if module.affine:
                    nn.init.normal_(module.weight, 1, 0.2)
                    nn.init.normal_(module.bias, 0, 0.2)
                if module.track_running_stats:
                    nn.init.normal_(module.running_mean, 0, 0.3)
                    nn.init.uniform_(module.running_var, 0.5, 2)


def half_smooth(width: int, down: bool) -> nn.Module:
    """CUT's generator with `--no_antialias_up` (or `--no_antialias`, where `down` is false)."""
    network, plain = (theirs.ResNet(width=width, blocks=1, antialias=smooth) for smooth in (down, not down))
    place = next(at for at, layer in enumerate(network.model) if isinstance(layer, theirs.ResnetBlock)) + 1
    other = next(at for at, layer in enumerate(plain.model) if isinstance(layer, theirs.ResnetBlock)) + 1
    network.model = network.model[:place] + plain.model[other:]
    return network


def tracked(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, track_running_stats=True)


def affine(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True)


def affine_and_tracked(channels: int) -> nn.Module:
    return nn.InstanceNorm2d(channels, affine=True, track_running_stats=True)


def none(_: int) -> nn.Module:
    return nn.Identity()


COUNT = ".num_batches_tracked"
VARIANTS = {
    "pix2pix": Variant(theirs.UNet, "a U-Net of depth 8 and width 8 with BatchNorm"),
    "pix2pix, 128": Variant(theirs.UNet, "a U-Net of depth 7 and width 8 with BatchNorm", {"depth": 7}),
    "pix2pix, shallow": Variant(theirs.UNet, "a U-Net of depth 5 and width 6 with BatchNorm", {"depth": 5, "width": 6}),
    "pix2pix, torch 0.4": Variant(
        theirs.UNet, "a U-Net of depth 6 and width 8 with BatchNorm", {"depth": 6}, drop=(COUNT,)
    ),
    "pix2pix, grey to RGB": Variant(
        theirs.UNet, "a U-Net of depth 6 and width 8 with BatchNorm", {"depth": 6}, inputs=1, outputs=3
    ),
    "U-Net, instance": Variant(
        theirs.UNet, "a U-Net of depth 6 and width 8 with InstanceNorm", {"depth": 6, "norm": "instance"}
    ),
    "U-Net, affine": Variant(
        theirs.UNet, "a U-Net of depth 6 and width 8 with affine InstanceNorm", {"depth": 6, "norm": "instance"}, affine
    ),
    "U-Net, none": Variant(
        theirs.UNet, "a U-Net of depth 6 and width 8 without norms", {"depth": 6}, none, statistics="none"
    ),
    "CycleGAN": Variant(theirs.ResNet, "a ResNet of 9 blocks and width 8 with InstanceNorm"),
    "CycleGAN, 6 blocks": Variant(theirs.ResNet, "a ResNet of 6 blocks and width 8 with InstanceNorm", {"blocks": 6}),
    "CycleGAN, tracked": Variant(
        theirs.ResNet, "a ResNet of 2 blocks and width 8 with InstanceNorm", {"blocks": 2}, tracked
    ),
    "CycleGAN, 2017": Variant(
        theirs.ResNet,
        "a ResNet of 2 blocks and width 8 with affine InstanceNorm",
        {"blocks": 2},
        affine_and_tracked,
        drop=(COUNT,),
    ),
    "ResNet, dropout": Variant(
        theirs.ResNet, "a ResNet of 2 blocks and width 8 with InstanceNorm", {"blocks": 2}, dropout=True
    ),
    "ResNet, batch, dropout": Variant(
        theirs.ResNet,
        "a ResNet of 2 blocks and width 8 with BatchNorm",
        {"blocks": 2, "norm": "batch"},
        dropout=True,
        inputs=4,
        outputs=1,
    ),
    "ResNet, batch": Variant(
        theirs.ResNet, "a ResNet of 1 block and width 8 with BatchNorm", {"blocks": 1, "norm": "batch"}
    ),
    "ResNet, none": Variant(
        theirs.ResNet,
        "a ResNet of 1 block and width 8 without norms",
        {"blocks": 1, "norm": "batch"},
        none,
        statistics="none",
    ),
    "CUT": Variant(
        theirs.ResNet, "a ResNet of 9 blocks and width 8 with InstanceNorm, anti-aliased", {"antialias": True}
    ),
    "CUT, batch, dropout": Variant(
        theirs.ResNet,
        "a ResNet of 2 blocks and width 8 with BatchNorm, anti-aliased",
        {"antialias": True, "blocks": 2, "norm": "batch"},
        dropout=True,
    ),
    "CUT, up plain": Variant(
        half_smooth, "a ResNet of 1 block and width 8 with InstanceNorm, halved anti-aliased", {"down": True}
    ),
    "CUT, down plain": Variant(
        half_smooth, "a ResNet of 1 block and width 8 with InstanceNorm, doubled anti-aliased", {"down": False}
    ),
}
