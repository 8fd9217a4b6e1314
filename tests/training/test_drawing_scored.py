"""Scores of what is drawn from noise while it is learnt: of sets, with the same seeds each time."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.contract.test_methods import assert_same
from tests.tiny import configuration, ignore
from tests.training.stopping import train_to
from tests.training.test_selection import curve
from translate import latent
from translate.batches import to_bytes
from translate.config import plan
from translate.errors import ConfigError
from translate.metrics import OF_SETS
from translate.training.resume import load_method
from translate.training.run import Run


def made(method: str, town: Path, **train: Any) -> Any:
    """A tiny plan with twelve pictures held out, scored by SWD every two steps."""
    settings = {"best": "SWD", "evaluate_every": 2, "checkpoint_every": 2, "steps": 4, **train}
    folder, holdout = (town / "edges", 4) if method == "dcgan" else (town, 12)
    section = configuration(method, town, **settings)
    section["data"] |= {"root": str(folder), "holdout": holdout}
    return plan(section)


def test_the_logged_distance_is_that_of_seeds_and_labels(town: Path, tmp_path: Path) -> None:
    """Drawn anew from the last checkpoint, with seed n and the label of the n-th held-out picture."""
    run = Run(made("cgan", town), tmp_path, ignore)
    run.train(resume=False)
    logged = curve(run, "held_out/SWD")
    assert [step for step, _ in logged] == [2, 4]
    _, method = load_method(run.folder, ignore)
    layout = run.plan.layout
    reals, drawn = [], []
    for seed, sample in enumerate(layout.held_out):
        pictures, (label,) = layout.read(sample, 0)
        reals.append(run.plan.pictures(pictures)[0])
        with torch.no_grad():
            picture = method.G(torch.from_numpy(latent.noise([seed], method.G.latent)), torch.tensor([label]))
        drawn.append(to_bytes(picture[0].permute(1, 2, 0)).numpy())
    assert logged[-1][1] == pytest.approx(OF_SETS["SWD"](drawn, reals), rel=1e-4)
    best = min(logged, key=lambda point: point[1])
    assert load_method(run.folder, ignore, best=True)[0]["step"] == best[0]


def test_resumed_it_goes_on_with_the_same_scores(town: Path, tmp_path: Path) -> None:
    whole, stopped, unscored = (
        Run(made("cgan", town, **more), tmp_path / name, ignore)
        for name, more in (("whole", {}), ("stopped", {}), ("unscored", {"best": "", "evaluate_every": 0}))
    )
    whole.train(resume=False)
    train_to(stopped, 2)
    stopped.train(resume=True)
    assert (whole.folder / "log.jsonl").read_text() == (stopped.folder / "log.jsonl").read_text()
    unscored.train(resume=False)
    assert_same(whole.trainer.state(), unscored.trainer.state())


def test_what_cannot_be_scored(town: Path, tmp_path: Path) -> None:
    for method, settings, told in (
        ("dcgan", {"best": "L1"}, "pictures drawn from noise have no truth: choose one that compares sets"),
        ("classifier", {}, "method.name = 'classifier' makes no pictures that could be scored"),
        ("dcgan", {}, "SWD compares sets, of 10 pictures at the least, not 4"),
    ):
        with pytest.raises(ConfigError, match=told):
            Run(made(method, town, **settings), tmp_path, ignore).train(resume=False)
