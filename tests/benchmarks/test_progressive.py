"""The comparison of runs that draw runs, and says what it measured."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import progressive
from tests.tiny import configuration, ignore
from translate import config
from translate.training.run import Run


def test_two_tiny_runs(town: Path, tmp_path: Path, capsys: Any) -> None:
    for name in ("progressive", "dcgan"):
        made = config.plan(configuration(name, town, steps=2, checkpoint_every=1))
        Run(made, tmp_path / "runs", ignore).train(resume=False)
    runs = [str(tmp_path / "runs" / name) for name in ("progressive", "dcgan")]
    words = ["--pictures", "7", "8", "--rounds", "1", "--out", str(tmp_path / "out")]
    assert progressive.main([*runs, *words]) == 0
    (path,) = (tmp_path / "out").iterdir()
    assert path.name.endswith("-progressive-cpu-progressive-dcgan.json")
    record = json.loads(path.read_text())
    assert [(row["run"], row["pictures"]) for row in record["runs"]] == [
        ("progressive", 4),
        ("dcgan", 4),
        ("progressive", 8),
        ("dcgan", 8),
    ]
    for row in record["runs"]:
        assert row["cpu_seconds"] > 0
        for reference in ("held out", "trained on"):
            assert list(row["swd"][reference]) == ["32²", "16²"]
            assert all(distance > 0 for distance in row["swd"][reference].values())
    assert "against trained on" in capsys.readouterr().out


def _trained(names: tuple[str, ...], town: Path, tmp_path: Path) -> list[str]:
    for name in names:
        made = config.plan(configuration(name, town, steps=1, checkpoint_every=1))
        Run(made, tmp_path / "runs", ignore).train(resume=False)
    return [str(tmp_path / "runs" / name) for name in names]


def test_any_method_that_draws(town: Path, tmp_path: Path) -> None:
    """Autoencoders, whose critic sees codes or who have none; a model that is told a label, on labelled pictures."""
    words = ["--pictures", "8", "--rounds", "1", "--out", str(tmp_path / "out")]
    assert progressive.main([*_trained(("vae", "aae"), town, tmp_path), *words]) == 0
    assert progressive.main([*_trained(("cgan",), town, tmp_path), *words]) == 0
    rows = [row for path in sorted((tmp_path / "out").iterdir()) for row in json.loads(path.read_text())["runs"]]
    assert sorted(row["run"] for row in rows) == ["aae", "cgan", "vae"]
    assert all(row["cpu_seconds"] > 0 and row["swd"]["held out"]["32²"] > 0 for row in rows)


def test_labels_are_those_of_the_held_out(town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And pictures are those that `translate evaluate` compares."""
    told: list[tuple[int, ...]] = []
    draw = progressive.Predictor.drawn

    def drawn(self: Any, seeds: Any, labels: Any) -> np.ndarray:
        told.append(tuple(labels))
        return draw(self, seeds, labels)

    monkeypatch.setattr(progressive.Predictor, "drawn", drawn)
    runs = _trained(("cgan",), town, tmp_path)
    assert progressive.main([*runs, "--pictures", "4", "--rounds", "1", "--out", str(tmp_path / "out")]) == 0
    layout = config.plan(configuration("cgan", town)).layout
    assert told == [tuple(layout.read(sample, 0)[1][0] for sample in layout.held_out)]


def test_what_draws_nothing_or_something_else_is_refused(town: Path, tmp_path: Path) -> None:
    words = ["--pictures", "8", "--rounds", "1", "--out", str(tmp_path / "out")]
    (cgan,) = _trained(("cgan",), town, tmp_path)
    dcgan, classifier, pix2pix = _trained(("dcgan", "classifier", "pix2pix"), town, tmp_path)
    with pytest.raises(SystemExit, match="cgan draws 3 classes, the data have 0"):
        progressive.main([dcgan, cgan, *words])
    with pytest.raises(SystemExit, match="does not translate forward"):
        progressive.main([classifier, *words])
    with pytest.raises(SystemExit, match="pix2pix translates pictures"):
        progressive.main([dcgan, pix2pix, *words])
