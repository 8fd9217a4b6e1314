"""The PatchGAN discriminator (Isola 2017, §3.2.2 and appendix 6.1.2): is each patch of the picture real?

C64-C128-C256-C512 with three strided layers sees 70×70 pixels; with 0, 1 and 5 it sees 1, 16 and 286 (table 2).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate.networks.blur import BlurDown
from translate.networks.checks import at_least
from translate.networks.init import initialise
from translate.networks.norm import CRITIC_NORMS, needs_bias, norm_layer
from translate.networks.spectral import spectral as normalised


class PatchGAN(nn.Module):
    """A map of logits, one a patch: `[N, inputs, H, W]` → `[N, 1, h, w]`.

    Args:
        inputs: channels of the picture and of all it is conditioned on, together.
        layers: strided layers; 0 looks at single pixels.
        width: channels of the first layer; they double up to eight times that.
        norm: `batch`, `instance`, `layer` or `none`; never on the first and last layer.
        antialias: halve through low-pass filters (see `blur`), as CUT does.
        init: initial weights, `normal` or `xavier`.
        spectral: divide each weight by its largest singular value (see `spectral`), mostly with norm `none`.

    `field` is the side of the receptive field in pixels (without antialiasing, which widens it a little).
    """

    def __init__(
        self,
        inputs: int = 3,
        layers: int = 3,
        width: int = 64,
        norm: str = "batch",
        antialias: bool = False,
        init: str = "normal",
        spectral: bool = False,
    ) -> None:
        super().__init__()
        at_least(1, inputs=inputs, width=width)
        at_least(0, layers=layers)
        # (kernel, stride) of every convolution: `layers` halvings, then two at the last resolution.
        steps = [(4, 2)] * layers + [(4, 1)] * 2 if layers else [(1, 1)] * 3
        widths = [width * min(2**level, 8) for level in range(len(steps) - 1)]
        self.field = _field(steps)
        self.layers = nn.Sequential()
        channels = inputs
        for level, ((kernel, stride), out) in enumerate(zip(steps, widths, strict=False)):
            bias = level == 0 or needs_bias(norm)
            self.layers.append(nn.Conv2d(channels, out, kernel, 1 if antialias else stride, kernel // 4, bias=bias))
            self.layers.append(norm_layer(norm if level else "none", CRITIC_NORMS)(out))
            self.layers.append(nn.LeakyReLU(0.2))
            if antialias and stride == 2:
                self.layers.append(BlurDown())
            channels = out
        kernel, stride = steps[-1]
        self.layers.append(nn.Conv2d(channels, 1, kernel, stride, kernel // 4))
        initialise(self, init)
        self.spectral = spectral
        if spectral:
            normalised(self)

    def forward(self, image: Tensor, *conditions: Tensor) -> Tensor:
        """Judge `image` `[N, C, H, W]` in [-1, 1], beside each condition `[N, C', H, W]` if there are any."""
        return self.layers(torch.cat((*conditions, image), 1) if conditions else image)


def _field(steps: list[tuple[int, int]]) -> int:
    """The receptive field of one output, walking back from it: field ← (field − 1) · stride + kernel."""
    field = 1
    for kernel, stride in reversed(steps):
        field = (field - 1) * stride + kernel
    return field
