"""The machine and the versions that a number was taken with; nothing that says whose machine it is."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

import translate

# What decides how fast a CPU multiplies.
FLAGS = (
    *("avx2", "fma", "avx512f", "avx512vl", "avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    *("amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve"),
)


def machine(device: torch.device) -> dict[str, object]:
    """Processor, cores that may be used, flags that matter, memory; and the GPU where steps are played on one."""
    record = _processor()
    facts: dict[str, object] = {
        "processor": record.get("model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "flags": [flag for flag in FLAGS if flag in (record.get("flags") or record.get("Features") or "").split()],
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }
    return {**facts, "gpu": torch.cuda.get_device_name(device)} if device.type == "cuda" else facts


def versions() -> dict[str, str]:
    """Of all that moves the numbers."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "translate": translate.__version__,
    }


def taken(device: torch.device, **libraries: str) -> dict[str, Any]:
    """When, where and with what a number is taken: the head of a record. `libraries` go to the versions."""
    return {
        "date": datetime.date.today().isoformat(),
        "device": device.type,
        "machine": machine(device),
        "versions": versions() | libraries,
    }


def _processor() -> dict[str, str]:
    """The first processor's record, where the system keeps one."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    lines = path.read_text().split("\n\n")[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
