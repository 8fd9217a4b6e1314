"""ONNX Runtime on the CPU: what is always there."""

from __future__ import annotations

from pathlib import Path

from translate.runtime.engines.base import Engine, Settings
from translate.runtime.engines.session import CPU, Session

NAME, DEVICE = "cpu", "the CPU (ONNX Runtime)"


def why_not() -> str:
    """It always works."""
    return ""


def start(path: Path, settings: Settings) -> Engine:
    """The graph on the CPU. `options` are those of the provider, as ONNX Runtime names them."""
    return Session(path, NAME, DEVICE, settings.threads, [(CPU[0], dict(settings.options))], settings.norms)
