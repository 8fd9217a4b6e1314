"""What the machine has for one process: cores and memory, as far as it tells.

Where torchrun starts several processes on a machine, each gets an equal share of both.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

# How Linux tells the limit of a group of processes (a container, a cluster's job), what it uses, and what of that is
# only a cache of files: in version 2, then 1. The first is where in `/proc/self/cgroup` the group's name is.
_GROUPS = (
    (r"^0::/(.*)$", "", "memory.max", "memory.current", "inactive_file"),
    (r"^\d+:memory:/(.*)$", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)


def processes() -> int:
    """How many processes of this training run on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1"))


def cores() -> int:
    """Cores that this process may use, at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, allowed // processes())


def memory(system: Path = Path("/")) -> int | None:
    """Bytes that this process may still take: the least of what the machine and its container have left.

    Args:
        system: where `proc` and `sys` are.

    Returns:
        None where it cannot be told: on systems other than Linux.
    """
    rooms = [_of_machine(system)]
    groups = _text(system / "proc/self/cgroup")
    for mine, folder, *names in _GROUPS:
        found = re.search(mine, groups, re.MULTILINE)
        # The limit of every group around ours holds as well. In a container the outermost is the container's.
        group = Path(found[1] if found else "")
        rooms += [_of_group(system / "sys/fs/cgroup" / folder / one, *names) for one in (group, *group.parents)]
    known = [room for room in rooms if room is not None]
    return min(known) // processes() if known else None


def _of_machine(system: Path) -> int | None:
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _text(system / "proc/meminfo"), re.MULTILINE)
    return 1024 * int(found[1]) if found else None


def _of_group(group: Path, limit: str, used: str, reclaimable: str) -> int | None:
    most, taken = (_text(group / name).strip() for name in (limit, used))
    if not (most.isdigit() and taken.isdigit()):  # no group, or one without a limit ("max")
        return None
    found = re.search(rf"^{reclaimable} (\d+)", _text(group / "memory.stat"), re.MULTILINE)
    return max(0, int(most) - int(taken) + (int(found[1]) if found else 0))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
