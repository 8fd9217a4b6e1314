"""From samples on disk to batches, in an order that is a function of (seed, step).

Nothing here keeps state from one step to the next: which samples step 7,000 sees, in which order and how they are
cropped, follows from the seed and the number 7,000. Resuming is starting there, and it does not matter how many
worker processes do the reading.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from translate.batches import Batch
from translate.data.layouts import Layout
from translate.data.transforms import Transform


class Place(NamedTuple):
    """One sample of the endless stream: which, and the seed of its augmentation."""

    sample: int
    seed: int


class Order(Sampler[list[Place]]):
    """Batches of places for steps `start` to `stop`: epoch after epoch, each a new permutation of `count` samples.

    Batches run on across the end of an epoch, so that every one is full.
    """

    def __init__(self, count: int, batch: int, seed: int, start: int, stop: int) -> None:
        self.count, self.batch, self.seed, self.start, self.stop = count, batch, seed, start, stop
        self._epoch, self._permutation = -1, np.empty(0, np.int64)

    def __len__(self) -> int:
        return max(0, self.stop - self.start)

    def __iter__(self) -> Iterator[list[Place]]:
        for step in range(self.start, self.stop):
            yield [self.place(step * self.batch + slot) for slot in range(self.batch)]

    def place(self, position: int) -> Place:
        """The sample at `position` of the endless stream."""
        epoch, rank = divmod(position, self.count)
        if epoch != self._epoch:
            self._epoch = epoch
            self._permutation = np.random.Generator(np.random.Philox(key=[self.seed, epoch])).permutation(self.count)
        seed = int(np.random.SeedSequence([self.seed, position]).generate_state(1)[0])
        return Place(int(self._permutation[rank]), seed)


class Pictures(Dataset[Batch]):
    """Samples of a layout as members of a batch: uint8 `[C, H, W]`, labels int64; transformed by their place's seed."""

    def __init__(self, layout: Layout, transform: Transform) -> None:
        self.layout, self.transform = layout, transform

    def __len__(self) -> int:
        return len(self.layout.train)

    def __getitem__(self, place: Place) -> Batch:
        pictures, labels = self.layout.read(self.layout.train[place.sample], place.seed)
        transform = self.transform if self.layout.aligned else self.transform.apart
        return self._member(transform(pictures, place.seed), labels)

    def fixed(self, most: int) -> Batch:
        """The first `most` held-out samples (training ones where nothing is held out) as one batch, without chance."""
        chosen = (self.layout.held_out or self.layout.train)[:most]
        read = (self.layout.read(sample, seed) for seed, sample in enumerate(chosen))
        return default_collate([self._member(self.transform.plain(pictures), labels) for pictures, labels in read])

    def _member(self, pictures: Sequence[np.ndarray], labels: Sequence[int]) -> Batch:
        tensors = [torch.from_numpy(np.array(picture.transpose(2, 0, 1), order="C")) for picture in pictures]
        return self.layout.batch(*tensors, *(torch.tensor(label) for label in labels))


def loader(pictures: Pictures, order: Order, workers: int, pin: bool) -> DataLoader[Any]:
    """Batches of `pictures` in `order`, read by `workers` processes (0: by this one)."""
    return DataLoader(
        pictures,
        batch_sampler=order,
        num_workers=workers,
        pin_memory=pin,
        persistent_workers=False,
        worker_init_fn=_start_worker if workers else None,
        # Its own generator: the iterator would otherwise draw from the global one, which belongs to the step.
        generator=torch.Generator(),
    )


def default_workers() -> int:
    """Processes that read: none on a small machine, where they would take the cores from training."""
    cores = os.cpu_count() or 1
    return 0 if cores <= 2 else min(8, cores // 2)


def _start_worker(worker: int) -> None:
    import cv2

    cv2.setNumThreads(0)  # one core a worker
    # A signal to the whole group of processes (Ctrl-C, a scheduler's stop) is the trainer's to answer: it still needs
    # the batches that are under way. A worker ends when its trainer does.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
