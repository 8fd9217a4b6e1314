"""The processes that torchrun starts: how they meet, how they come to one decision, and who says what went wrong.

    torchrun --nproc-per-node 4 -m translate train CONFIG.toml --resume

The first process decides, writes and speaks; the others play the same rounds on their shares of every batch. They talk
in two groups. Rounds are played in the default one (NCCL between GPUs), where silence of minutes means that something
hangs. Decisions are awaited in another, where the first process may take hours, to read all files for example: there a
process that ends is noticed at once, because its connections close.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed

from translate import shares
from translate.errors import ConfigError, ElsewhereError, TranslateError

PATIENCE = timedelta(minutes=10)
"""In a round, and until all processes have come."""
LONG_PATIENCE = timedelta(hours=6)
"""Until the first process has done what it does alone."""
TO_SPEAK = timedelta(seconds=5)
"""For the process that says what went wrong."""

Decision = TypeVar("Decision")
_decisions: distributed.ProcessGroup | None = None


def leads() -> bool:
    """Whether this is the first process, or the only one."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def company() -> Iterator[None]:
    """Within it the processes that torchrun has started are together; where it has not, nothing happens.

    Raises:
        ConfigError: they do not find each other.
        TranslateError: one of them ended while others needed it.
    """
    join()
    try:
        yield
        leave()
    except shares.LostError as error:
        raise lost(error) from error


def join() -> None:
    """Meet the other processes that torchrun has started, unless that has happened.

    Raises:
        ConfigError: they do not come.
    """
    global _decisions
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1 or distributed.is_initialized():
        return
    gpus = torch.cuda.is_available() and distributed.is_nccl_available()
    try:
        # A GPU's tensors travel by NCCL, what the processes say to each other beside them by gloo.
        store, rank, _ = next(distributed.rendezvous("env://", timeout=PATIENCE))
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if gpus else "gloo",
            timeout=PATIENCE,
            store=distributed.PrefixStore(_attempt(), store),
            rank=rank,
            world_size=count,
        )
        group = distributed.new_group(timeout=LONG_PATIENCE, backend="gloo")
    except (RuntimeError, ValueError) as error:
        where = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        raise ConfigError(
            f"process {os.environ.get('RANK')} of {count} does not reach the others at {where} "
            f"({shares.told(error)}): see docs/many.md"
        ) from error
    _decisions = group if isinstance(group, distributed.ProcessGroup) else None


def leave() -> None:
    """Part, once all have come so far."""
    global _decisions
    if distributed.is_available() and distributed.is_initialized():
        agreed(lambda: None)
        distributed.destroy_process_group()
        _decisions = None


def check(device: torch.device, batch: int, accumulate: int = 1) -> None:
    """Look whether this process can take its part; then the device is its current one.

    Args:
        device: where it trains.
        batch: samples a round, of all processes together.
        accumulate: parts in which each plays its share.

    Raises:
        ConfigError: the batch cannot be shared equally, or there is no GPU for each.
    """
    count = shares.count()
    if count == 1:
        return
    if batch % (count * accumulate):
        parts = f" in accumulate = {accumulate} parts each" if accumulate > 1 else ""
        raise ConfigError(
            f"train.batch = {batch} cannot be shared by {count} processes{parts}: it is that of all together, "
            f"take a multiple of {count * accumulate}"
        )
    if device.type == "cuda":
        local, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        if device.index != local:
            raise ConfigError(f'train.device = "{device}" is one GPU for several processes: "auto" gives each its own')
        if local >= there:
            raise ConfigError(f"process {local + 1} of this machine has no GPU, there are {there}: start {there}")
        torch.cuda.set_device(device)


def same(facts: dict[str, Any]) -> None:
    """Look whether all processes have the same facts, by name.

    Raises:
        ConfigError: one has another; in the first process that has, says which.
    """
    theirs: dict[str, Any] = agreed(lambda: facts)
    different = [name for name in facts if facts[name] != theirs[name]]

    def compare() -> None:
        if different:
            raise ConfigError(
                f"process {shares.rank()}, on {platform.node()}, has another {' and another '.join(different)} "
                "than the first: all need the same"
            )

    each(compare)


def agreed(decide: Callable[[], Decision]) -> Decision:
    """What the first process decides, in all of them, while they wait.

    Raises:
        Exception: whatever it raises; in the others ElsewhereError.
    """
    if shares.count() == 1:
        return decide()
    outcome: list[Any] = [False, None]
    error = None
    if shares.rank() == 0:
        try:
            with shares.alone():
                outcome = [True, decide()]
        except Exception as caught:
            error = caught
    with shares.talking():
        distributed.broadcast_object_list(outcome, group=_decisions, device=torch.device("cpu"))
    if error:
        raise error
    if not outcome[0]:
        raise _elsewhere(0)
    decision: Decision = outcome[1]
    return decision


def each(do: Callable[[], Decision]) -> Decision:
    """What each process makes of its own, once all have; where one fails, all do. The same error is said once.

    Raises:
        Exception: whatever `do` raises, in the first of the processes that it says the same in; in all others
            ElsewhereError.
    """
    if shares.count() == 1:
        return do()
    done: Decision | None = None
    error = None
    try:
        done = do()
    except Exception as caught:
        error = caught
    mine = repr(error) if error else ""
    told: list[Any] = [None] * shares.count()
    with shares.talking():
        distributed.all_gather_object(told, mine, group=_decisions)
    if error and told.index(mine) == shares.rank():
        raise error
    if any(told):
        raise _elsewhere(next(rank for rank, text in enumerate(told) if text)) from error
    return done  # type: ignore[return-value]


def any_of(flag: bool) -> bool:
    """Whether it is so in any of the processes."""
    if shares.count() == 1:
        return flag
    number = torch.tensor(float(flag))  # on the CPU, so that a GPU is not waited for
    with shares.talking():
        distributed.all_reduce(number, distributed.ReduceOp.MAX)
    return bool(number.item())


def said_once(error: TranslateError) -> TranslateError:
    """An error that all processes come to alike: the first one says it."""
    return error if leads() else _elsewhere(0)


def lost(error: shares.LostError) -> TranslateError:
    """What ends a process whose others cannot be reached."""
    return said_once(
        TranslateError(
            f"another process of this run has ended or is not reached any more ({error}): "
            "the last checkpoint holds, start all of them again with --resume"
        )
    )


def _attempt() -> str:
    """Tells this group from those before it, whose addresses torchrun's store remembers after a restart.

    It does so on a single machine. Those of several count apart: there torchrun must be told not to share its store.
    """
    alone = os.environ.get("GROUP_WORLD_SIZE", "1") == "1"
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") if alone else "0"


def _elsewhere(rank: int) -> ElsewhereError:
    """What ends this process where that of `rank` says why: not before that one, as torchrun then stops them all."""
    with suppress(RuntimeError, ValueError):
        silence = distributed.irecv(torch.empty(1), rank, group=_decisions)
        if silence:
            silence.wait(TO_SPEAK)
    return ElsewhereError(f"process {rank} says why")
