"""Small pictures of an evaluation while it goes on, within bounded memory, until it is known which are worth showing.

Which pictures are the worst is known when all are scored, and by which metric only the reader knows. So every picture
is kept, as a small file among many in a temporary one, of which only places are in memory: ten thousand pictures take
some hundred megabytes of disk, and none of them is translated twice.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import weakref
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from translate import pixels
from translate.evaluation.heat import difference, heat

Picture = np.ndarray

REFERENCES = ("copy the input", "predict the mean", "the truth itself", "real against real")
"""Predictors that are beside the models to compare with: their outputs say nothing."""

SIDE = 384
LIMIT = 12_000_000
"""Bytes that pictures may take in a report."""

_QUALITY = 85
_FEW = 256
"""Colours of a picture that may be a drawing or a label map, which lossy formats blur."""
_TYPES = {".png": "image/png", ".webp": "image/webp"}
_IN_MEMORY = 64_000_000


@dataclass(frozen=True)
class Thumbnail:
    """Where a small picture lies, and how large it is to be shown."""

    start: int
    length: int
    suffix: str
    width: int
    height: int

    @property
    def inlined(self) -> int:
        """Bytes that it takes in a page: base64 writes three as four."""
        return -(-self.length // 3) * 4


@dataclass(frozen=True)
class Shown:
    """One picture as it went through: what models were given, made of it and should have made."""

    name: str
    source: Thumbnail
    target: Thumbnail | None
    outputs: Mapping[str, Thumbnail]
    differences: Mapping[str, Thumbnail]
    """predictor → heat map of |output − target|, where there is a target of the output's size."""

    def thumbnails(self) -> list[Thumbnail]:
        """All of them."""
        known = [self.source, self.target, *self.outputs.values(), *self.differences.values()]
        return [thumbnail for thumbnail in known if thumbnail]


class Gallery:
    """Collects pictures as `evaluate(…, watch=gallery)` goes through them.

    Args:
        side: the longer side of a small picture, in pixels; larger ones are made smaller.
        skip: predictors whose outputs are not kept.
    """

    def __init__(self, side: int = SIDE, skip: Collection[str] = REFERENCES) -> None:
        self.side, self.skip, self.shown = side, skip, dict[str, Shown]()
        self.given = "input"
        """What the pictures are called that models were given, or that stand beside what they drew."""
        self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 – lives as long as the gallery
        weakref.finalize(self, self._file.close)
        self._known: dict[bytes, Thumbnail] = {}

    def __call__(self, name: str, source: Picture, target: Picture | None, outputs: Mapping[str, Picture]) -> None:
        """Keep one picture: `[H, W, C]`, uint8, uint16 or float in levels of 255."""
        outputs = {predictor: output for predictor, output in outputs.items() if predictor not in self.skip}
        self.shown[name] = Shown(
            name,
            self._keep(source),
            None if target is None else self._keep(target),
            {predictor: self._keep(output) for predictor, output in outputs.items()},
            {
                predictor: self._keep(heat(_smaller(difference(_levels(output), _levels(target)), self.side)))
                for predictor, output in outputs.items()
                if target is not None and output.shape == target.shape
            },
        )

    def data(self, thumbnail: Thumbnail) -> str:
        """A small picture as the address of itself, `data:…`."""
        self._file.seek(thumbnail.start)
        text = base64.b64encode(self._file.read(thumbnail.length)).decode()
        return f"data:{_TYPES[thumbnail.suffix]};base64,{text}"

    def within(self, names: Iterable[str], limit: int = LIMIT) -> list[Shown]:
        """As many pictures as have room in so many bytes of a page, the first of `names` before others."""
        fit, room = [], limit
        for shown in (self.shown[name] for name in names if name in self.shown):
            room -= sum(thumbnail.inlined for thumbnail in shown.thumbnails())
            if room < 0:
                break
            fit.append(shown)
        return fit

    def _keep(self, picture: Picture) -> Thumbnail:
        small = _smaller(visible(picture), self.side)
        digest = hashlib.blake2b(small.tobytes() + repr(small.shape).encode(), digest_size=16).digest()
        if digest not in self._known:
            content, suffix = _encoded(small)
            start = self._file.seek(0, 2)
            self._file.write(content)
            self._known[digest] = Thumbnail(start, len(content), suffix, small.shape[1], small.shape[0])
        return self._known[digest]


def visible(picture: Picture) -> Picture:
    """A picture of any kind as eyes and formats take it: uint8 `[H, W, 1 | 3]`; of many channels, the first three."""
    levels = _levels(picture)
    channels = 3 if levels.shape[2] >= 3 else 1
    return levels[:, :, :channels].clip(0, 255).round().astype(np.uint8)


def _levels(picture: Picture) -> Picture:
    """In levels of 255."""
    return picture / 257 if picture.dtype == np.uint16 else picture


def _smaller(picture: Picture, side: int) -> Picture:
    """At most `side` high and wide, by the mean of what falls together; `[H, W]` or `[H, W, C]`."""
    height, width = picture.shape[:2]
    if max(height, width) <= side:
        return picture
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(picture[:, :, 0] if picture.ndim == 3 and picture.shape[2] == 1 else picture).resize(
        size, Image.Resampling.BOX
    )
    return np.asarray(small).reshape(size[1], size[0], *picture.shape[2:])


def _encoded(picture: Picture) -> tuple[bytes, str]:
    """Exact where there are few colours and it costs little, as of drawings and label maps; otherwise as photos are."""
    lossy = pixels.encode(picture, ".webp", _QUALITY)
    if _colours(picture) <= _FEW:
        exact = pixels.encode(picture, ".png")
        if len(exact) <= 2 * len(lossy):
            return exact, ".png"
    return lossy, ".webp"


def _colours(picture: Picture) -> int:
    codes = picture.astype(np.uint32) @ (256 ** np.arange(picture.shape[2], dtype=np.uint32))
    return len(np.unique(codes))
