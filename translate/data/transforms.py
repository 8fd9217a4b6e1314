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
from translate.forms import Form

Picture = np.ndarray
RESIZES = ("cover", "stretch")

_KEYS = ("image", "target")
_TARGETS = {"target": "image", "map0": "mask", "map1": "mask"}
"""What albumentations calls the pictures of a sample: label maps are masks, whose pixels it does not mix."""


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
        self._geometry = A.Compose(shared, additional_targets=_TARGETS, seed=0)
        self._photometric = A.Compose(_named(photometric), seed=0) if photometric else None
        self.maps: tuple[int, ...] = ()
        """Places of label maps among a sample's pictures: their pixels are moved and never mixed."""

    def suit(self, forms: Sequence[Form]) -> None:
        """Be told what the pictures of a sample are made of, in their order."""
        self.maps = tuple(place for place, form in enumerate(forms) if form.classes)

    def __call__(self, pictures: tuple[Picture, ...], seed: int) -> tuple[Picture, ...]:
        """One or two pictures `[H, W, C]` of one size and any depth → `[size, size, C]`; the same for the same seed."""
        source, *rest = self._shared(pictures, seed, self._kinds(range(len(pictures))))
        if self._photometric:
            # Its own stream: with the geometry's, whatever is drawn first would always fall together with the flip.
            self._photometric.set_random_seed(int(np.random.SeedSequence([seed, 1]).generate_state(1)[0]))
            source = self._changed(self._photometric, source, self._kinds([0])[0])
        return (source, *rest)

    def apart(self, pictures: tuple[Picture, ...], seed: int) -> tuple[Picture, ...]:
        """The same for pictures that are not in register, of any sizes: each gets a geometry of its own."""
        seeds = np.random.SeedSequence(seed).generate_state(len(pictures)).tolist()
        source, *rest = pictures
        return (
            *self((source,), seeds[0]),
            *(
                self._shared((one,), s, self._kinds([place]))[0]
                for place, (one, s) in enumerate(zip(rest, seeds[1:], strict=True), 1)
            ),
        )

    def plain(
        self, pictures: tuple[Picture, ...], filter: Resampling = Resampling.BICUBIC, places: Sequence[int] = ()
    ) -> tuple[Picture, ...]:
        """The same sizes without chance: resized to `size`, then the centre.

        Args:
            pictures: `[H, W, C]`.
            filter: of all but label maps, which are resized by `NEAREST`.
            places: of these pictures among those of a sample, where they are not all.
        """
        filters = [Resampling.NEAREST if is_map else filter for is_map in self._kinds(places or range(len(pictures)))]
        resized = (_resize(one, self.size, self.resize, how) for one, how in zip(pictures, filters, strict=True))
        return tuple(_centre(one, self.size) for one in resized)

    def resized(self, pictures: tuple[Picture, ...], places: Sequence[int] = ()) -> tuple[Picture, ...]:
        """What pictures are cropped from: their short side, or both, is `load`. Done once more it changes nothing."""
        return self._resized(pictures, self._kinds(places or range(len(pictures))))

    @staticmethod
    def _changed(change: Any, source: Picture, is_map: bool) -> Picture:
        """With other colours. Of a label map what moves pixels does so, and what changes colours does nothing."""
        if is_map:
            drawn = change(image=np.zeros((*source.shape[:2], 3), np.uint8), mask=source)
            return np.asarray(drawn["mask"])
        return np.asarray(change(image=source)["image"])

    def _kinds(self, places: Sequence[int]) -> list[bool]:
        """Of each picture, whether it is a label map."""
        return [place in self.maps for place in places]

    def _resized(self, pictures: tuple[Picture, ...], maps: Sequence[bool]) -> tuple[Picture, ...]:
        filters = [Resampling.NEAREST if is_map else Resampling.BICUBIC for is_map in maps]
        return tuple(_resize(one, self.load, self.resize, how) for one, how in zip(pictures, filters, strict=True))

    def _shared(self, pictures: tuple[Picture, ...], seed: int, maps: Sequence[bool]) -> tuple[Picture, ...]:
        """One geometry for all of them."""
        resized = self._resized(pictures, maps)
        self._geometry.set_random_seed(seed)
        keys = [f"map{place}" if is_map else _KEYS[place] for place, is_map in enumerate(maps)]
        given = dict(zip(keys, resized, strict=True))
        if "image" not in given:  # albumentations wants one: the size is taken from it
            given["image"] = given.get("target", resized[0])
        drawn = self._geometry(**given)
        return tuple(drawn[key] for key in keys)


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
    # Channels by themselves: of four Pillow would take the last for opacity, and multiply the others by it.
    if picture.dtype != np.uint8 or picture.shape[2] not in (1, 3):
        planes = [_plane(picture[:, :, channel], wanted, filter) for channel in range(picture.shape[2])]
        return np.stack(planes, axis=2)
    image = Image.fromarray(picture.squeeze(2) if picture.shape[2] == 1 else picture)
    return np.asarray(image.resize(wanted, filter)).reshape(wanted[1], wanted[0], -1)


def _plane(plane: np.ndarray, wanted: tuple[int, int], filter: Resampling) -> np.ndarray:
    """One channel of any depth, resized in floats: 16 bits and sums of them fit into their 24."""
    resized = np.asarray(Image.fromarray(plane.astype(np.float32)).resize(wanted, filter))
    if plane.dtype.kind == "f":
        return resized.astype(plane.dtype)
    most = np.iinfo(plane.dtype).max  # bicubic filters overshoot
    return np.rint(resized).clip(0, most).astype(plane.dtype)


def _centre(picture: Picture, side: int) -> Picture:
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    return picture[top : top + side, left : left + side]
