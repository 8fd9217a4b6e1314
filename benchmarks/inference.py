"""What a translated picture costs, ours beside torch: `python -m benchmarks.inference`.

Torch eager and compiled, ONNX Runtime and OpenVINO on the papers' generators; what several callers of one model gain;
what `Translator` adds to a bare session, and its import to those it needs. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import datetime
import json
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
from benchmarks.inference_report import NETWORKS, SIDES, file_name, table, targets
from benchmarks.machine import machine, versions
from benchmarks.report import Name, Turn
from benchmarks.training import Probe
from translate.card import Card
from translate.exporting import export
from translate.exporting.graph import BytesToBytes
from translate.files import write_whole
from translate.networks import GENERATORS
from translate.networks.norm import as_used
from translate.runtime import Translator
from translate.runtime.engines import ENGINES

TINY: dict[str, dict[str, int]] = {"unet": {"depth": 4, "width": 4}, "resnet": {"blocks": 1, "width": 4}}
TINY_SIDE = 32
TORCH = ("eager", "compiled")
RUNTIMES = ("cpu", "openvino")
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
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / file_name(record)
    write_whole(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode())
    print(table(record))
    print(path)
    return 0


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """All that is written down of a run."""
    probe = Probe(torch.device("cpu"), options.quick)
    pictures: dict[str, dict[str, Any]] = {}
    callers: dict[str, dict[str, Any]] = {}
    overhead: dict[str, dict[str, Any]] = {}
    for name in options.networks:
        _say(f"{name}: exporting")
        network, model = exported(name, options, folder)
        for side in options.sides:
            what = f"{name} {side}"
            pictures[what] = timed(what, translating(network, model, side, options), options, probe)
        side = options.sides[0]
        callers[f"{name} {side}"] = timed(f"{name}, callers", calling(model, side), options, probe)
        overhead[f"{name} {side}"] = timed(f"{name}, overhead", bare_and_ours(model, side), options, probe)
    record = {
        "what": "seconds of one picture, bytes to bytes, batch 1, median over turns",
        "date": datetime.date.today().isoformat(),
        "machine": machine(torch.device("cpu")),
        "versions": versions() | {"onnxruntime": onnxruntime.__version__, "openvino": _openvino()},
        "settings": {
            **{name: getattr(options, name) for name in ("networks", "sides", "kinds", "rounds", "seconds", "quick")},
            "models": sorted(options.model),
            "probe_limit": report.PROBE_LIMIT,
        },
        "pictures": pictures,
        "callers": callers,
        "overhead": overhead,
        "import_seconds": imported(1 if options.quick else IMPORTS),
    }
    return {**record, "targets": targets(record, judged=not options.quick)}


def exported(name: str, options: argparse.Namespace, folder: Path) -> tuple[torch.nn.Module, Path]:
    """The paper's generator with random weights, each picture normalised by itself, in torch and as a file."""
    torch.manual_seed(0)
    made = GENERATORS[name](3, 3, **(TINY[name] if options.quick else {}))
    network, path = as_used(made, "image").eval(), folder / f"{name}.onnx"
    export(network, Card(name, "a → b", "none", "a", "b", size=options.sides[0], statistics="image"), path)
    return network, path


def translating(network: torch.nn.Module, model: Path, side: int, options: argparse.Namespace) -> dict[str, Play]:
    """Every way of translating a picture of this side, by its kind."""
    image = picture(side)
    graph, ways = BytesToBytes(network).eval(), dict[str, Play]()
    if "eager" in options.kinds:
        ways["eager"] = in_torch(graph, image)
    if "compiled" in options.kinds:
        last = BytesToBytes(copy.deepcopy(network).to(memory_format=torch.channels_last)).eval()
        ways["compiled"] = in_torch(torch.compile(last, dynamic=False, options={"freezing": True}), image)
    for engine in RUNTIMES:
        if engine in options.kinds:
            ways[engine] = by(Translator(model, engine=engine), image)
            for name, path in options.model.items():
                ways[f"{name} on {engine}"] = by(Translator(path, engine=engine), image)
    return ways


def calling(model: Path, side: int) -> dict[str, Play]:
    """One caller with all cores, and as many callers as cores, each with one of them, on one model."""
    image, ways = picture(side), dict[str, Play]()
    cores = int(str(machine(torch.device("cpu"))["cores"]))
    for engine in (name for name in RUNTIMES if not ENGINES[name].why_not()):
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
        _say(f"{', '.join(name)}: warming up")
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
    parser.add_argument("--kinds", help="some of eager,compiled,cpu,openvino (all that are here; quick: not compiled)")
    parser.add_argument("--sides", help="sides of the pictures (256,512, or 32 with --quick)")
    parser.add_argument("--model", action="append", default=[], metavar="NAME=FILE.onnx", help="time this one as well")
    parser.add_argument("--rounds", type=int, help="turns of each (20, or 2 with --quick)")
    parser.add_argument("--seconds", type=float, help="of a turn (1, or 0.01 with --quick)")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the record")
    parser.add_argument("--quick", action="store_true", help="tiny networks, to see that everything works")
    options = parser.parse_args(arguments)
    options.networks = list(_some_of(parser, "--networks", options.networks, NETWORKS))
    here = [*TORCH[: 1 if options.quick else 2], *(name for name in RUNTIMES if not ENGINES[name].why_not())]
    kinds = options.kinds or ",".join(here)
    options.kinds = list(_some_of(parser, "--kinds", kinds, (*TORCH, *RUNTIMES)))
    sides = options.sides or (str(TINY_SIDE) if options.quick else ",".join(map(str, SIDES)))
    if not all(side.isdecimal() and int(side) % TINY_SIDE == 0 and int(side) for side in sides.split(",")):
        parser.error(f"--sides must be multiples of {TINY_SIDE}, such as 256,512")
    options.sides = [int(side) for side in sides.split(",")]
    if not all("=" in model for model in options.model):
        parser.error("--model must be a name and a file, such as int8=unet_int8.onnx")
    options.model = dict(model.split("=", 1) for model in options.model)
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


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
