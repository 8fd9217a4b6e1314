"""What tests of the server need: a server with limits of its own, and clients that say exactly what they mean."""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]

# Serves the page with limits that `app.py` has no options for.
LIMITED = """
import json, pathlib, sys
from translate.page import Limits, build, serve
models, limits = sys.argv[1:]
limits = Limits(**json.loads(limits))
serve(build, pathlib.Path(models), port=0, limits=limits, report=lambda told: print(told, flush=True))
"""


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    address: str
    process: subprocess.Popen[str]
    log: Path

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.address)
        return str(parts.hostname), int(parts.port or 0)

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> Answer:
        """One request on a connection of its own, its target sent as it is."""
        return ask(self.place, method, target, body, **headers)

    def post(self, target: str, content: bytes, **headers: str) -> Answer:
        return self.ask("POST", target, content, **headers)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.place, timeout=30)


def ask(place: tuple[str, int], method: str, target: str, body: Any = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection(*place, timeout=60)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, target, body, given, encode_chunked="Transfer-Encoding" in given)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


@contextmanager
def served(command: list[str], log: Path, **environment: str) -> Iterator[Server]:
    """A server in a process of its own, from when it says its address."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, **environment},
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://" in line, log.read_text()
            address = next(word for word in line.split() if word.startswith("http://"))
            yield Server(address, process, log)
        finally:
            process.terminate()
            process.wait(20)
            if process.stdout is not None:
                process.stdout.close()


@contextmanager
def limited(models: Path, log: Path, **limits: Any) -> Iterator[Server]:
    with served(["-c", LIMITED, str(models), json.dumps(limits)], log) as server:
        yield server


def random_picture(seed: int, height: int = 24, width: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def encoded(picture: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return content.getvalue()


def decoded(content: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def form(content: bytes, name: str = "picture.png", field: str = "files") -> tuple[bytes, str]:
    """A form with one file, and its content type."""
    head = f'--edge\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--edge--\r\n", "multipart/form-data; boundary=edge"


def uploaded(server: Server, content: bytes, name: str = "picture.png") -> str:
    """Upload as the page does, and return the path by which the server knows the file."""
    body, kind = form(content, name)
    answer = server.post("/gradio_api/upload", body, Content_Type=kind)
    assert answer.status == 200, answer
    return str(answer.json[0])


def called(server: Server, name: str, *data: Any, wait: float = 60) -> tuple[str, Any]:
    """Call one of the page's functions as a program does: what became of it, and its data."""
    body = json.dumps({"data": data}).encode()
    answer = server.post(f"/gradio_api/call/{name}", body, Content_Type="application/json")
    if answer.status != 200:
        return f"{answer.status}", answer.json
    told = server.ask("GET", f"/gradio_api/call/{name}/{answer.json['event_id']}").body.decode()
    events = [part.split("\ndata: ") for part in told.strip().split("\n\n")]
    event, content = events[-1]
    return event.removeprefix("event: "), json.loads(content)


def sent_file(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def until(done: Any, seconds: float = 20) -> Any:
    """Wait until it is true, and return it."""
    end = time.monotonic() + seconds
    while not (found := done()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return found
