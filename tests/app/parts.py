"""The parts of the page for many pictures and for videos, served alone by another process, and what tests ask them."""

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

PAGE = """
import sys
from pathlib import Path
import gradio as gr
from translate.page import film, look, many
from translate.page.shelf import Shelf
from translate.page.turns import Turns

shelf, turns = Shelf(Path(sys.argv[1])), Turns()
entries = shelf.entries()
with gr.Blocks(analytics_enabled=False, delete_cache=(3600, 3600)) as page:
    which = gr.Radio([(entry.title, entry.key) for entry in entries], value=entries[0].key, label="Model")
    views = [many.many_view(shelf, which, turns), film.film_view(shelf, which, turns)]
    parts = [part for view in views for part in view.parts]
    show = lambda key: [update for view in views for update in view.show(shelf.entry(key))]
    gr.on([page.load, which.change], show, which, parts, api_visibility="private")
    many.many_endpoint(shelf, turns)
    film.film_endpoint(shelf, turns)
options = {"max_file_size": "250mb", "run_history": False, "quiet": True, "show_error": False, **look.options()}
page.launch(server_port=int(sys.argv[2]), **options)
"""


@dataclass(frozen=True)
class Served:
    """Where the parts are served."""

    address: str
    cache: Path
    """Where uploads and results lie."""
    log: Path

    def folders(self) -> set[Path]:
        """Of the jobs at work and of those that are done: 32 digits each, where an upload's has 64."""
        return {path for path in self.cache.glob("*") if len(path.name) == 32}


@contextmanager
def serve(folder: Path, *models: str) -> Iterator[Served]:
    """Serve the parts with models of the tests' assets."""
    (folder / "models").mkdir()
    for name in models:
        (folder / "models" / f"{name}.onnx").write_bytes((ASSETS / f"{name}.onnx").read_bytes())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    served = Served(f"http://127.0.0.1:{port}", folder / "cache", folder / "log.txt")
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(served.cache), "GRADIO_ANALYTICS_ENABLED": "False"}
    command = [sys.executable, "-c", PAGE, str(folder / "models"), str(port)]
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
