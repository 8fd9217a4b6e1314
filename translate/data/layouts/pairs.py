"""Pairs in register: side by side in one file, or in two folders."""

from __future__ import annotations

import numpy as np

from translate import pixels
from translate.batches import Pair
from translate.data.files import File, find, opened
from translate.data.layouts.base import Layout, Picture, by_stem, listing
from translate.errors import DataError


class SideBySide(Layout):
    """Pairs as one picture each, the two halves side by side (pix2pix's data sets).

    Args:
        root: folder of the pictures.
        source: the half that is the source, `left` or `right`.
        holdout: how many are held out, the last ones by name.
        source_channels: 1 grey or 3 RGB.
        target_channels: 1 grey or 3 RGB.
    """

    batch = Pair

    def __init__(
        self, root: str, source: str = "left", holdout: int = 0, source_channels: int = 3, target_channels: int = 3
    ) -> None:
        if source not in ("left", "right"):
            raise DataError(f'source = {source!r}: say which half it is, "left" or "right"')
        super().__init__(find(root), holdout, root, source=source_channels, target=target_channels)
        self.source = source

    def read(self, sample: File, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        # Read once in the richer of the two forms, then turn each half into what is asked for.
        both = pixels.read(opened(sample), channels=max(self.channels.values()))
        if both.shape[1] % 2:
            raise DataError(f"{sample}: {both.shape[1]} pixels wide, which cannot be cut into two equal halves")
        left, right = np.split(both, 2, axis=1)
        halves = (left, right) if self.source == "left" else (right, left)
        return tuple(map(self.picture, halves, self.channels)), ()


class TwoFolders(Layout):
    """Pairs as two folders, matched by file stem.

    Args:
        source: folder of the source pictures.
        target: folder of the target pictures.
        holdout: how many pairs are held out, the last ones by name.
        source_channels: 1 grey or 3 RGB.
        target_channels: 1 grey or 3 RGB.
    """

    batch = Pair
    roots = ("source", "target")

    def __init__(
        self, source: str, target: str, holdout: int = 0, source_channels: int = 3, target_channels: int = 3
    ) -> None:
        sources, targets = by_stem(source), by_stem(target)
        lonely = [f"{path} has no partner in {target}" for stem, path in sources.items() if stem not in targets]
        lonely += [f"{path} has no partner in {source}" for stem, path in targets.items() if stem not in sources]
        if lonely:
            raise DataError(listing(f"{len(lonely)} pictures have no partner of the same name", lonely))
        pairs = [(path, targets[stem]) for stem, path in sources.items()]
        where = f"{source} and {target}"
        super().__init__(pairs, holdout, where, source=source_channels, target=target_channels)

    def read(self, sample: tuple[File, File], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        pictures = tuple(map(self.picture, sample, self.channels))
        (height, width), (other_height, other_width) = (picture.shape[:2] for picture in pictures)
        if (height, width) != (other_height, other_width):
            raise DataError(
                f"{sample[0]} is {width}×{height} but {sample[1]} is {other_width}×{other_height}: a pair has one size"
            )
        return pictures, ()
