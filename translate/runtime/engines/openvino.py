"""OpenVINO on the CPU: an optional extra, and faster than ONNX Runtime where there are bfloat16 or int8 to be used."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from translate.errors import ModelError
from translate.runtime.engines import signal_stack
from translate.runtime.engines.base import Array, Engine, Settings, Value, large, reason

NAME, DEVICE = "openvino", "the CPU (OpenVINO)"

_importing = threading.Lock()

_TRANSLATED = "translated"
_KINDS = {"u8": "uint8", "u16": "uint16", "f32": "float32", "f16": "float16", "f64": "float64", "boolean": "bool"}
_KINDS |= {"i64": "int64"}


def why_not() -> str:
    """Why it cannot run here, or nothing."""
    return "" if importlib.util.find_spec("openvino") else "it is not installed: pip install 'translate-gan[openvino]'"


def start(path: Path, settings: Settings) -> Engine:
    """The graph in OpenVINO. `options` are properties of its CPU device.

    Sizes stay free. A graph that is compiled for one size is not faster beyond the noise (U-Net-256 and ResNet-9 at
    256² and 223 × 257: within 5% with the order of runs drawn by lot), but takes 0.2 to 1.8 s and the weights once more
    for every size, and differs by a level here and there from what the same picture gave before.
    """
    openvino = _library()
    try:
        with signal_stack.kept():
            core = openvino.Core()
            model = core.read_model(str(path))
            compiled = core.compile_model(model, "CPU", {**_properties(settings), **settings.options})
    except Exception as error:
        raise ModelError(f"OpenVINO cannot load {path}: {reason(error)}") from error
    return _OpenVINO(compiled)


def _library() -> Any:
    """OpenVINO without its telemetry, which at the mere import would tell a host of its makers.

    It makes its table of types at the first use, in C++ and by calls of Python: of two threads that come to it at the
    same time the second holds Python's lock while it waits for the first, which needs that lock to go on. All of the
    process stands still then (OpenVINO 2026.4), so it is made here, by one thread.
    """
    with _importing:
        openvino = _imported()
        openvino.Type.u8.to_dtype()
    return openvino


def _imported() -> Any:
    silenced = sys.modules.setdefault("openvino_telemetry", None) is None  # type: ignore[arg-type]
    try:
        import openvino
    finally:
        if silenced:
            sys.modules.pop("openvino_telemetry", None)
    return openvino


class _OpenVINO:
    """A compiled graph. A request serves one caller at a time: there are as many as there were callers at once."""

    name, device = NAME, DEVICE

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: deque[Any] = deque()  # its ends may be used from any thread
        self.inputs = [_value(port) for port in compiled.inputs]
        self.outputs = [_value(port) for port in compiled.outputs]

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str], seconds: float | None = None) -> list[Array]:
        """As `Engine.run`."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        request.start_async(dict(feeds), share_inputs=True)
        if seconds is None:
            request.wait()
        elif not request.wait_for(max(1, round(1000 * seconds))):
            request.cancel()
            with contextlib.suppress(RuntimeError):  # it says that it was cancelled
                request.wait()
            raise TimeoutError
        results = [request.get_tensor(name).data.copy() for name in wanted]
        # Memory of the largest picture is kept otherwise. A request that failed or was cancelled is not used again.
        if large(feeds):
            del request
            with contextlib.suppress(RuntimeError):  # not while others are at work: the next large one does it
                self._compiled.release_memory()
        else:
            self._idle.append(request)
        return results


def _properties(settings: Settings) -> dict[str, Any]:
    # Left alone it would take bfloat16 where the processor has it, for models that never saw any.
    precision = "bf16" if settings.card and settings.card.precision == "bf16" else "f32"
    properties: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision}
    if settings.threads:
        # A stream is a picture at work: callers beyond the first wait unless there are several.
        streams = max(1, _cores() // settings.threads)
        properties |= {"NUM_STREAMS": str(streams), "INFERENCE_NUM_THREADS": streams * settings.threads}
    return properties


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _value(port: Any) -> Value:
    kind, shape = str(port.element_type.get_type_name()), port.partial_shape
    known = [] if shape.rank.is_dynamic else [None if size.is_dynamic else int(size.get_length()) for size in shape]
    # What the graph gives without another step goes by several names here.
    name = str(port.any_name if _TRANSLATED not in port.names else _TRANSLATED)
    return Value(name, _KINDS.get(kind, kind), list(known))
