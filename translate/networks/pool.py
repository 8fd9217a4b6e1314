"""The image pool of CycleGAN (Zhu 2017, §4; Shrivastava 2017, §2.3): D also sees what G drew some time ago."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from translate import shares


class ImagePool(nn.Module):
    """The latest generated pictures, on the device where they are drawn. Its state is part of the method's.

    Args:
        size: how many it holds; 0 hands every picture straight on.

    Until it is full, every picture is kept and handed on. From then on each is, with probability ½, kept in exchange
    for a random earlier one, which is handed on in its place. Coins and places are drawn on the device, so that a GPU
    never waits for the host.
    """

    images: Tensor

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size, self.filled = size, 0
        self.register_buffer("images", torch.empty(0))

    def forward(self, images: Tensor) -> Tensor:
        """Exchange `images` `[N, C, H, W]`, one after the other; the result has no graph."""
        if not self.size:
            return images.detach()
        if not self.filled:
            # In one precision whatever the networks', so that a run that goes on holds what it would have held.
            whole = torch.promote_types(images.dtype, torch.float32)
            self.images = images.new_zeros(self.size, *images.shape[1:], dtype=whole)
        # Processes that share a batch hold the same pool, and put the pictures of all of them in.
        exchanged = torch.cat([self._exchange(image[None]) for image in shares.whole(images)])
        return shares.mine(exchanged).to(images.dtype)

    def _exchange(self, image: Tensor) -> Tensor:
        if self.filled < self.size:
            self.images[self.filled] = image[0]
            self.filled += 1
            return image
        keep = torch.rand((), device=image.device) < 0.5
        place = torch.randint(self.size, (1,), device=image.device)
        earlier = self.images.index_select(0, place)
        self.images.index_copy_(0, place, torch.where(keep, image, earlier))
        return torch.where(keep, earlier, image)

    @property
    def settled(self) -> bool:
        """Whether every further call does the same operations on the same memory."""
        return not self.size or self.filled == self.size

    def get_extra_state(self) -> int:
        """How full it is, for `state_dict`."""
        return self.filled

    def set_extra_state(self, state: int) -> None:
        """How full it is, from a `state_dict`."""
        self.filled = state

    def _load_from_state_dict(self, state: Mapping[str, Any], prefix: str, *rest: Any) -> None:
        # It takes the pictures' shape from the first ones: an empty pool must make room for a filled one's.
        saved = state.get(f"{prefix}images")
        if saved is not None:
            self.images = self.images.new_empty(saved.shape)
        super()._load_from_state_dict(state, prefix, *rest)
