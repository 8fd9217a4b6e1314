"""Derivations as files, to look at, or for whoever wants them on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from translate import pixels
from translate.batches import Images, to_bytes, to_device
from translate.data.derived.base import Derivation
from translate.data.files import find, opened
from translate.errors import DataError


def derive(derivation: Derivation, folder: Path, out: Path, progress: Callable[[int, int], None]) -> int:
    """Write what is derived of every photo of a folder, without chance, as PNG of the same size and stem.

    Args:
        derivation: what is made of them.
        folder: of photos, which may lie in a `.zip`.
        out: folder of the results, made if need be; results that exist are replaced.
        progress: is told how many of how many are done.

    Returns:
        How many there are.

    Raises:
        DataError: there are no photos, or no such folder, two have one stem, or `out` is their folder.
        PictureError: one cannot be read or written.
    """
    paths = find(folder)
    if not paths:
        raise DataError(f"{folder}: no pictures there ({', '.join(sorted(pixels.READABLE))})")
    if len({path.stem for path in paths}) < len(paths):
        raise DataError(f"{folder}: some pictures have the same name but for the ending: rename them")
    if out.exists() and folder.exists() and out.samefile(folder):
        raise DataError(f"{out} is the folder of the photos: give another one for the results")
    out.mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths, 1):
        photo = torch.from_numpy(pixels.read(opened(path), 3)).permute(2, 0, 1)[None]
        (source,) = to_bytes(derivation(to_device(Images(photo), torch.device("cpu")).image))
        pixels.write(source.permute(1, 2, 0).contiguous().numpy(), out / f"{path.stem}.png")
        progress(number, len(paths))
    return len(paths)
