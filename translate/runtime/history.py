"""Pictures of a model while it was trained, kept in the model's own file: what it made of the same inputs, over time.

Under `translate.history` in the metadata lies a small JSON text: the steps, and one PNG or JPEG in base64 of square
tiles without gaps. A row is a sample; its columns are the input, the result at each of the steps, and the target where
the data was paired. It shows pictures of the training data, so a file has it only where that was asked for.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from translate import pixels
from translate.errors import ModelError, PictureError
from translate.pixels import Pixels
from translate.runtime import metadata

KEY = "translate.history"
STEPS, SAMPLES, TILE = 6, 2, 128
"""Points of training, samples and pixels of a tile's side, at most."""
LONGEST = 60_000
"""Letters of the picture in base64."""

_BEGINNINGS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_QUALITIES = (90, 80, 70, 60, 50, 35, 20, 10, 5)
_LATEST = 10**12


@dataclass(frozen=True)
class History:
    """Columns of tiles, each uint8 `[samples × side, side, 3]`, the samples below each other."""

    source: Pixels
    """What the model was given."""
    results: dict[int, Pixels]
    """Steps of training, in order → what the model made of it then."""
    target: Pixels | None = None
    """What it should have made, where that is known."""

    def to_json(self) -> str:
        """The history as text for the file's metadata.

        Raises:
            PictureError: there is more of it than `STEPS`, `SAMPLES` and `TILE` allow.
        """
        columns = [self.source, *self.results.values(), *([] if self.target is None else [self.target])]
        height, side, _ = self.source.shape
        if any(column.shape != self.source.shape for column in columns) or not _fits(len(self.results), height, side):
            raise PictureError("a history's columns differ in size, or are too many or too large: make them smaller")
        picture = _encoded(np.concatenate(columns, axis=1))
        record = {"steps": list(self.results), "side": side, "target": self.target is not None}
        return json.dumps(record | {"picture": picture})

    @classmethod
    def from_json(cls, text: str) -> History | None:
        """Read a history, whoever wrote it; none where it cannot be shown, for whatever reason."""
        try:
            record = json.loads(text) if len(text) <= 2 * LONGEST else None
            return cls._from(record) if isinstance(record, dict) else None
        except (ValueError, TypeError, RecursionError, PictureError):
            return None

    @classmethod
    def _from(cls, record: dict[str, Any]) -> History | None:
        steps, side, target, encoded = (record.get(key) for key in ("steps", "side", "target", "picture"))
        if not isinstance(steps, list) or not isinstance(side, int) or not isinstance(encoded, str):
            return None
        if len(encoded) > LONGEST or not all(_whole(step) for step in steps) or steps != sorted(set(steps)):
            return None
        content = base64.b64decode(encoded, validate=True)
        if not content.startswith(_BEGINNINGS):
            return None
        count = 1 + len(steps) + (target is True)
        picture = pixels.read(content, 3, limit=count * SAMPLES * TILE**2)
        height, width, _ = picture.shape
        if not _fits(len(steps), height, side) or width != count * side:
            return None
        columns = np.split(picture, count, axis=1)
        results = dict(zip(steps, columns[1:], strict=False))
        return cls(columns[0], results, columns[-1] if target is True else None)


def history(path: str | os.PathLike[str]) -> History | None:
    """The training of a model in pictures; none where its file has none, or none that can be shown."""
    try:
        text = metadata.metadata(path).get(KEY)
    except ModelError:
        return None
    return None if text is None else History.from_json(text)


def tile(picture: Pixels) -> Pixels:
    """A square picture `[side, side, 3]`, made smaller where it is larger than a tile may be."""
    if len(picture) <= TILE:
        return picture
    return np.asarray(Image.fromarray(picture).resize((TILE, TILE), Image.Resampling.LANCZOS))


def _encoded(strip: Pixels) -> str:
    """The strip in base64: as a PNG, or where that is too long, as the best JPEG that is not."""
    for suffix, quality in ((".png", pixels.QUALITY), *((".jpg", quality) for quality in _QUALITIES)):
        text = base64.b64encode(pixels.encode(strip, suffix, quality)).decode()
        if len(text) <= LONGEST:
            return text
    raise PictureError("a history of these pictures does not fit into a model's file: leave it out")


def _fits(steps: int, height: int, side: int) -> bool:
    return 1 <= steps <= STEPS and 1 <= side <= TILE and height % side == 0 and 1 <= height // side <= SAMPLES


def _whole(step: Any) -> bool:
    return isinstance(step, int) and not isinstance(step, bool) and 0 <= step <= _LATEST
