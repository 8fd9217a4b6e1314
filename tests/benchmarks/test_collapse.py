"""The benchmark of mode collapse leaves a record that can be read."""

import json
from pathlib import Path

import pytest

from benchmarks import collapse


def test_a_little_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "--rounds",
        "2",
        "--seeds",
        "2",
        "--method",
        "gan",
        "--out",
        str(tmp_path),
        "--pictures",
        str(tmp_path / "p"),
    ]
    assert collapse.main(words) == 0
    (path,) = tmp_path.glob("*-collapse-cpu.json")
    record = json.loads(path.read_text())
    assert record["rounds"] == 2
    assert [run["seed"] for run in record["runs"]] == [0, 1]
    assert set(record["table"]) == {"gan"}
    assert record["machine"]["cores"] >= 1
    assert "| GAN, non-saturating |" in capsys.readouterr().out
    assert (tmp_path / "p" / "chart.png").exists()


def test_a_run_of_no_rounds() -> None:
    with pytest.raises(SystemExit):
        collapse.main(["--rounds", "0"])
