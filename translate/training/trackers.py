"""Weights & Biases and trackio: the curves and sample sheets, sent to the library that the user has installed.

Neither is needed here, and neither is imported unless `train.tracker` names it. Both go on with the run they began when
training goes on: its name at the tracker is kept in the run's folder. A tracker that fails does not stop training, nor
does one that cannot begin: the log is what counts.
"""

from __future__ import annotations

import importlib
import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from translate.errors import ConfigError, first_line

PROJECT = "translate"
"""Where runs are gathered, unless WANDB_PROJECT or TRACKIO_PROJECT says otherwise."""


def installed(name: str) -> ModuleType:
    """The tracker's library.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        library = importlib.import_module(name)
    except ImportError as error:
        missing = error.name or name
        raise ConfigError(f"train.tracker = {name!r}: {missing} is not installed: pip install {name}") from None
    if not hasattr(library, "init"):  # a folder of that name, such as the one that wandb leaves behind, passes for one
        raise ConfigError(f"train.tracker = {name!r}: {name} is not installed: pip install {name}")
    return library


class Tracker:
    """One run at a tracker.

    Args:
        name: the library, `wandb` or `trackio`.
        folder: the run's.
        config: its configuration, plain values.
        say: takes a line of text for the user.

    Raises:
        ConfigError: the library is not installed.
    """

    def __init__(self, name: str, folder: Path, config: dict[str, Any], say: Callable[[str], None]) -> None:
        self.name, self._say, self._told = name, say, False
        self._library = installed(name)
        self._run: Any = None
        self._try(lambda: self._begin(folder, config))

    def scalars(self, step: int, values: dict[str, float]) -> None:
        """Numbers by name."""
        self._log(step, lambda: dict(values))

    def picture(self, step: int, name: str, picture: np.ndarray) -> None:
        """A picture, uint8 `[H, W, 3]`."""
        self._log(step, lambda: {name: self._library.Image(picture)})

    def close(self) -> None:
        """Send what is left."""
        if self._run is not None:
            # trackio's own function also forgets the run, which it would end once more at exit.
            self._try(self._run.finish if self.name == "wandb" else self._library.finish)
        self._run = None

    def _begin(self, folder: Path, config: dict[str, Any]) -> None:
        project = os.environ.get(f"{self.name.upper()}_PROJECT", PROJECT)
        known_as = identity(folder, self.name)
        if self.name == "wandb":
            self._run = self._library.init(
                project=project, id=known_as, name=folder.name, dir=str(folder), config=config, resume="allow"
            )
            # A run that goes on repeats steps, which wandb's own count would drop: the step is a value like others.
            self._run.define_metric("step")
            self._run.define_metric("*", step_metric="step")
        else:
            self._run = self._library.init(project=project, name=known_as, config=config, resume="allow")

    def _log(self, step: int, values: Callable[[], dict[str, Any]]) -> None:
        if self._run is None:
            return
        if self.name == "wandb":
            self._try(lambda: self._run.log({"step": step, **values()}))
        else:
            self._try(lambda: self._run.log(values(), step=step))

    def _try(self, do: Callable[[], Any]) -> None:
        """Whatever a library raises that talks to a server is said once, and training goes on."""
        try:
            do()
        except Exception as error:
            if not self._told:
                self._say(
                    f"{self.name}: {first_line(error).rstrip('.')}: training goes on without it, the log has everything"
                )
            self._told = True


def identity(folder: Path, name: str) -> str:
    """The run's name at the tracker: its folder's and some letters by chance, made once and kept in the folder."""
    path = folder / f"{name}.id"
    if path.exists() and (known_as := path.read_text(encoding="utf-8").strip()):
        return known_as
    known_as = f"{re.sub(r'[^A-Za-z0-9_-]+', '-', folder.name)[:80]}-{uuid.uuid4().hex[:8]}"
    path.write_text(known_as + "\n", encoding="utf-8")
    return known_as
