"""Pillow without its warnings, in any number of threads."""

from __future__ import annotations

import os
import threading
import warnings
from types import TracebackType


class _Quiet:
    """Silences Pillow's warnings (decompression bombs, odd EXIF) while any thread is decoding.

    `warnings.catch_warnings` swaps global state, so two threads that each used it could leave the filters of the one
    in place for good. Here the first to enter sets the filter and the last to leave takes it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._saved: warnings.catch_warnings[None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._depth == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\.")
            self._depth += 1

    def __exit__(self, *exception: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._saved is not None:
                self._saved.__exit__(None, None, None)
                self._saved = None


quiet = _Quiet()
if hasattr(os, "register_at_fork"):
    # A worker forked while a thread of its parent was decoding would inherit a lock that nobody gives back.
    os.register_at_fork(after_in_child=quiet.__init__)  # type: ignore[misc]
