"""Going on with a run: the checkpoint that fits it, or why none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import shorten
from typing import Any

import torch

from translate import config
from translate.config import Plan
from translate.data.layouts import LAYOUTS
from translate.data.transforms import Transform
from translate.errors import CheckpointError, first_line
from translate.games import Rules
from translate.settings import Settings
from translate.signatures import defaults
from translate.training import checkpoint

# Settings that change how a run is carried out and recorded, but not what is learnt.
FREE = {
    *("device", "channels_last", "compile", "graphs", "recompute", "workers", "check_data", "cache"),
    *("best", "metrics", "evaluate_every", "evaluate_on", "patience", "guard"),
    *("log_every", "sample_every", "checkpoint_every", "keep", "tensorboard", "tracker"),
}
# Settings that may change when a run goes on: they say how long it is, and so its learning rate's schedule from there.
LENGTH = {"epochs", "steps"}
# Where things are, and what they are called: which files there are is looked at apart.
PLACES = ("data.root", "data.cache", "data.cache_bytes", "palette")
# What every version has written into a checkpoint, and a run cannot go on without.
NEEDED = ("step", "method", "optimizers", "average", "journal", "data")


def resume_from(folder: Path, plan: Plan, resume: bool, say: Callable[[str], None]) -> dict[str, Any] | None:
    """The checkpoint that a run of `plan` in `folder` goes on from, None to start at step 0.

    Raises:
        CheckpointError: there is one and it is not wanted, or it is of another configuration or other data.
    """
    found = checkpoint.newest(folder / "checkpoints", say)
    if found is None:
        if resume:
            say(f"{folder}: nothing to go on from, starting at step 0")
        return None
    if lacking := [key for key in NEEDED if key not in found]:
        raise CheckpointError(
            f"{folder}: its checkpoint lacks {', '.join(lacking)}: it was not written by this package, or not all "
            "of it; start another run with name=OTHER"
        )
    if not resume:
        raise CheckpointError(
            f"{folder} already holds a run, at step {found['step']:,}: "
            "go on with --resume, or start another with name=OTHER"
        )
    different = sorted(_differences(_filled(found["config"]), plan.resolved))
    if different:
        raise CheckpointError(
            f"{folder} was trained with another configuration: {'; '.join(different)}: "
            "go on with the one in its config.toml, or start another run with name=OTHER"
        )
    if found["data"] != plan.layout.fingerprint():
        raise CheckpointError(
            f"{folder}: the files in {plan.layout.where} are not those it was trained on, so it "
            "cannot go on as if nothing had happened: put them back, or start another run with name=OTHER"
        )
    return found


@contextmanager
def fitting(folder: Path, step: int) -> Iterator[None]:
    """Within, a checkpoint of the same configuration is loaded: another version may build other networks from it.

    Raises:
        CheckpointError: they do not fit.
    """
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError, KeyError) as error:
        # The first of torch's lines only says that there are more.
        told = f"it lacks {error}" if isinstance(error, KeyError) else str(error).strip().split("\n")[:2][-1]
        told = shorten(told, 200, placeholder=" …")
        raise CheckpointError(
            f"{folder}: its checkpoint of step {step:,} does not fit what this version builds from the same "
            f"configuration ({told}): go on with the version that wrote it, or start another run with name=OTHER"
        ) from None


def load_method(folder: Path, say: Callable[[str], None], best: bool = False) -> tuple[dict[str, Any], Any]:
    """The newest checkpoint of a run and its method as it is used: averaged networks, on the CPU, in eval mode.

    Args:
        folder: the run's.
        say: is told of damaged checkpoints.
        best: take the one that scored best instead.

    Raises:
        CheckpointError: there is none.
    """
    saved = checkpoint.newest(folder / "checkpoints", say)
    if saved is None:
        raise CheckpointError(f"{folder}: no checkpoint there: is it a run's folder (runs/NAME)?")
    if best:
        scored = saved.get("best")
        if not scored:
            raise CheckpointError(f"{folder}: nothing was scored while it was trained: set train.best to a metric")
        saved = checkpoint.load(checkpoint.path_of(folder / "checkpoints", scored["step"]))
    return saved, method_of(folder, saved)


def method_of(folder: Path, saved: dict[str, Any]) -> Any:
    """The method of a checkpoint of the run in `folder`, as it is used.

    Raises:
        CheckpointError: its weights do not fit its configuration.
    """
    method = config.build_method(saved["config"])
    try:
        method.load_state_dict(saved["method"])
        for name, weights in saved["average"].items():
            getattr(method, name).load_state_dict(weights)
    except (RuntimeError, KeyError, AttributeError) as error:
        raise CheckpointError(f"{folder}: its weights do not fit its configuration: {first_line(error)}") from None
    return method.eval()


def _filled(old: dict[str, Any]) -> dict[str, Any]:
    """A configuration with the defaults of what came with later versions of this package, which it was trained with."""
    filled = dict(old)
    built: dict[str, Any] = {"train": Settings, "transform": Transform, "game": Rules}
    if layout := LAYOUTS.get(old.get("data", {}).get("layout")):
        built["data"] = layout
    if old.get("game") == {}:  # of a method that plays none
        del built["game"]
    for section, kind in built.items():
        filled[section] = {**defaults(kind), **old.get(section, {})}
    return filled


def _names(folders: Any) -> list[str]:
    """What a folder, or several, are called, wherever they lie."""
    return [Path(str(one)).name for one in (folders if isinstance(folders, list) else [folders])]


def _differences(old: dict[str, Any], new: dict[str, Any], path: str = "") -> list[str]:
    """Keys in which two configurations differ, of those of the old one that change what is learnt."""
    texts = []
    for key in old:
        where = f"{path}{key}"
        mine, theirs = old.get(key), new.get(key)
        if (path == "train." and key in FREE | LENGTH) or where in PLACES:
            continue
        if where in ("data.source", "data.target") and _names(mine) == _names(theirs):
            continue  # a folder that has moved; which files are in it is looked at apart
        if isinstance(mine, dict) and isinstance(theirs, dict) and where != "train.players":
            texts += _differences(mine, theirs, f"{where}.")
        elif mine != theirs:
            texts.append(f"{where} was {mine!r}, now is {theirs!r}")
    return texts
