"""The true classes of pictures, and how far what is read agrees with them."""

from __future__ import annotations

import io
import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from translate import pixels
from translate.card import palette_fault
from translate.data.files import File, opened
from translate.data.layouts import by_stem
from translate.data.transforms import Transform
from translate.errors import ConfigError, DataError
from translate.evaluation.held_out import Sample
from translate.evaluation.judging import Judge
from translate.forms import Form
from translate.metrics.classes import CLASS_IOU, IGNORED, PIXEL_ACCURACY, confusion, nearest, scores

Picture = np.ndarray

MOST_CLASSES = 256
VOID = 255
"""In maps of numbers: from here on a pixel belongs to no class."""
UNSCORED = {"void", "ignore", "ignored", "unlabeled", "unlabelled"}
"""Names of classes whose pixels do not count."""
FAR = 48.0
"""Levels between a colour that is read and the nearest class, from which half the pixels are no label map."""


def table(path: Path) -> dict[str, str]:
    """Classes and their colours, `#rrggbb`, in the order of their numbers, from a TOML or JSON file.

    They stand there at the top, or in a section `palette`, as a configuration has it; a colour may also be `[r, g, b]`.

    Raises:
        ConfigError: it cannot be read, or is no such table.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        record = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:  # both decoders' errors are ValueErrors
        raise ConfigError(f"{path}: {getattr(error, 'strerror', None) or f'not a table of classes: {error}'}") from None
    found = record.get("palette", record) if isinstance(record, Mapping) else record
    if isinstance(found, Mapping):
        found = {name: _hex(colour) for name, colour in found.items()}
    if not found or (fault := palette_fault(found)):
        raise ConfigError(f"{path}: its palette{fault if found else ' is empty'}")
    return dict(found)


class Classes:
    """The true classes of held-out pictures, and what is read from pictures.

    Args:
        palette: classes and their colours; none: all the colours in `labels`, or numbers.
        transform: what was done to the pictures, done to label maps.
        judge: who reads them; none: the pictures are label maps, and each pixel is of the class of the nearest colour.
        labels: folder of the true label maps, named like the pictures: in colour, or in grey, where the level is the
            number of the class. None: where there is a judge the sources are the label maps, else the targets are.
        numbers: the pictures are maps of so many classes' numbers; 0: they have colours.

    Raises:
        DataError: the label maps have too many colours to be any, or nobody knows which colours are classes.
    """

    def __init__(
        self,
        palette: Mapping[str, str],
        transform: Transform,
        judge: Judge | None = None,
        labels: Path | None = None,
        numbers: int = 0,
    ) -> None:
        self.judge, self.labels, self._transform, self._numbers = judge, labels, transform, numbers
        self._paths = by_stem(labels) if labels else {}
        colours = [[int(colour[place : place + 2], 16) for place in (1, 3, 5)] for colour in palette.values()]
        self.palette = np.array(colours, np.uint8).reshape(-1, 3)
        """uint8 `[classes, 3]`; empty where classes are numbers."""
        self._unscored = [place for place, name in enumerate(palette) if name.lower() in UNSCORED]
        numbered = [self._numbered(path) for path in self._paths.values()]
        if not len(self.palette) and not any(numbered) and not numbers:
            if labels is None:
                raise DataError("which colours are classes is not known: give a table of them with --classes")
            self.palette = _colours(labels, (pixels.read(opened(path), 3) for path in self._paths.values()))
        self.count = numbers or len(self.palette) or VOID

    @classmethod
    def of_form(cls, form: Form, palette: Mapping[str, str], transform: Transform) -> Classes:
        """Those that pictures of a form are maps of; `palette` has their names, where its colours are theirs."""
        names = {colour: name for name, colour in palette.items()}
        colours = {names.get(colour, colour): colour for colour in form.parts[0].colours}
        return cls(colours, transform, numbers=0 if colours else form.classes)

    def truth(self, sample: Sample) -> np.ndarray:
        """The true classes of a sample, int `[H, W]`; -1 where none counts.

        Raises:
            DataError: it has no label map, or one of another size than its picture.
        """
        if self._numbers:
            classes = sample.target[:, :, 0].astype(np.int32)
            return np.where(classes < self.count, classes, IGNORED)
        if self.labels is None:
            return self._of_colours(sample.source if self.judge else sample.target)
        path = self._paths.get(Path(sample.name).stem)
        if path is None:
            raise DataError(f"{self.labels}: no label map for {sample.name}")
        map_ = self._raw(path)
        if map_.shape[:2] != sample.size:
            height, width = sample.size
            raise DataError(f"{path} is not {width}×{height}, as its picture is")
        (map_,) = self._transform.plain((map_,), Resampling.NEAREST)
        if map_.shape[2] == 3:
            return self._of_colours(map_)
        classes = map_[:, :, 0].astype(np.int32)
        return np.where(classes < self.count, classes, IGNORED)

    def read(self, picture: Picture) -> np.ndarray:
        """The classes seen in a picture, int `[H, W]`; `count` where it is none of them."""
        seen = self.judge.read(picture) if self.judge else picture
        if self._numbers:
            seen = seen[:, :, 0].astype(np.int32)
        if seen.ndim == 3:
            if not len(self.palette):
                raise DataError(f"{self._who()} gives colours, the label maps are numbers: give a table with --classes")
            return nearest(np.broadcast_to(seen, (*seen.shape[:2], 3)), self.palette)
        return np.where((seen >= 0) & (seen < self.count), seen, self.count)

    def check(self, real: Picture) -> None:
        """Refuse a judge that gives something other than label maps from a real picture.

        Raises:
            DataError: half of what it gives is far from the colours of all classes.
        """
        seen = self.judge.read(real) if self.judge else real
        if seen.ndim == 3 and len(self.palette):
            seen = np.broadcast_to(seen, (*seen.shape[:2], 3))
            off = np.linalg.norm(seen - self.palette[nearest(seen, self.palette)].astype(np.float32), axis=2)
            if np.median(off) > FAR:
                raise DataError(
                    f"{self._who()} gives no label maps in the colours of the {len(self.palette)} classes: half of its "
                    f"pixels are more than {FAR:.0f} levels from all of them; give a model that does, or another table"
                )

    def _who(self) -> str:
        return str(self.judge.path) if self.judge else "the target"

    def _of_colours(self, map_: Picture) -> np.ndarray:
        classes = nearest(np.broadcast_to(map_, (*map_.shape[:2], 3)), self.palette)
        return np.where(np.isin(classes, self._unscored), IGNORED, classes)

    def _numbered(self, path: File) -> bool:
        """Whether a file holds numbers of classes: it is grey, or has a table of colours, and ours are others."""
        with _image(path) as image:
            mode = image.mode
        if len(self.palette):
            return mode in ("L", "I;16") and bool(np.ptp(self.palette.astype(int), axis=1).any())
        return mode in ("L", "I;16", "P") and self.judge is not None and self.judge.translator is None

    def _raw(self, path: File) -> Picture:
        colours = pixels.read(opened(path), 3)
        if not self._numbered(path):
            return colours
        with _image(path) as image:
            return np.asarray(image).clip(0, VOID).astype(np.uint8)[:, :, None]


def _image(file: File) -> Image.Image:
    return Image.open(file if isinstance(file, Path) else io.BytesIO(file.read()))


class Agreement:
    """Counts, by predictor, of which classes are read for which true ones."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self._counts: dict[str, np.ndarray] = {}

    def score(self, predictor: str, output: Picture, truth: np.ndarray) -> dict[str, float]:
        """Of one picture: per-pixel `accuracy` and `IoU`, the mean over the classes that its truth has."""
        # One class more: what is read as none of them.
        counts = confusion(self.classes.read(output), truth, self.classes.count + 1)
        self._counts[predictor] = self._counts.get(predictor, 0) + counts
        one = scores(counts)
        return {"accuracy": one[PIXEL_ACCURACY], "IoU": one[CLASS_IOU]}

    def of_set(self, predictor: str) -> dict[str, float]:
        """Of all its pictures together, by their confusion matrix (see `translate.metrics.classes`)."""
        return scores(self._counts[predictor])


def _colours(labels: Path, maps: Iterable[Picture]) -> Picture:
    found: set[int] = set()
    for map_ in maps:
        found.update(np.unique(map_.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)).tolist())
        if len(found) > MOST_CLASSES:
            raise DataError(
                f"{labels}: more than {MOST_CLASSES} colours: a label map has one colour a class (JPEG would blur them)"
            )
    codes = np.array(sorted(found), np.uint32)
    return np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1).astype(np.uint8)


def _hex(colour: object) -> object:
    if isinstance(colour, list) and len(colour) == 3 and all(isinstance(c, int) and 0 <= c < 256 for c in colour):
        return "#" + "".join(f"{c:02x}" for c in colour)
    return colour.lower() if isinstance(colour, str) else colour
