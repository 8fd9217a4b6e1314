"""Networks made ready for a device: how they lie in memory, who shares them, what is compiled or computed twice."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate import shares
from translate.batches import AnyBatch
from translate.errors import ConfigError
from translate.methods import Method
from translate.networks.norm import shared
from translate.settings import Settings
from translate.training.allocator import hold


def channels_last(settings: Settings, dtype: torch.dtype) -> bool:
    """Whether channels are the innermost axis: by `auto` in half precision, whose convolutions are faster so."""
    return settings.channels_last == "on" or (settings.channels_last == "auto" and dtype != torch.float32)


def prepare(method: Method, settings: Settings, device: torch.device) -> None:
    """Change a method's networks in place, as the settings ask; weights and their names stay the same.

    Raises:
        ConfigError: the networks cannot be changed so.
    """
    if device.type == "cpu":
        hold()
    if device.type == "cuda" and not torch.backends.cudnn.deterministic:
        torch.backends.cudnn.benchmark = True  # shapes never change: the search for the fastest algorithm pays at once
    for name in method.networks:
        setattr(method, name, shared(getattr(method, name)))
    _check_twice(method, settings)
    networks: list[nn.Module] = [getattr(method, name) for name in method.networks]
    if settings.recompute:
        able = [network for network in networks if hasattr(network, "recompute")]
        if not able:
            raise ConfigError("train.recompute: none of these networks can forget its activations: leave it out")
        for network in able:
            network.recompute = True  # type: ignore[assignment]
    if settings.compile:
        for network in networks:
            network.compile(dynamic=False)


def laid_out(batch: AnyBatch, last: bool) -> AnyBatch:
    """Pictures of a batch with their channels innermost, where that is wanted."""
    return type(batch)(*(_laid_out(member) for member in batch)) if last else batch


def like(weight: Tensor, value: Tensor) -> Tensor:
    """`value` as `weight` lies in memory."""
    return torch.empty_like(weight, dtype=value.dtype).copy_(value)


def parts_of(batch: AnyBatch, count: int) -> list[AnyBatch]:
    """A batch in so many equal parts, in order."""
    if count == 1:
        return [batch]
    return [type(batch)(*members) for members in zip(*(member.chunk(count) for member in batch), strict=True)]


def check(settings: Settings, device: torch.device) -> None:
    """Whether the settings can be had together, and here.

    Raises:
        ConfigError: a round cannot be recorded on this device; one setting excludes another.
    """
    if settings.compile and settings.recompute:
        raise ConfigError("train.compile and train.recompute exclude each other: torch cannot compile what it forgets")
    if not settings.graphs:
        return
    if device.type != "cuda":
        raise ConfigError(f"train.graphs: CUDA graphs need an NVIDIA GPU, this trains on {device}: leave it out")
    if shares.count() > 1:
        raise ConfigError("train.graphs: a round that several processes share cannot be recorded: leave it out")
    if settings.recompute:
        raise ConfigError("train.graphs and train.recompute exclude each other: one is for speed, one for memory")


def _check_twice(method: Method, settings: Settings) -> None:
    """Whether what is differentiated twice can be."""
    if method.twice and settings.compile:
        raise ConfigError(
            "train.compile: this game differentiates its critic twice, which compiled networks cannot do: leave out "
            "train.compile, or game.r1 and game.gradient_penalty, or choose another method than unrolled"
        )
    if method.twice and any(isinstance(module, nn.SyncBatchNorm) for module in method.modules()):
        raise ConfigError(
            "BatchNorm over several GPUs cannot be differentiated twice, as this game does with its critic: give the "
            'critic norm = "instance", "layer" or "none", or train on one GPU'
        )


def _laid_out(member: Tensor) -> Tensor:
    return member.contiguous(memory_format=torch.channels_last) if member.ndim == 4 else member
