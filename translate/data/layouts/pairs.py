"""Pairs in register: side by side in one file, or in two folders."""

from __future__ import annotations

from typing import Any

import numpy as np

from translate import pixels
from translate.batches import Pair
from translate.data.files import File, find, opened
from translate.data.layouts.base import (
    PICTURES,
    Layout,
    Picture,
    by_stem,
    declared,
    folders,
    listing,
    shown_as,
    together,
)
from translate.errors import DataError
from translate.forms import Values


class SideBySide(Layout):
    """Pairs as one picture each, the two halves side by side (pix2pix's data sets).

    Args:
        root: folder of the pictures.
        source: the half that is the source, `left` or `right`.
        holdout: how many are held out, the last ones by name.
        source_channels: 1 grey, 3 RGB, or any other number.
        target_channels: likewise.
        source_values: what is stored, as in `Form.declared`; without it 8-bit levels.
        target_values: likewise.
    """

    batch = Pair

    def __init__(
        self,
        root: str,
        source: str = "left",
        holdout: int = 0,
        source_channels: int = 3,
        target_channels: int = 3,
        source_values: Values = PICTURES,
        target_values: Values = PICTURES,
    ) -> None:
        if source not in ("left", "right"):
            raise DataError(f'source = {source!r}: say which half it is, "left" or "right"')
        forms = {
            "source": declared("source_", source_channels, source_values),
            "target": declared("target_", target_channels, target_values),
        }
        super().__init__(find(root), holdout, root, **forms)
        self.source = source
        # Read once in the richer of the two forms, then each half is turned into what is asked for.
        self._both = max(forms.values(), key=lambda form: form.channels)
        if len({(form.channels, form.depth) for form in forms.values()}) > 1 and not all(
            form.ordinary for form in forms.values()
        ):
            raise DataError(
                f"data: two halves of one file have the same channels and depth, not {forms}: use two_folders"
            )

    def read(self, sample: File, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        both = pixels.stored(opened(sample), self._both)
        if both.shape[1] % 2:
            raise DataError(f"{sample}: {both.shape[1]} pixels wide, which cannot be cut into two equal halves")
        left, right = np.split(both, 2, axis=1)
        halves = (left, right) if self.source == "left" else (right, left)
        return tuple(map(self.picture, halves, self.channels)), ()


class TwoFolders(Layout):
    """Pairs as two folders, matched by file stem.

    Args:
        source: folder of the source pictures, or several: the channels of files of one stem are put together.
        target: folder of the target pictures.
        holdout: how many pairs are held out, the last ones by name.
        source_channels: 1 grey, 3 RGB, or any other number; of several folders of each, or one for all.
        target_channels: likewise.
        source_values: what is stored, as in `Form.declared`; without it 8-bit levels.
        target_values: likewise.
    """

    batch = Pair
    roots = ("source", "target")

    def __init__(
        self,
        source: str | list[str],
        target: str,
        holdout: int = 0,
        source_channels: int | list[int] = 3,
        target_channels: int = 3,
        source_values: Values = PICTURES,
        target_values: Values = PICTURES,
    ) -> None:
        forms = {
            "source": declared("source_", source_channels, source_values, len(folders(source))),
            "target": declared("target_", target_channels, target_values),
        }
        sources, targets, both = together(source), by_stem(target), shown_as(source)
        first = {stem: one[0] if isinstance(one, tuple) else one for stem, one in sources.items()}
        lonely = [f"{path} has no partner in {target}" for stem, path in first.items() if stem not in targets]
        lonely += [f"{path} has no partner in {both}" for stem, path in targets.items() if stem not in sources]
        if lonely:
            raise DataError(listing(f"{len(lonely)} pictures have no partner of the same name", lonely))
        pairs = [(path, targets[stem]) for stem, path in sources.items()]
        super().__init__(pairs, holdout, f"{both} and {target}", **forms)

    def read(self, sample: tuple[Any, File], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        pictures = tuple(map(self.picture, sample, self.channels))
        (height, width), (other_height, other_width) = (picture.shape[:2] for picture in pictures)
        if (height, width) != (other_height, other_width):
            first = sample[0][0] if isinstance(sample[0], tuple) else sample[0]
            raise DataError(
                f"{first} is {width}×{height} but {sample[1]} is {other_width}×{other_height}: a pair has one size"
            )
        return pictures, ()
