"""Ctrl-C and SIGTERM: finish the round, save, then stop."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType, TracebackType


class Interrupt:
    """While it is entered, the first signal only sets `name`; a second Ctrl-C ends the process as it always did."""

    name: str = ""
    number: int = 0

    def __enter__(self) -> Interrupt:
        self._before = {}
        if threading.current_thread() is threading.main_thread():  # Python allows handlers nowhere else.
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.number, self.name = number, signal.Signals(number).name
        # torchrun passes on what a terminal or a scheduler has sent to all processes already: it ends who will not.
        if "LOCAL_RANK" not in os.environ:
            signal.signal(number, self._before[signal.Signals(number)])
