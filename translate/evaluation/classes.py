"""Does a translated picture still show the same things? Ask a model that reads classes from real pictures.

The idea of the FCN score (Isola 2017, §3.4): a reader, trained to turn real pictures of the target domain into label
maps, is shown the translated ones; where it reads what the source showed, the translation kept the scene and looks
real enough to be read. It knows real targets only, so that a copied input is read badly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean

import numpy as np
from PIL.Image import Resampling

from translate import pixels
from translate.data.files import opened
from translate.data.layouts import by_stem
from translate.data.transforms import Transform
from translate.errors import DataError
from translate.runtime import Translator

Picture = np.ndarray

MOST_CLASSES = 256


class Reader:
    """A model that reads label maps, and the true label maps.

    Args:
        model: an exported model from pictures of the target domain to label maps, one colour a class.
        labels: folder of the true label maps, named like the source pictures. All their colours are the classes.
        shapes: height and width of the pictures that will be asked for, by their names without ending.
        transform: what was done to the pictures, done to the label maps.

    Raises:
        DataError: a label map is missing or not as large as its picture, or they have too many colours to be any.
    """

    def __init__(self, model: Path, labels: Path, shapes: Mapping[str, tuple[int, int]], transform: Transform) -> None:
        self.translator, paths = Translator(model), by_stem(labels)
        missing = [stem for stem in shapes if stem not in paths]
        if missing:
            raise DataError(f"{labels}: no label map for {len(missing)} pictures, {missing[0]} among them")
        maps = {stem: pixels.read(opened(path), 3) for stem, path in paths.items()}
        self.palette = _colours(labels, maps.values())
        """uint8 `[classes, 3]`."""
        for stem, (height, width) in shapes.items():
            if maps[stem].shape[:2] != (height, width):
                raise DataError(f"{paths[stem]} is not {width}×{height}, as its picture is")
        self.truth = {stem: self._classes(*transform.plain((maps[stem],), Resampling.NEAREST)) for stem in shapes}

    def agreement(self, picture: Picture, stem: str) -> dict[str, float]:
        """`accuracy` and `IoU` of what is read from `picture` (uint8 `[H, W, C]`) against the truth."""
        read, truth = self._classes(self.translator.array(picture)), self.truth[stem]
        return {"accuracy": accuracy(read, truth), "IoU": iou(read, truth)}

    def _classes(self, labels: Picture) -> np.ndarray:
        """Each pixel's nearest colour of the palette: uint8 `[H, W]`."""
        nearest = np.zeros(labels.shape[:2], np.uint8)
        least = np.full(labels.shape[:2], np.inf, np.float32)
        for index, colour in enumerate(self.palette.astype(np.float32)):
            distance = np.square(labels - colour).sum(2)
            nearest[distance < least] = index
            least = np.minimum(least, distance)
        return nearest


def accuracy(read: np.ndarray, truth: np.ndarray) -> float:
    """Per-pixel accuracy: the share of pixels of which the class is the true one. Both `[H, W]`."""
    return float((read == truth).mean())


def iou(read: np.ndarray, truth: np.ndarray) -> float:
    """Intersection over union of each class that is in the `truth`, their mean. Both `[H, W]`."""
    return fmean(((read == c) & (truth == c)).sum() / ((read == c) | (truth == c)).sum() for c in np.unique(truth))


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
