"""The page with models of a test's own and its files in a folder that the test can look into."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.app.serving import ROOT, served

ASSETS = ROOT / "tests" / "assets"


@dataclass(frozen=True)
class Served:
    """Where the page is served."""

    address: str
    folder: Path
    log: Path

    @property
    def cache(self) -> Path:
        """Where uploads and results lie."""
        (found,) = self.folder.glob("translate-*/files")
        return found

    def folders(self) -> set[Path]:
        """Of the jobs at work and of those that are done: 32 digits each, where an upload's has 64."""
        return {path for path in self.cache.glob("*") if len(path.name) == 32}


@contextmanager
def serve(folder: Path, *models: str) -> Iterator[Served]:
    """Serve the page with models of the tests' assets."""
    (folder / "models").mkdir()
    for name in models:
        (folder / "models" / f"{name}.onnx").write_bytes((ASSETS / f"{name}.onnx").read_bytes())
    temporary = folder / "temporary"
    temporary.mkdir()
    command = ["app.py", "--models", str(folder / "models"), "--port", "0"]
    with served(command, folder / "log.txt", TMPDIR=str(temporary)) as server:
        yield Served(server.address.rstrip("/"), temporary, server.log)


def until(wanted: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so, and say for how many seconds that was."""
    start = time.monotonic()
    while not wanted():
        assert time.monotonic() - start < seconds, f"not so after {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - start
