"""Trackers are told what the log is told, go on with the run they began, and never stop training."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.tiny import ignore, plan
from translate.errors import ConfigError
from translate.training.run import Run
from translate.training.trackers import identity

NAMES = ["wandb", "trackio"]


class Library(ModuleType):
    """A library that keeps what it is told."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.begun: list[dict[str, Any]] = []
        self.metrics: list[tuple[str, str | None]] = []
        self.logged: list[dict[str, Any]] = []
        self.finished = 0
        self.broken: set[str] = set()

    def _fail(self, what: str) -> None:
        if what in self.broken:
            raise ConnectionError(f"no network for {what}.\nsecond line")

    def init(self, **arguments: Any) -> "Library":
        self._fail("init")
        self.begun.append(arguments)
        return self

    def define_metric(self, name: str, step_metric: str | None = None) -> None:
        self.metrics.append((name, step_metric))

    def log(self, values: dict[str, Any], step: int | None = None) -> None:
        self._fail("log")
        self.logged.append(values if step is None else {"step": step, **values})

    def finish(self) -> None:
        self._fail("finish")
        self.finished += 1

    class Image:
        def __init__(self, picture: np.ndarray) -> None:
            self.picture = picture


@pytest.fixture(params=NAMES)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Library:
    library = Library(request.param)
    monkeypatch.setitem(sys.modules, request.param, library)
    for name in NAMES:
        monkeypatch.delenv(f"{name.upper()}_PROJECT", raising=False)
    return library


def tracked(library: Library, town: Path, runs: Path, said: list[str] | None = None, **train: Any) -> Run:
    made = plan("pix2pix", town, tracker=library.__name__, sample_every=2, log_every=2, **train)
    return Run(made, runs, ignore if said is None else said.append)


def test_it_is_told_what_the_log_is_told(library: Library, town: Path, tmp_path: Path) -> None:
    run = tracked(library, town, tmp_path, steps=4)
    run.train(resume=False)
    lines = [json.loads(line) for line in (run.folder / "log.jsonl").read_text().splitlines()]
    scalars = [values for values in library.logged if "samples" not in values]
    assert [{key: values[key] for key in lines[0]} for values in scalars] == lines
    assert all(values["pace/steps_per_second"] > 0 for values in scalars)
    sheets = [values for values in library.logged if "samples" in values]
    assert [values["step"] for values in sheets] == [2, 4]
    assert sheets[0]["samples"].picture.dtype == np.uint8
    assert library.finished == 1
    (begun,) = library.begun
    assert begun["project"] == "translate"
    assert begun["config"] == run.plan.resolved
    if library.__name__ == "wandb":
        assert ("*", "step") in library.metrics, "its own count would drop the steps that a resumed run repeats"
        assert begun["dir"] == str(run.folder)


def test_it_goes_on_with_the_run_it_began(library: Library, town: Path, tmp_path: Path) -> None:
    tracked(library, town, tmp_path, steps=2).train(resume=False)
    tracked(library, town, tmp_path, steps=4).train(resume=True)
    key = "id" if library.__name__ == "wandb" else "name"
    first, second = library.begun
    assert first[key] == second[key]
    assert first[key].startswith("pix2pix-")
    assert first["resume"] == second["resume"] == "allow"
    assert identity(tmp_path / "pix2pix", library.__name__) == first[key]


def test_a_name_that_a_tracker_takes(tmp_path: Path) -> None:
    folder = tmp_path / "día 1#2 %"
    folder.mkdir()
    assert set(identity(folder, "wandb")) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")
    (tmp_path / "other").mkdir()
    assert identity(folder, "wandb") != identity(tmp_path / "other", "wandb")


@pytest.mark.parametrize("what", ["init", "log", "finish"])
def test_a_tracker_that_fails_is_said_once(what: str, library: Library, town: Path, tmp_path: Path) -> None:
    library.broken = {what}
    said: list[str] = []
    assert tracked(library, town, tmp_path, said, steps=6).train(resume=False).step == 6
    told = f"{library.__name__}: no network for {what}: training goes on without it, the log has everything"
    assert [line for line in said if "network" in line] == [told]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("remains", [False, True])
def test_one_that_is_not_installed(
    name: str, remains: bool, town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said before anything is done; so too where a folder of the library's name passes for it."""
    if importlib.util.find_spec(name):
        pytest.skip(f"{name} is installed")
    if remains:
        (tmp_path / name).mkdir()
        monkeypatch.syspath_prepend(tmp_path)
    run = Run(plan("pix2pix", town, tracker=name), tmp_path / "runs", ignore)
    with pytest.raises(ConfigError, match=rf"train.tracker = '{name}': {name} is not installed: pip install {name}"):
        run.train(resume=False)
    assert not (tmp_path / "runs").exists()
    monkeypatch.delitem(sys.modules, name, raising=False)


def test_one_that_is_not_known(town: Path) -> None:
    with pytest.raises(ConfigError, match="tracker = 'mlflow': choose one of wandb, trackio"):
        plan("pix2pix", town, tracker="mlflow")


def test_it_may_change_when_a_run_goes_on(library: Library, town: Path, tmp_path: Path) -> None:
    Run(plan("pix2pix", town, steps=2, sample_every=2, log_every=2), tmp_path, ignore).train(resume=False)
    assert tracked(library, town, tmp_path, steps=4).train(resume=True).step == 4
    assert library.begun
