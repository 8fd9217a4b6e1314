"""The examples of docs/api.md, run against a server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from tests.app.serving import ROOT, Server, decoded, encoded, random_picture

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(sh|python)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_works(server: Server, tmp_path: Path, number: int) -> None:
    language, text = EXAMPLES[number]
    picture = random_picture(1)
    (tmp_path / "photo.png").write_bytes(encoded(picture))
    if "holiday.mp4" in text:
        pytest.importorskip("av", reason="videos need the extra `video`")
        from tests.runtime import videos

        videos.make(tmp_path / "holiday.mp4")
    text = text.replace("http://127.0.0.1:7860", server.address)
    command = [sys.executable, "-c", text] if language == "python" else ["bash", "-ec", text]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr
    if (tmp_path / "result.png").exists():
        np.testing.assert_array_equal(decoded((tmp_path / "result.png").read_bytes()), 255 - picture)
    if (tmp_path / "half.png").exists():
        mixed = np.rint(picture * np.float32(0.5) + (255 - picture) * np.float32(0.5))
        np.testing.assert_array_equal(decoded((tmp_path / "half.png").read_bytes()), mixed)
    assert ended.stdout or "--output" in text
    if "/translate_" in text:
        made = Path(ended.stdout.split()[0])
        counted = "20 of 20 frames" if "video" in text else "2 of 2 pictures translated"
        assert ended.stdout.endswith(f" {counted}\n")
        assert made.stat().st_size > 500


def test_every_promise_names_a_test_that_there_is() -> None:
    text = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
    section = text.split("## The page")[1].split("\n## ")[0]
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "app").glob("test_*.py"))
    named = re.findall(r"`(test_\w+)`", section)
    assert len(named) > 20
    assert [name for name in named if f"def {name}(" not in tests] == []


def test_limits_are_said_as_they_are() -> None:
    from translate.page import Limits, batch, film, jobs, many, recipes, server
    from translate.page.desk import SECONDS, SMALL
    from translate.page.shelf import LIMIT

    section = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8").split("## The page")[1]
    limits = Limits()
    for number in (limits.upload, limits.request, limits.json, limits.disk, limits.connections, LIMIT):
        assert f"| {number:,}" in section
    for number in (limits.head, limits.stalled):
        assert f"| {number:g} |" in section
    assert f"in parts of {SMALL:,} pixels" in section
    assert f"| {recipes.MOST}, {recipes.GROUP}, {LIMIT:,} |" in section
    assert f"| {batch.PICTURES}, {batch.BYTES:,}, {batch.BYTES:,} |" in section
    assert f"| {batch.ROOM:,} |" in section
    assert f"| {many.AT_ONCE} and 1, {SECONDS:g}, {jobs.MINUTES} |" in section
    assert f"| {film.SECONDS}, {film.FRAMES:,}, {film.PIXELS:,}, {film.BYTES:,} |" in section
    assert f"| {server.SESSIONS:,}, 256 |" in section
    assert f"| {limits.patience:g}, {limits.pace:,} |" in section
    assert f"{limits.upload:,} bytes" in TEXT
