"""One part of a picture through the model, with statistics given or measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from translate.errors import ModelError
from translate.pixels import Pixels
from translate.runtime.tiles.statistics import Layout, Row, layout
from translate.runtime.translator import Translator

_MEASURED = "measured"
_PROBE = 64
"""Side of the picture by which a model's norms are told apart."""


class Engine:
    """A model that translates parts.

    Raises:
        ModelError: its norms take their statistics from the picture, and it neither tells them nor takes them.
    """

    def __init__(self, translator: Translator) -> None:
        self.translator, self.card = translator, translator.card
        names = [value.name for value in translator._session.get_outputs()]
        self.measures = _MEASURED in names
        """Whether there are statistics to be given."""
        if self.card.statistics == "image" and not self.measures:
            raise ModelError(
                f"{translator.path} normalises every part by itself, so that parts would not fit: export it again"
            )

    def translate(self, part: Pixels, given: Row | None) -> Pixels:
        """A part `[h, w, C]`, normalised by what is given, or by its own statistics."""
        if given is None:
            return self.translator.array(part)
        return _with_statistics(self.translator, part, given)[0]

    def measure(self, part: Pixels, given: Row | None) -> Row:
        """What the norms measure of a part `[h, w, C]` when they use what is given, or their own statistics."""
        return _with_statistics(self.translator, part, given)[1]

    def layout(self) -> Layout:
        """How the numbers of a row belong to the norms."""
        side = max(_PROBE, self.card.multiple)
        part = np.random.default_rng(0).integers(0, 256, (side, side, self.card.source_channels), np.uint8)
        return layout(lambda given: self.measure(part, given), self.measure(part, None))


def _with_statistics(translator: Translator, part: Pixels, given: Row | None) -> tuple[Pixels, Row]:
    feeds: dict[str, npt.NDArray[Any]] = {"image": np.ascontiguousarray(part[None])}
    if given is not None:
        feeds |= {"statistics": given.astype(np.float32)[None], "frozen": np.array([True])}
    try:
        translated, measured = translator._session.run(["translated", _MEASURED], feeds)
    except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
        size = f"{part.shape[0]} × {part.shape[1]}"
        raise ModelError(f"{translator.card.name} failed on a part of {size} pixels: give a smaller tile") from error
    return translated[0], measured[0].astype(np.float64)
