"""The folder of files on their way is swept again and again, whatever happens. No server: the folder alone."""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path

import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from translate.page.keeping import Keeping


def test_a_sweep_that_fails_is_not_the_last(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "old.png").touch()
    asked = 0

    def spared() -> tuple[str, ...]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise RuntimeError("dictionary changed size during iteration")
        return ()

    async def swept() -> None:
        running = asyncio.create_task(Keeping(tmp_path, 0.01, spared).run())
        async with asyncio.timeout(10):
            while (tmp_path / "old.png").exists():
                await asyncio.sleep(0.01)
        running.cancel()

    with caplog.at_level(logging.ERROR, "translate.page"):
        asyncio.run(swept())
    assert caplog.messages == ["old files could not be deleted"]


def test_a_file_that_cannot_be_deleted_spares_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.png", "held.png", "z.png"):
        (tmp_path / name).touch()
    unlink = Path.unlink

    def unlinked(path: Path, missing_ok: bool = False) -> None:
        if path.name == "held.png":
            raise PermissionError("it is open in another process")
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", unlinked)
    Keeping(tmp_path, -1.0).sweep()
    assert os.listdir(tmp_path) == ["held.png"]
