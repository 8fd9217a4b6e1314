"""How a hundred thousand pictures are listed and read: `python -m benchmarks.data_scale`.

The same generated pictures as a folder, a .zip, shards on a disk and shards by HTTP over the loopback: seconds until
they are listed and until the first batch is there, pictures a second from then on, memory, and how long checking all of
them takes. With the system's cache of files emptied before (where one is root) and full. See docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import photographs
from benchmarks.machine import taken
from benchmarks.record import add_out, keep, named, say
from translate.data.layouts import LAYOUTS, OF_FILES, ImageFolder, Layout
from translate.data.loading import Order, Pictures, loader
from translate.data.shards.packing import pack
from translate.data.transforms import Transform

KINDS = ("folder", "zip", "shards", "http")
SHEET, MARGIN = 2048, 8  # pixels of what pictures are cut from; of one picture to the next at least
BATCH, WORKERS, WINDOW = 16, (0, 2), 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Generate, measure in processes of their own, print a table, leave a dated record."""
    options = _options(arguments)
    if options.one:
        print(json.dumps(one(options)))
        return 0
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        record = measure(options, Path(folder))
    keep(record, options.out / named(record, "data-scale", options.count), table(record))
    return 0


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All that is written down of a run."""
    say(f"drawing {options.count:,} pictures")
    made = {"pictures": make(folder / "pictures", options.count, options.side)}
    made["zip"] = _zip(folder / "pictures", folder / "pictures.zip")
    say("packing shards")
    start = time.perf_counter()
    root, size = str(folder / "pictures"), options.shard_bytes
    packed = pack(ImageFolder(root), {"layout": "images", "root": root}, folder / "shards", "p", OF_FILES, size)
    made["shards"] = {"seconds": time.perf_counter() - start, "bytes": packed.bytes, "shards": packed.shards}
    made["index"] = {"bytes": sum((folder / "shards" / name).stat().st_size for name in ("index.json", "files.npz"))}
    turns: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    load = []
    with served(folder / "shards") as url:
        for number in range(options.rounds):
            for kind in KINDS:
                say(f"round {number + 1} of {options.rounds}: {kind}")
                load.append(os.getloadavg()[0])
                turns[kind].append(_turn(options, kind, folder, url, check=number == 0))
    return {
        "what": "listing and reading pictures of a data set, medians over rounds with the least and the most",
        **taken(torch.device("cpu"), pillow=metadata.version("pillow")),
        "settings": {
            **{name: getattr(options, name) for name in ("count", "side", "samples", "rounds", "shard_bytes")},
            "batch": BATCH,
            "window_http": WINDOW,
        },
        "load_average": {"median": statistics.median(load), "most": max(load)},
        "cold": "page cache dropped" if all(turn["dropped"] for turn in turns["folder"]) else "not measured: not root",
        "made": made,
        "kinds": {kind: _summary(of_kind) for kind, of_kind in turns.items()},
    }


def make(folder: Path, count: int, side: int) -> dict[str, float]:
    """Pictures of `side` pixels, pieces of a few large ones that are like photographs, as JPEG."""
    folder.mkdir()
    draw = np.random.default_rng(0)
    sheets = [photographs.photograph(draw, SHEET, SHEET) for _ in range(2)]
    for number in range(count):
        left, top = draw.integers(0, (SHEET - side) // MARGIN, 2) * MARGIN
        piece = sheets[number % len(sheets)][top : top + side, left : left + side]
        Image.fromarray(piece).save(folder / f"{number:06d}.jpg", quality=photographs.QUALITY)
    return {"bytes": sum(entry.stat().st_size for entry in os.scandir(folder))}


def _zip(folder: Path, path: Path) -> dict[str, float]:
    start = time.perf_counter()
    with zipfile.ZipFile(path, "w") as archive:
        for picture in sorted(folder.iterdir()):
            archive.write(picture, picture.name)
    return {"seconds": time.perf_counter() - start, "bytes": path.stat().st_size}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *given: Any) -> None:
        """Nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder by HTTP on the loopback."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def _turn(options: argparse.Namespace, kind: str, folder: Path, url: str, check: bool) -> dict[str, Any]:
    names = {"folder": "pictures", "zip": "pictures.zip", "shards": "shards"}
    root = url if kind == "http" else folder / names[kind]
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        words = ["--one", kind, "--root", str(root), "--cache", cache, "--samples", str(options.samples)]
        words += ["--side", str(options.side), *(["--check"] if check else [])]
        command = [sys.executable, "-m", "benchmarks.data_scale", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout))


