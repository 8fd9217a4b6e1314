"""How fast pictures come from disk to the trainer: `python -m benchmarks.loading`.

Samples a second of the real loader by number of worker processes, read from disk each time or kept in memory; what one
sample costs, part by part; and the same augmentation by albumentations in the workers and by kornia on the device. See
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import default_collate

from benchmarks import photographs, report
from benchmarks.loading_report import file_name, table
from benchmarks.machine import machine, taken
from benchmarks.probe import Probe
from benchmarks.record import add_out, keep, say
from benchmarks.report import Name, Turn
from translate.batches import Pair, to_device
from translate.data.layouts import TwoFolders
from translate.data.loading import Order, Pictures, default_workers, loader
from translate.data.on_device import OnDevice
from translate.data.transforms import Transform
from translate.training import precision

# The papers' jitter. The change of colours and the rotation are the same ones in both libraries, up to their formulas.
SIZES: dict[str, Any] = {"size": 256, "load": 286}
ALBUMENTATIONS: dict[str, Any] = {
    "geometry": [{"name": "Rotate", "limit": 10, "p": 1.0}],
    "photometric": [
        {"name": "ColorJitter", "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.05, "p": 1.0}
    ],
}
KORNIA: dict[str, Any] = {
    "geometry": [{"name": "RandomRotation", "degrees": 10.0, "p": 1.0}],
    "photometric": [
        {"name": "ColorJitter", "brightness": 0.2, "contrast": 0.2, "saturation": 0.2, "hue": 0.05, "p": 1.0}
    ],
}
KINDS = ("read", "kept", "kept, albumentations")
WORKERS = (0, 1, 2, 4, 8, 16)
BATCHES = (1, 16)  # samples that kornia changes at once


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, leave a dated record."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        say(f"drawing {options.pairs} pairs")
        record = measure(options, *photographs.make(Path(folder), options.pairs))
    keep(record, options.out / file_name(record), table(record))
    return 0


def measure(options: argparse.Namespace, source: Path, target: Path) -> dict[str, Any]:
    """All that is written down of a run."""
    device = precision.device("auto")
    layout = TwoFolders(str(source), str(target))
    kinds = {"read": Pictures(layout, Transform(**SIZES))}
    for kind, changes in (("kept", {}), ("kept, albumentations", ALBUMENTATIONS)):
        kinds[kind] = Pictures(layout, Transform(**SIZES, **changes))
        kinds[kind].keep(say)
    candidates: dict[Name, Callable[[], tuple[float, float]]] = {
        (kind, str(workers)): lambda pictures=pictures, workers=workers: stream(  # type: ignore[misc]
            pictures, workers, options, device
        )
        for workers in options.workers
        for kind, pictures in kinds.items()
    }
    turns, own = take_turns(candidates, options, Probe(device, options.quick))
    kept = report.calm(turns)
    found: dict[str, dict[str, Any]] = {kind: {} for kind in kinds}
    for kind, workers in candidates:
        name = kind, workers
        found[kind][workers] = {**report.summary(turns[name], kept[name]), "own_seconds": statistics.median(own[name])}
    return {
        "what": "seconds a sample (a pair of 256², batch 1) of the loader, median over turns",
        **taken(device, **{name: metadata.version(name) for name in ("albumentations", "kornia", "pillow")}),
        "settings": {
            **{name: getattr(options, name) for name in ("pairs", "samples", "rounds", "workers", "quick")},
            **SIZES,
            "sides": photographs.SIDES,
            "threads": torch.get_num_threads(),
            "probe_limit": report.PROBE_LIMIT,
        },
        "default_workers": default_workers(),
        "loader": found,
        "parts": parts(layout, options),
        "augmentation": augmentation(layout, options, device),
    }


def stream(pictures: Pictures, workers: int, options: argparse.Namespace, device: torch.device) -> tuple[float, float]:
    """Take `options.samples` batches of one sample: seconds in all, and seconds of this process's own main thread."""
    ahead = max(4, 8 * workers)  # more than are waiting when the first has come
    order = Order(len(pictures), 1, 0, 0, ahead + options.samples)
    batches = loader(pictures, order, workers, pin=device.type == "cuda")
    for _ in range(ahead):
        next(batches)
    start, busy = time.perf_counter(), time.thread_time()
    for _ in range(options.samples):
        next(batches)
    return time.perf_counter() - start, time.thread_time() - busy


