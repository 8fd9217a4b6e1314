"""The comparison of runs that draw runs, and says what it measured."""

import json
from pathlib import Path
from typing import Any

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
