"""From a batch as it was read to what networks see: floats in [-1, 1] on the device that trains.

Whatever stands between a picture's stored values and a network's input stands here: what training does and what is
shown, scored and calibrated on go through the same door. Where a pair's source is derived from its target, it is made
here: after all that moves pixels, so that it is what a file of that picture would give, and before the source's own
photometric changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

import numpy as np
import torch

from translate.batches import AnyBatch, Pair, to_bytes, to_device
from translate.data.derived import Derivation
from translate.data.layouts import Picture
from translate.data.on_device import OnDevice
from translate.encoding import encode_batch
from translate.forms import Form


class Entrance:
    """The door between pictures and networks.

    Args:
        augment: what is left to chance on the device, in training.
        forms: of each role, what its pictures are made of; of those that it does not name, 8-bit levels.
        derivation: what makes the source of a pair, where only its target is read.
    """

    def __init__(
        self,
        augment: OnDevice | None = None,
        forms: Mapping[str, Form] = MappingProxyType({}),
        derivation: Derivation | None = None,
    ) -> None:
        self.augment, self.forms, self.derivation = augment, forms, derivation

    def plain(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        """A batch as the loader gives it → pictures as floats in [-1, 1], without chance."""
        return self._completed(self._encoded(batch, device))

    def train(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        """The same for a step of training, whose generators are seeded: with what is left to chance."""
        batch = self._encoded(batch, device)
        batch = self.augment.moved(batch) if self.augment else batch
        batch = self._completed(batch, chance=True)
        return self.augment.coloured(batch) if self.augment else batch

    def pictures(self, pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
        """A sample's pictures `[H, W, C]` as stored, after geometry without chance → the same with their source."""
        if self.derivation is None:
            return pictures
        (photo,) = pictures
        target = torch.from_numpy(np.array(photo.transpose(2, 0, 1)[None], order="C"))
        pair = self.plain(Pair(target[:, :0], target), torch.device("cpu"))
        return to_bytes(pair.source)[0].permute(1, 2, 0).numpy(), photo

    def _encoded(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        return to_device(encode_batch(batch, device, self.forms), device)

    def _completed(self, batch: AnyBatch, chance: bool = False) -> AnyBatch:
        """With its source, where that is derived."""
        if self.derivation is None or not isinstance(batch, Pair):
            return batch
        source = self.derivation.drawn(batch.target) if chance else self.derivation(batch.target)
        return cast("AnyBatch", batch._replace(source=source))
