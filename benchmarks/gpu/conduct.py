"""Items in a process that may fail: a capture gone wrong or an illegal access spoils a CUDA context for good.

The process works through the items in order. After an error on a GPU, and when an item does not end, a fresh process
goes on with the next, so that one failure costs one item.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection

from benchmarks.gpu.item import Clock, Item, Result, Task, scrub

# Seconds beyond an item's own until it is stopped from outside, and until a process must have begun its first.
GRACE = 20.0
START = 120.0

Report = Callable[[Item, Result], None]


def conduct(task: Task, items: Sequence[Item], end: float, report: Report) -> None:
    """Work through the items until `end` (seconds since the epoch), and report each as soon as it is done."""
    waiting = list(items)
    while waiting:
        if time.time() > end:
            for item in waiting:
                report(item, {"status": "no time"})
            return
        done = _one_process(task, waiting, end, report)
        if not done:
            report(waiting[0], {"status": "error", "why": "the process ended before it began"})
        waiting = waiting[max(done, 1) :]


def _one_process(task: Task, waiting: Sequence[Item], end: float, report: Report) -> int:
    """Start a process on the `waiting` items. Returns how many of them it settled."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    keys = [(item.stage, item.name) for item in waiting]
    process = context.Process(target=serve, args=(theirs, task, keys, end))
    process.start()
    theirs.close()
    done, begun, deadline = 0, False, time.time() + START
    try:
        while done < len(waiting):
            if not pipe.poll(max(0.0, deadline - time.time())):
                report(waiting[done], {"status": "error", "why": "it did not come to an end and was stopped"})
                return done + 1
            message = pipe.recv()
            if message is None:
                begun, deadline = True, min(time.time() + waiting[done].seconds, end) + GRACE
                continue
            report(waiting[done], message)
            done, begun, deadline = done + 1, False, time.time() + START
    except EOFError:
        process.join(GRACE)
        if begun:
            report(waiting[done], {"status": "error", "why": f"its process ended with {process.exitcode}"})
            return done + 1
    finally:
        pipe.close()
        process.kill()
        process.join()
    return done


def serve(pipe: Connection, task: Task, keys: Sequence[tuple[str, str]], end: float) -> None:
    """The process: for each item None when it begins, then its result; the end of it all after an error on a GPU."""
    import torch

    from benchmarks.gpu.agenda import agenda

    known = {(item.stage, item.name): item for item in agenda(task)}
    on_gpu = torch.cuda.is_available()
    # A parent that has gone is no reason to complain.
    with contextlib.suppress(BrokenPipeError):
        for key in keys:
            pipe.send(None)
            start = time.time()
            result = attempt(known[key], task, end, on_gpu)
            pipe.send({**result, "seconds": round(time.time() - start, 3)})
            if on_gpu:
                if result["status"] == "error":
                    return
                gc.collect()
                torch.cuda.empty_cache()


def attempt(item: Item, task: Task, end: float, on_gpu: bool) -> Result:
    """The item's result, or why there is none; the whole story of an error goes to stderr, for whoever runs it."""
    if item.needs_gpu and not on_gpu:
        return {"status": "no GPU"}
    if end - time.time() < item.least:
        return {"status": "no time"}
    try:
        return item.work(task, Clock(min(end, time.time() + item.seconds)))
    except Exception as error:
        print(f"--- {item.stage}, {item.name}", file=sys.stderr)
        traceback.print_exc()
        return {"status": "error", "why": scrub(error)}
