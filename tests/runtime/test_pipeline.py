import threading
import time
from contextlib import closing

import pytest

from translate.runtime.streams import pipeline

WAIT = 20
"""Seconds after which a test that waits for a thread gives up."""


def results(steps) -> list:
    return [result() for _, result in steps]


def test_the_order_is_kept_whoever_is_slow() -> None:
    pauses = [0.03, 0, 0.02, 0, 0.01, 0, 0, 0.02]

    def slow(number: int) -> int:
        time.sleep(pauses[number % 8])
        return number

    steps = pipeline.stream(range(40), slow, lambda n: n * 2, lambda job, made: (job, slow(made)), readers=4, writers=4)
    assert results(steps) == [(number, 2 * number) for number in range(40)]


def test_the_work_is_done_by_one_thread_in_order() -> None:
    seen: list[tuple[int, str]] = []

    def work(number: int) -> int:
        seen.append((number, threading.current_thread().name))
        return number

    assert results(pipeline.stream(range(30), lambda n: n, work, lambda _, n: n, readers=3, writers=3)) == [*range(30)]
    assert [number for number, _ in seen] == [*range(30)]
    assert len({name for _, name in seen}) == 1


def test_reading_working_and_writing_overlap() -> None:
    """Three steps wait for each other: one after the other they would wait for ever."""
    together = threading.Barrier(3)

    def read(number: int) -> int:
        if number == 2:
            together.wait(WAIT)
        return number

    def work(number: int) -> int:
        if number == 1:
            together.wait(WAIT)
        return number

    def write(_: int, number: int) -> int:
        if number == 0:
            together.wait(WAIT)
        return number

    assert results(pipeline.stream(range(3), read, work, write, readers=1, writers=1)) == [0, 1, 2]


def test_what_is_on_its_way_is_bounded() -> None:
    drawn: list[int] = []

    def jobs():
        for number in range(1000):
            drawn.append(number)
            yield number

    with closing(pipeline.stream(jobs(), lambda n: n, lambda n: n, lambda _, n: n, readers=2, writers=3)) as steps:
        for count, (_, result) in enumerate(steps, 1):
            assert result() == count - 1
            assert len(drawn) <= count + 2 + 3 + 2 - 1
            if count == 50:
                break


@pytest.mark.parametrize("step", ["read", "work", "write"])
def test_an_error_belongs_to_its_job(step: str) -> None:
    def failing(name: str, number: int) -> int:
        if name == step and number == 3:
            raise ValueError(f"{name} {number}")
        return number

    steps = pipeline.stream(
        range(6),
        lambda n: failing("read", n),
        lambda n: failing("work", n),
        lambda _, n: failing("write", n),
    )
    for number, result in steps:
        if number == 3:
            with pytest.raises(ValueError, match=f"{step} 3"):
                result()
        else:
            assert result() == number


def test_leaving_ends_the_threads_and_begins_nothing_more() -> None:
    before = threading.active_count()
    written: list[int] = []
    with closing(
        pipeline.stream(range(1000), lambda n: n, lambda n: n, lambda _, n: written.append(n), readers=2, writers=2)
    ) as steps:
        next(steps)
    assert threading.active_count() == before
    assert written == [*range(len(written))]
    assert len(written) <= 2 + 2 + 2
