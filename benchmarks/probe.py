"""How fast the machine is at the moment: what tells a calm turn of a benchmark from a disturbed one."""

from __future__ import annotations

import statistics
import time

import torch

# Seconds before and after a probe until the threads of what ran last have stopped spinning for more work.
SETTLE = 0.3


class Probe:
    """A fixed piece of work, a product of matrices."""

    def __init__(self, device: torch.device, quick: bool) -> None:
        side = 64 if quick else 1024 if device.type == "cpu" else 4096
        self.settle = 0.0 if quick else SETTLE
        self.matrix = torch.rand(side, side, device=device)
        self()

    def __call__(self) -> float:
        """Seconds: the median of five. Silence before, for its own sake, and after, for the worker's."""
        time.sleep(self.settle)
        seconds = statistics.median(self._once() for _ in range(5))
        time.sleep(self.settle)
        return seconds

    def _once(self) -> float:
        start = time.perf_counter()
        # To the host, so that a GPU has finished.
        (self.matrix @ self.matrix)[0, 0].item()
        return time.perf_counter() - start
