"""The ResNet generator of CycleGAN (Zhu 2017, appendix 7.2; after Johnson 2016), of any number of blocks.

c7s1-64, d128, d256, R256 × blocks, u128, u64, c7s1-3 in the paper's notation.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from translate.networks.blur import BlurDown, BlurUp
from translate.networks.checks import at_least
from translate.networks.dropout import Dropout
from translate.networks.init import initialise
from translate.networks.norm import needs_bias, norm_layer
from translate.networks.pad import ReflectionPad
from translate.networks.recompute import through


class ResNet(nn.Module):
    """Two halvings, residual blocks, two doublings: `[N, inputs, H, W]` → `[N, outputs, H, W]` in [-1, 1].

    Args:
        inputs: channels in.
        outputs: channels out.
        blocks: residual blocks; 9 at 256² and above (11.4 M parameters), 6 at 128².
        width: channels of the first layer.
        norm: `instance` (the paper's), `batch` or `none`.
        dropout: rate between a block's two convolutions; the paper has none.
        antialias: halve and double through low-pass filters (see `blur`), as CUT does.
        init: initial weights, `normal` or `xavier`.

    `H` and `W` must be multiples of `multiple` = 4 and at least `smallest` = 8, or there is nothing to reflect. An
    output pixel sees `halo` pixels far, apart from what norms measure.
    With `recompute`, only the input of every three layers is kept for the gradient, and what is inside computed again;
    `encode` keeps all.
    """

    recompute = False

    def __init__(
        self,
        inputs: int = 3,
        outputs: int = 3,
        blocks: int = 9,
        width: int = 64,
        norm: str = "instance",
        dropout: float = 0.0,
        antialias: bool = False,
        init: str = "normal",
    ) -> None:
        super().__init__()
        at_least(1, inputs=inputs, outputs=outputs, blocks=blocks, width=width)
        self.multiple, self.smallest, self.inputs = 4, 8, inputs
        # Ends of radius 3, halvings at 1 and 2 pixels, two steps of 4 pixels a block, doublings at 4 and 2; low-pass
        # filters add as much as the halvings have, and half of the doublings.
        self.halo = 3 + 3 + 8 * blocks + 6 + 3 + (6 if antialias else 0)
        normed, bias = norm_layer(norm), needs_bias(norm)
        self.layers = nn.Sequential(
            ReflectionPad(3),
            nn.Conv2d(inputs, width, 7, bias=bias),
            normed(width),
            nn.ReLU(),
        )
        for channels in (width, 2 * width):
            down = nn.Conv2d(channels, 2 * channels, 3, 1 if antialias else 2, 1, bias=bias)
            self.layers.extend((down, normed(2 * channels), nn.ReLU()))
            if antialias:
                self.layers.append(BlurDown())
        self.layers.extend(ResidualBlock(4 * width, norm, dropout) for _ in range(blocks))
        for channels in (4 * width, 2 * width):
            if antialias:
                self.layers.extend((BlurUp(), nn.Conv2d(channels, channels // 2, 3, 1, 1, bias=bias)))
            else:
                up = nn.ConvTranspose2d(channels, channels // 2, 3, 2, 1, output_padding=1, bias=bias)
                self.layers.append(up)
            self.layers.extend((normed(channels // 2), nn.ReLU()))
        self.layers.extend((ReflectionPad(3), nn.Conv2d(width, outputs, 7), nn.Tanh()))
        initialise(self, init)

    def forward(self, x: Tensor) -> Tensor:
        """Translate `x` `[N, inputs, H, W]` in [-1, 1]."""
        for start in range(0, len(self.layers), 3):
            x = through(self.layers[start : start + 3], x, self.recompute)
        return x

    def encode(self, x: Tensor, layers: Sequence[int]) -> list[Tensor]:
        """What the given layers (rising places in `self.layers`) make of `x`: each `[N, C, h, w]`."""
        features = []
        for place, layer in enumerate(self.layers[: max(layers) + 1]):
            x = layer(x)
            if place in layers:
                features.append(x)
        return features

    def channels(self, layers: Sequence[int]) -> list[int]:
        """Channels of what `encode` gives.

        Raises:
            ValueError: there are not so many layers.
        """
        if max(layers) >= len(self.layers):
            raise ValueError(f"layers = {list(layers)}: the generator has {len(self.layers)}")
        widths, width = [], self.inputs
        for layer in self.layers:
            width = int(getattr(layer, "out_channels", width))
            widths.append(width)
        return [widths[place] for place in layers]


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(x))), both 3×3 with reflection, no activation after the sum."""

    def __init__(self, channels: int, norm: str, dropout: float = 0.0) -> None:
        super().__init__()
        normed, bias = norm_layer(norm), needs_bias(norm)
        self.layers = nn.Sequential(
            ReflectionPad(1), nn.Conv2d(channels, channels, 3, bias=bias), normed(channels), nn.ReLU()
        )
        if dropout:
            self.layers.append(Dropout(dropout))
        self.layers.extend((ReflectionPad(1), nn.Conv2d(channels, channels, 3, bias=bias), normed(channels)))

    def forward(self, x: Tensor) -> Tensor:
        """`[N, channels, H, W]` → the same shape."""
        return x + self.layers(x)
