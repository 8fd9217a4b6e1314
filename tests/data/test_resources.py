"""What the machine has left, as Linux and containers tell it."""

from pathlib import Path

import pytest

from translate.data import resources
from translate.data.loading import default_workers

GIB = 2**30


def machine(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


FREE = {"proc__meminfo": "MemTotal: 16777216 kB\nMemAvailable:    8388608 kB\n"}  # 8 GiB
OWN = {"proc__self__cgroup": "0::/jobs/7/step\n"}
JOB, AROUND = "sys__fs__cgroup__jobs__7__step__memory_dot_", "sys__fs__cgroup__jobs__memory_dot_"
V2, V1 = "sys__fs__cgroup__memory_dot_", "sys__fs__cgroup__memory__memory_dot_"


@pytest.mark.parametrize(
    ("files", "gib"),
    [
        (FREE, 8),
        (FREE | {f"{V2}max": "max\n", f"{V2}current": "1\n"}, 8),
        (FREE | {f"{V2}max": f"{4 * GIB}\n", f"{V2}current": f"{3 * GIB}\n"}, 1),
        # A cache of files is given back when it is needed.
        (
            FREE
            | {
                f"{V2}max": f"{4 * GIB}\n",
                f"{V2}current": f"{3 * GIB}\n",
                f"{V2}stat": f"anon 5\ninactive_file {2 * GIB}\n",
            },
            3,
        ),
        (FREE | {f"{V1}limit_in_bytes": f"{6 * GIB}\n", f"{V1}usage_in_bytes": f"{GIB}\n"}, 5),
        # What version 1 has for no limit.
        (FREE | {f"{V1}limit_in_bytes": f"{2**63 - 4096}\n", f"{V1}usage_in_bytes": f"{GIB}\n"}, 8),
        (FREE | OWN | {f"{JOB}max": f"{5 * GIB}\n", f"{JOB}current": f"{GIB}\n"}, 4),
        (FREE | OWN | {f"{AROUND}max": f"{3 * GIB}\n", f"{AROUND}current": f"{GIB}\n"}, 2),
    ],
    ids=["machine", "no limit", "container", "with a cache", "version 1", "version 1 without", "a job", "around a job"],
)
def test_memory_is_the_least_of_what_is_left(files: dict[str, str], gib: int, tmp_path: Path) -> None:
    assert resources.memory(machine(tmp_path, **files)) == gib * GIB


def test_a_container_that_is_full_has_nothing_left(tmp_path: Path) -> None:
    full = machine(tmp_path, **FREE, **{f"{V2}max": f"{GIB}\n", f"{V2}current": f"{GIB}\n"})
    room = resources.memory(full)
    assert room == 0


def test_where_nothing_is_told_nothing_is_known(tmp_path: Path) -> None:
    assert resources.memory(tmp_path) is None


def test_processes_share_a_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = resources.cores()
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    assert resources.memory(machine(tmp_path, **FREE)) == 2 * GIB
    assert resources.cores() == max(1, alone // 4)


@pytest.mark.parametrize(("cores", "workers"), [(1, 0), (2, 0), (4, 2), (8, 4), (64, 8)])
def test_workers_leave_cores_to_training(cores: int, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "cores", lambda: cores)
    assert default_workers() == workers
