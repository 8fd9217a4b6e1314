"""What a folder of pictures costs beside the model alone: `python -m benchmarks.streams`.

Seconds a picture of the session on decoded arrays, of `translate run` on a folder of JPEG files, and of reading,
translating and writing one after another, for pix2pix's U-Net-256 with random weights. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import photographs, report
from benchmarks.machine import taken
from benchmarks.probe import Probe
from benchmarks.record import add_out, keep, named, say
from benchmarks.report import Name, Turn
from translate import pixels
from translate.card import Card
from translate.exporting import export
from translate.networks import GENERATORS
from translate.networks.norm import per_image
from translate.runtime import Translator
from translate.runtime.streams import pipeline

KINDS = ("session", "command", "one after another")
TARGET = 1.10
"""The command takes at most so many times what the session alone does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, leave a dated record."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        record = measure(options, Path(folder))
    keep(record, options.out / file_name(record), table(record))
    return 0


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All that is written down of a run."""
    say("exporting the model, drawing the pictures")
    translator = Translator(_model(folder / "unet.onnx", options.quick))
    device = torch.device("cuda" if translator.engine == "cuda" else "cpu")
    starts: dict[int, list[float]] = {}
    candidates: dict[Name, Callable[[], float]] = {}
    for side in options.sides:
        pictures = _pictures(folder / str(side), options.pictures, side)
        arrays = [pixels.read(path, translator.card.source_channels) for path in pictures]
        out, starts[side] = folder / f"out {side}", []
        candidates |= {
            (str(side), "session"): lambda arrays=arrays: session(translator, arrays),  # type: ignore[misc]
            (str(side), "command"): lambda p=pictures, out=out, s=starts[side]: command(  # type: ignore[misc]
                translator, p, out, s
            ),
            (str(side), "one after another"): lambda p=pictures, out=out: in_turn(translator, p, out),  # type: ignore[misc]
        }
    turns = take_turns(candidates, options, Probe(device, options.quick))
    kept = report.calm(turns)
    found: dict[str, dict[str, Any]] = {str(side): {} for side in options.sides}
    for side, kind in candidates:
        found[side][kind] = report.summary(turns[side, kind], kept[side, kind])
    return {
        "what": "seconds a picture of U-Net-256, JPEG to JPEG, median over turns; the command's without its start",
        **taken(device, **{name: metadata.version(name) for name in ("pillow", *_onnxruntime())}),
        "engine": translator.device,
        "settings": {
            **{name: getattr(options, name) for name in ("pictures", "rounds", "sides", "quick")},
            "quality": {"read": photographs.QUALITY, "written": pixels.QUALITY},
            "threads": {"reading": pipeline.THREADS, "writing": pipeline.THREADS},
            "probe_limit": report.PROBE_LIMIT,
        },
        "pictures": found,
        "start": {str(side): statistics.median(seconds) for side, seconds in starts.items()},
        "targets": [_target(side, kinds, judged=not options.quick) for side, kinds in found.items()],
    }


def session(translator: Translator, arrays: Sequence[pixels.Pixels]) -> float:
    """Seconds of the model alone, on all arrays."""
    start = time.perf_counter()
    for array in arrays:
        translator.array(array)
    return time.perf_counter() - start


def in_turn(translator: Translator, pictures: Sequence[Path], out: Path) -> float:
    """Seconds of the simplest loop that does the same."""
    out.mkdir(exist_ok=True)
    start = time.perf_counter()
    for path in pictures:
        pixels.write(translator.array(pixels.read(path, translator.card.source_channels)), out / path.name)
    return time.perf_counter() - start


def command(translator: Translator, pictures: Sequence[Path], out: Path, starts: list[float]) -> float:
    """Seconds of `translate run` on the folder without its start: the slope from some of the pictures to all."""
    some = pictures[: max(1, len(pictures) // 6)]
    few, every = _run(translator.path, some, out), _run(translator.path, pictures, out)
    each = (every - few) / (len(pictures) - len(some))
    starts.append(few - each * len(some))
    return each * len(pictures)


def take_turns(
    candidates: dict[Name, Callable[[], float]], options: argparse.Namespace, probe: Probe
) -> dict[Name, list[Turn]]:
    """`options.rounds` turns of each candidate, one after the other."""
    turns: dict[Name, list[Turn]] = {name: [] for name in candidates}
    before = probe()
    for number in range(options.rounds):
        for name, play in candidates.items():
            say(f"round {number + 1} of {options.rounds}: {' '.join(name)}")
            seconds = play()
            after = probe()
            turns[name].append(Turn(seconds, options.pictures, max(before, after)))
            before = after
    return turns


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    lines = [f"{'ms a picture':<14}" + "".join(f"{kind:>20}" for kind in KINDS) + f"{'start of the command':>24}"]
    for side, kinds in record["pictures"].items():
        cells = "".join(f"{1000 * kinds[kind]['seconds']['median']:>20.1f}" for kind in KINDS)
        lines.append(f"{side + '²':<14}{cells}{record['start'][side]:>22.2f} s")
    for target in record["targets"]:
        verdict = {True: "met", False: "NOT MET", None: "not judged"}[target["met"]]
        lines.append(f"{target['what']}: {target['measured']:.3f}, at most {target['at_most']}: {verdict}")
    return "\n".join(lines)


def file_name(record: dict[str, Any]) -> str:
    """Date and machine."""
    return named(record, "streams", *(["quick"] if record["settings"]["quick"] else []))


def _target(side: str, kinds: dict[str, Any], judged: bool) -> dict[str, Any]:
    measured = kinds["command"]["seconds"]["median"] / kinds["session"]["seconds"]["median"]
    met = measured <= TARGET if judged else None
    return {"what": f"{side}² command / session", "at_most": TARGET, "measured": measured, "met": met}


def _model(path: Path, quick: bool) -> Path:
    torch.manual_seed(0)
    shape = {"depth": 4, "width": 4} if quick else {}
    card = Card("random", "noise → noise", "pix2pix", "noise", "noise", size=32 if quick else 256)
    export(per_image(GENERATORS["unet"](**shape)), card, path)
    return path


def _pictures(folder: Path, count: int, side: int) -> list[Path]:
    folder.mkdir()
    draw = np.random.default_rng(side)
    paths = [folder / f"{number:04d}.jpg" for number in range(count)]
    for path in paths:
        Image.fromarray(photographs.photograph(draw, side, side)).save(path, quality=photographs.QUALITY)
    return paths


def _run(model: Path, pictures: Sequence[Path], out: Path) -> float:
    words = [sys.executable, "-m", "translate", "run", str(model), *map(str, pictures), "-o", str(out)]
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _onnxruntime() -> list[str]:
    """The name of the build that is installed."""
    return sorted(
        {d.metadata["Name"] for d in metadata.distributions() if d.metadata["Name"].startswith("onnxruntime")}
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streams", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pictures", type=int, help="of each side (120, or 3 with --quick)")
    parser.add_argument("--rounds", type=int, help="turns of each candidate (5, or 2 with --quick)")
    parser.add_argument("--sides", help="of the pictures, in pixels (256,512; 32 with --quick)")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="very little, to see that everything works")
    options = parser.parse_args(arguments)
    for name, usual, quick, least in (("pictures", 120, 3, 2), ("rounds", 5, 2, 1)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
        if getattr(options, name) < least:
            parser.error(f"--{name} must be at least {least}")
    try:
        options.sides = [int(side) for side in (options.sides or ("32" if options.quick else "256,512")).split(",")]
    except ValueError:
        parser.error("--sides must be numbers, such as 256,512")
    if min(options.sides) < 1:
        parser.error("--sides must be at least 1")
    return options


if __name__ == "__main__":
    sys.exit(main())
