"""Arrays of a `.npz`: all pictures in one, all labels in another, as MNIST and its like are handed out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from translate.batches import Labelled
from translate.data.files import Member
from translate.data.layouts.base import PICTURES, Layout, Picture, declared
from translate.data.npz import Stack, array, digest
from translate.errors import DataError
from translate.forms import Values

MOST_CLASSES = 10_000
"""A critic has a plane of each picture's size for every class; numbers beyond this are no classes."""

Labels = npt.NDArray[np.int64]
Sample = tuple[Member, int]


class Arrays(Layout):
    """Pictures with a label, in arrays of one archive.

    Args:
        root: the archive, such as `mnist.npz`.
        images: its array of pictures, `[N, H, W]` or `[N, H, W, C]`.
        labels: its array of labels, whole numbers `[N]` or `[N, 1]`; classes are numbered in their order.
        holdout: how many pictures are held out: the last of every class in turn, 0: none; where the archive has an
            array of held-out ones the first of every class in turn, 0: all of it.
        held_out_images: its array of held-out pictures, where there is one.
        held_out_labels: their labels.
        names: of the classes in words, in the order of their labels; without them they are called by their numbers.
        channels: 1 grey, 3 RGB, or any other number; 0: as many as the array has.
        values: what is stored, as in `Form.declared`; without it 8-bit levels.
    """

    batch = Labelled

    def __init__(
        self,
        root: str,
        images: str = "x_train",
        labels: str = "y_train",
        holdout: int = 0,
        held_out_images: str = "",
        held_out_labels: str = "",
        names: tuple[str, ...] = (),
        channels: int = 0,
        values: Values = PICTURES,
    ) -> None:
        if bool(held_out_images) != bool(held_out_labels):
            raise DataError("data: held_out_images and held_out_labels belong together: give both, or neither")
        path = Path(root)
        stack, found = _labelled(path, images, labels)
        shape, numbers = stack.array.shape, np.unique(found)
        self.classes = _names(names, numbers, f"{root}/{labels}")
        samples = _in_turn(stack, np.searchsorted(numbers, found), last=True)
        self._digests = [digest(stack.array, found)]
        if held_out_images:
            apart, truth = _labelled(path, held_out_images, held_out_labels)
            if (apart.array.shape[1:], apart.array.dtype) != (shape[1:], stack.array.dtype):
                raise DataError(
                    f"{root}: {images} holds pictures of {_described(stack.array)} and {held_out_images} of "
                    f"{_described(apart.array)}: what is held out must be like what is trained on"
                )
            if strange := sorted(set(truth.tolist()) - set(numbers.tolist())):
                raise DataError(f"{root}: {held_out_labels} has the label {strange[0]}, which {labels} has not")
            kept = _in_turn(apart, np.searchsorted(numbers, truth))
            if not 0 <= holdout <= len(kept):
                raise DataError(f"{root}: holdout = {holdout}, but {held_out_images} holds {len(kept)}")
            samples += kept[: holdout or None]
            holdout = holdout or len(kept)
            self._digests.append(digest(apart.array, truth))
        form = declared("", channels or (shape[3] if len(shape) == 4 else 1), values)
        super().__init__(samples, holdout, root, image=form)
        self.read(self.train[0] if self.train else self.held_out[0], 0)  # of the others all but the values are the same

    @property
    def facts(self) -> dict[str, int]:
        return {**super().facts, "classes": len(self.classes)}

    def read(self, sample: Sample, seed: int) -> tuple[tuple[Picture, ...], tuple[int, ...]]:
        file, label = sample
        # As an array it is what a grey or RGB picture may be made of, whichever of them is asked for.
        assert isinstance(file.container, Stack)
        return (self.picture(file.container.array[file.place[0]], "image"),), (label,)

    def fingerprint(self) -> str:
        """A digest of the arrays' values, and of which of them are held out."""
        return hashlib.sha256(" ".join((*self._digests, super().fingerprint())).encode()).hexdigest()


def _labelled(path: Path, images: str, labels: str) -> tuple[Stack, Labels]:
    """An array of pictures and their labels."""
    stack, found = Stack(path, images), array(path, labels)
    if stack.array.ndim not in (3, 4) or 0 in stack.array.shape:
        raise DataError(
            f"{path}/{images} has shape {list(stack.array.shape)}: pictures in an array are [N, H, W] or [N, H, W, C]"
        )
    if found.dtype.kind not in "iu" or found.size != len(found):
        raise DataError(
            f"{path}/{labels} holds {found.dtype} {list(found.shape)}: labels are whole numbers, one a picture; of "
            "one-hot rows give numpy.argmax(…, 1)"
        )
    if len(found) != len(stack.array):
        raise DataError(
            f"{path}: {images} holds {len(stack.array):,} pictures and {labels} {len(found):,} labels: "
            "name two arrays that belong together"
        )
    return stack, found.reshape(-1).astype(np.int64)


def _names(given: Sequence[str], numbers: Labels, where: str) -> list[str]:
    """What classes are called."""
    if len(numbers) > MOST_CLASSES:
        raise DataError(f"{where} has {len(numbers):,} different labels, over the limit of {MOST_CLASSES:,} classes")
    if given and len(given) != len(numbers):
        raise DataError(f"data.names: {len(given)} are given for the {len(numbers)} labels of {where}")
    if len(set(given)) < len(given):
        raise DataError(f"data.names = {list(given)}: name each class once")
    return list(given) or [str(number) for number in numbers.tolist()]


def _in_turn(stack: Stack, labels: npt.NDArray[np.intp], last: bool = False) -> list[Sample]:
    """Pictures with their labels, of every class in turn; `last`: so that the last ones hold some of every class."""
    ranks = np.empty(len(labels), np.int64)
    for label in range(int(labels.max()) + 1):
        mine = np.flatnonzero(labels == label)
        ranks[mine] = np.arange(len(mine)) - (len(mine) if last else 0)
    order = np.lexsort((labels, ranks))
    files = stack.files()
    return [(files[row], int(labels[row])) for row in order.tolist()]


def _described(pictures: npt.NDArray[Any]) -> str:
    return f"{pictures.dtype} {list(pictures.shape[1:])}"
