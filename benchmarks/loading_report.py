"""A record of `benchmarks.loading` for a terminal, and the name of its file."""

from __future__ import annotations

from typing import Any

from benchmarks.record import named


def table(record: dict[str, Any]) -> str:
    """The record for a terminal."""
    kinds = record["loader"]
    lines = [
        f"{'samples a second':<20}" + "".join(f"{kind:>24}" for kind in kinds) + "   (ms of the trainer's own thread)"
    ]
    for workers in kinds["read"]:
        cells = (found[workers] for found in kinds.values())
        lines.append(
            f"{f'{workers} workers':<20}"
            + "".join(f"{1 / c['seconds']['median']:>14.0f} ({1000 * c['own_seconds']:>5.2f})  " for c in cells)
        )
    lines.append(f"workers if nothing is said: {record['default_workers']}")
    for name in ("parts", "augmentation"):
        lines += [f"{what:<28}{1000 * seconds:>8.2f} ms a pair" for what, seconds in record[name].items()]
    return "\n".join(lines)


def file_name(record: dict[str, Any]) -> str:
    """Date and machine."""
    return named(record, "loading", *(["quick"] if record["settings"]["quick"] else []))
