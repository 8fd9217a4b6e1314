"""Keeps a thread's stack for signals as it was, whatever a library does to it.

OpenVINO gives the thread that compiles a model a stack of its own for signals, and takes it away with the model: it
then puts back what was there before, which may be the stack of another model that is gone already. The next signal
whose handler runs on that stack, as all of Python's do, ends the process (OpenVINO 2026.4).
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator

_DISABLED = 2  # SS_DISABLE


class _Stack(ctypes.Structure):
    """`stack_t` of Linux."""

    _fields_ = [("start", ctypes.c_void_p), ("flags", ctypes.c_int), ("size", ctypes.c_size_t)]


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """What is there before is there again afterwards. Elsewhere than on Linux nothing is done."""
    if sys.platform != "linux":
        yield
        return
    system, before = ctypes.CDLL(None), _Stack()
    system.sigaltstack(None, ctypes.byref(before))
    before.flags &= _DISABLED
    try:
        yield
    finally:
        system.sigaltstack(ctypes.byref(before), None)
