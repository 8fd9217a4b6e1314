"""The benchmark of streams: it runs, and judges what it should."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import streams

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "benchmarks.streams", "--quick", "--rounds", "1", "--out", str(tmp_path)]
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(words, cwd=ROOT, env=one, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == streams.file_name(record)
    assert "quick" in path.name
    assert list(record["pictures"]) == list(record["start"]) == ["32"]
    kinds = record["pictures"]["32"]
    assert list(kinds) == list(streams.KINDS)
    assert all(
        kind in done.stdout and kinds[kind]["seconds"]["median"] > 0 for kind in ("session", "one after another")
    )
    assert [target["met"] for target in record["targets"]] == [None]
    assert "not judged" in done.stdout


@pytest.mark.parametrize(("seconds", "met"), [(1.05, True), (1.2, False)])
def test_the_target(seconds: float, met: bool) -> None:
    kinds = {"session": {"seconds": {"median": 1.0}}, "command": {"seconds": {"median": seconds}}}
    verdict = streams._target("256", kinds, judged=True)
    assert (verdict["met"], verdict["measured"], verdict["what"]) == (met, seconds, "256² command / session")


@pytest.mark.parametrize("wrong", [["--pictures", "1"], ["--sides", "many"], ["--sides", "0"], ["--rounds", "0"]])
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        streams.main(wrong)
    assert wrong[0] in capsys.readouterr().err
