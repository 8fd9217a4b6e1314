"""The cost of a training step, ours beside the authors' own: `python -m benchmarks.training`, or `make bench`.

Every candidate lives in a process of its own. Candidates that are compared take turns, so that a slow minute of the
machine hits all alike; before and after each turn a fixed piece of work is timed, and turns at which that was slow are
repeated. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks import report
from benchmarks.candidates import KINDS, LITERAL
from benchmarks.machine import taken
from benchmarks.probe import Probe
from benchmarks.record import add_out, keep, named, say
from benchmarks.report import Name, Turn
from benchmarks.worker import Worker
from translate.training import precision

# Methods that are compared with each other run side by side; the others have the memory to themselves.
GROUPS = (("cyclegan", "fastcut"), ("cut",), ("pix2pix",))
# Steps a turn, for turns of seconds.
STEPS = {"cyclegan": 1, "cut": 1, "fastcut": 2, "pix2pix": 8}
# The side of U-Net-256's pictures must be a multiple of this; at 256 the papers' figures are judged.
PAPERS_SIDE = 256
TINY_SIDE = 32


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, leave a dated record."""
    options = _options(arguments)
    record = measure(options)
    keep(record, options.out / file_name(record), report.table(record))
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All that is written down of a run."""
    device = precision.device("auto")
    found: dict[str, dict[str, Any]] = {}
    for group in GROUPS:
        if methods := [method for method in group if method in options.methods]:
            found |= measure_group(methods, options, Probe(device, options.quick))
    candidates = {method: found[method] for method in LITERAL if method in found}
    papers = not options.quick and options.side == PAPERS_SIDE
    return {
        "what": "seconds of one training step on pictures in memory, batch 1, median over turns",
        **taken(device),
        "settings": {
            "side": options.side,
            "networks": "tiny" if options.quick else "papers'",
            "rounds": options.rounds,
            "warmup": options.warmup,
            "threads": torch.get_num_threads(),
            "probe_limit": report.PROBE_LIMIT,
        },
        "candidates": candidates,
        "ratios": report.ratios(candidates),
        "targets": report.targets(candidates, judged=papers and report.on_cpu_in_bf16(candidates)),
    }


def measure_group(methods: Sequence[str], options: argparse.Namespace, probe: Probe) -> dict[str, dict[str, Any]]:
    """Method → kind → what was found, for candidates that take turns with each other."""
    with contextlib.ExitStack() as stack:
        workers = {
            (method, kind): stack.enter_context(Worker(method, kind, options.quick, options.side))
            for method in methods
            for kind in KINDS
        }
        facts = {name: worker.facts for name, worker in workers.items()}
        for worker in workers.values():
            say(f"{worker.name}: warming up")
            worker.play(options.warmup)
        turns = take_turns(workers, options.rounds, probe)
        memory = {name: worker.memory() for name, worker in workers.items()}
    kept = report.calm(turns)
    found: dict[str, dict[str, Any]] = {method: {} for method in methods}
    for name in workers:
        method, kind = name
        found[method][kind] = {**facts[name], **report.summary(turns[name], kept[name]), "memory": memory[name]}
    return found


def take_turns(workers: dict[Name, Worker], rounds: int, probe: Probe) -> dict[Name, list[Turn]]:
    """`rounds` turns of each that count, or as many as twice that number of turns give."""
    turns: dict[Name, list[Turn]] = {name: [] for name in workers}
    waiting, before = list(workers), probe()
    for number in range(2 * rounds):
        if not waiting:
            break
        say(f"round {number + 1}: {', '.join(workers[name].name for name in waiting)}")
        for name in waiting:
            steps = STEPS[name[0]]
            seconds = workers[name].play(steps)
            after = probe()
            turns[name].append(Turn(seconds, steps, max(before, after)))
            before = after
        if number + 1 >= rounds:
            waiting = [name for name, counts in report.calm(turns).items() if sum(counts) < rounds]
    return turns


def file_name(record: dict[str, Any]) -> str:
    """Date and machine, and what else sets it apart from a full record at the usual side, which it must not replace."""
    settings = record["settings"]
    tiny = settings["networks"] == "tiny"
    parts = ["quick"] if tiny else []
    if set(record["candidates"]) != set(LITERAL):
        parts += record["candidates"]
    if settings["side"] != (TINY_SIDE if tiny else PAPERS_SIDE):
        parts.append(f"side-{settings['side']}")
    return named(record, "training", *parts)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--side", type=int, help="side of the pictures in pixels (256, or 32 with --quick)")
    parser.add_argument("--rounds", type=int, help="turns of each candidate (20, or 2 with --quick)")
    parser.add_argument("--warmup", type=int, help="steps of each before the first turn (3, or 1 with --quick)")
    parser.add_argument("--methods", default=",".join(LITERAL), help="some of %(default)s")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="tiny networks, to see that everything works")
    options = parser.parse_args(arguments)
    options.methods = options.methods.split(",")
    for name, usual, quick in (("side", PAPERS_SIDE, TINY_SIDE), ("rounds", 20, 2), ("warmup", 3, 1)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else usual)
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if unknown := [method for method in options.methods if method not in LITERAL]:
        parser.error(f"--methods: there is no {', '.join(unknown)}; there are {', '.join(LITERAL)}")
    multiple = TINY_SIDE if options.quick else PAPERS_SIDE if "pix2pix" in options.methods else 4
    if options.side % multiple:
        parser.error(f"--side must be a multiple of {multiple} for these networks")
    return options


if __name__ == "__main__":
    sys.exit(main())
