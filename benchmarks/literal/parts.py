"""What the authors' models share: the adversarial loss, the optimiser, the switch on a network's gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

MakeOptimizer = Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer]


def adam(weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """Adam as they call it; which of torch's implementations that is, torch decides."""
    return torch.optim.Adam(weights, lr=2e-4, betas=(0.5, 0.999))


def set_requires_grad(networks: Iterable[nn.Module], value: bool) -> None:
    """Whether backward computes gradients for the weights of `networks`."""
    for network in networks:
        for weight in network.parameters():
            weight.requires_grad = value


class GANLoss(nn.Module):
    """Logits against a target of their shape, all ones (real) or all zeros: `lsgan` or `vanilla`."""

    real: Tensor
    fake: Tensor

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.register_buffer("real", torch.tensor(1.0))
        self.register_buffer("fake", torch.tensor(0.0))
        self.loss = {"lsgan": nn.MSELoss, "vanilla": nn.BCEWithLogitsLoss}[mode]()

    def forward(self, prediction: Tensor, is_real: bool) -> Tensor:
        """The mean over the logits `prediction` of any shape."""
        target = self.real if is_real else self.fake
        return self.loss(prediction, target.expand_as(prediction))
