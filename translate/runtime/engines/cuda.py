"""ONNX Runtime on an NVIDIA GPU through CUDA and cuDNN."""

from __future__ import annotations

import contextlib
import ctypes
import io
import sys
import threading
from pathlib import Path
from typing import Any

import onnxruntime

from translate.runtime.engines.base import Engine, Settings
from translate.runtime.engines.session import CPU, Provider, Session

NAME, DEVICE = "cuda", "the GPU (ONNX Runtime, CUDA)"
PROVIDER = "CUDAExecutionProvider"

# The default search tries every algorithm on every new size of picture, for seconds.
OPTIONS: dict[str, Any] = {"cudnn_conv_algo_search": "HEURISTIC"}

_loading = threading.Lock()


def why_not() -> str:
    """Why it cannot run here, or nothing."""
    if PROVIDER not in onnxruntime.get_available_providers():
        return "this ONNX Runtime is built without CUDA: install onnxruntime-gpu in place of onnxruntime"
    return "" if has_gpu() else "no GPU answers: check its driver"


def start(path: Path, settings: Settings) -> Engine:
    """The graph on the GPU, what it cannot do on the CPU. `options` are those of the provider."""
    load_libraries()
    return Session(path, NAME, DEVICE, settings.threads, [provider(settings.options), CPU], settings.norms, "cuda")


def provider(options: Any) -> Provider:
    """The provider with our options, and the given ones over them."""
    return PROVIDER, {**OPTIONS, **options}


def has_gpu() -> bool:
    """Whether CUDA's driver answers. Asking ONNX Runtime for CUDA without one writes errors to the terminal."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def load_libraries() -> None:
    """Let ONNX Runtime find CUDA's libraries among installed Python packages; what it cannot find it prints."""
    with _loading, contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        onnxruntime.preload_dlls()