def one(options: argparse.Namespace) -> dict[str, Any]:
    """One kind, in this process: listed, then read by so many workers, cold and warm."""
    torch.set_num_threads(1)
    dropped = drop()
    before, start = resident(), time.perf_counter()
    layout = _layout(options.one, options.root, f"{options.cache}/0")
    found: dict[str, Any] = {"dropped": dropped, "list": time.perf_counter() - start}
    found["list_bytes"] = resident() - before
    for workers in WORKERS:
        for state in ("cold", "warm"):
            if state == "cold":
                drop()
                layout = _layout(options.one, options.root, f"{options.cache}/{workers}")
            first, rate = stream(layout, options, workers)
            found[f"first {state} {workers}"], found[f"rate {state} {workers}"] = first, rate
    found["list warm"] = _seconds(lambda: _layout(options.one, options.root, f"{options.cache}/0"))
    found["bytes"] = resident() - before
    if options.check:
        found["check"] = _seconds(layout.check)
    return found


def _layout(kind: str, root: str, cache: str) -> Layout:
    if kind in ("folder", "zip"):
        return LAYOUTS["images"](root=root)
    return LAYOUTS["packed"](root=root, cache=cache, window=WINDOW if kind == "http" else 0)


def stream(layout: Layout, options: argparse.Namespace, workers: int) -> tuple[float, float]:
    """Seconds to the first batch, and pictures a second from then on."""
    steps = max(2, options.samples // BATCH)
    order = Order(len(layout.train), BATCH, 1, 0, steps, windows=layout.windows)
    start = time.perf_counter()
    batches = iter(loader(Pictures(layout, Transform(options.side, options.side)), order, workers, False))
    next(batches)
    begun = time.perf_counter()
    count = sum(1 for _ in batches)
    return begun - start, count * BATCH / (time.perf_counter() - begun)


def _seconds(do: Any) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def drop() -> bool:
    """Empty the system's cache of files, where that is allowed."""
    try:
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def resident() -> int:
    """Bytes of memory that this process occupies; 0 where that cannot be told."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _summary(turns: list[dict[str, Any]]) -> dict[str, Any]:
    names = [name for name in turns[0] if name != "dropped"]
    values = {name: [turn[name] for turn in turns if name in turn] for name in names}
    return {
        name: {"median": statistics.median(found), "least": min(found), "most": max(found)}
        for name, found in values.items()
    }


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    kinds = record["kinds"]
    lines = [f"{record['settings']['count']:,} pictures" + " " * 16 + "".join(f"{kind:>12}" for kind in kinds)]
    rows: list[tuple[str, str, float]] = [
        ("listed, s", "list", 1),
        ("listed again, s", "list warm", 1),
        ("all checked, s", "check", 1),
    ]
    rows += [("memory of the list, MB", "list_bytes", 1e-6)]
    for workers in WORKERS:
        for state in ("cold", "warm"):
            rows += [(f"first batch, s, {state}, {workers} workers", f"first {state} {workers}", 1)]
            rows += [(f"pictures a second, {state}, {workers}", f"rate {state} {workers}", 1)]
    for text, name, scale in rows:
        cells = (found[name]["median"] * scale for found in kinds.values())
        lines.append(f"{text:<34}" + "".join(f"{cell:>12,.{0 if cell >= 100 else 2}f}" for cell in cells))
    made = record["made"]
    lines.append(f"packing: {made['shards']['seconds']:.0f} s; index: {made['index']['bytes'] / 1e6:.2f} MB")
    lines.append(f"load average while measuring: {record['load_average']['median']:.1f}; cold: {record['cold']}")
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_scale", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="pictures (default: 100000)")
    parser.add_argument("--side", type=int, default=64, help="of a picture in pixels (default: 64)")
    parser.add_argument("--samples", type=int, default=4000, help="read each time (default: 4000)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each kind (default: 3)")
    parser.add_argument("--shard-bytes", type=int, default=16_000_000, help="of a shard (default: 16000000)")
    parser.add_argument("--scratch", type=Path, help="folder for what is generated (default: the system's)")
    add_out(parser)
    for name in ("--one", "--root", "--cache"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for name in ("count", "side", "samples", "rounds", "shard_bytes"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
