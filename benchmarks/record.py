"""What a benchmark leaves behind: one JSON file a run, and what it says on the way."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from translate.files import write_whole


def keep(record: dict[str, Any], path: Path, table: str) -> None:
    """Write the record to `path` and show it: the table, and where it lies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(record, path)
    print(table)
    print(path)


def write(record: dict[str, Any], path: Path, sync: bool = True) -> None:
    """The record as JSON; `path` holds all of it or what it held before."""
    write_whole(path, (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode(), sync=sync)


def named(record: dict[str, Any], what: str, *more: object) -> str:
    """The record's file name: its date, what was measured, `cpu` or the GPU's name, and what sets it apart."""
    where = re.sub(r"[^a-z0-9]+", "-", str(record["machine"].get("gpu", "cpu")).lower()).strip("-")
    return "-".join(map(str, (record["date"], what, where, *more))) + ".json"


def add_out(parser: argparse.ArgumentParser) -> None:
    """Declare `--out`."""
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"), help="folder of the record")


def say(line: str) -> None:
    """How far it is; results alone go to standard output."""
    print(line, file=sys.stderr, flush=True)
