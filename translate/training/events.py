"""TensorBoard's event files, written where they are asked for.

TensorBoard's own writer works in a thread of its own, whose errors nobody can catch: on a full disk it prints a
traceback and the run goes on without a word, or ends in one. Here a write that fails ends the writing, and nothing
else: pictures and curves are a convenience, the log is what counts.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np


class Events:
    """One event file in `folder`. The first write that fails is the last."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._event = Event
        self._file: Any = None
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            name = f"events.out.tfevents.{time.time_ns()}.{socket.gethostname()}.{os.getpid()}"
            self._file = (folder / name).open("wb")
            self._records = RecordWriter(self._file)
            self._write(self._event(wall_time=time.time(), file_version="brain.Event:2"))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Numbers by name."""
        from torch.utils.tensorboard.summary import scalar

        for name, value in values.items():
            self._write(self._event(wall_time=time.time(), step=step, summary=scalar(name, value)))

    def picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """A picture, uint8 `[H, W, 3]`."""
        from torch.utils.tensorboard.summary import image

        summary = image(name, picture, dataformats="HWC")
        self._write(self._event(wall_time=time.time(), step=step, summary=summary))

    def text(self, step: int, name: str, text: str) -> None:
        """A sentence."""
        from torch.utils.tensorboard.summary import text as words

        self._write(self._event(wall_time=time.time(), step=step, summary=words(name, text)))

    def close(self) -> None:
        """Close the file."""
        if self._file:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def _write(self, event: Any) -> None:
        if not self._file:
            return
        try:
            self._records.write(event.SerializeToString())
            self._file.flush()
        except OSError:
            self.close()
