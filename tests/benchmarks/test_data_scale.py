"""The benchmark of large data sets runs, and says what it measured."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import data_scale


def test_a_tiny_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def here(options: Any, kind: str, folder: Path, url: str, check: bool) -> dict[str, Any]:
        roots = {"folder": "pictures", "zip": "pictures.zip", "shards": "shards"}
        root = url if kind == "http" else str(folder / roots[kind])
        words = ["--one", kind, "--root", root, "--cache", str(tmp_path / "cache"), "--samples", "64", "--side", "16"]
        assert data_scale.main([*words, "--check"]) == 0
        return dict(json.loads(capsys.readouterr().out.splitlines()[-1]))

    monkeypatch.setattr(data_scale, "_turn", here)  # in this process: others take long to start
    monkeypatch.setattr(data_scale, "drop", lambda: False)
    words = ["--count", "200", "--side", "16", "--rounds", "1", "--shard-bytes", "20000", "--samples", "64"]
    assert data_scale.main([*words, "--out", str(tmp_path / "out"), "--scratch", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    (path,) = (tmp_path / "out").iterdir()
    assert path.name.endswith("-data-scale-cpu-200.json")
    record = json.loads(path.read_text())
    assert list(record["kinds"]) == list(data_scale.KINDS)
    assert record["made"]["shards"]["shards"] > 4
    for kind, found in record["kinds"].items():
        assert kind in out
        assert all(found[f"rate {state} {workers}"]["median"] > 0 for state in ("cold", "warm") for workers in (0, 2))
    assert "not root" in record["cold"]


def test_wrong_options_are_refused(capsys: Any) -> None:
    with pytest.raises(SystemExit):
        data_scale.main(["--count", "0"])
    assert "--count must be at least 1" in capsys.readouterr().err
