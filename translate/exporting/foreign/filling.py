"""A network of ours with a file's weights: every tensor at its place, none over, or a sentence that says which."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate.errors import ModelError
from translate.exporting.foreign.layout import Layout
from translate.exporting.foreign.reading import told
from translate.networks.blur import BlurDown, BlurUp
from translate.networks.norm import InstanceNorm

COUNT = "num_batches_tracked"
"""BatchNorm's since torch 0.4.1; nothing depends on it."""
UNUSED = ("running_mean", "running_var", COUNT)
"""What InstanceNorm kept in some versions of the authors' code, and never used."""


def fill(layout: Layout, tensors: dict[str, Tensor]) -> nn.Module:
    """The network of `layout` with the weights `tensors`, float32, on the CPU, in eval mode.

    Raises:
        ModelError: tensors are missing or over, of another shape, or not numbers.
    """
    with torch.device("meta"):  # no memory for it before the file has shown that it is so large
        skeleton = layout.build()
    places = _places(layout, skeleton)
    _compare(layout, skeleton, places, tensors)
    network = layout.build()
    _check_filters(layout, network, tensors)
    learnt = {ours: tensors[theirs] for ours, theirs in places.items() if not theirs.endswith(f".{COUNT}")}
    network.load_state_dict(network.state_dict() | learnt)
    for ours, value in network.state_dict().items():
        if not value.isfinite().all():
            raise ModelError(
                f"{places[ours]} holds values that are no finite float32 numbers: take another epoch's file"
            )
    return network.eval()


def _places(layout: Layout, network: nn.Module) -> dict[str, str]:
    """Our name of every tensor → theirs."""
    names = ((name, *name.rpartition(".")) for name in network.state_dict())
    return {name: f"{layout.theirs(module)}.{tensor}" for name, module, _, tensor in names}


def _compare(layout: Layout, network: nn.Module, places: dict[str, str], tensors: dict[str, Tensor]) -> None:
    """Raise ModelError unless the file holds what the network needs, and nothing that it does not."""
    filters = {f"{theirs}.filt" for theirs, _ in _filters(layout, network)}
    needed = {theirs for theirs in places.values() if not theirs.endswith(f".{COUNT}")} | filters
    norms = [layout.theirs(name) for name, module in network.named_modules() if isinstance(module, InstanceNorm)]
    spare = {*places.values(), *(f"{norm}.{tensor}" for norm in norms for tensor in UNUSED)}
    if lacking := sorted(needed - set(tensors)):
        raise ModelError(f"it looks like {layout.described}, but lacks {_some(lacking)}: it is damaged or was changed")
    if over := sorted(set(tensors) - needed - spare):
        raise ModelError(f"it looks like {layout.described}, which has no {_some(over)}: its network was changed")
    for ours, value in network.state_dict().items():
        found = tensors.get(places[ours], value)
        if found.shape != value.shape or not (found.is_floating_point() or places[ours].endswith(COUNT)):
            raise ModelError(
                f"it looks like {layout.described}, but its {places[ours]} is {found.dtype} {list(found.shape)} "
                f"where {list(value.shape)} is wanted: its network was changed"
            )


def _check_filters(layout: Layout, network: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Filters are not learnt, so ours are taken: raise ModelError if the file's are others."""
    for theirs, module in _filters(layout, network):
        found = tensors[f"{theirs}.filt"]
        same = found.is_floating_point() and found.shape[1:] == module.kernel.shape[1:]
        if not same or not torch.allclose(found.float(), module.kernel.expand_as(found)):
            raise ModelError(f"{theirs}.filt is not the filter of the authors' code: its network was changed")


def _filters(layout: Layout, network: nn.Module) -> list[tuple[str, BlurDown | BlurUp]]:
    modules = network.named_modules()
    return [(layout.theirs(name), module) for name, module in modules if isinstance(module, BlurDown | BlurUp)]


def _some(names: list[str]) -> str:
    return told(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")
