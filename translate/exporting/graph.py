"""What is exported: the network between bytes and bytes, at any size.

image [N, H, W, C] as stored → [-1, 1] → reflected up to the size multiple → network → cropped → [N, H, W, C'] as stored

What is stored is uint8 unless the domains' forms say otherwise (`translate.encoding`). `BytesToBytes` says what is
meant, `Exported` has the form that runtimes are better at; `verify` compares the two.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate.encoding import decode, encode, levels
from translate.exporting.norms import folded, full
from translate.exporting.subpixel import subpixel
from translate.forms import Form

_LEVELS = Form.plain(3)  # of any number of channels: that they are levels of 8 bits is all that is asked of it


class BytesToBytes(nn.Module):
    """A translating network with its preprocessing and postprocessing.

    Args:
        network: `[N, C, H, W]` → `[N, C', H, W]`, both in [-1, 1], for `H` and `W` that are multiples of
            `network.multiple` and at least `network.smallest`. An output pixel sees no further than `network.halo`
            pixels, apart from what norms measure; 0: it sees the whole picture.
        takes: what the image is made of; without it 8-bit levels.
        gives: what the translated image is made of.
    """

    def __init__(self, network: nn.Module, takes: Form = _LEVELS, gives: Form = _LEVELS) -> None:
        super().__init__()
        self.network, self.takes, self.gives = network, takes, gives
        self.multiple, self.smallest = int(network.multiple), int(network.smallest)  # type: ignore[arg-type]
        self.halo = int(network.halo)  # type: ignore[arg-type]

    def forward(self, image: Tensor) -> Tensor:
        """`[N, H, W, C]` → `[N, H, W, C']`, both as stored, such as uint8."""
        return decode(self._made(image), self.gives)

    def levels(self, image: Tensor) -> Tensor:
        """The same before rounding: float32 `[N, H, W, C']`, such as 0 … 255; of label maps what is greatest wins."""
        return levels(self._made(image), self.gives)

    def _made(self, image: Tensor) -> Tensor:
        """What the network gives, in [-1, 1]: `[N, H, W, K]`."""
        height, width = image.shape[1], image.shape[2]
        x = encode(image.permute(0, 3, 1, 2), self.takes)
        x = x.index_select(2, self._reflected(height)).index_select(3, self._reflected(width))
        precision = next((p.dtype for p in self.network.parameters()), x.dtype)
        y = self.network(x.to(precision))[:, :, :height, :width]
        return y.permute(0, 2, 3, 1)

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
        takes: likewise.
        gives: likewise.
    """

    def __init__(self, network: nn.Module, takes: Form = _LEVELS, gives: Form = _LEVELS) -> None:
        super().__init__(network, takes, gives)
        self.network = full(subpixel(folded(network)))
