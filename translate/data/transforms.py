"""Transforms: resize, crop, flip and whatever else a configuration asks of albumentations.

Geometry is drawn once a sample and shared by all its pictures; photometric changes touch the source alone, since the
target is the truth. What is drawn is a function of the seed given with each call, never of a global generator.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from translate.data.named import built
from translate.errors import ConfigError

Picture = np.ndarray
RESIZES = ("cover", "stretch")


class Transform:
    """Random crops of `size`² from pictures resized to `load`, for training; `plain` is the fixed form for tests.

    Args:
        size: side of what comes out, pixels.
        load: the short side before cropping; `size` or more. The paper's jitter is 286 → 256. Default: `size`.
        resize: `cover` keeps the proportions (the short side becomes `load`), `stretch` makes a square of any picture
            (as the reference does).
        flip: mirror left and right, half of the time.
        geometry: albumentations by name, such as `[{name = "Rotate", limit = 10}]`, the same for all pictures.
        photometric: albumentations by name, for the source alone.
        device_geometry: kornia's by name, such as `[{name = "RandomRotation", degrees = 10.0}]`, on the device that
            trains, after all of the above; see `translate.data.on_device`.
        device_photometric: kornia's by name, on the training device, for the source alone.
    """

    def __init__(
        self,
        size: int = 256,
        load: int = 0,
        resize: str = "cover",
        flip: bool = True,
        geometry: Sequence[Mapping[str, Any]] = (),
        photometric: Sequence[Mapping[str, Any]] = (),
        device_geometry: Sequence[Mapping[str, Any]] = (),
        device_photometric: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")  # it would ask another host for its newest version
        import albumentations as A

        if size < 1:
            raise ConfigError(f"transform: size = {size}: it must be at least 1")
        if resize not in RESIZES:
            raise ConfigError(f"transform: resize = {resize!r}: choose one of {', '.join(RESIZES)}")
        self.size, self.load, self.resize = size, load or size, resize
        if self.load < size:
            raise ConfigError(f"transform: load = {load} is smaller than size = {size}: there is nothing to crop from")
        self.device_geometry, self.device_photometric = device_geometry, device_photometric
        # Before the crop, so that what a rotation leaves empty is mostly cropped away.
        shared = [*_named(geometry), A.RandomCrop(size, size), *([A.HorizontalFlip(p=0.5)] if flip else [])]
        self._geometry = A.Compose(shared, additional_targets={"target": "image"}, seed=0)
        self._photometric = A.Compose(_named(photometric), seed=0) if photometric else None

    def __call__(self, pictures: tuple[Picture, ...], seed: int) -> tuple[Picture, ...]:
        """One or two uint8 pictures `[H, W, C]` of one size → `[size, size, C]`; the same for the same seed."""
        source, *rest = self._shared(pictures, seed)
        if self._photometric:
            # Its own stream: with the geometry's, whatever is drawn first would always fall together with the flip.
            self._photometric.set_random_seed(int(np.random.SeedSequence([seed, 1]).generate_state(1)[0]))
            source = self._photometric(image=source)["image"]
        return (source, *rest)

    def apart(self, pictures: tuple[Picture, ...], seed: int) -> tuple[Picture, ...]:
        """The same for pictures that are not in register, of any sizes: each gets a geometry of its own."""
        seeds = np.random.SeedSequence(seed).generate_state(len(pictures)).tolist()
        source, *rest = pictures
        return (
            *self((source,), seeds[0]),
            *(self._shared((one,), s)[0] for one, s in zip(rest, seeds[1:], strict=True)),
        )

    def plain(self, pictures: tuple[Picture, ...], filter: Resampling = Resampling.BICUBIC) -> tuple[Picture, ...]:
        """The same sizes without chance: resized to `size`, then the centre. Label maps want the filter `NEAREST`."""
        return tuple(_centre(_resize(picture, self.size, self.resize, filter), self.size) for picture in pictures)

    def resized(self, pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
        """What pictures are cropped from: their short side, or both, is `load`. Done once more it changes nothing."""
        return tuple(_resize(picture, self.load, self.resize) for picture in pictures)

    def _shared(self, pictures: tuple[Picture, ...], seed: int) -> tuple[Picture, ...]:
        """One geometry for all of them."""
        resized = self.resized(pictures)
        self._geometry.set_random_seed(seed)
        drawn = self._geometry(**dict(zip(("image", "target"), resized, strict=False)))
        return tuple(drawn[key] for key in ("image", "target")[: len(pictures)])


def _named(entries: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Albumentations from `{name, **arguments}`."""
    import albumentations as A

    known = {
        name: kind
        for name, kind in vars(A).items()
        if isinstance(kind, type) and issubclass(kind, A.BasicTransform) and not name.startswith("_")
    }
    return built(entries, known, "albumentations")


def _resize(picture: Picture, side: int, how: str, filter: Resampling = Resampling.BICUBIC) -> Picture:
    """Antialiased, as Pillow has it: albumentations' own resize is not."""
    height, width = picture.shape[:2]
    if how == "stretch":
        wanted = (side, side)
    else:
        scale = side / min(height, width)
        wanted = (max(side, round(width * scale)), max(side, round(height * scale)))
    if wanted == (width, height):
        return picture
    image = Image.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture)
    return np.asarray(image.resize(wanted, filter)).reshape(wanted[1], wanted[0], -1)


def _centre(picture: Picture, side: int) -> Picture:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
