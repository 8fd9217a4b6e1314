"""Layers with an equalised learning rate                                               (Karras 2018, §4.1)

    ŵ = c w,   w ~ N(0, 1),   c = gain / √(fan in)                                           (He 2015)

The constant is applied whenever the layer is, not once at the start. Adam's step does not depend on how large a
gradient is: it moves every w by about the learning rate, and so every ŵ by the same share of its own range.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

HE = math.sqrt(2)
"""The gain before a rectifier, which takes half of the variance away."""


class EqualisedConv2d(nn.Conv2d):
    """`nn.Conv2d` of stride 1 whose weights are N(0, 1), and its biases 0.

    Args:
        inputs: channels in.
        outputs: channels out.
        kernel: side of the kernel.
        padding: zeros on each side.
        gain: deviation of what comes out for independent inputs of deviation 1.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, padding: int = 0, gain: float = HE) -> None:
        super().__init__(inputs, outputs, kernel, padding=padding)
        self.scale = _equalised(self, inputs * kernel**2, gain)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight * self.scale, self.bias)


class EqualisedLinear(nn.Linear):
    """`nn.Linear` in the same way."""

    def __init__(self, inputs: int, outputs: int, gain: float = HE) -> None:
        super().__init__(inputs, outputs)
        self.scale = _equalised(self, inputs, gain)

    def forward(self, input: Tensor) -> Tensor:
        return functional.linear(input, self.weight * self.scale, self.bias)


def plain(layer: EqualisedConv2d | EqualisedLinear) -> nn.Conv2d | nn.Linear:
    """The same function as one of torch's own layers, c in its weights: for when there is nothing more to learn."""
    made: nn.Conv2d | nn.Linear
    if isinstance(layer, nn.Conv2d):
        assert isinstance(layer.padding, tuple)
        side = (layer.kernel_size[0], layer.kernel_size[1])
        made = nn.Conv2d(layer.in_channels, layer.out_channels, side, padding=(layer.padding[0], layer.padding[1]))
    else:
        made = nn.Linear(layer.in_features, layer.out_features)
    made.weight = nn.Parameter(layer.weight.detach() * layer.scale)
    assert layer.bias is not None
    made.bias = nn.Parameter(layer.bias.detach().clone())
    return made.train(layer.training)


def _equalised(layer: nn.Conv2d | nn.Linear, fan_in: int, gain: float) -> float:
    """Draw the weights of a layer. Returns c."""
    nn.init.normal_(layer.weight)
    nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    return gain / math.sqrt(fan_in)
