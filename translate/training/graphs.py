"""A whole round recorded once as a CUDA graph, then replayed: the host launches one thing instead of thousands.

At batch 1 a GPU waits for the host most of the time. A recording holds every kernel of a round (all players' forward
and backward passes and optimisers) with the memory that it uses, so that a replay costs the host some microseconds.
What is drawn differs from replay to replay: torch's generator is part of the recording, seed and all. What else changes
from step to step must lie on the device: the batch, the learning rate, Adam's step, the image pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn

from translate.batches import Batch

Play = Callable[[Batch], dict[str, Tensor]]

WARM_UP = 3
"""Rounds played before one is recorded: libraries choose algorithms and optimisers make their state in them."""


class Recording:
    """One round and the memory it works on.

    Args:
        play: the round; it must neither ask the device for a value nor depend on what the host counts.
        batch: one like all that will follow.
    """

    def __init__(self, play: Play, batch: Batch) -> None:
        self._batch = type(batch)(*(member.clone(memory_format=torch.preserve_format) for member in batch))
        self._graph = torch.cuda.CUDAGraph()
        drawn = torch.cuda.get_rng_state()
        # Loader threads pin memory meanwhile, which the stricter modes forbid to every thread of the process.
        with torch.cuda.graph(self._graph, stream=torch.cuda.current_stream(), capture_error_mode="thread_local"):
            scalars = play(self._batch)
            self._terms, self._values = list(scalars), torch.stack(list(scalars.values()))
        torch.cuda.set_rng_state(drawn)

    def replay(self, batch: Batch) -> dict[str, Tensor]:
        """Play the round on `batch`."""
        for mine, theirs in zip(self._batch, batch, strict=True):
            mine.copy_(theirs, non_blocking=True)
        self._graph.replay()
        # The next replay writes over them.
        return dict(zip(self._terms, self._values.clone().unbind(), strict=True))


class Recorder:
    """Plays rounds, eagerly at first, and from recordings once that is possible.

    Args:
        device: a GPU.
    """

    def __init__(self, device: torch.device) -> None:
        # Everything happens on a stream of its own, as a recording must not be made on the default one.
        self._device, self._stream = device, torch.cuda.Stream(device)
        self._recordings: dict[int, Recording] = {}
        self._warm: Counter[int] = Counter()

    @property
    def replaying(self) -> bool:
        """Whether rounds are being replayed, of one kind at least."""
        return bool(self._recordings)

    def forget(self) -> None:
        """Record again: what the recordings work on has been replaced."""
        self._recordings.clear()
        self._warm.clear()

    def play(self, play: Play, batch: Batch, kind: int, settled: Callable[[], bool]) -> dict[str, Tensor]:
        """Play a round of one `kind`; it may be recorded once the method has `settled`."""
        before = torch.cuda.current_stream(self._device)
        self._stream.wait_stream(before)
        with torch.cuda.stream(self._stream):
            if kind not in self._recordings and settled():
                if self._warm[kind] >= WARM_UP:
                    self._recordings[kind] = Recording(play, batch)
                self._warm[kind] += 1
            played = self._recordings[kind].replay(batch) if kind in self._recordings else play(batch)
        before.wait_stream(self._stream)
        return played


def settled(method: nn.Module) -> bool:
    """Whether all of a method's modules do from now on what they did in the last round."""
    return all(getattr(module, "settled", True) for module in method.modules())
