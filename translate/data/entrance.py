"""From a batch as it was read to what networks see: floats in [-1, 1] on the device that trains.

Whatever stands between a picture's stored values and a network's input stands here: what training does and what is
shown, scored and calibrated on go through the same door.
"""

from __future__ import annotations

import torch

from translate.batches import AnyBatch, to_device
from translate.data.on_device import OnDevice


class Entrance:
    """The door between pictures and networks.

    Args:
        augment: what is left to chance on the device, in training.
    """

    def __init__(self, augment: OnDevice | None = None) -> None:
        self.augment = augment

    def plain(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        """A batch as the loader gives it → pictures as floats in [-1, 1], without chance."""
        return to_device(batch, device)

    def train(self, batch: AnyBatch, device: torch.device) -> AnyBatch:
        """The same for a step of training, whose generators are seeded: with what is left to chance."""
        batch = to_device(batch, device)
        return self.augment(batch) if self.augment else batch
