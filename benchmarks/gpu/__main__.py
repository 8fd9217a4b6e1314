"""The command: work through the agenda, and after every item write the whole record anew, so that a kill loses none."""

from __future__ import annotations

import argparse
import datetime
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu.agenda import STAGES, agenda
from benchmarks.gpu.conduct import conduct
from benchmarks.gpu.item import Item, Result, Task
from benchmarks.gpu.table import table
from benchmarks.machine import machine, versions
from benchmarks.record import named, write
from translate.training import precision

RESULTS = Path("benchmarks/results")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for. Returns 1 where a check failed or something broke."""
    begun = time.time()
    options = _options(arguments)
    record = _header(options)
    path = options.out or RESULTS / file_name(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    task = Task(tuple(options.stages), options.quick, options.data, path.with_suffix(".png"))
    items = agenda(task)

    def report(item: Item, result: Result) -> None:
        record["stages"].setdefault(item.stage, {})[item.name] = result
        record["seconds"] = round(time.time() - begun, 1)
        write(record, path, sync=False)
        print(f"{record['seconds']:>7.1f}  {item.stage:<9} {item.name:<44} {result['status']}", flush=True)

    write(record, path, sync=False)
    conduct(task, items, begun + 60 * options.minutes, report)
    record["ended"] = True
    write(record, path, sync=False)
    print(table(record))
    print(path)
    return int(
        any(found["status"] in ("failed", "error") for stage in record["stages"].values() for found in stage.values())
    )


def file_name(record: dict[str, Any]) -> str:
    """Date and machine; and what is not everything says so, so that it does not replace a full record."""
    settings = record["settings"]
    parts = [] if settings["stages"] == list(STAGES) else settings["stages"]
    return named(record, "gpu", *parts, *(["quick"] if settings["quick"] else []))


def _header(options: argparse.Namespace) -> dict[str, Any]:
    device = precision.device("auto")
    return {
        "what": "every way to train on a GPU: checks, steps per second, gap to the roofline, a whole training",
        "date": datetime.date.today().isoformat(),
        "device": device.type,
        "machine": {**machine(device), **_gpu(device)},
        "versions": {**versions(), "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()},
        "settings": {"stages": list(options.stages), "quick": options.quick, "minutes": options.minutes},
        "ended": False,
        "stages": {},
    }


def _gpu(device: torch.device) -> dict[str, object]:
    if device.type != "cuda":
        return {}
    facts = torch.cuda.get_device_properties(device)
    return {
        "gpu_memory_gib": round(facts.total_memory / 2**30, 1),
        "gpu_multiprocessors": facts.multi_processor_count,
        "gpu_capability": f"{facts.major}.{facts.minor}",
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--data", type=Path, help="folder of side-by-side façades, photo left; else none are trained on"
    )
    parser.add_argument("--out", type=Path, help="file of the record (a dated one in benchmarks/results)")
    parser.add_argument("--minutes", type=float, default=9.0, help="for all together (%(default)s)")
    parser.add_argument("--stages", default=",".join(STAGES), help="some of %(default)s")
    parser.add_argument("--quick", action="store_true", help="tiny networks, to see that everything works")
    options = parser.parse_args(arguments)
    options.stages = options.stages.split(",")
    if unknown := [stage for stage in options.stages if stage not in STAGES]:
        parser.error(f"--stages: there is no {', '.join(unknown)}; there are {', '.join(STAGES)}")
    if options.data is not None and not options.data.is_dir():
        parser.error("--data: there is no such folder")
    if options.minutes <= 0:
        parser.error("--minutes must be above 0")
    return options


if __name__ == "__main__":
    sys.exit(main())
