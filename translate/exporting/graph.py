"""What is exported: the network between bytes and bytes, at any size.

image uint8 [N, H, W, C] → [-1, 1] → reflected up to the size multiple → network → cropped → uint8 [N, H, W, C']

`BytesToBytes` says what is meant, `Exported` has the form that runtimes are better at; `verify` compares the two.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate.exporting.norms import folded, full
from translate.exporting.subpixel import subpixel


class BytesToBytes(nn.Module):
    """A translating network with its preprocessing and postprocessing.

    Args:
        network: `[N, C, H, W]` → `[N, C', H, W]`, both in [-1, 1], for `H` and `W` that are multiples of
            `network.multiple` and at least `network.smallest`. An output pixel sees no further than `network.halo`
            pixels, apart from what norms measure; 0: it sees the whole picture.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.multiple, self.smallest = int(network.multiple), int(network.smallest)  # type: ignore[arg-type]
        self.halo = int(network.halo)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """uint8 `[N, H, W, C]` → uint8 `[N, H, W, C']`."""
        return self.levels(image).round().clamp(0, 255).to(torch.uint8)

    def levels(self, image: Tensor) -> Tensor:
        """The same before rounding: float32 `[N, H, W, C']` in 0 … 255."""
        height, width = image.shape[1], image.shape[2]
        x = image.permute(0, 3, 1, 2).float() / 127.5 - 1
        x = x.index_select(2, self._reflected(height)).index_select(3, self._reflected(width))
        precision = next((p.dtype for p in self.network.parameters()), x.dtype)
        y = self.network(x.to(precision))[:, :, :height, :width]
        return y.permute(0, 2, 3, 1).float() * 127.5 + 127.5

    def _reflected(self, length: int) -> Tensor:
        """Which pixel stands where once `length` is padded: 0 1 2 3 2 1 0 1 …, so that any length can be filled up."""
        padded = (length + self.multiple - 1) // self.multiple * self.multiple
        if self.smallest > self.multiple:
            padded = max(padded, self.smallest)
        # Tensors, not numbers: the length is only known when the exported graph runs.
        period = torch.scalar_tensor(2 * length - 2, dtype=torch.int64).clamp(min=1)
        place = torch.arange(padded) % period
        return torch.minimum(place, period - place)


class Exported(BytesToBytes):
    """The same function in the form that is written: norms folded or in float32, no transposed convolutions.

    Args:
        network: as `BytesToBytes`, in eval mode.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self.network = full(subpixel(folded(network)))
