"""Augmentation of whole batches on the device that trains, by kornia.

As in `translate.data.transforms`, geometry is shared by pictures in register and photometric changes touch the source
alone. What is drawn comes from torch's global generator of the CPU, which the trainer seeds at every step: it is a
function of (seed, step), the same on every device. Where several processes share a batch (`translate.shares`), each
draws for the whole of it and takes its own rows, so that together they change what one process would have changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from translate.batches import AnyBatch, Batch, Pair
from translate.data.layouts import Layout
from translate.data.named import built
from translate.data.rows import Augmentation
from translate.data.transforms import Transform
from translate.errors import ConfigError

Entries = Sequence[Mapping[str, Any]]
# They move pixels as the geometric ones do, but without a matrix: kornia counts them among neither kind.
_WARPS = ("RandomElasticTransform", "RandomThinPlateSpline")


class OnDevice:
    """Kornia's augmentations, applied to batches of floats in [-1, 1]; values stay in that range.

    Args:
        geometry: kornia's geometric ones by name, such as `[{name = "RandomAffine", degrees = 10.0, p = 0.5}]`, for all
            pictures of a sample. What they leave empty is black unless their `padding_mode` says otherwise.
        photometric: kornia's intensity ones by name, such as `[{name = "ColorJitter", brightness = 0.1}]`, for the
            source of a pair, or the picture of other batches. They are given values in [0, 1], as kornia expects.
        aligned: the pictures of a pair show the same thing in register and get one geometry; else each its own.

    Raises:
        ConfigError: kornia is not installed, a name that it does not have or that belongs to the other kind, or wrong
            arguments.
    """

    def __init__(self, geometry: Entries = (), photometric: Entries = (), aligned: bool = True) -> None:
        moving, colouring = _kinds()
        self.geometry = [Augmentation(module) for module in built(_in_tuples(geometry), moving, "kornia's geometry")]
        self.photometric = [
            Augmentation(module) for module in built(_in_tuples(photometric), colouring, "kornia's photometry")
        ]
        self.aligned = aligned

    @torch.no_grad()
    def __call__(self, batch: AnyBatch) -> AnyBatch:
        """A batch as `to_device` gives it → the same with other pictures, on the same device."""
        return self.coloured(self.moved(batch))

    @torch.no_grad()
    def moved(self, batch: AnyBatch) -> AnyBatch:
        """With other geometry alone; a source without channels stays one."""
        if isinstance(batch, Pair):
            source, target = self._moved(batch.source, batch.target)
            return cast("AnyBatch", batch._replace(source=source, target=target))
        (image,) = self._moved(batch.image)
        return cast("AnyBatch", batch._replace(image=image))

    @torch.no_grad()
    def coloured(self, batch: AnyBatch) -> AnyBatch:
        """With other colours of the source alone, or of the picture."""
        if isinstance(batch, Pair):
            return cast("AnyBatch", batch._replace(source=self._coloured(batch.source)))
        return cast("AnyBatch", batch._replace(image=self._coloured(batch.image)))

    def rehearse(self, batch: Batch) -> None:
        """Change a batch of blank pictures, to find at once what cannot be; draws nothing from the global generators.

        Raises:
            ConfigError: an augmentation does not take such pictures, or changes their size.
        """
        pictures = (batch.source, batch.target) if isinstance(batch, Pair) else (batch.image,)
        moved = (torch.cat(pictures, dim=1),) if self.aligned else pictures
        for augmentations, changed in ((self.geometry, moved), (self.photometric, pictures[:1])):
            for augment in augmentations:
                for picture in changed:
                    augment.rehearse(picture)

    def _moved(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        """With another geometry: one for all where they are in register."""
        if not self.geometry:
            return pictures
        if not self.aligned:
            return tuple(_changed(self.geometry, picture) for picture in pictures)
        # As channels of one picture: one set of draws, and one pass over the device.
        changed = _changed(self.geometry, torch.cat(pictures, dim=1))
        return tuple(part.contiguous() for part in changed.split([picture.shape[1] for picture in pictures], dim=1))

    def _coloured(self, picture: Tensor) -> Tensor:
        return _changed(self.photometric, picture) if self.photometric else picture


def on_device(transform: Transform, layout: Layout) -> OnDevice | None:
    """What `transform` asks for on the device, tried on pictures as `layout` has them; None where it asks for nothing.

    Raises:
        ConfigError: as `OnDevice` and its `rehearse`.
    """
    if not (transform.device_geometry or transform.device_photometric):
        return None
    augment = OnDevice(transform.device_geometry, transform.device_photometric, layout.aligned)
    channels = [layout.facts[role] for role in ("source", "target", "image") if role in layout.facts]
    blank = [torch.zeros(2, count, transform.size, transform.size) for count in channels]
    labels = [torch.zeros(2, dtype=torch.int64)] if "classes" in layout.facts else []
    augment.rehearse(layout.batch(*blank, *labels))
    return augment


def _kinds() -> tuple[dict[str, type[Any]], dict[str, type[Any]]]:
    """What kornia has for geometry and for photometry, by name."""
    try:
        import kornia.augmentation as K  # seconds: only for who asks for it
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "kornia":
            raise
        raise ConfigError(
            "transform: device_geometry and device_photometric need kornia: pip install 'translate-gan[train]'"
        ) from None
    bases = (K.GeometricAugmentationBase2D, K.IntensityAugmentationBase2D)
    moving, colouring = (
        {name: kind for name, kind in vars(K).items() if isinstance(kind, type) and issubclass(kind, base)}
        for base in bases
    )
    for kinds, base in zip((moving, colouring), bases, strict=True):
        del kinds[base.__name__]
    return moving | {name: getattr(K, name) for name in _WARPS}, colouring


def _changed(augmentations: Sequence[Augmentation], pictures: Tensor) -> Tensor:
    """Pictures `[N, C, H, W]` in [-1, 1] → the same form and range."""
    levels = pictures.add(1).div_(2)
    for augment in augmentations:
        levels = augment(levels)
    return levels.clamp(0, 1).mul_(2).sub_(1)


def _in_tuples(value: Any) -> Any:
    """Ranges as kornia wants them, within entries of a configuration, which has lists."""
    if isinstance(value, Mapping):
        return {key: _in_tuples(inner) for key, inner in value.items()}
    return tuple(_in_tuples(item) for item in value) if isinstance(value, list | tuple) else value
