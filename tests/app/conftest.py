"""A page with models of the tests' assets, served on a free port of this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.app.serving import Server, served

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "tests" / "assets"


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five models that work, two of which undo each other, three that do not, and examples for three of the sources."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("edges", "invert", "grey_to_colour", "there", "back", "no_card", "wrong_names"):
        shutil.copy(ASSETS / f"{name}.onnx", folder)
    (folder / "damaged.onnx").write_bytes(b"this is no model")
    for source in ("edges", "photo", "day"):
        (folder / "examples" / source).mkdir(parents=True)
    sketch = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(sketch).rectangle((16, 16, 48, 40), outline=0)
    sketch.save(folder / "examples" / "edges" / "house.png")
    colours = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    for source in ("photo", "day"):
        Image.fromarray(colours).save(folder / "examples" / source / "noise.png")
    return folder


# Serves the page as `python app.py` does, and writes down every host that the process looks up or connects to.
SERVER = """
import sys
hosts = open(sys.argv.pop(1), "a", buffering=1)
def note(event, arguments):
    if event == "socket.getaddrinfo":
        print(arguments[0], file=hosts)
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        print(arguments[1][0], file=hosts)
sys.addaudithook(note)
import app
app.main(sys.argv[1:])
"""


@pytest.fixture(scope="session")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the hosts that the server turned to, a line each."""
    return tmp_path_factory.mktemp("server") / "hosts.txt"


@pytest.fixture(scope="session")
def server(models_folder: Path, hosts: Path) -> Iterator[Server]:
    """The page as it is served without further options: by another process, because Gradio leaves loops and sockets."""
    pytest.importorskip("gradio", reason="the page needs the extra `app`")
    command = ["-c", SERVER, str(hosts), "--models", str(models_folder), "--port", "0"]
    with served(command, hosts.with_name("log.txt")) as serving:
        yield serving


@pytest.fixture(scope="session")
def address(server: Server) -> str:
    """Where that is."""
    return server.address
