"""What an engine is: something that runs a graph. And the words in which one fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy.typing as npt

from translate.card import Card
from translate.errors import first_line

Array: TypeAlias = npt.NDArray[Any]

LARGE = 2048 * 2048
"""From this many pixels on, memory is given back after the run: runtimes would keep gigabytes for good. It costs
ONNX Runtime about a third of such a run (measured), so that smaller ones go without."""

PIECE = 64 * 64 * 64
"""Pixels that are drawn from noise at once, 64 pictures of 64²: networks hold some hundred numbers for each."""


class Value(NamedTuple):
    """An input or an output of a graph."""

    name: str
    kind: str
    """As NumPy calls it, `uint8` or `float32`; what NumPy has no name for stands as the runtime calls it."""
    shape: list[int | str | None]
    """A size that is free has a name, or none."""


@dataclass(frozen=True)
class Settings:
    """How an engine is to run a graph."""

    threads: int = 0
    """Cores for one picture; 0: all."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The runtime's own, laid over ours."""
    card: Card | None = None
    """What the model says of itself, where it says something."""
    norms: Sequence[int] = ()
    """Channels of each norm whose statistics are to be told and given (see `translate.runtime.opening`); engines of
    ONNX Runtime alone."""


class Engine(Protocol):
    """A graph, ready to run. Any number of threads may call `run` at once."""

    @property
    def name(self) -> str:
        """Its name in the table of engines."""

    @property
    def device(self) -> str:
        """On what it runs, in words."""

    @property
    def inputs(self) -> Sequence[Value]:
        """What must be given."""

    @property
    def outputs(self) -> Sequence[Value]:
        """What can be asked for."""

    def run(self, feeds: Mapping[str, Array], wanted: Sequence[str], seconds: float | None = None) -> list[Array]:
        """Run the graph.

        Args:
            feeds: arrays by the names of inputs, contiguous and of their kinds.
            wanted: names of outputs.
            seconds: it is stopped after so long.

        Returns:
            The outputs, the caller's own.

        Raises:
            TimeoutError: it was stopped.
            Exception: whatever the runtime raises; `reason` puts it into words.
        """


class Maker(Protocol):
    """What a file of this folder offers: it makes engines of one kind."""

    def why_not(self) -> str:
        """Why the engine cannot run here, or nothing."""

    def start(self, path: Path, settings: Settings) -> Engine:
        """Make a file ready to run; raises ModelError where it cannot."""


def large(feeds: Mapping[str, Array]) -> bool:
    """Whether a picture is so large that the memory it took should be given back. Channels stand first or last."""
    pictures = (array for array in feeds.values() if array.ndim == 4)
    return any(array.size // min(array.shape[1], array.shape[3]) >= LARGE for array in pictures)


def piece(card: Card) -> int:
    """Pictures that a model which draws from noise draws at once, however many are asked for."""
    return max(1, PIECE // card.size**2)


def reason(error: Exception) -> str:
    """What a runtime has to say, without the addresses in its source."""
    text = first_line(error)
    if "alloc" in text.lower() or isinstance(error, MemoryError):
        return "out of memory, give a smaller picture"
    if text.startswith("Exception from src/"):  # OpenVINO's first line is where, what happened stands in its last
        text = str(error).strip().splitlines()[-1]
    return text.split(" : ")[-1][:300] if text.startswith("[ONNXRuntimeError]") else text[:300]
