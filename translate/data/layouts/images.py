"""Pictures of one domain, without labels or with one each."""

from __future__ import annotations

from pathlib import PurePath

from translate.batches import Images, Labelled
from translate.data.files import File, find, spread_out, subfolders
from translate.data.layouts.base import PICTURES, Layout, Picture, declared
from translate.forms import Values


class ImageFolder(Layout):
    """Pictures of one domain, in one folder.

    Args:
        root: folder of the pictures.
        holdout: how many are held out, the last ones by name.
        channels: 1 grey, 3 RGB, or any other number.
        values: what is stored, as in `Form.declared`; without it 8-bit levels.
        spread: those held out lie evenly among all names, for folders that are sorted by what is to be seen.
    """

    batch = Images
    ordering = ("spread",)

    def __init__(
        self, root: str, holdout: int = 0, channels: int = 3, values: Values = PICTURES, spread: bool = False
    ) -> None:
        found = find(root)
        super().__init__(spread_out(found) if spread else found, holdout, root, image=declared("", channels, values))

    def read(self, sample: File, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        return (self.picture(sample, "image"),), ()


class LabelledFolders(Layout):
    """Pictures with a label: one folder a class, classes numbered in the order of their names.

    Args:
        root: folder of the classes' folders.
        holdout: how many pictures are held out, the last ones by name of every class in turn.
        channels: 1 grey, 3 RGB, or any other number.
        values: what is stored, as in `Form.declared`; without it 8-bit levels.
    """

    batch = Labelled

    def __init__(self, root: str, holdout: int = 0, channels: int = 3, values: Values = PICTURES) -> None:
        folders = subfolders(root)
        self.classes = [PurePath(folder).name for folder in folders]
        samples = [
            (rank, label, path) for label, folder in enumerate(folders) for rank, path in enumerate(find(folder))
        ]
        # By rank first, so that the last ones hold some of every class.
        ordered = [(path, label) for _, label, path in sorted(samples, key=lambda s: s[:2])]
        super().__init__(ordered, holdout, root, image=declared("", channels, values))

    @property
    def facts(self) -> dict[str, int]:
        return {**super().facts, "classes": len(self.classes)}

    def read(self, sample: tuple[File, int], seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        path, label = sample
        return (self.picture(path, "image"),), (label,)
