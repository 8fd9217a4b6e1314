"""One exported model, ready to translate pictures: a card and an ONNX Runtime session.

    translator = Translator("edges2photo.onnx")
    translator("drawing.png").save("photo.png")

The graph has one input `image` and one output `translated`, both uint8 `[N, H, W, C]` of any `N`, `H` and `W`.
Normalising, padding and cropping are inside it, so nothing here knows how the model was trained.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image

from translate import pixels
from translate.errors import ModelError, PictureError
from translate.runtime import metadata
from translate.runtime.vetting import vet

INPUT, OUTPUT = "image", "translated"

_FATAL = 4
"""ONNX Runtime's level of logging at which it is quiet: what fails also raises, and is told once, by us."""

_LARGE = 2048 * 2048
"""From this many pixels on, memory is given back after the run: ONNX Runtime would keep gigabytes for good. It costs
such a run about a third (measured), so that smaller ones go without."""

_loading = threading.Lock()
_log = logging.getLogger("translate")


class Translator:
    """An exported model. One may be shared by any number of threads: it has no state but the session, which is safe.

    Args:
        path: the `.onnx` file.
        threads: cores that one picture may use; 0 leaves the choice to ONNX Runtime (all of them).
        providers: names of ONNX Runtime's execution providers in order of preference, long (`CUDAExecutionProvider`)
            or short (`CUDA`), or pairs of name and options. Without them: CUDA where it works, else the CPU.
        limit: most pixels that a picture may have.

    Raises:
        ModelError: the file is missing, damaged, has no card or does not keep the contract above, or a provider that
            was asked for does not work here.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        threads: int = 0,
        providers: Sequence[str | tuple[str, dict[str, Any]]] | None = None,
        limit: int = pixels.MAX_PIXELS,
    ) -> None:
        self.path = Path(path)
        vet(self.path)
        self.limit = limit
        self.card = metadata.card(self.path)
        """What the model says of itself."""
        self._session = _session(self.path, threads, providers)
        self.engine = self._session.get_providers()[0].removesuffix("ExecutionProvider")
        """What it runs on: `CPU`, `CUDA`, …"""
        self._frugal = onnxruntime.RunOptions()
        if self.engine == "CPU":
            self._frugal.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        self._check()

    def __call__(self, picture: pixels.Source) -> Image.Image:
        """Translate one picture.

        Args:
            picture: anything that `pixels.read` takes.

        Returns:
            An image of the same height and width, mode `L` or `RGB`.

        Raises:
            PictureError: the picture cannot be read or is too large.
            ModelError: the model failed on it.
        """
        translated = self.array(pixels.read(picture, self.card.source_channels, limit=self.limit))
        return Image.fromarray(translated[:, :, 0] if translated.shape[2] == 1 else translated)

    def array(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Translate an array.

        Args:
            batch: uint8 `[N, H, W, C]`, or one picture `[H, W, C]`, with the card's `source_channels`.

        Returns:
            uint8 of the same shape, except for the channels, which are the card's `target_channels`.

        Raises:
            PictureError: the array is of another type or shape.
            ModelError: the model failed on it.
        """
        channels = self.card.source_channels
        if batch.dtype != np.uint8 or batch.ndim not in (3, 4) or batch.shape[-1] != channels or not batch.size:
            shape = f"{batch.dtype} {list(batch.shape)}"
            raise PictureError(f"{self.card.name} takes uint8 [N, H, W, {channels}], not {shape}: convert the array")
        single = batch.ndim == 3
        given = np.ascontiguousarray(batch[None] if single else batch)
        try:
            options = self._frugal if given.size // channels >= _LARGE else None
            (translated,) = self._session.run([OUTPUT], {INPUT: given}, options)
        except Exception as error:  # ONNX Runtime's exceptions have no common base of their own
            raise ModelError(f"{self.card.name} failed on {list(given.shape)}: {_reason(error)}") from error
        expected = (*given.shape[:3], self.card.target_channels)
        if translated.shape != expected:
            raise ModelError(
                f"{self.path} gave {list(translated.shape)} where its card promises {list(expected)}: export it again"
            )
        result: npt.NDArray[np.uint8] = translated[0] if single else translated
        return result

    def _check(self) -> None:
        """Refuse a graph that does not keep the contract, before the first picture does."""
        try:
            given, made = (
                [(value.name, value.type, list(value.shape)) for value in values]
                for values in (self._session.get_inputs(), self._session.get_outputs())
            )
        except UnicodeDecodeError:
            raise ModelError(f"{self.path} is damaged, a name in it is not text: copy it again") from None
        _fits(f"{self.path} has input", INPUT, self.card.source_channels, given)
        _fits(f"{self.path} has output", OUTPUT, self.card.target_channels, made)
        *sizes, _ = given[0][2]
        if any(isinstance(size, int) for size in sizes):
            raise ModelError(f"{self.path} takes only pictures of {sizes}: export it again for any size")


