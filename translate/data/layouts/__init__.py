"""Layouts: how pictures lie on disk, and what is one sample.

A layout lists its samples at once and reads them one at a time. `check` reads all of them before training starts, so
that the file that would have stopped a run in its third hour stops it in its first minute.
"""

from collections.abc import Callable

from translate.data.layouts.arrays import Arrays
from translate.data.layouts.base import Layout, Picture, by_stem
from translate.data.layouts.derived import Derived
from translate.data.layouts.images import ImageFolder, LabelledFolders
from translate.data.layouts.packed import packed
from translate.data.layouts.pairs import SideBySide, TwoFolders
from translate.data.layouts.unpaired import Unpaired

OF_FILES: dict[str, type[Layout]] = {
    "side_by_side": SideBySide,
    "two_folders": TwoFolders,
    "unpaired": Unpaired,
    "derived": Derived,
    "images": ImageFolder,
    "labelled": LabelledFolders,
}
"""Those of files in folders, which can be packed into shards."""

LAYOUTS: dict[str, Callable[..., Layout]] = {**OF_FILES, "arrays": Arrays, "packed": packed}

__all__ = [
    "LAYOUTS",
    "OF_FILES",
    "Arrays",
    "Derived",
    "ImageFolder",
    "LabelledFolders",
    "Layout",
    "Picture",
    "SideBySide",
    "TwoFolders",
    "Unpaired",
    "by_stem",
    "packed",
]
