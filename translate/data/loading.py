"""From samples on disk to batches, in an order that is a function of (seed, step).

Nothing here keeps state from one step to the next: which samples step 7,000 sees, in which order and how they are
cropped, follows from the seed and the number 7,000. Resuming is starting there, and it does not matter how many
worker processes do the reading.
"""

from __future__ import annotations

import atexit
import multiprocessing
import signal
import sys
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from translate.batches import Batch
from translate.data import resources
from translate.data.cache import Cache
from translate.data.layouts import Layout
from translate.data.shards.ahead import fetching_ahead
from translate.data.transforms import Transform
from translate.data.windows import Windows

PIPED = 2**20  # bytes of a batch of two RGB pictures, up to which it goes from process to process by a pipe


class Place(NamedTuple):
    """One sample of the endless stream: which, and the seed of its augmentation."""

    sample: int
    seed: int


class Order(Sampler[list[Place]]):
    """Batches of places for steps `start` to `stop`: epoch after epoch, each a new permutation of `count` samples.

    Batches run on across the end of an epoch, so that every one is full. Of each batch this is share `share` of
    `shares` equal ones. With `windows` a permutation is one of windows of shards.
    """

    def __init__(
        self,
        count: int,
        batch: int,
        seed: int,
        start: int,
        stop: int,
        share: int = 0,
        shares: int = 1,
        windows: Windows | None = None,
    ) -> None:
        self.count, self.batch, self.seed, self.start, self.stop = count, batch, seed, start, stop
        self.slots = range(batch)[share * batch // shares : (share + 1) * batch // shares]
        self.windows = windows if windows and windows.width else None
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return max(0, self.stop - self.start)

    def __iter__(self) -> Iterator[list[Place]]:
        for step in range(self.start, self.stop):
            yield [self.place(step * self.batch + slot) for slot in self.slots]

    def place(self, position: int) -> Place:
        """The sample at `position` of the endless stream."""
        epoch, rank = divmod(position, self.count)
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = self._drawn(epoch)
        seed = int(np.random.SeedSequence([self.seed, position]).generate_state(1)[0])
        return Place(int(self._permutation[rank]), seed)

    def _drawn(self, epoch: int) -> np.ndarray:
        if self.windows:
            return self.windows.epoch(self.seed, epoch).permutation
        return np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(self.count)


class Pictures(Dataset[Batch]):
    """Samples of a layout as members of a batch: uint8 `[C, H, W]`, labels int64; transformed by their place's seed."""

    def __init__(self, layout: Layout, transform: Transform) -> None:
        self.layout, self.transform = layout, transform
        self._read = layout.read

    def __len__(self) -> int:
        return len(self.layout.train)

    def keep(self, say: Callable[[str], None], check: bool = False) -> None:
        """Read all that is trained on into memory, once and for all; before `loader` starts its processes.

        Raises:
            ConfigError: the memory does not suffice.
            DataError: some cannot be read; with `check` held-out ones count as well.
        """
        cache = Cache(self.layout, self.transform)
        cache.fill(say, check)
        self._read = cache.read

    def __getitem__(self, place: Place) -> Batch:
        pictures, labels = self._read(self.layout.train[place.sample], place.seed)
        transform = self.transform if self.layout.aligned else self.transform.apart
        return self.member(transform(pictures, place.seed), labels)

    def held_out(self) -> Iterator[Batch]:
        """All held-out samples, one at a time and without chance."""
        for sample in self.layout.held_out:
            pictures, labels = self.layout.read(sample, 0)
            yield default_collate([self.member(self.transform.plain(pictures), labels)])

    def fixed(self, most: int) -> Batch:
        """The first `most` held-out samples (training ones where nothing is held out) as one batch, without chance."""
        chosen = (self.layout.held_out or self.layout.train)[:most]
        read = (self.layout.read(sample, seed) for seed, sample in enumerate(chosen))
        return default_collate([self.member(self.transform.plain(pictures), labels) for pictures, labels in read])

    def member(self, pictures: Sequence[np.ndarray], labels: Sequence[int]) -> Batch:
        """Pictures `[H, W, C]` and labels as one member of a batch."""
        tensors = [torch.from_numpy(np.array(picture.transpose(2, 0, 1), order="C")) for picture in pictures]
        if self.layout.derivation:
            tensors.insert(0, tensors[0][:0])  # the source is made on the device
        return self.layout.batch(*tensors, *(torch.tensor(label) for label in labels))


def loader(pictures: Pictures, order: Order, workers: int, pin: bool) -> Iterator[Any]:
    """Batches of `pictures` in `order`, read by `workers` processes (0: by this one), in pinned memory if `pin`."""
    samples = len(order.slots)
    # On Linux processes are forked, whatever Python's default: they share the memory of kept pictures as it is.
    forked = workers and sys.platform == "linux"
    piped = workers and samples * 6 * pictures.transform.size**2 <= PIPED
    batches: Any = iter(
        DataLoader(
            pictures,
            batch_sampler=order,
            num_workers=workers,
            collate_fn=_as_arrays if piped else default_collate,
            pin_memory=pin and not piped,
            # One pass over `order` is the whole run, so processes live as long as it does.
            persistent_workers=False,
            prefetch_factor=_ahead(samples) if workers else None,
            multiprocessing_context=multiprocessing.get_context("fork") if forked else None,
            worker_init_fn=_start_worker if workers else None,
            # Its own generator: the iterator would otherwise draw from the global one, which belongs to the step.
            generator=torch.Generator(),
        )
    )
    if workers:
        # Collected as garbage after an error, the loader may fail to tell its processes that it is done with them; what
        # it does then, after five seconds, they must not survive.
        for worker in batches._workers:
            worker.terminate = worker.kill
        atexit.register(_end_workers, weakref.ref(batches))
    if piped:
        batches = map(partial(_as_tensors, pin=pin), batches)
    return fetching_ahead(batches, pictures.layout, order)


def default_workers() -> int:
    """Processes that read: none on a small machine, where they would take the cores from training."""
    cores = resources.cores()
    return 0 if cores <= 2 else min(8, cores // 2)


def _ahead(samples: int) -> int:
    """Batches that a process reads ahead.

    A step of one sample may take 3 ms and one large file 30: four batches a process bridge that. Batches of many
    samples last longer and weigh more (they wait in /dev/shm), and two are enough.
    """
    return 4 if samples <= 2 else 2


def _as_arrays(members: Sequence[Any]) -> Any:
    """Members as one batch of arrays: from process to process these go through a pipe.

    Tensors go as files in /dev/shm, with several messages for each: for one sample that takes the trainer five times
    as long, and many samples longer by the pipe.
    """
    return type(members[0])(*(np.stack([one.numpy() for one in column]) for column in zip(*members, strict=True)))


def _as_tensors(batch: Any, pin: bool) -> Any:
    """What `_as_arrays` sent, as `default_collate` would have given it."""
    tensors = (torch.from_numpy(array) for array in batch)
    return type(batch)(*(tensor.pin_memory() if pin else tensor for tensor in tensors))


def _start_worker(worker: int) -> None:
    import cv2

    cv2.setNumThreads(0)  # one core a worker
    # A signal to the whole group of processes (Ctrl-C, a scheduler's stop) is the trainer's to answer: it still needs
    # the batches that are under way. A worker ends when its trainer does.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _end_workers(batches: weakref.ref[Any]) -> None:
    """End processes whose batches nobody takes any more when Python exits, as after an error that nobody caught.

    Python would ask them to with the signal that they do not hear, and then wait.
    """
    for worker in getattr(batches(), "_workers", ()):
        worker.kill()
