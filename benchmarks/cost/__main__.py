"""How a training step's time and memory grow: `python -m benchmarks.cost`.

Side of the pictures, batch and width of the networks are varied one at a time around the papers' size, exponents are
fitted, and options of [train] are measured beside the plain step. Every point is a process of its own, so that its peak
of memory is its own. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import torch

from benchmarks import report
from benchmarks.cost import report as tables
from benchmarks.cost.budget import MARGIN, ROUNDS, Budget, available
from benchmarks.cost.fit import OUTSIDE, TOLERANCE
from benchmarks.cost.points import GRID, METHODS, TINY_GRID, Grid, plan
from benchmarks.cost.run import Measurer, survey
from benchmarks.machine import taken
from benchmarks.probe import Probe
from benchmarks.record import add_out, keep, named, say
from translate.errors import ConfigError
from translate.training import precision


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print tables, leave a dated record."""
    options = _options(arguments)
    grid = TINY_GRID if options.quick else GRID
    record = measure(options, grid)
    keep(record, options.out / file_name(record), tables.table(record, grid))
    return 0


def measure(options: argparse.Namespace, grid: Grid) -> dict[str, Any]:
    """All that is written down of a run."""
    device = precision.device(options.device)
    on_cuda = device.type == "cuda"
    default = precision.dtype("auto", device)
    groups = plan(options.methods, grid, "bf16" if default == torch.float32 else "fp32", on_cuda)
    measurer = Measurer(grid, options.device, Probe(device, options.quick))
    budget = Budget(60 * options.minutes)
    found = survey(groups, grid, budget, lambda: available(device), measurer, say)
    points = tables.points(found.measured, measurer.kept())
    return {
        "what": "seconds of one training step on pictures in memory, median over turns, and bytes it needs",
        **taken(device),
        "settings": {
            "methods": options.methods,
            "minutes": options.minutes,
            "used_minutes": round((budget.seconds - budget.left) / 60, 1),
            "networks": "tiny" if grid.tiny else "papers'",
            "base": grid.base,
            "axes": grid.axes,
            "rounds": ROUNDS,
            "threads": torch.get_num_threads(),
            "probe_limit": report.PROBE_LIMIT,
            "memory_margin": MARGIN,
            "fitted_above": OUTSIDE,
            "tolerance": TOLERANCE,
        },
        "points": points,
        "fits": tables.fits(points, options.methods, grid),
        "options": tables.effects(points, groups),
        "left_out": [{**point.record(), "why": why} for point, why in found.left_out.items()],
    }


def file_name(record: dict[str, Any]) -> str:
    """Date and machine, and what else sets it apart from a full record, which it must not replace."""
    settings = record["settings"]
    parts = ["quick"] if settings["networks"] == "tiny" else []
    if set(settings["methods"]) != set(METHODS):
        parts += settings["methods"]
    return named(record, "cost", *parts)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--minutes", type=float, default=15.0, help="time to spend (%(default)g); what does not fit is left out"
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1 …, or auto: a GPU where there is one")
    parser.add_argument("--methods", default=",".join(METHODS), help="some of %(default)s")
    add_out(parser)
    parser.add_argument("--quick", action="store_true", help="tiny networks, to see that everything works")
    options = parser.parse_args(arguments)
    wanted = options.methods.split(",")
    if unknown := [method for method in wanted if method not in METHODS]:
        parser.error(f"--methods: there is no {', '.join(unknown)}; there are {', '.join(METHODS)}")
    options.methods = [method for method in METHODS if method in wanted]
    if not 0 < options.minutes < float("inf"):
        parser.error("--minutes must be above 0")
    try:
        precision.device(options.device)
    except ConfigError as error:
        parser.error(f"--device: {error}")
    return options


if __name__ == "__main__":
    sys.exit(main())
