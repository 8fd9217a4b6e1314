"""What the graph of an exported model takes and gives, and the refusal of one that does not.

One input `image` and one output `translated`, both uint8 `[N, H, W, C]` of any `N`, `H` and `W`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from translate.card import Card
from translate.errors import ModelError
from translate.runtime.engines import Engine, Value

IMAGE, TRANSLATED = "image", "translated"


def check(path: Path, card: Card, engine: Engine) -> None:
    """Refuse a graph before the first picture does.

    Raises:
        ModelError: it does not keep the contract, or does not fit its card.
    """
    _fits(f"{path} has input", IMAGE, card.source_channels, engine.inputs)
    _fits(f"{path} has output", TRANSLATED, card.target_channels, engine.outputs)
    *sizes, _ = engine.inputs[0].shape
    if any(isinstance(size, int) for size in sizes):
        raise ModelError(f"{path} takes only pictures of {sizes}: export it again for any size")


def check_derivation(path: Path, card: Card, engine: Engine) -> None:
    """Refuse the graph that makes the source of a photo before the first photo does.

    Raises:
        ModelError: it is not from uint8 `[N, H, W, 3]`, named `image`, to the card's source, named `derived`.
    """
    _fits(f"the derivation in {path} has input", IMAGE, 3, engine.inputs)
    _fits(f"the derivation in {path} has output", "derived", card.source_channels, engine.outputs)


def _fits(where: str, name: str, channels: int, found: Sequence[Value]) -> None:
    """Raise ModelError unless there is one value, of that name, uint8 `[N, H, W, channels]`."""
    names = [value.name for value in found]
    if names != [name]:
        raise ModelError(f"{where} {names} instead of {name!r}: export it with this package")
    _, kind, shape = found[0]
    if kind != "uint8" or len(shape) != 4:
        raise ModelError(f"{where} {kind} {shape} instead of uint8 [N, H, W, {channels}]: export it again")
    # A size that the exporter could not name is none, and is checked on the first result.
    if isinstance(shape[3], int) and shape[3] != channels:
        raise ModelError(f"{where} of {shape[3]} channels but its card says {channels}: export it again")
