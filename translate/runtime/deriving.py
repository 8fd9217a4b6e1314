"""How the source of a model is made of a photo: a small graph in the model's own file.

A model that was trained on a folder of photos alone took its inputs from them by a derivation: edges, grey, blur. Under
`translate.derive` in the metadata lies that derivation as an ONNX model in base64, `image` uint8 `[N, H, W, 3]` in and
`derived` uint8 `[N, H, W, C]` out, any height and width: inference derives as training did, and needs no torch for it.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import numpy as np

from translate.card import Card
from translate.errors import ModelError
from translate.pixels import Pixels
from translate.runtime import metadata
from translate.runtime.contract import check_derivation
from translate.runtime.engines import reason
from translate.runtime.engines.session import CPU, Session
from translate.runtime.vetting import vet_content

KEY = "translate.derive"
IMAGE, DERIVED = "image", "derived"
LONGEST = 2 * 1024 * 1024
"""Letters of the graph in base64; those of this package have some ten to some hundred thousand."""


class Deriver:
    """The derivation of a model, in ONNX Runtime on the CPU, whatever runs the model: so that it gives the same pixels.

    Args:
        path: the model's file.
        card: its card.
        threads: cores that one picture may use; 0: all of them.

    Raises:
        ModelError: the model derives nothing, or the graph is missing, damaged, or does not keep its contract.
    """

    def __init__(self, path: Path, card: Card, threads: int = 0) -> None:
        if not card.derived:
            raise ModelError(f"{card.name} was not trained on derived inputs: give it pictures of {card.source}")
        self.path, self.card = path, card
        content = _content(path)
        vet_content(content, f"the derivation in {path}")
        self._session = Session(path, "cpu", "CPU", threads, [CPU], content=content)
        check_derivation(path, card, self._session)

    def __call__(self, photo: Pixels, seconds: float | None = None) -> Pixels:
        """Derive a model's input.

        Args:
            photo: uint8 `[H, W, 3]`.
            seconds: longest that it may take.

        Returns:
            uint8 `[H, W, C]` with the card's `source_channels`.

        Raises:
            ModelError: the graph failed on it, or it took too long.
        """
        try:
            (derived,) = self._session.run({IMAGE: np.ascontiguousarray(photo[None])}, [DERIVED], seconds)
        except TimeoutError:
            told = f"deriving {self.card.source} was stopped after {seconds:g} s"
            raise ModelError(f"{told}: give a smaller picture or more seconds") from None
        except Exception as error:  # runtimes' exceptions have no common base of their own
            told = f"deriving {self.card.source} failed on {list(photo.shape)}"
            raise ModelError(f"{told}: {reason(error)}") from error
        expected = (1, *photo.shape[:2], self.card.source_channels)
        if derived.shape != expected:
            raise ModelError(
                f"the derivation in {self.path} gave {list(derived.shape)} instead of {list(expected)}: export it again"
            )
        picture: Pixels = derived[0]
        return picture


def _content(path: Path) -> bytes:
    """The graph's bytes."""
    text = metadata.metadata(path).get(KEY)
    if text is None:
        raise ModelError(f"{path} says how its input is derived but holds no graph for it: export it again")
    if len(text) > LONGEST:
        raise ModelError(f"the derivation in {path} has {len(text):,} letters, over {LONGEST:,}: export it again")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ModelError(f"the derivation in {path} is damaged: export it again, or copy it again") from None
