"""From a batch as it was read to what networks see: floats in [-1, 1] on the device that trains.

Whatever stands between a picture's stored values and a network's input stands here: what training does and what is
shown, scored and calibrated on go through the same door.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch

from translate.batches import AnyBatch
from translate.data.on_device import OnDevice
from translate.encoding import encode_batch
from translate.forms import Form


class Entrance:
    """The door between pictures and networks.

    Args:
        augment: what is left to chance on the device, in training.
        forms: of each role, what its pictures are made of; of those that it does not name, 8-bit levels.
    """

    def __init__(self, augment: OnDevice | None = None, forms: Mapping[str, Form] = MappingProxyType({})) -> None:
        self.augment, self.forms = augment, forms

    def plain(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        """A batch as the loader gives it → pictures as floats in [-1, 1], without chance."""
        return encode_batch(batch, device, self.forms)

    def train(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        """The same for a step of training, whose generators are seeded: with what is left to chance."""
        batch = self.plain(batch, device)
        return self.augment(batch) if self.augment else batch
