"""The page with models of a test's own and its files in a folder that the test can look into."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = Served(f"http://127.0.0.1:{port}", folder / "temporary", folder / "log.txt")
    served.folder.mkdir()
    environment = {**os.environ, "TMPDIR": str(served.folder)}
    command = [sys.executable, "app.py", "--models", str(folder / "models"), "--port", str(port)]
    with served.log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        until(lambda: server.poll() is not None or _answers(port), 60)
        assert server.poll() is None, served.log.read_text()
        yield served
    finally:
        server.terminate()
        server.wait(20)


def until(wanted: Callable[[], bool], seconds: float) -> float:
    """Wait until something is so, and say for how many seconds that was."""
    start = time.monotonic()
    while not wanted():
        assert time.monotonic() - start < seconds, f"not so after {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - start


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
