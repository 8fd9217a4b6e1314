"""Minibatch standard deviation: the critic is told how much the pictures beside this one differ   (Karras 2018, §3)

Real pictures differ from each other. Where the generator's do not, as in a mode collapse, one number gives it away: the
standard deviation of each feature at each place over a group of pictures, averaged over features and places.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from translate import shares

EPSILON = 1e-8


class MinibatchDeviation(nn.Module):
    """Appends that number as a constant channel: `[N, C, H, W]` → `[N, C + 1, H, W]`.

    Groups are neighbours in the batch. (The authors' code takes every (N / group)th picture instead. In a batch that
    was drawn at random it is the same, and neighbours are mostly in one process where several share the batch.)

    Args:
        group: pictures of a group; where the batch is no multiple of it, the largest divisor of the batch below.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        mine, count = len(x), len(x) * shares.count()
        group = next(size for size in range(min(self.group, count), 0, -1) if count % size == 0)
        whole = mine % group > 0  # a group lies across processes: each needs the pictures of the others
        features = x.to(torch.promote_types(x.dtype, torch.float32))
        groups = (_all(features) if whole else features).unflatten(0, (-1, group))
        # Not `var`: on a CPU, of what lies in channels-last layout, it takes longer than the convolutions.
        variance = (groups - groups.mean(1, keepdim=True)).square().mean(1)
        deviation = (variance + EPSILON).sqrt().mean((1, 2, 3))
        each = deviation.repeat_interleave(group)
        each = shares.mine(each) if whole else each
        return torch.cat((x, each.to(x.dtype)[:, None, None, None].expand(-1, 1, *x.shape[2:])), 1)


def _all(mine: Tensor) -> Tensor:
    """The rows of all processes, with a graph, which `shares.whole` has not: each adds its own to the others' zeros."""
    before, after = shares.rank() * len(mine), (shares.count() - shares.rank() - 1) * len(mine)
    rows = [mine.new_zeros(rows, *mine.shape[1:]) for rows in (before, after)]
    return shares.total(torch.cat((rows[0], mine, rows[1])))
