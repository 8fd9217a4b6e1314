"""BatchNorm over all processes that share a batch, where torch has none: on the CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate import shares


class SharedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose mean and variance are those of the whole batch; its state is the same.

    (`nn.SyncBatchNorm` is that on a GPU, and refuses the CPU.)
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise this process's share `[N, C, H, W]` of the batch; statistics and gradients are the whole's."""
        if not self.training or shares.count() == 1:
            return super().forward(input)
        x = input.float() if input.dtype in (torch.bfloat16, torch.float16) else input
        values = x.numel() // x.shape[1] * shares.count()
        mean = shares.total(x.sum((0, 2, 3))) / values
        centred = x - mean[:, None, None]
        # Centred first: the difference of two large sums would lose what matters.
        variance = shares.total(centred.square().sum((0, 2, 3))) / values
        self._remember(mean.detach(), variance.detach() * (values / (values - 1)))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, unbiased: Tensor) -> None:
        """Take the batch's statistics into the running ones, as `nn.BatchNorm2d` does."""
        if not self.track_running_stats:
            return
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        momentum = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean.to(self.running_mean), momentum)
        self.running_var.lerp_(unbiased.to(self.running_var), momentum)


def convert(network: nn.Module) -> nn.Module:
    """`network` with every BatchNorm over all processes; weights and statistics are the same tensors."""
    for name, child in network.named_children():
        setattr(network, name, _converted(child) if type(child) is nn.BatchNorm2d else convert(child))
    return network


def _converted(norm: nn.BatchNorm2d) -> SharedBatchNorm2d:
    shared = SharedBatchNorm2d(norm.num_features, norm.eps, norm.momentum, norm.affine, norm.track_running_stats)
    shared._parameters, shared._buffers, shared.training = norm._parameters, norm._buffers, norm.training
    return shared
