"""Normalisation as it is exported: what can be is folded into weights, InstanceNorm in float32 as ONNX's own operator.

Every runtime is fastest at its own InstanceNorm: written out as means, differences and products it costs an int8 ResNet
a quarter of its time. Where its statistics must be told and given, the runtime opens it: `translate.runtime.opening`.
"""

from __future__ import annotations

import copy

from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from translate.networks.equalised import EqualisedConv2d, EqualisedLinear, plain


class FullNorm(nn.Module):
    """InstanceNorm by each picture's own statistics, in float32 whatever the precision around it."""

    def __init__(self, norm: nn.InstanceNorm2d) -> None:
        super().__init__()
        self.eps = norm.eps
        # Not parameters, or they would become half precision with the rest.
        self.weight, self.bias = (None if p is None else p.detach().float() for p in (norm.weight, norm.bias))

    def forward(self, x: Tensor) -> Tensor:
        """`[N, C, H, W]` → the same shape and type."""
        return functional.instance_norm(x.float(), weight=self.weight, bias=self.bias, eps=self.eps).to(x.dtype)


def full(network: nn.Module) -> nn.Module:
    """A copy of `network` with every InstanceNorm in float32."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.InstanceNorm2d):
            parent = network.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], FullNorm(module))
    return network


def folded(network: nn.Module) -> nn.Module:
    """A copy of `network` (in eval mode) with every BatchNorm in the convolution before it: the same numbers.

    The constant of layers with an equalised learning rate is in their weights then, too.
    """
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, EqualisedConv2d | EqualisedLinear):
            parent = network.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], plain(module))
    for block in network.modules():
        if not isinstance(block, nn.Sequential):
            continue
        for place in range(len(block) - 1):
            layer, norm = block[place], block[place + 1]
            if isinstance(norm, nn.BatchNorm2d) and isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
                block[place] = fuse_conv_bn_eval(layer, norm, transpose=isinstance(layer, nn.ConvTranspose2d))
                block[place + 1] = nn.Identity()
    return network
