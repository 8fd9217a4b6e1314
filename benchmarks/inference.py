"""What a translated picture costs, ours beside torch: `python -m benchmarks.inference`.

Torch eager and compiled, ONNX Runtime and OpenVINO in several precisions on the papers' generators, and how far each is
from torch; what several callers of one model gain; what `Translator` adds to a bare session, and its import to those it
needs. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnxruntime
import torch

from benchmarks import report
from benchmarks.inference_models import TINY_SIDE, Models, make
from benchmarks.inference_report import NETWORKS, SIDES, file_name, table, targets
from benchmarks.machine import machine, taken
from benchmarks.probe import Probe
from benchmarks.record import add_out, keep, say
from benchmarks.report import Name, Turn
from translate.exporting.graph import BytesToBytes
from translate.metrics import l1, ssim
from translate.runtime import Translator
from translate.runtime.engines import ENGINES

TORCH = ("eager", "compiled")
# Kind → engine and precision of the file.
RUNTIMES = {
    "cpu": ("cpu", "fp32"),
    "cpu-int8": ("cpu", "int8"),
    "openvino": ("openvino", "fp32"),
    "openvino-bf16": ("openvino", "bf16"),
    "openvino-int8": ("openvino", "int8"),
}
KINDS = (*TORCH, *RUNTIMES)
ENGINES_HERE = [name for name in ("cpu", "openvino") if not ENGINES[name].why_not()]
# The import is timed in so many fresh processes.
IMPORTS = 9
IMPORT = """
import time, numpy, PIL.Image, onnxruntime
start = time.perf_counter()
import translate.runtime
print(time.perf_counter() - start)
"""

Play: TypeAlias = Callable[[int], object]
"""Translates so many pictures."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, leave a dated record."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory() as folder:
        record = measure(options, Path(folder))
    keep(record, options.out / file_name(record), table(record))
    return 0


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All that is written down of a run."""
    probe = Probe(torch.device("cpu"), options.quick)
    pictures: dict[str, dict[str, Any]] = {}
    callers: dict[str, dict[str, Any]] = {}
    overhead: dict[str, dict[str, Any]] = {}
    networks: dict[str, dict[str, Any]] = {}
    for name in options.networks:
        models = make(name, options, folder)
        networks[name] = {**models.facts, "from_torch": distances(models, options)}
        for side in options.sides:
            what = f"{name} {side}"
            pictures[what] = timed(what, translating(models, side, options), options, probe)
        side, model = options.sides[0], models.files["fp32"]
        callers[f"{name} {side}"] = timed(f"{name}, callers", calling(model, side), options, probe)
        overhead[f"{name} {side}"] = timed(f"{name}, overhead", bare_and_ours(model, side), options, probe)
    record = {
        "what": "seconds of one picture, bytes to bytes, batch 1, median over turns",
        **taken(torch.device("cpu"), onnxruntime=onnxruntime.__version__, openvino=_openvino()),
        "settings": {
            **{name: getattr(options, name) for name in ("networks", "sides", "kinds", "rounds", "seconds", "quick")},
            "trained": sorted(options.run),
            "probe_limit": report.PROBE_LIMIT,
        },
        "networks": networks,
        "pictures": pictures,
        "callers": callers,
        "overhead": overhead,
        "import_seconds": imported(1 if options.quick else IMPORTS),
    }
    return {**record, "targets": targets(record, judged=not options.quick)}


def distances(models: Models, options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """How far each runtime's pictures are from torch's: mean levels of 255, and structural similarity."""
    graph, found = BytesToBytes(models.network).eval(), {}
    with torch.no_grad():
        truth = [graph(torch.from_numpy(picture[None])).numpy()[0] for picture in models.pictures]
    for kind, translator in translators(models, options).items():
        pairs = [(translator.array(picture), true) for picture, true in zip(models.pictures, truth, strict=True)]
        found[kind] = {
            "mean_levels": statistics.mean(float(l1(*pair)) for pair in pairs),
            "ssim": statistics.mean(float(ssim(*pair)) for pair in pairs),
        }
    return found


def translating(models: Models, side: int, options: argparse.Namespace) -> dict[str, Play]:
    """Every way of translating a picture of this side, by its kind."""
    image = picture(side)
    graph, ways = BytesToBytes(models.network).eval(), dict[str, Play]()
    if "eager" in options.kinds:
        ways["eager"] = in_torch(graph, image)
    if "compiled" in options.kinds:
        last = BytesToBytes(copy.deepcopy(models.network).to(memory_format=torch.channels_last)).eval()
        ways["compiled"] = in_torch(torch.compile(last, dynamic=False, options={"freezing": True}), image)
    return ways | {kind: by(translator, image) for kind, translator in translators(models, options).items()}


def translators(models: Models, options: argparse.Namespace) -> dict[str, Translator]:
    """The files on the engines that were asked for, by kind; without those that were refused."""
    chosen = {kind: way for kind, way in RUNTIMES.items() if kind in options.kinds}
    return {
        kind: Translator(models.files[precision], engine=engine)
        for kind, (engine, precision) in chosen.items()
        if precision in models.files
    }


def calling(model: Path, side: int) -> dict[str, Play]:
    """One caller with all cores, and as many callers as cores, each with one of them, on one model."""
    image, ways = picture(side), dict[str, Play]()
    cores = int(str(machine(torch.device("cpu"))["cores"]))
    for engine in ENGINES_HERE:
        ways[f"{engine}, 1 caller"] = by(Translator(model, engine=engine), image)
        ways[f"{engine}, {max(2, cores)} callers"] = together(
            by(Translator(model, engine=engine, threads=1), image), max(2, cores)
        )
    return ways


def bare_and_ours(model: Path, side: int) -> dict[str, Play]:
    """A session as one would write it by hand, and `Translator.array`: what checks and copies cost."""
    image = picture(side)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return {
        "bare": lambda count: [session.run(None, {"image": image}) for _ in range(count)],
        "ours": by(Translator(model, engine="cpu"), image),
    }


def timed(what: str, ways: dict[str, Play], options: argparse.Namespace, probe: Probe) -> dict[str, Any]:
    """Seconds a picture of each, taken in turns."""
    names: dict[Name, Play] = {(what, kind): play for kind, play in ways.items()}
    turns = take_turns(names, options, probe)
    kept = report.calm(turns)
    return {name[1]: report.summary(turns[name], kept[name]) for name in names}


def take_turns(ways: dict[Name, Play], options: argparse.Namespace, probe: Probe) -> dict[Name, list[Turn]]:
    """`options.rounds` turns of each, of about `options.seconds`, every round in the opposite order."""
    counts = {}
    for name, play in ways.items():
        say(f"{', '.join(name)}: warming up")
        play(2)
        counts[name] = max(1, math.ceil(options.seconds / _seconds(play, 1)))
    turns: dict[Name, list[Turn]] = {name: [] for name in ways}
    before = probe()
    for number in range(options.rounds):
        for name in list(ways)[:: 1 if number % 2 else -1]:
            seconds = _seconds(ways[name], counts[name])
            after = probe()
            turns[name].append(Turn(seconds, counts[name], max(before, after)))
            before = after
    return turns


def picture(side: int) -> np.ndarray:
    """Noise, uint8 `[1, side, side, 3]`."""
    return np.random.default_rng(0).integers(0, 256, (1, side, side, 3), dtype=np.uint8)


def in_torch(graph: Any, image: np.ndarray) -> Play:
    """A module, from array to array."""

    def play(count: int) -> None:
        with torch.no_grad():
            for _ in range(count):
                graph(torch.from_numpy(image)).numpy()

    return play


def by(translator: Translator, image: np.ndarray) -> Play:
    """A translator, from array to array."""
    return lambda count: [translator.array(image) for _ in range(count)]


def together(play: Play, callers: int) -> Play:
    """The pictures shared out among callers, each in a thread of its own."""

    def shared(count: int) -> None:
        shares = [len(range(caller, count, callers)) for caller in range(callers)]
        with ThreadPoolExecutor(callers) as pool:
            list(pool.map(play, shares))

    return shared


def imported(times: int) -> float:
    """Seconds of `import translate.runtime` where NumPy, Pillow and ONNX Runtime are there already: the median."""
    command, root = [sys.executable, "-c", IMPORT], Path(__file__).resolve().parents[1]
    runs = (subprocess.run(command, cwd=root, capture_output=True, text=True, check=True) for _ in range(times))
    return statistics.median(float(run.stdout) for run in runs)


def _seconds(play: Play, count: int) -> float:
    start = time.perf_counter()
    play(count)
    return time.perf_counter() - start


def _openvino() -> str:
    with contextlib.suppress(metadata.PackageNotFoundError):
        return metadata.version("openvino")
    return "none"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inference", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--networks", default=",".join(NETWORKS), help="some of %(default)s")
    parser.add_argument("--kinds", help=f"some of {','.join(KINDS)} (all that are here; quick: not compiled)")
    parser.add_argument("--sides", help="sides of the pictures (256,512, or 32 with --quick)")
    parser.add_argument(
        "--run",
        action="append",
        default=[],
        metavar="NETWORK=RUN",
        help="a run's weights and pictures, not random ones",
    )
    parser.add_argument("--rounds", type=int, help="turns of each (20, or 2 with --quick)")
    parser.add_argument("--seconds", type=float, help="of a turn (1, or 0.01 with --quick)")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="tiny networks, to see that everything works")
    options = parser.parse_args(arguments)
    options.networks = list(_some_of(parser, "--networks", options.networks, NETWORKS))
    here = [kind for kind in KINDS if kind in TORCH or RUNTIMES[kind][0] in ENGINES_HERE]
    kinds = options.kinds or ",".join(kind for kind in here if not (options.quick and kind == "compiled"))
    options.kinds = list(_some_of(parser, "--kinds", kinds, KINDS))
    sides = options.sides or (str(TINY_SIDE) if options.quick else ",".join(map(str, SIDES)))
    if not all(side.isdecimal() and int(side) % TINY_SIDE == 0 and int(side) for side in sides.split(",")):
        parser.error(f"--sides must be multiples of {TINY_SIDE}, such as 256,512")
    options.sides = [int(side) for side in sides.split(",")]
    if not all(run.partition("=")[0] in NETWORKS and run.partition("=")[2] for run in options.run):
        parser.error("--run must be a network and a run's folder, such as unet=runs/facades")
    options.run = dict(run.split("=", 1) for run in options.run)
    for name, usual, quick in (("rounds", 20, 2), ("seconds", 1.0, 0.01)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
        if getattr(options, name) <= 0:
            parser.error(f"--{name} must be above 0")
    return options


def _some_of(parser: argparse.ArgumentParser, option: str, given: str, known: Sequence[str]) -> Iterator[str]:
    for name in given.split(","):
        if name not in known:
            parser.error(f"{option}: there is no {name}; there are {', '.join(known)}")
        yield name


if __name__ == "__main__":
    sys.exit(main())
