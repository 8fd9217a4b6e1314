"""One of several processes that share a batch: it plays steps and says how long they took."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection


class Stopwatch:
    """Seconds that this process has spent in messages to the others, waiting for them included."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def talking(self) -> Iterator[None]:
        """In place of `translate.shares.talking`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - start


def play(
    pipe: Connection,
    meeting: str,
    rank: int,
    way: tuple[int, int],
    settings: tuple[str, bool, int, int, int, int],
) -> None:
    """Play and answer `seconds` a step and, on a CPU, those of them in `messages`.

    Args:
        pipe: where the answer goes.
        meeting: a `file://` address that all processes know.
        rank: which one this is.
        way: processes, and threads of each.
        settings: method, whether networks are tiny, side of pictures, samples of all, steps to warm up, steps.
    """
    processes, threads = way
    method, tiny, side, batch, warmup, steps = settings
    os.environ["LOCAL_RANK"] = str(rank)
    import torch
    from torch import distributed

    from benchmarks.candidates import CHANNELS, PAPERS, TINY, our_method
    from translate import shares
    from translate.batches import Pair
    from translate.settings import Settings
    from translate.training import precision
    from translate.training.trainer import Trainer

    torch.set_num_threads(threads)
    device = precision.device("auto")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    if processes > 1:
        backend = "nccl" if device.type == "cuda" else "gloo"
        distributed.init_process_group(backend, init_method=meeting, rank=rank, world_size=processes)
    torch.manual_seed(0)
    trainer = Trainer(our_method(method, TINY if tiny else PAPERS), Settings(batch=batch), total=10**6, seed=0)
    source, target = (torch.rand(2, batch, CHANNELS, side, side, device=device) * 2 - 1).unbind()
    mine = Pair(shares.mine(source), shares.mine(target))
    watch = Stopwatch()
    shares.talking = watch.talking

    def run(count: int) -> float:
        watch.seconds, start = 0.0, time.perf_counter()
        for _ in range(count):
            losses = trainer.play(mine)
        # On a GPU the host is ahead: a number that is there says that all before it is done.
        next(iter(losses.values())).item()
        return (time.perf_counter() - start) / count

    run(warmup)
    answer = {"seconds": run(steps)}
    if device.type == "cpu":
        answer["messages"] = watch.seconds / steps
    pipe.send(answer)
    if processes > 1:
        distributed.barrier()
        distributed.destroy_process_group()
