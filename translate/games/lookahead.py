"""Steps of gradient descent that can be differentiated: where a critic would go, as a function of what it is shown.

The weights ahead are a graph over those of now and over the pictures; the network itself stays as it is, its running
statistics too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call

from translate import shares
from translate.games.game import Judge

Descent = Callable[[Sequence[Tensor], Sequence[Tensor]], list[Tensor]]
"""(weights, their gradients) → the weights one step on."""


class SGD:
    """θ − η ∇."""

    def __init__(self, lr: float) -> None:
        self.lr = lr

    def __call__(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """One step."""
        return [weight - self.lr * gradient for weight, gradient in zip(weights, gradients, strict=True)]


class Adam:
    """Adam from rest: its moments belong to these steps alone                                  (Kingma & Ba 2015).

    A first step is g/√(g² + ε²), nearly the sign of g, whose derivative at 0 is 1/ε. At the usual ε of 1e-8 the weights
    without a gradient are all that G hears of, and in bfloat16 of rounding. So it is larger here, and under the root.
    """

    def __init__(self, lr: float, betas: tuple[float, float] = (0.5, 0.999), epsilon: float = 1e-3) -> None:
        self.lr, self.betas, self.epsilon = lr, betas, epsilon
        self.step = 0
        self.first: list[Tensor] = []
        self.second: list[Tensor] = []

    def __call__(self, weights: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        """One step."""
        (one, two), before = self.betas, self.step
        self.step += 1
        self.first = [(1 - one) * g + (one * self.first[n] if before else 0.0) for n, g in enumerate(gradients)]
        self.second = [
            (1 - two) * g.square() + (two * self.second[n] if before else 0.0) for n, g in enumerate(gradients)
        ]
        mean, power = 1 - one**self.step, 1 - two**self.step
        return [
            weight - self.lr * (m / mean) / (v / power + self.epsilon**2).sqrt()
            for weight, m, v in zip(weights, self.first, self.second, strict=True)
        ]


DESCENTS: dict[str, Callable[[float], Descent]] = {"adam": Adam, "sgd": SGD}


def ahead(critic: nn.Module, loss: Callable[[Judge], Tensor], steps: int, descent: Descent) -> Judge:
    """The critic after so many `steps` down its `loss`, as a function that can be differentiated through them.

    Args:
        critic: the network.
        loss: of a critic, a scalar; where several processes share a batch, of this one's part.
        steps: how many, 0 for none.
        descent: how a step is made.
    """
    names = [name for name, _ in critic.named_parameters()]
    weights = [weight.detach().requires_grad_() for weight in critic.parameters()]
    buffers = {name: buffer.clone() for name, buffer in critic.named_buffers()}

    def with_weights(weights: Sequence[Tensor]) -> Judge:
        state = {**dict(zip(names, weights, strict=True)), **buffers}
        return lambda *seen: functional_call(critic, state, seen)

    for _ in range(steps):
        gradients = torch.autograd.grad(loss(with_weights(weights)), weights, create_graph=True)
        weights = descent(weights, _averaged(gradients))
    return with_weights(weights)


def _averaged(gradients: Sequence[Tensor]) -> list[Tensor]:
    """Their means over all processes, in one message, with a graph back to every part."""
    if shares.count() == 1:
        return [*gradients]
    whole = shares.total(torch.cat([gradient.flatten() for gradient in gradients])) / shares.count()
    parts = whole.split([gradient.numel() for gradient in gradients])
    return [part.view_as(gradient) for part, gradient in zip(parts, gradients, strict=True)]
