"""Prints the lines of a lock that an image installs: versions and hashes of the packages on a list, and of no other.

    python pins.py requirements.lock packages.txt onnxruntime

The lock of this repository has everything, torch too; the page and the runtime need the 55 packages of the list and
one of the two builds of ONNX Runtime. pip then checks every hash (`--require-hashes`) and adds nothing (`--no-deps`).
Needs the standard library alone: it runs before anything is installed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ENGINES = ("onnxruntime", "onnxruntime-gpu")


def pins(lock: str, names: Iterable[str], engine: str) -> str:
    """The part of a lock that pins some packages.

    Args:
        lock: the text of a lock: blocks of a name, its version, a marker, and lines of hashes.
        names: of packages, as the lock spells them.
        engine: one of `ENGINES`, whose marker is left out: the lock chooses by the machine, an image by its purpose.

    Raises:
        SystemExit: the lock does not have one of them, or no such engine is known.
    """
    if engine not in ENGINES:
        raise SystemExit(f"pins: {engine} is neither of {' and '.join(ENGINES)}")
    wanted = {*names, engine}
    found: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", lock.strip()):
        name = block.partition("==")[0]
        found.setdefault(name, []).append(re.sub(r" ;.*?(?= \\\n)", "", block, count=1) if name == engine else block)
    if missing := wanted - set(found):
        raise SystemExit(f"pins: the lock does not have {', '.join(sorted(missing))}: bring packages.txt up to date")
    return "\n".join(block for name in sorted(wanted) for block in found[name]) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Read the lock and the list, and print."""
    lock, names, engine = arguments
    listed = Path(names).read_text(encoding="utf-8").split()
    print(pins(Path(lock).read_text(encoding="utf-8"), listed, engine), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
