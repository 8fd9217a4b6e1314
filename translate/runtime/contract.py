"""What the graph of an exported model takes and gives, and the refusal of one that does not.

One input `image` and one output `translated`, both `[N, H, W, C]` of any `N`, `H` and `W`: uint8, unless the card's
forms say otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from translate.card import Card
from translate.errors import ModelError
from translate.forms import Form
from translate.runtime.engines import Engine, Value

IMAGE, TRANSLATED = "image", "translated"


def check(path: Path, card: Card, engine: Engine) -> None:
    """Refuse a graph before the first picture does.

    Raises:
        ModelError: it does not keep the contract, or does not fit its card.
    """
    _fits(f"{path} has input", IMAGE, card.takes, engine.inputs)
    _fits(f"{path} has output", TRANSLATED, card.gives, engine.outputs)
    *sizes, _ = engine.inputs[0].shape
    if any(isinstance(size, int) for size in sizes):
        raise ModelError(f"{path} takes only pictures of {sizes}: export it again for any size")


def ordinary(card: Card, what: str) -> None:
    """Refuse a model that is not from 8-bit grey or RGB to such; `what` cannot do others.

    Raises:
        ModelError: it takes or gives something else.
    """
    if not card.ordinary:
        raise ModelError(
            f"{card.name} takes {card.takes} and gives {card.gives}, where {what} does 8-bit grey and RGB alone: "
            "translate its files with `translate run`, or arrays with Translator.array"
        )


def check_derivation(path: Path, card: Card, engine: Engine) -> None:
    """Refuse the graph that makes the source of a photo before the first photo does.

    Raises:
        ModelError: it is not from uint8 `[N, H, W, 3]`, named `image`, to the card's source, named `derived`.
    """
    _fits(f"the derivation in {path} has input", IMAGE, Form.plain(3), engine.inputs)
    _fits(f"the derivation in {path} has output", "derived", Form.plain(card.source_channels), engine.outputs)


def _fits(where: str, name: str, form: Form, found: Sequence[Value]) -> None:
    """Raise ModelError unless there is one value, of that name, `[N, H, W, C]` of the form's depth and channels."""
    channels = form.channels
    names = [value.name for value in found]
    if names != [name]:
        raise ModelError(f"{where} {names} instead of {name!r}: export it with this package")
    _, kind, shape = found[0]
    if kind != form.depth or len(shape) != 4:
        raise ModelError(f"{where} {kind} {shape} instead of {form.depth} [N, H, W, {channels}]: export it again")
    # A size that the exporter could not name is none, and is checked on the first result.
    if isinstance(shape[3], int) and shape[3] != channels:
        raise ModelError(f"{where} of {shape[3]} channels but its card says {channels}: export it again")
