"""Large pictures in parts: `python -m benchmarks.tiles`.

Memory and time of `translate run --tile` on a picture that does not fit, in a process of its own; and how far parts are
from the whole, pass by pass, on one that does. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.machine import taken
from benchmarks.photographs import photograph
from benchmarks.record import add_out, keep, named, say
from translate import pixels
from translate.card import Card
from translate.exporting import export
from translate.networks.resnet import ResNet
from translate.runtime import Translator
from translate.runtime.tiles import translate_large
from translate.runtime.tiles.canvas import Canvas

LIMIT = 2e9
"""Bytes that the process may take at its peak."""

# Without torch, which the benchmark itself has loaded. `VmHWM` is the peak of that program alone, on Linux.
_CHILD = """
import sys
from translate.cli import main
status = main(sys.argv[1:])
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(1024 * int(peak))
sys.exit(status)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, leave a dated record; 1 if the limit of memory was broken."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(dir=options.scratch) as folder:
        record = measure(options, Path(folder))
    size = f"{options.width}x{options.blocks}"
    keep(record, options.out / named(record, "tiles", size, *(["quick"] if options.quick else [])), table(record))
    return 0 if record.get("large", {}).get("peak", 0) < LIMIT else 1


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All that is written down of a run."""
    model = options.model or made(options, folder / "model.onnx")
    record: dict[str, Any] = {
        "what": "bytes at the peak and seconds of `translate run --tile`; levels of 255 between parts and the whole",
        **taken(torch.device("cpu"), **{name: metadata.version(name) for name in ("onnxruntime-gpu", "pyvips")}),
        "settings": {name: getattr(options, name) for name in ("blocks", "width", "tile", "passes", "quick")},
        "limit": LIMIT,
    }
    if options.side:
        record["large"] = {"side": options.side, **large(model, options, folder)}
    if options.compare:
        record["compared"] = {"side": options.compare, **compared(model, options, folder)}
    return record


def made(options: argparse.Namespace, path: Path) -> Path:
    """A ResNet with random weights."""
    torch.manual_seed(0)
    network = ResNet(blocks=options.blocks, width=options.width).eval()
    export(network, Card("random", "day → night", "none", "day", "night", size=64, statistics="image"), path)
    return path


def large(model: Path, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """A tiled TIFF through the command line in a process of its own."""
    source, target = folder / "large.tif", folder / "translated.tif"
    draw(source, options.side)
    say(f"{source.stat().st_size / 1e6:,.0f} MB of TIFF are drawn")
    words = ["run", model, source, "-o", target, "--tile", *([options.tile] if options.tile else [])]
    words += [] if options.passes is None else ["--passes", options.passes]
    begin = time.perf_counter()
    command = [sys.executable, "-c", _CHILD, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        lines = []
        for line in child.stdout or ():
            lines.append(line.strip())
            say(lines[-1])
    if child.returncode:
        raise SystemExit("the translation failed: see above")
    seconds = time.perf_counter() - begin
    return {"peak": int(lines[-1]), "seconds": seconds, "input": source.stat().st_size, "output": target.stat().st_size}


def compared(model: Path, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Parts beside the whole, by number of passes."""
    side, tile = options.compare, options.compare_tile
    picture = photograph(np.random.default_rng(0), side * 3 // 2, side)
    pixels.write(picture, folder / "small.png")
    translator = Translator(model, engine="cpu")
    expected = translator.array(picture).astype(int)
    found: dict[str, Any] = {}
    for passes in (*range(options.most + 1), None):
        lines: list[str] = []
        begin = time.perf_counter()
        translate_large(
            translator, folder / "small.png", folder / "parts.png", tile=tile, passes=passes, report=lines.append
        )
        away = np.abs(pixels.read(folder / "parts.png") - expected)
        name = "until settled" if passes is None else str(passes)
        found[name] = {
            "max": int(away.max()),
            "mean": float(away.mean()),
            "over_1": float((away > 1).mean()),
            "passes": sum("deviations" in line for line in lines),
            "seconds": time.perf_counter() - begin,
        }
        say(f"{name}: {found[name]}")
    return {"tile": tile, "passes": found}


def draw(path: Path, side: int) -> None:
    """A picture of `side` × `side` that is written in bands: one photograph over and over, ever darker and redder."""
    square = photograph(np.random.default_rng(0), min(side, 1024), min(side, 1024)).astype(np.float32)
    canvas = Canvas(path, side, side, 3)
    across = np.linspace(1, 0.3, side, dtype=np.float32)[None, :, None]
    for top in range(0, side, len(square)):
        rows = min(len(square), side - top)
        band = np.tile(square[:rows], (1, -(-side // square.shape[1]), 1))[:, :side]
        fade = np.array([1, 1 - 0.7 * top / side, 1 - 0.5 * top / side], np.float32)
        canvas.write(top, 0, (band * across * fade).astype(np.uint8))
    canvas.save()
    canvas.remove()


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    lines = []
    if "large" in record:
        found = record["large"]
        lines.append(
            f"{found['side']} × {found['side']}: {found['peak'] / 1e9:.2f} GB at the peak (limit "
            f"{record['limit'] / 1e9:.0f}), {found['seconds']:,.0f} s"
        )
    if "compared" in record:
        lines.append(f"{'passes':<16}{'max':>6}{'mean':>10}{'over 1':>10}")
        for name, found in record["compared"]["passes"].items():
            lines.append(f"{name:<16}{found['max']:>6}{found['mean']:>10.4f}{found['over_1']:>10.6f}")
    return "\n".join(lines)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tiles", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--model", type=Path, help="an exported model (default: a ResNet with random weights)")
    parser.add_argument("--blocks", type=int, default=2, help="of that ResNet; 9 is the papers' (default: 2)")
    parser.add_argument("--width", type=int, default=8, help="of that ResNet; 64 is the papers' (default: 8)")
    parser.add_argument("--side", type=int, help="of the large picture (16384; 512 with --quick; 0: none)")
    parser.add_argument("--tile", type=int, help="as of `translate run` (default: its own; 128 with --quick)")
    parser.add_argument("--passes", type=int, help="as of `translate run`")
    parser.add_argument("--compare", type=int, help="height of the picture that fits (1024; 128 with --quick; 0: none)")
    parser.add_argument("--compare-tile", type=int, help="side of its parts (512; 96 with --quick)")
    parser.add_argument("--most", type=int, default=3, help="passes that are compared (default: 0 to 3)")
    parser.add_argument("--scratch", type=Path, help="folder with room for some GB (default: the system's)")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="very little, to see that everything works")
    options = parser.parse_args(arguments)
    usual = (("side", 16384, 512), ("compare", 1024, 128), ("compare_tile", 512, 96), ("tile", None, 128))
    for name, full, quick in usual:
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else full)
    return options


if __name__ == "__main__":
    sys.exit(main())
