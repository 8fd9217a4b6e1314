"""Of which network tensors are: told by their names."""

from __future__ import annotations

import re
from collections.abc import Callable

from torch import Tensor

from translate.errors import ModelError
from translate.exporting.foreign.layout import Layout
from translate.exporting.foreign.reading import told
from translate.exporting.foreign.resnet import resnet
from translate.exporting.foreign.unet import unet

# What a name of a generator's tensor looks like, and who knows such a network.
GENERATORS: dict[str, Callable[[dict[str, Tensor]], Layout]] = {
    r"model\.\d+\.conv_block\.": resnet,
    r"model\.model\.": unet,
}

# (name, side of its kernel) of a discriminator's first convolution: of patches, and of single pixels.
DISCRIMINATORS = (("model.0.weight", 4), ("net.0.weight", 1))


def recognise(tensors: dict[str, Tensor]) -> Layout:
    """The network that `tensors` are of.

    Raises:
        ModelError: they are a discriminator's, CUT's projector's, or of no network that is known.
    """
    for pattern, layout in GENERATORS.items():
        if any(re.match(pattern, name) for name in tensors):
            return layout(tensors)
    for name, side in DISCRIMINATORS:
        if name in tensors and tensors[name].shape[2:] == (side, side):
            raise ModelError(
                "it is a discriminator's, and only a generator translates: the file with net_G in its name is wanted"
            )
    if all(name.startswith("mlp_") for name in tensors):
        raise ModelError(
            "it is CUT's projector's, which only training needs: the file with net_G in its name is wanted"
        )
    raise ModelError(
        f"its network is not known, {told(min(tensors))} for one is not in any: U-Nets and ResNets of the pix2pix, "
        "CycleGAN and CUT authors' code can be read"
    )
