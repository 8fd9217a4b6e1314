"""How much of a ring of 8 Gaussians five games cover, over seeds: `python -m benchmarks.collapse`.

What `translate learn collapse` plays, kept as a dated record, which is written anew after every seed. With `--pictures`
the chart and the animation of the first seed come beside it. See docs/learning.md.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import taken
from benchmarks.record import add_out, keep, named, say, write
from translate.learn import collapse


def main(arguments: Sequence[str] | None = None) -> int:
    """Play, say how far it is, leave a record, show the table."""
    options = _options(arguments)
    torch.set_num_threads(1)
    head = taken(torch.device("cpu"))
    played: list[collapse.Run] = []
    record: dict[str, Any] = {}
    for seed in range(options.seeds):
        for one in collapse.runs(options.method or [*collapse.RECIPES], [seed], options.rounds):
            say(f"{one.method}, seed {seed}: {one.modes} modes, {one.share:.1%}, {one.seconds:.0f} s")
            played.append(one)
        what = "modes covered and high-quality share of a ring of 8 Gaussians; seconds are the processor's, one thread"
        load = {"load_average": os.getloadavg()[0]}
        record = {"what": what, **head, "rounds": options.rounds, **load, **collapse.numbers(played)}
        options.out.mkdir(parents=True, exist_ok=True)
        write(record, options.out / named(record, "collapse"))
    lesson = collapse.lesson(played)
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        lesson.save(options.pictures)
    keep(record, options.out / named(record, "collapse"), lesson.words)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.collapse", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=collapse.ROUNDS, help=f"of a run (default: {collapse.ROUNDS})")
    parser.add_argument("--seeds", type=int, default=collapse.SEEDS, help=f"default: {collapse.SEEDS}")
    parser.add_argument("--method", action="append", choices=[*collapse.RECIPES], help="default: all")
    parser.add_argument("--pictures", type=Path, help="folder for the chart and the animation of the first seed")
    add_out(parser)
    options = parser.parse_args(arguments)
    for name in ("rounds", "seeds"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    return options


if __name__ == "__main__":
    raise SystemExit(main())
