"""The benchmark of large pictures: it runs, and its record says what it must."""

import json
from pathlib import Path

import pytest

from benchmarks import tiles

pytest.importorskip("pyvips")


@pytest.mark.slow
def test_a_quick_run_leaves_a_record(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tiles.main(["--quick", "--blocks", "1", "--width", "4", "--out", str(tmp_path)]) == 0
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text())
    assert 0 < record["large"]["peak"] < record["limit"]
    assert record["compared"]["passes"]["until settled"]["max"] <= 1
    assert "until settled" in capsys.readouterr().out
