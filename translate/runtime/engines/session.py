"""A session of ONNX Runtime as an engine: what the CPU, CUDA and TensorRT have in common."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import onnxruntime

from translate.errors import ModelError
from translate.runtime import opening
from translate.runtime.engines.base import Array, Value, large, reason

Provider: TypeAlias = tuple[str, dict[str, Any]]
CPU: Provider = ("CPUExecutionProvider", {})

_FATAL = 4
"""ONNX Runtime's level of logging at which it is quiet: what fails also raises, and is told once, by us."""

_KINDS = {"float": "float32", "double": "float64"}


class Session:
    """A graph in ONNX Runtime.

    Args:
        path: the file.
        name: the engine's.
        device: on what it runs, in words.
        threads: cores for one picture; 0: all.
        providers: ONNX Runtime's, in order of preference; the first one must work.
        norms: see `Settings`.
        content: the model, where it is a part of the file.
        bound: `cuda` where inputs and outputs are kept on the device until they are needed here; `cpu` does the same
            in memory.

    Raises:
        ModelError: the file cannot be loaded, or the first provider does not work here.
    """

    def __init__(
        self,
        path: Path,
        name: str,
        device: str,
        threads: int,
        providers: Sequence[Provider],
        norms: Sequence[int] = (),
        bound: str = "",
        content: bytes = b"",
    ) -> None:
        self.name, self.device = name, device
        self._bound = bound
        self._session = _started(path, threads, providers, norms, content)
        first = providers[0][0]
        if self._session.get_providers()[0] != first:
            raise ModelError(f"{first} was asked for but does not work here: check its driver and libraries")
        # Only the CPU's arena can be made to give back; others ignore the wish or fail on it.
        self._shrinks = first == CPU[0]
        try:
            self.inputs = [_value(node) for node in self._session.get_inputs()]
            self.outputs = [_value(node) for node in self._session.get_outputs()]
        except UnicodeDecodeError:
            raise ModelError(f"{path} is damaged, a name in it is not text: copy it again") from None

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str], seconds: float | None = None) -> list[Array]:
        """As `Engine.run`."""
        options = onnxruntime.RunOptions()
        options.log_severity_level = _FATAL
        if self._shrinks and large(feeds):
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        with _stopped_after(seconds, options):
            if self._bound:
                return self._run_bound(feeds, wanted, options)
            return list(self._session.run(list(wanted), dict(feeds), options))

    def _run_bound(
        self, feeds: Mapping[str, Array], wanted: Sequence[str], options: onnxruntime.RunOptions
    ) -> list[Array]:
        """Each array travels once: in before the graph runs, out after all of it has."""
        binding = self._session.io_binding()
        for name, array in feeds.items():
            binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array, self._bound, 0))
        for name in wanted:
            binding.bind_output(name, self._bound)
        self._session.run_with_iobinding(binding, options)
        return list(binding.copy_outputs_to_cpu())


@contextlib.contextmanager
def _stopped_after(seconds: float | None, options: onnxruntime.RunOptions) -> Iterator[None]:
    """Raises TimeoutError where the run was stopped; one that ended as the bell rang counts as done."""
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if options.terminate:
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()


def _started(
    path: Path, threads: int, providers: Sequence[Provider], norms: Sequence[int], content: bytes
) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = threads
    try:
        model = content or (opening.opened(path.read_bytes(), norms) if norms else str(path))
    except ValueError as error:
        raise ModelError(f"{path}: {error}: export it again") from None
    try:
        # Its own fallback prints on standard output.
        return onnxruntime.InferenceSession(model, options, providers=list(providers), enable_fallback=0)
    except Exception as error:
        raise ModelError(f"ONNX Runtime cannot load {path}: {reason(error)}") from error


def _value(node: Any) -> Value:
    kind = str(node.type).removeprefix("tensor(").removesuffix(")")
    return Value(str(node.name), _KINDS.get(kind, kind), list(node.shape or []))
