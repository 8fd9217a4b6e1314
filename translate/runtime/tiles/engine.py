"""One part of a picture through the model, with statistics given or measured."""

from __future__ import annotations

import numpy as np

from translate.errors import ModelError
from translate.pixels import Pixels
from translate.runtime import contract
from translate.runtime.tiles.statistics import Layout, Row
from translate.runtime.translator import Translator


class Engine:
    """A model that translates parts.

    Raises:
        ModelError: it does not translate 8-bit pictures; or its norms take their statistics from the picture, and it
            neither tells them nor takes them.
    """

    def __init__(self, translator: Translator) -> None:
        contract.ordinary(translator.card, "translating in parts")
        self.translator, self.card = translator, translator.card
        self.measures = self.card.row > 0
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
        return Layout(tuple(self.card.norms))


def _with_statistics(translator: Translator, part: Pixels, given: Row | None) -> tuple[Pixels, Row]:
    row = None if given is None else given.astype(np.float32)[None]
    translated, measured = translator.with_statistics(part, row)
    assert measured is not None  # of a model that measures
    return translated, measured[0].astype(np.float64)
