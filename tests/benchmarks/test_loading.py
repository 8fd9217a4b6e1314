"""The benchmark of the loader: it reads what it says, and runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import loading, loading_report, photographs
from translate import pixels

ROOT = Path(__file__).resolve().parents[2]


def test_pairs_are_photographs_of_many_sizes(tmp_path: Path) -> None:
    source, target = photographs.make(tmp_path, 12)
    sizes = set()
    for path in sorted(source.iterdir()):
        assert pixels.header(path) == pixels.header(target / path.name)
        sizes.add(pixels.header(path))
        levels = pixels.read(path).astype(float)
        steps = np.abs(np.diff(levels, axis=1)).mean()
        # Neighbours are alike, but not the same: neither noise (85 levels) nor an even surface.
        assert 1 < steps < 40
        assert levels.std() > 30
    assert len(sizes) > 6
    assert all(photographs.SIDES[0] <= side <= photographs.SIDES[1] for size in sizes for side in size)


@pytest.mark.slow
def test_the_benchmark_runs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.loading", "--quick", "--out", str(tmp_path)]
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=one, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == loading_report.file_name(record)
    assert "quick" in path.name
    assert list(record["loader"]) == list(loading.KINDS)
    for kind, of_kind in record["loader"].items():
        assert kind in done.stdout
        assert list(of_kind) == ["0", "1"]
        for found in of_kind.values():
            assert found["seconds"]["median"] > 0
            assert found["own_seconds"] > 0
            assert found["counted"] + found["dropped"] == record["settings"]["rounds"]
    # Neither decoded nor resized: what is left is the least of it.
    parts = record["parts"]
    assert list(parts) == ["decode", "resize", "crop and flip", "crop, flip, albumentations", "collate"]
    assert record["loader"]["kept"]["0"]["own_seconds"] < record["loader"]["read"]["0"]["own_seconds"]
    assert parts["crop and flip"] < parts["decode"] + parts["resize"]
    assert set(record["augmentation"]) == {f"kornia, batch {count}" for count in loading.BATCHES}
    assert record["versions"].keys() >= {"albumentations", "kornia", "pillow"}
    assert record["default_workers"] >= 0


@pytest.mark.parametrize("wrong", [["--pairs", "0"], ["--workers", "many"], ["--workers", "-1"]])
def test_wrong_options_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        loading.main(wrong)
    assert wrong[0] in capsys.readouterr().err
