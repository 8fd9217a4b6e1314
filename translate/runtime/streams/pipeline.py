"""Read, work and write at the same time: several are read and written while the model works on one."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

Job = TypeVar("Job")
Read = TypeVar("Read")
Made = TypeVar("Made")
Written = TypeVar("Written")

THREADS = min(8, os.cpu_count() or 1)
"""That decode, and as many that encode. Both leave Python's lock while they do."""


def stream(
    jobs: Iterable[Job],
    read: Callable[[Job], Read],
    work: Callable[[Read], Made],
    write: Callable[[Job, Made], Written],
    *,
    readers: int = THREADS,
    writers: int = THREADS,
) -> Generator[tuple[Job, Callable[[], Written]], None, None]:
    """Take every job through three steps, each in threads of its own, and give results in the jobs' order.

    `work` is called from one thread, job after job in order. At most `readers + writers + 2` jobs are between being
    read and being asked for, so a slow step holds up the others and memory stays bounded; `jobs` is drawn as lazily.

    Yields:
        The job, and what waits for its result: it returns what `write` did, or raises what any of the three raised.

    When the caller leaves (an error, Ctrl-C, `close`), nothing more is begun; what a thread is at it finishes.
    """
    waiting: deque[tuple[Job, Future[Future[Written]]]] = deque()
    with (
        ThreadPoolExecutor(writers, "write") as writing,
        ThreadPoolExecutor(1, "work") as working,
        ThreadPoolExecutor(readers, "read") as reading,
    ):

        def turn(job: Job, source: Future[Read]) -> Future[Written]:
            return writing.submit(write, job, work(source.result()))

        try:
            for job in jobs:
                waiting.append((job, working.submit(turn, job, reading.submit(read, job))))
                if len(waiting) == readers + writers + 2:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:
            for pool in (reading, working, writing):
                pool.shutdown(wait=False, cancel_futures=True)


def _first(waiting: deque[tuple[Job, Future[Future[Written]]]]) -> tuple[Job, Callable[[], Written]]:
    job, worked = waiting.popleft()
    return job, partial(_result, worked)


def _result(worked: Future[Future[Written]]) -> Written:
    return worked.result().result()
