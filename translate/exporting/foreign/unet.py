"""The authors' U-Net, of any depth: blocks within blocks.

The outermost block is `model.model`: 0 down, 1 the block within, 3 up. A middle one: 1 down, 2 its norm, 3 the block
within, 5 up, 6 its norm. The innermost one: 1 down, 3 up, 4 its norm. Each block's layers are called `model`.
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from translate.errors import ModelError
from translate.exporting.foreign.layout import Layout, sizes
from translate.exporting.foreign.norms import Norm, norm_of
from translate.networks import UNet

SHALLOWEST = 5
"""Four blocks of rising width around the innermost one."""


def unet(tensors: dict[str, Tensor]) -> Layout:
    """The U-Net that `tensors` are of.

    Raises:
        ModelError: they are not of one that the authors' code builds.
    """
    depth = 1
    while any(name.startswith(f"{_block(depth)}.") for name in tensors):
        depth += 1
    if depth < SHALLOWEST:
        raise ModelError(
            f"it is a U-Net of depth {depth}, and the authors' have at least {SHALLOWEST}: is it all of one?"
        )
    width, inputs, *_ = sizes(tensors, "model.model.0.weight")
    outputs = sizes(tensors, "model.model.3.weight")[1]
    norm = norm_of(tensors, f"{_block(1)}.1", f"{_block(1)}.2")
    return Layout(
        described=f"a U-Net of depth {depth} and width {width} {norm.described}",
        build=partial(_build, inputs, outputs, depth, width, norm),
        theirs=partial(_theirs, depth),
        inputs=inputs,
        outputs=outputs,
        size=2**depth,
    )


def _build(inputs: int, outputs: int, depth: int, width: int, norm: Norm) -> nn.Module:
    return norm.put(UNet(inputs, outputs, depth, width, norm.base))


def _block(level: int) -> str:
    """The layers of the block that is `level` blocks within the outermost one."""
    return "model.model" if level == 0 else "model.model.1.model" + ".3.model" * (level - 1)


def _theirs(depth: int, ours: str) -> str:
    """`downs.2.1` → `model.model.1.model.3.model.1`."""
    part, *places = ours.split(".")
    if part == "out":
        return f"{_block(0)}.3"
    number, place = map(int, places)
    if part == "downs":
        # The outermost block has no activation in front of its convolution; that alone is at its place 0.
        return f"{_block(number)}.{place}"
    level = depth - 1 - number
    # Ours: 0 the activation, 1 the convolution, 2 the norm. What is in front of them is shorter in the innermost block.
    return f"{_block(level)}.{place + (2 if number == 0 else 4)}"
