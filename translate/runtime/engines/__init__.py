"""What runs a model: a file an engine, one table, and the choice among them.

To add one, write a file with `why_not` and `start`, as `cpu.py` has them, and name it in `ENGINES`.
"""

from __future__ import annotations

import logging
from pathlib import Path

from translate.errors import ModelError
from translate.runtime.engines import cpu, cuda, openvino, tensorrt
from translate.runtime.engines.base import Engine, Maker, Settings, Value, reason

__all__ = ["ENGINES", "Engine", "Settings", "Value", "reason", "start"]

ENGINES: dict[str, Maker] = {"cpu": cpu, "cuda": cuda, "tensorrt": tensorrt, "openvino": openvino}

AUTO = ("cuda", "openvino", "cpu")
"""Fastest first. Not measured anew at each start, which would cost seconds, but once, side by side on two EPYC cores at
256² in float32 (`benchmarks/inference.py`): OpenVINO takes U-Net-256 35 ms and ResNet-9 239 ms where ONNX Runtime takes
39 and 266. TensorRT is faster than CUDA, but builds for minutes at the first start: only for who asks for it."""

_log = logging.getLogger("translate")


def start(name: str, path: Path, settings: Settings) -> Engine:
    """Make the graph ready on an engine, or with `auto` on the fastest that works here.

    Raises:
        ModelError: there is no such engine, it does not work here, or cannot run this file.
    """
    name = name.lower()
    if settings.threads < 0:
        raise ModelError(f"threads is {settings.threads}: give 0 for all cores or a number of them")
    if name == "auto":
        return _fastest(path, settings)
    if name not in ENGINES:
        raise ModelError(f"there is no engine {name}: choose from auto, {', '.join(ENGINES)}")
    if why := ENGINES[name].why_not():
        raise ModelError(f"{name} was asked for, but {why}")
    return ENGINES[name].start(path, settings)


def _fastest(path: Path, settings: Settings) -> Engine:
    if settings.options:
        raise ModelError(f"options are one engine's own: name it as well, one of {', '.join(ENGINES)}")
    *others, last = (name for name in AUTO if not ENGINES[name].why_not())
    for name in others:
        try:
            return start(name, path, settings)
        except ModelError as error:
            _log.warning("%s is there but cannot be used, trying the next engine: %s", name, error)
    return start(last, path, settings)
