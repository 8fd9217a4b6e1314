"""The scaling benchmark works, and its table says what was measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import scaling
from benchmarks.scaling import Way

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_compared() -> None:
    assert scaling.ways_of([1, 2, 4], 8, "cpu") == [Way(1, 1), Way(2, 1), Way(4, 1), Way(1, 8)]
    assert scaling.ways_of([1, 2], 1, "cpu") == [Way(1, 1), Way(2, 1)], "all threads are one"
    assert scaling.ways_of([1, 2], 8, "cuda") == [Way(1, 1), Way(2, 1)]


def test_medians_over_turns() -> None:
    turns = {
        Way(1, 1): [{"seconds": seconds, "messages": 0.0} for seconds in (4.0, 2.0, 9.0)],
        Way(2, 1): [{"seconds": 2.0, "messages": 0.5}, {"seconds": 3.0, "messages": 0.3}],
    }
    one, two = scaling.summary(turns)
    assert (one["steps_per_second"], one["speed_up"], one["in_messages"]) == (0.25, 1.0, 0.0)
    assert two["steps_per_second"] == pytest.approx(1 / 2.5)
    assert two["speed_up"] == pytest.approx(1.6)
    assert two["in_messages"] == pytest.approx((0.25 + 0.1) / 2)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="needs torch.distributed")
@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.scaling", "--quick", "--processes", "1,2", "--batch", "2"]
    one = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run([*command, "--out", str(tmp_path)], cwd=ROOT, env=one, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == scaling.file_name(record)
    assert path.name.endswith("-scaling-cpu-pix2pix-batch-2-quick.json")
    alone, both = record["ways"]
    assert (alone["processes"], both["processes"]) == (1, 2)
    assert alone["in_messages"] == 0
    assert 0 < both["in_messages"] < 1
    assert f"{both['steps_per_second']:>10.3f}{both['speed_up']:>10.2f}" in done.stdout


@pytest.mark.parametrize(
    "wrong", [["--batch", "3"], ["--processes", "2,4"], ["--processes", "1,x"], ["--steps", "0"], ["--method", "pix"]]
)
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        scaling.main(wrong)
    assert wrong[0] in capsys.readouterr().err
