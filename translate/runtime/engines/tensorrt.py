"""ONNX Runtime with TensorRT: the GPU at its fastest, after minutes in which it is built for the model and the card.

What was built is kept in the user's cache folder, so that it is built once, for a range of sizes around the card's.
So far nobody has run it: the tests see what TensorRT is told, not what it makes of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import onnxruntime

from translate.card import Card
from translate.errors import ModelError
from translate.runtime.engines import cuda
from translate.runtime.engines.base import Engine, Settings, piece
from translate.runtime.engines.session import CPU, Session

NAME, DEVICE = "tensorrt", "the GPU (ONNX Runtime, TensorRT)"
PROVIDER = "TensorrtExecutionProvider"

SMALLEST, LARGEST, BATCH = 0.25, 4, 4
"""The sides that it is built for, in times the card's size, and the pictures at once."""


def why_not() -> str:
    """Why it cannot run here, or nothing."""
    if PROVIDER not in onnxruntime.get_available_providers():
        return "this ONNX Runtime is built without TensorRT: install onnxruntime-gpu in place of onnxruntime"
    return "" if cuda.has_gpu() else "no GPU answers: check its driver"


def start(path: Path, settings: Settings) -> Engine:
    """The graph in TensorRT, what it cannot do in CUDA and on the CPU. `options` are those of the provider."""
    if settings.card and settings.card.precision == "int8":
        raise ModelError(f"{path} is in int8, which is for CPUs: export it with --precision fp16 for TensorRT")
    cuda.load_libraries()
    options = {**_kept(path), **_precision(settings.card), **_sizes(settings.card), **settings.options}
    providers = [(PROVIDER, options), cuda.provider({}), CPU]
    return Session(path, NAME, DEVICE, settings.threads, providers, settings.norms, "cuda")


def cache_folder() -> Path:
    """Where the user's programs keep what they can make again."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "translate-gan" / "tensorrt"


def _kept(path: Path) -> dict[str, Any]:
    # A folder a file: ONNX Runtime knows what it has built by names alone, which all exports share, and not by weights.
    folder = cache_folder() / hashlib.sha256(path.read_bytes()).hexdigest()[:32]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"TensorRT's cache {folder} cannot be made: {error.strerror}") from None
    return {
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": str(folder),
    }


def _precision(card: Card | None) -> dict[str, Any]:
    return {f"trt_{card.precision}_enable": True} if card and card.precision in ("bf16", "fp16") else {}


def _sizes(card: Card | None) -> dict[str, Any]:
    """Ranges of the inputs' sizes; of a model without a card they are built for as they come."""
    if card is None:
        return {}
    if card.draws:
        counts = {"min": 1, "opt": 1, "max": piece(card)}
        label = ",label:{0}" if card.classes else ""
        return {
            f"trt_profile_{which}_shapes": f"noise:{count}x{card.latent}{label.format(count)}"
            for which, count in counts.items()
        }
    sides = {"min": max(1, int(SMALLEST * card.size)), "opt": card.size, "max": LARGEST * card.size}
    counts = {"min": 1, "opt": 1, "max": BATCH}
    return {
        f"trt_profile_{which}_shapes": f"image:{counts[which]}x{side}x{side}x{card.source_channels}"
        for which, side in sides.items()
    }
