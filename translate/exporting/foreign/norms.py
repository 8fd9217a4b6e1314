"""Which norm a file's network has: told by what is stored at its place, and by the convolution in front of it.

| stored for the norm | the convolution has a bias | it is |
|---|---|---|
| weight, bias, running_mean, running_var | no | BatchNorm |
| nothing | yes | InstanceNorm |
| running_mean, running_var | yes | InstanceNorm of old versions of torch or of that code, which kept them for nothing |
| weight, bias; running_mean, running_var too, before torch 0.4 | yes | InstanceNorm of before August 2017, affine |
| nothing | no | none (`--norm none`) |

A bias in front of the norm is what tells an affine InstanceNorm from BatchNorm, whose names are the same: the authors'
code has one in front of InstanceNorm alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from translate.networks.norm import InstanceNorm


@dataclass(frozen=True)
class Norm:
    """A kind of norm, and how a network of ours comes to have it."""

    described: str
    """Its name, with `with` or `without`."""
    base: str
    """The norm of ours that has the right biases in front of it: `batch` none, `instance` some."""
    instead: Callable[[int], nn.Module] | None = None
    """What then takes its place, for so many channels."""

    def put(self, network: nn.Module) -> nn.Module:
        """`network`, which was built with the norm `base`, with this one."""
        if self.instead:
            for name, module in list(network.named_modules()):
                if isinstance(module, InstanceNorm | nn.BatchNorm2d):
                    parent = network.get_submodule(name.rpartition(".")[0])
                    setattr(parent, name.rpartition(".")[2], self.instead(module.num_features))
        return network


BATCH = Norm("with BatchNorm", "batch")
INSTANCE = Norm("with InstanceNorm", "instance")
AFFINE = Norm("with affine InstanceNorm", "instance", lambda channels: InstanceNorm(channels, affine=True))
NONE = Norm("without norms", "batch", lambda _: nn.Identity())


def norm_of(tensors: dict[str, Tensor], convolution: str, norm: str) -> Norm:
    """The norm of a network, by one of its norms and the convolution in front of it.

    Args:
        tensors: of the file.
        convolution: name of the module in front.
        norm: name of the norm's module. Where all norms are alike, one tells; whether they are is found when the
            weights are put in place.
    """
    if f"{convolution}.bias" in tensors:
        return AFFINE if f"{norm}.weight" in tensors else INSTANCE
    return BATCH if any(name.startswith(f"{norm}.") for name in tensors) else NONE
