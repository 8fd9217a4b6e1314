"""Models that put several files together to one picture, and models whose results not every format holds."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from translate import pixels
from translate.card import Card
from translate.errors import DataError, PictureError


class Partners:
    """Finds the other files of a picture.

    Args:
        folders: one for each input of the model after the first.
        card: of the model.

    Raises:
        DataError: as many folders as the model has further inputs are not given, or one cannot be listed, or holds two
            files of one stem.
    """

    def __init__(self, folders: Sequence[str | os.PathLike[str]], card: Card) -> None:
        inputs = card.takes.parts
        if folders and len(folders) != len(inputs) - 1:
            told = f"{card.name} takes {card.takes}"
            wanted = f"give --with {len(inputs) - 1} times" if len(inputs) > 1 else "leave --with out"
            raise DataError(f"{told}, and {len(folders)} further folders are given: {wanted}")
        self._found = [(Path(folder), _by_stem(Path(folder))) for folder in folders]

    def __call__(self, path: PurePath) -> list[Path]:
        """The files that belong to that one, in the model's order.

        Raises:
            PictureError: one is missing.
        """
        for folder, found in self._found:
            if path.stem not in found:
                raise PictureError(f"{path} has no partner in {folder}: put one of the same name there")
        return [found[path.stem] for _, found in self._found]


def fitting(card: Card) -> tuple[str, ...]:
    """Suffixes of files that hold what a model gives, the best choice first."""
    gives = card.gives
    found = pixels.suffixes(gives)
    if gives.channels > 1 and not gives.ordinary and importlib.util.find_spec("pyvips") is None:
        return (".npy", *(suffix for suffix in found if suffix != ".npy"))
    return found


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in pixels.find(folder):
        if path.stem in found:
            raise DataError(f"{found[path.stem]} and {path}: which of the two? Stems must be unique within a folder")
        found[path.stem] = path
    return found