def take_turns(
    candidates: dict[Name, Callable[[], tuple[float, float]]], options: argparse.Namespace, probe: Probe
) -> tuple[dict[Name, list[Turn]], dict[Name, list[float]]]:
    """`options.rounds` turns of each candidate, one after the other; and seconds a sample of the main thread."""
    turns: dict[Name, list[Turn]] = {name: [] for name in candidates}
    own: dict[Name, list[float]] = {name: [] for name in candidates}
    before = probe()
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        for name, play in candidates.items():
            seconds, busy = play()
            after = probe()
            turns[name].append(Turn(seconds, options.samples, max(before, after)))
            own[name].append(busy / options.samples)
            before = after
    return turns, own


def parts(layout: TwoFolders, options: argparse.Namespace) -> dict[str, float]:
    """Seconds of what is done to a sample, in one thread: the median over samples."""
    plain, changing = Transform(**SIZES), Transform(**SIZES, **ALBUMENTATIONS)
    pictures = Pictures(layout, plain)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    clocks: dict[str, list[float]] = {}
    for seed, sample in enumerate(_some(layout.train, options.samples)):
        read, _ = _timed(clocks, "decode", layout.read, sample, 0)
        resized = _timed(clocks, "resize", plain.resized, read)
        cropped = _timed(clocks, "crop and flip", plain, resized, seed)
        _timed(clocks, "crop, flip, albumentations", changing, resized, seed)
        _timed(clocks, "collate", _collated, pictures, cropped)
    torch.set_num_threads(threads)
    return {part: statistics.median(seconds) for part, seconds in clocks.items()}


def augmentation(layout: TwoFolders, options: argparse.Namespace, device: torch.device) -> dict[str, float]:
    """Seconds a sample of kornia's augmentation on the device, by the size of its batch: medians."""
    augment, found = OnDevice(**KORNIA), {}
    first, _ = layout.read(layout.train[0], 0)
    for count in BATCHES:
        single = Pictures(layout, Transform(**SIZES)).member(Transform(**SIZES).plain(first), ())
        batch = to_device(Pair(*(picture.repeat(count, 1, 1, 1) for picture in single)), device)
        clocks: dict[str, list[float]] = {}
        for _ in range(3 + max(3, options.samples // count)):
            _timed(clocks, "all", _finished, augment, batch)
        found[f"kornia, batch {count}"] = statistics.median(clocks["all"][3:]) / count
    return found


def _collated(pictures: Pictures, cropped: tuple[Any, ...]) -> Any:
    return default_collate([pictures.member(cropped, ())])


def _finished(augment: OnDevice, batch: Pair) -> float:
    """To the host, so that a GPU has finished."""
    return augment(batch).source[0, 0, 0, 0].item()


def _timed(clocks: dict[str, list[float]], part: str, do: Callable[..., Any], *given: Any) -> Any:
    start = time.perf_counter()
    done = do(*given)
    clocks.setdefault(part, []).append(time.perf_counter() - start)
    return done


def _some(samples: Sequence[Any], count: int) -> Iterator[Any]:
    return (samples[number % len(samples)] for number in range(count))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loading", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pairs", type=int, help="pairs of pictures on disk (200, or 6 with --quick)")
    parser.add_argument("--samples", type=int, help="samples a turn (1000, or 12 with --quick)")
    parser.add_argument("--rounds", type=int, help="turns of each candidate (5, or 2 with --quick)")
    parser.add_argument(
        "--workers", help="numbers of processes (0,1,2,4 … as many as there are cores; 0,1 with --quick)"
    )
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="very little, to see that everything works")
    options = parser.parse_args(arguments)
    for name, usual, quick in (("pairs", 200, 6), ("samples", 1000, 12), ("rounds", 5, 2)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    cores = int(str(machine(torch.device("cpu"))["cores"]))
    counts = [count for count in WORKERS if count <= (1 if options.quick else max(2, cores))]
    try:
        options.workers = [int(count) for count in options.workers.split(",")] if options.workers else counts
    except ValueError:
        parser.error("--workers must be numbers, such as 0,1,2")
    if min(options.workers) < 0:
        parser.error("--workers must not be below 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
