"""One run at a time in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from translate.errors import CheckpointError
from translate.training import together

PATIENCE = 20.0  # seconds until processes that were killed have let go of a folder


@contextmanager
def locked(folder: Path, patient: bool, say: Callable[[str], None]) -> Iterator[None]:
    """No other run in `folder`, which is made, while this is entered.

    Args:
        folder: the run's.
        patient: wait some seconds: readers outlive a killed trainer for as long, with its lock.
        say: is told of the wait.

    Raises:
        CheckpointError: there is another run.
    """
    lock = FileLock(folder / "lock")

    def acquire() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(Timeout):
            lock.acquire(timeout=0)
        if patient and not lock.is_locked:
            say(f"{folder} is in use: waiting up to {PATIENCE:.0f} s, as what was killed takes some to let go")
            with suppress(Timeout):
                lock.acquire(timeout=PATIENCE)
        if not lock.is_locked:
            raise CheckpointError(f"{folder}: another process is training there: let it end, or stop it")

    together.agreed(acquire)
    try:
        yield
    finally:
        lock.release()