def _fits(where: str, name: str, channels: int, found: list[tuple[str, str, list[int | str | None]]]) -> None:
    """Raise ModelError unless there is one value, of that name, uint8 `[N, H, W, channels]`."""
    names = [entry[0] for entry in found]
    if names != [name]:
        raise ModelError(f"{where} {names} instead of {name!r}: export it with this package")
    _, kind, shape = found[0]
    if kind != "tensor(uint8)" or len(shape) != 4:
        raise ModelError(f"{where} {kind} {shape} instead of uint8 [N, H, W, {channels}]: export it again")
    # A size that the exporter could not name is none, and is checked on the first result.
    if isinstance(shape[3], int) and shape[3] != channels:
        raise ModelError(f"{where} of {shape[3]} channels but its card says {channels}: export it again")


def _session(
    path: Path, threads: int, providers: Sequence[str | tuple[str, dict[str, Any]]] | None
) -> onnxruntime.InferenceSession:
    if threads < 0:
        raise ModelError(f"threads is {threads}: give 0 for all cores or a number of them")
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = threads
    if providers is not None:
        chosen = [_provider(provider) for provider in providers]
        if any(name == "CUDAExecutionProvider" for name, _ in chosen):
            if not _has_gpu():
                raise ModelError("CUDA was asked for but no GPU answers: check its driver, or choose CPU")
            _load_cuda_libraries()
        session = _started(path, options, chosen)
        first = chosen[0][0] if chosen else "CPUExecutionProvider"
        if session.get_providers()[0] != first:
            raise ModelError(f"{first} was asked for but does not work here: check its driver and libraries")
        return session
    if _has_gpu():
        _load_cuda_libraries()
        # The default search tries every algorithm on every new size of picture, for seconds.
        cuda = ("CUDAExecutionProvider", {"cudnn_conv_algo_search": "HEURISTIC"})
        with contextlib.suppress(ModelError):
            session = _started(path, options, [cuda, ("CPUExecutionProvider", {})])
            if session.get_providers()[0] == cuda[0]:
                return session
        _log.warning("a GPU is there, but ONNX Runtime cannot use it (are CUDA and cuDNN installed?): using the CPU")
    return _started(path, options, [("CPUExecutionProvider", {})])


def _started(
    path: Path, options: onnxruntime.SessionOptions, providers: list[tuple[str, dict[str, Any]]]
) -> onnxruntime.InferenceSession:
    try:
        # Its own fallback prints on standard output.
        return onnxruntime.InferenceSession(str(path), options, providers=providers, enable_fallback=0)
    except Exception as error:
        raise ModelError(f"ONNX Runtime cannot load {path}: {_reason(error)}") from error


def _provider(given: str | tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The provider that a long or short name means, in any case."""
    name, options = (given, {}) if isinstance(given, str) else given
    available = onnxruntime.get_available_providers()
    for known in available:
        if name.lower() in (known.lower(), known.removesuffix("ExecutionProvider").lower()):
            return known, options
    short = ", ".join(known.removesuffix("ExecutionProvider") for known in available)
    raise ModelError(f"{name} is not among what ONNX Runtime can run on here: choose from {short}")


def _has_gpu() -> bool:
    """Whether CUDA's driver answers. Asking ONNX Runtime for CUDA without one writes errors to the terminal."""
    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return False
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int(0)
        return driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def _load_cuda_libraries() -> None:
    """Let ONNX Runtime find CUDA's libraries among installed Python packages; what it cannot find it prints."""
    with _loading, contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        onnxruntime.preload_dlls()


def _reason(error: Exception) -> str:
    """The first line of ONNX Runtime's message, without the address in its source."""
    text = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if "alloc" in text.lower() or isinstance(error, MemoryError):
        return "out of memory, give a smaller picture"
    return text.split(" : ")[-1][:300] if text.startswith("[ONNXRuntimeError]") else text[:300]
