"""Memory that is kept from step to step."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

# Takes and fills 64 MiB again and again, as a step does, and prints how often the system gave out the pages for them.
FAULTS = """
import resource, torch
from translate.training.allocator import hold
hold()
for round in range(40):
    if round == 30:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.ones(2**24)
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults * resource.getpagesize() / 2**26)
"""


def large_pages() -> bool:
    setting = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    return setting.exists() and "[always]" in setting.read_text()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc is not glibc's")
@pytest.mark.skipif(large_pages(), reason="pages are large by themselves, and few")
@pytest.mark.parametrize(("tuned", "kept"), [({}, True), ({"MALLOC_MMAP_THRESHOLD_": str(2**20)}, False)])
def test_memory_is_kept_unless_the_user_says_how(tuned: dict[str, str], kept: bool) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    program = [sys.executable, "-c", FAULTS]
    given = float(subprocess.run(program, env={**clean, **tuned}, capture_output=True, text=True, check=True).stdout)
    # A hole in what is kept may be a little too small, now and then.
    assert given < 3 if kept else given > 7
