"""The image pool of CycleGAN as a Python list, its coins tossed on the host."""

from __future__ import annotations

import torch
from torch import Tensor


class ImagePool:
    """Up to `size` earlier pictures; 0 hands every picture straight on, graph and all.

    Draws come from torch's generator, a coin and a place each time, so that a seed means the same as in ours. (Theirs
    are from `random`, and a place only where the coin asks for one.)
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """Exchange `images` `[N, C, H, W]`, one after the other."""
        if self.size == 0:
            return images
        return torch.cat([self._exchange(image.detach()[None]) for image in images])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) < self.size:
            self.images.append(image)
            return image
        coin, place = torch.rand(()).item(), int(torch.randint(self.size, (1,)).item())
        if coin >= 0.5:
            return image
        earlier = self.images[place].clone()
        self.images[place] = image
        return earlier
