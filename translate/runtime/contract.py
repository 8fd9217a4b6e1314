"""What the graph of an exported model takes and gives, and the refusal of one that does not.

One input `image` and one output `translated`, both `[N, H, W, C]` of any `N`, `H` and `W`: uint8, unless the card's
forms say otherwise. A model that draws from noise has inputs `noise` float32 `[N, latent]` and, where it has classes,
`label` int64 `[N]`, both of any `N`, and gives `translated` uint8 `[N, size, size, C]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from translate.card import Card
from translate.errors import ModelError
from translate.forms import Form
from translate.runtime.engines import Engine, Value

IMAGE, TRANSLATED = "image", "translated"
NOISE, LABEL = "noise", "label"


def check(path: Path, card: Card, engine: Engine) -> None:
    """Refuse a graph before the first picture does.

    Raises:
        ModelError: it does not keep the contract, or does not fit its card.
    """
    if card.draws:
        _check_drawing(path, card, engine)
        return
    _fits(f"{path} has input", IMAGE, card.takes, engine.inputs)
    _fits(f"{path} has output", TRANSLATED, card.gives, engine.outputs)
    *sizes, _ = engine.inputs[0].shape
    if any(isinstance(size, int) for size in sizes):
        raise ModelError(f"{path} takes only pictures of {sizes}: export it again for any size")


def translating(card: Card, what: str) -> None:
    """Refuse a model that draws from noise; `what` translates pictures.

    Raises:
        ModelError: it takes none.
    """
    if card.draws:
        raise ModelError(
            f"{card.name} draws pictures from noise, where {what} needs a model that translates them: "
            "draw with `translate latent`, or with Translator.draw"
        )


def drawing(card: Card, what: str) -> None:
    """Refuse a model that translates pictures; `what` draws them from noise.

    Raises:
        ModelError: it has no noise to draw from.
    """
    if not card.draws:
        raise ModelError(
            f"{card.name} translates pictures, where {what} needs a model that draws them from noise: "
            "translate with `translate run`, or with Translator.array"
        )


def ordinary(card: Card, what: str) -> None:
    """Refuse a model that is not from 8-bit grey or RGB to such; `what` cannot do others.

    Raises:
        ModelError: it takes or gives something else.
    """
    translating(card, what)
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


def _check_drawing(path: Path, card: Card, engine: Engine) -> None:
    meant: dict[str, tuple[str, list[int]]] = {NOISE: ("float32", [card.latent])}
    if card.classes:
        meant[LABEL] = ("int64", [])
    found = {value.name: value for value in engine.inputs}
    if found.keys() != meant.keys() or len(engine.inputs) != len(meant):
        names = [value.name for value in engine.inputs]
        raise ModelError(f"{path} has inputs {names} instead of {list(meant)}: export it with this package")
    for name, (kind, sizes) in meant.items():
        value = found[name]
        shape = f"[{', '.join(['N', *map(str, sizes)])}]"
        if value.kind != kind or len(value.shape) != 1 + len(sizes) or isinstance(value.shape[0], int):
            raise ModelError(
                f"{path} has input {name} {value.kind} {value.shape} instead of {kind} {shape}: export it again"
            )
        # Sizes that the exporter could not name show in the first run.
        if any(isinstance(size, int) and size != wanted for size, wanted in zip(value.shape[1:], sizes, strict=True)):
            raise ModelError(f"{path} has input {name} {value.shape} where its card says {shape}: export it again")
    _fits(f"{path} has output", TRANSLATED, card.gives, engine.outputs)
    sides = [size for size in engine.outputs[0].shape[1:3] if isinstance(size, int)]
    if any(side != card.size for side in sides):
        raise ModelError(f"{path} draws pictures of {sides} where its card says {card.size}: export it again")


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
