"""Which network of ours a file's tensors are of, and where in it each of them goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from translate.errors import ModelError


@dataclass(frozen=True)
class Layout:
    """A network of ours, and the names that the authors' code has for its parts."""

    described: str
    """In words, such as `a U-Net of depth 8 and width 64 with BatchNorm`."""
    build: Callable[[], nn.Module]
    """The network, its weights drawn at random."""
    theirs: Callable[[str], str]
    """The name of one of our modules → the name of theirs."""
    inputs: int
    """Channels in."""
    outputs: int
    """Channels out."""
    size: int
    """Side of the squares that such a network is usually trained on."""


def sizes(tensors: dict[str, Tensor], name: str) -> tuple[int, ...]:
    """The four sizes of a convolution's weight.

    Raises:
        ModelError: there is no tensor of that name, or it cannot be that.
    """
    if name not in tensors:
        raise ModelError(f"it lacks {name}: it is no generator of the authors' code, or not all of one")
    shape = tuple(tensors[name].shape)
    if len(shape) != 4 or 0 in shape:
        raise ModelError(f"{name} is {list(shape)}, which is no convolution's weight")
    return shape
