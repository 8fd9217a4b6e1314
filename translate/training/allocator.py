"""Memory that is kept from step to step on a CPU.

A step frees what the next one asks for again: gradients, activations, casts. The C library of Linux hands large blocks
back to the system at once, which zeroes every page before it gives it out anew: 60,000 to 90,000 pages a step in
CycleGAN at 256², a tenth of the step's time. What is kept has holes, so that the peak may be some hundredths higher.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any

# malloc.h of glibc.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4


# What a user may have said about it.
_TUNED = ("MALLOC_MMAP_", "MALLOC_TRIM_", "MALLOC_TOP_PAD_")


def hold() -> None:
    """Let malloc keep what is freed, until `release`.

    It changes nothing where malloc is not glibc's, or where the environment says what it is to do
    (`MALLOC_MMAP_THRESHOLD_` and the like, or `GLIBC_TUNABLES`).
    """
    tuned = any(name.startswith(_TUNED) for name in os.environ) or "malloc" in os.environ.get("GLIBC_TUNABLES", "")
    if not tuned and (mallopt := _of_glibc("mallopt")):
        mallopt(_M_MMAP_MAX, 0)  # no block has pages of its own, to be unmapped with it
        mallopt(_M_TRIM_THRESHOLD, -1)  # and the end of the heap is not given back


def release() -> None:
    """Give back what is free now: after what comes once in a while, as a checkpoint's bytes."""
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
