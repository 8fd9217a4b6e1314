"""How a training step gains from more processes: `python -m benchmarks.scaling`.

The same batch, shared by 1, 2, 4 … processes (on a CPU with a thread each, on GPUs with one each), and on a CPU beside
them by one process with all threads. Every turn starts its processes anew, and all ways take turns. See
benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from benchmarks.candidates import LITERAL
from benchmarks.machine import taken
from benchmarks.player import play
from benchmarks.record import add_out, keep, named, say
from translate.training import precision


class Way(NamedTuple):
    """How a batch is shared."""

    processes: int
    threads: int
    """Of each process."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, leave a dated record."""
    options = _options(arguments)
    record = measure(options)
    keep(record, options.out / file_name(record), table(record))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All that is written down of a run."""
    device = precision.device("auto")
    ways = ways_of(options.processes, torch.get_num_threads(), device.type)
    turns: dict[Way, list[dict[str, float]]] = {way: [] for way in ways}
    for number in range(options.rounds):
        for way in ways:
            say(f"round {number + 1}: {way.processes} × {way.threads} threads")
            turns[way].append(take_turn(way, options))
    return {
        "what": "training steps a second at the same batch of all processes together, median over turns",
        **taken(device),
        "settings": {
            **{name: getattr(options, name) for name in ("method", "batch", "side", "steps", "warmup", "rounds")},
            "networks": "tiny" if options.quick else "papers'",
            "precision": str(precision.dtype("auto", device)).removeprefix("torch."),
        },
        "ways": summary(turns),
    }


def ways_of(counts: Sequence[int], cores: int, device: str) -> list[Way]:
    """So many processes with a thread each; on a CPU also one with all."""
    ways = [Way(count, 1) for count in counts]
    return [*ways, Way(1, cores)] if device == "cpu" and cores > 1 else ways


def take_turn(way: Way, options: argparse.Namespace) -> dict[str, float]:
    """Start the processes, let them play, end them. Returns the first one's `seconds` a step and those in `messages`.

    Raises:
        RuntimeError: a process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        meeting = (Path(folder) / "meeting").as_uri()
        pipes, processes = [], []
        for rank in range(way.processes):
            mine, theirs = context.Pipe(duplex=False)
            settings = (options.method, options.quick, options.side, options.batch, options.warmup, options.steps)
            process = context.Process(target=play, args=(theirs, meeting, rank, way, settings), daemon=True)
            process.start()
            theirs.close()
            pipes.append(mine)
            processes.append(process)
        try:
            answers = [dict(pipe.recv()) for pipe in pipes]
            return answers[0]
        except EOFError:
            raise RuntimeError(f"one of {way.processes} processes ended without an answer") from None
        finally:
            for process in processes:
                process.join(30)
                process.kill()


def summary(turns: dict[Way, list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians, how much faster than one process with one thread, and every turn."""
    found = []
    for way, played in turns.items():
        seconds = statistics.median(turn["seconds"] for turn in played)
        messages = [turn["messages"] / turn["seconds"] for turn in played if "messages" in turn]
        found.append(
            {
                **way._asdict(),
                "steps_per_second": 1 / seconds,
                "in_messages": statistics.median(messages) if messages else None,
                "turns": played,
            }
        )
    base = found[0]["steps_per_second"]
    return [{**one, "speed_up": one["steps_per_second"] / base} for one in found]


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    settings = record["settings"]
    lines = [
        f"{settings['method']}, batch {settings['batch']}, {settings['side']}², {settings['precision']}, "
        f"{record['device']}, {record['machine']['cores']} cores",
        f"{'processes':>9}{'threads each':>14}{'samples each':>14}{'steps/s':>10}{'speed-up':>10}{'in messages':>13}",
    ]
    for way in record["ways"]:
        share = "–" if way["in_messages"] is None else f"{way['in_messages']:.0%}"
        lines.append(
            f"{way['processes']:>9}{way['threads']:>14}{settings['batch'] // way['processes']:>14}"
            f"{way['steps_per_second']:>10.3f}{way['speed_up']:>10.2f}{share:>13}"
        )
    return "\n".join(lines)


def file_name(record: dict[str, Any]) -> str:
    """Date, machine, method; and what sets it apart from a record at the usual sizes, which it must not replace."""
    settings = record["settings"]
    parts = [settings["method"], f"batch-{settings['batch']}"]
    quick = settings["networks"] == "tiny"
    if settings["side"] != (32 if quick else 256):
        parts.append(f"side-{settings['side']}")
    return named(record, "scaling", *parts, *(["quick"] if quick else []))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--method", default="pix2pix", choices=list(LITERAL), help="what is played (%(default)s)")
    parser.add_argument("--processes", default="1,2,4", help="how many, beginning with 1 (%(default)s)")
    parser.add_argument("--batch", type=int, default=4, help="samples a step, of all processes together (%(default)s)")
    parser.add_argument("--side", type=int, help="side of the pictures in pixels (256, or 32 with --quick)")
    parser.add_argument("--steps", type=int, help="steps a turn (8, or 2 with --quick)")
    parser.add_argument("--warmup", type=int, help="steps before each turn (2, or 1 with --quick)")
    parser.add_argument("--rounds", type=int, help="turns of each way (5, or 1 with --quick)")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="tiny networks, to see that everything works")
    options = parser.parse_args(arguments)
    for name, usual, quick in (("side", 256, 32), ("steps", 8, 2), ("warmup", 2, 1), ("rounds", 5, 1)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if not re.fullmatch(r"1(,[1-9][0-9]*)*", options.processes):
        parser.error("--processes: numbers with commas between, the first is 1")
    options.processes = [int(count) for count in options.processes.split(",")]
    if wrong := [count for count in options.processes if options.batch < 1 or options.batch % count]:
        parser.error(f"--batch {options.batch} cannot be shared by {wrong[0]} processes")
    return options


if __name__ == "__main__":
    sys.exit(main())
