"""Shards are fetched before they are needed: what the order of samples says comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from translate.data.layouts import Layout
from translate.data.shards.fetched import Fetched
from translate.data.windows import Windows
from translate.errors import TranslateError

if TYPE_CHECKING:
    from translate.data.loading import Order


def fetching_ahead(batches: Iterator[Any], layout: Layout, order: Order) -> Iterator[Any]:
    """The same batches, while a thread sees to the shards of those that come next, where shards are fetched."""
    if not (isinstance(layout.shards, Fetched) and layout.windows):
        return batches
    return _watched(batches, Ahead(layout.shards), Need(layout.windows, order))


def _watched(batches: Iterator[Any], ahead: Ahead, need: Need) -> Iterator[Any]:
    try:
        ahead.want(need.at(need.order.start) or ())
        for step, batch in enumerate(batches, need.order.start):
            # By what is used, not by what is being read: shards of the window that is left make room for the next.
            if (wanted := need.at(step)) is not None:
                ahead.want(wanted)
            yield batch
    finally:
        ahead.end()


class Need:
    """Which shards the steps of an order need.

    Args:
        windows: where samples lie.
        order: of samples.
    """

    def __init__(self, windows: Windows, order: Order) -> None:
        self.windows, self.order = windows, order
        self._now = (-1, -1)
        self._drawn = windows.epoch(order.seed, 0)

    def at(self, step: int) -> list[int] | None:
        """The shards of a step's window and of the next one, in this order; None if they are those of the last step."""
        epoch, rank = divmod(step * self.order.batch, self.order.count)
        if epoch != self._now[0]:
            self._drawn = self.windows.epoch(self.order.seed, epoch)
        drawn = self._drawn
        window = int(np.searchsorted(drawn.starts, rank, side="right")) - 1
        if (epoch, window) == self._now:
            return None
        self._now = (epoch, window)
        later = drawn.shards[window + 1 : window + 2] or self.windows.epoch(self.order.seed, epoch + 1).shards[:1]
        return [*drawn.shards[window], *later[0]]


class Ahead:
    """Fetches shards before they are needed, in a thread of its own.

    Args:
        shards: fetches them.
    """

    def __init__(self, shards: Fetched) -> None:
        self._shards, self._wanted, self._told = shards, list[int](), Event()
        self._lock, self._thread = Lock(), Thread(target=self._run, daemon=True)
        self._ended = False
        self._thread.start()

    def want(self, numbers: Sequence[int]) -> None:
        """Have these at hand, in this order; what was wanted before is wanted no more."""
        with self._lock:
            self._wanted = list(dict.fromkeys(numbers))
        self._told.set()

    def end(self) -> None:
        """Fetch no more; a download that is under way goes on by itself."""
        self._ended = True
        self.want(())

    def _run(self) -> None:
        while not self._ended:
            self._told.wait()
            self._told.clear()
            while (number := self._next()) is not None:
                try:
                    self._shards.fetch(number)
                except TranslateError:
                    break  # whoever reads from it meets the same, and says it

    def _next(self) -> int | None:
        with self._lock:
            return self._wanted.pop(0) if self._wanted else None
