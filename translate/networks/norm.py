"""Normalisation: the two kinds the papers use, and what each means once training is over."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

from torch import Tensor, nn
from torch.nn import functional

from translate import shares
from translate.networks.growing import Growing
from translate.networks.shared_norm import convert


class InstanceNorm(nn.InstanceNorm2d):
    """`nn.InstanceNorm2d`, right and fast whatever the layout in memory.

    Of one picture, BatchNorm computes the same. torch 2.15's InstanceNorm returns a wrong gradient there, on a CPU, to
    a gradient in channels-last layout; and it copies pictures in that layout, which BatchNorm takes as they are.
    """

    def forward(self, input: Tensor) -> Tensor:
        """`[N, C, H, W]` → the same shape; each channel of each picture with mean 0 and variance 1."""
        if self.training and len(input) == 1:
            return functional.batch_norm(input, None, None, self.weight, self.bias, training=True, eps=self.eps)
        return super().forward(input)


def _none(channels: int) -> nn.Module:
    return nn.Identity()


# name → layer for `channels` channels. InstanceNorm is affine-less and untracked, as the reference has it.
NORMS: dict[str, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "instance": InstanceNorm,
    "none": _none,
}


def _layer(channels: int) -> nn.Module:
    return nn.GroupNorm(1, channels)


# LayerNorm over all channels and places of a picture, with a gain and a bias a channel (Gulrajani 2017, §4). Generators
# have none: what a tile of a picture looks like would hang on the whole of it.
CRITIC_NORMS: dict[str, Callable[[int], nn.Module]] = {**NORMS, "layer": _layer}


def norm_layer(name: str, kinds: Mapping[str, Callable[[int], nn.Module]] = NORMS) -> Callable[[int], nn.Module]:
    """The constructor of a norm layer by name: one of `NORMS`, or of other `kinds`.

    Raises:
        ValueError: there is no norm of that name.
    """
    if name not in kinds:
        raise ValueError(f"norm = {name!r}: choose one of {', '.join(kinds)}")
    return kinds[name]


def needs_bias(name: str) -> bool:
    """Whether the convolution before a norm has a bias: not before BatchNorm, whose own bias does that work.

    Before an affine-less InstanceNorm the reference has one, though it changes nothing: its mean is taken away again.
    """
    return name != "batch"


def per_image(network: nn.Module) -> nn.Module:
    """A copy of `network` in eval mode whose BatchNorm layers use each picture's own statistics.

    This is what BatchNorm did in training at batch size 1, and what pix2pix tests with (Isola 2017, §3.3), written as
    the InstanceNorm that it then is: same weights, no dependence on what else is in the batch, and it exports.
    Dropout is off in the copy. A network without BatchNorm comes back as it was.
    """
    network = copy.deepcopy(network).eval()
    for name, module in list(network.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            parent = network.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], _as_instance_norm(module))
    return network


def as_used(network: nn.Module, statistics: str) -> nn.Module:
    """A copy of `network` as it is used after training, in eval mode.

    Args:
        network: the trained one.
        statistics: what BatchNorm uses: `image` (see `per_image`) or `running`, training's running averages.
    """
    used = per_image(network) if statistics == "image" else copy.deepcopy(network).eval()
    if isinstance(used, Growing):
        used.agree()  # an average was given the buffers alone
    return used


def shared(network: nn.Module) -> nn.Module:
    """`network` with BatchNorm over the whole batch, where several processes share it."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if shares.count() == 1 or not norms:
        return network
    if norms[0].weight.device.type == "cuda":
        return nn.SyncBatchNorm.convert_sync_batchnorm(network)
    return convert(network)


def statistics_after(batch: int) -> str:
    """What BatchNorm saw in training with so many samples at once, and so what it should use afterwards."""
    return "image" if batch == 1 else "running"


def statistics_of(network: nn.Module) -> str:
    """How the normalisation of `network` works in eval mode: `running`, `image` or `none`."""
    kinds = {type(module) for module in network.modules()}
    if nn.BatchNorm2d in kinds:
        return "running"
    return "image" if kinds & {InstanceNorm, nn.InstanceNorm2d} else "none"


def _as_instance_norm(norm: nn.BatchNorm2d) -> InstanceNorm:
    instance = InstanceNorm(norm.num_features, eps=norm.eps, affine=True)
    instance.load_state_dict({"weight": norm.weight.detach(), "bias": norm.bias.detach()})
    return instance.to(norm.weight).eval()
