"""One batch, many processes: which part of it is ours, and how the processes come together.

Many devices play one round of the game on one batch, of which every process holds an equal share, in the order of their
ranks. What is drawn is drawn in every process for the whole batch, from the same seed, and each takes its own part: so
that N processes play the very round that one process would have played, up to the order of sums.

In a process of its own everything here gives back what it was given. Where the other processes cannot be reached any
more, everything that needs them raises LostError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed

_alone = False


class LostError(Exception):
    """Another process of the run has ended, or is silent for too long."""


def count() -> int:
    """How many processes play together."""
    return distributed.get_world_size() if _together() else 1


def rank() -> int:
    """Which of them this one is, from 0."""
    return distributed.get_rank() if _together() else 0


@contextmanager
def alone() -> Iterator[None]:
    """Within it this process holds whole batches, as if there were no others: for what only one of them does."""
    global _alone
    before, _alone = _alone, True
    try:
        yield
    finally:
        _alone = before


def mine(whole: Tensor) -> Tensor:
    """This process's rows of something `[N of the whole batch, ...]`."""
    return whole.chunk(count())[rank()] if _together() else whole


def whole(mine: Tensor) -> Tensor:
    """The rows of all processes, `[N of the whole batch, ...]`, without a graph."""
    if not _together():
        return mine.detach()
    parts = [torch.empty_like(mine, memory_format=torch.contiguous_format) for _ in range(count())]
    with talking():
        distributed.all_gather(parts, mine.detach().contiguous())
    return torch.cat(parts)


def average(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over all processes, in one message."""
    if not _together() or not tensors:
        return
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    with talking():
        distributed.all_reduce(flat)
    flat /= count()
    for tensor, mean in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(mean.view_as(tensor))


def total(part: Tensor) -> Tensor:
    """The sum of `part` over all processes. Its gradient is the sum of theirs, as all of them come from this sum."""
    return _Total.apply(part) if _together() else part


@contextmanager
def talking() -> Iterator[None]:
    """Around messages to the other processes.

    Raises:
        LostError: one of them has ended, or is silent for too long.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:  # which is all that gloo says; NCCL's errors are of that kind too
        raise LostError(told(error)) from error


def told(error: Exception) -> str:
    """What a library of messages has to say: its first sentence, without the place in its code."""
    return re.sub(r"\[[^]\s]+:\d+] ", "", str(error).strip()).partition("\n")[0].partition(". ")[0]


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        return _summed(part)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        # A sum again, and one that can be differentiated: a penalty on a gradient goes through here twice.
        return _Total.apply(*gradients)


def _summed(part: Tensor) -> Tensor:
    whole = part.clone(memory_format=torch.contiguous_format)
    with talking():
        distributed.all_reduce(whole)
    return whole


def _together() -> bool:
    return not _alone and distributed.is_available() and distributed.is_initialized()
