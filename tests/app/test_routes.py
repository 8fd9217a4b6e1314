"""The server's own routes: what programs get of models and pictures, and in which words they are refused."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from fastapi import FastAPI
from starlette.requests import ClientDisconnect

import app
import translate
from tests.app.parts import ASSETS
from tests.app.serving import ROOT, Server, decoded, encoded, form, limited, random_picture, served, until
from translate.page import Limits, routes
from translate.page import server as web
from translate.page.desk import Desk
from translate.page.routes import Routes
from translate.page.shelf import Shelf


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (37, 53), (600, 500)])
def test_a_picture_posted_comes_back_translated_exactly(server: Server, size: tuple[int, int]) -> None:
    picture = random_picture(1, *size)
    answer = server.post("/api/translate/invert", encoded(picture))
    assert (answer.status, answer.headers["Content-Type"], answer.headers["Cache-Control"]) == (
        200,
        "image/png",
        "no-store",
    )
    assert float(answer.headers["X-Translate-Milliseconds"]) > 0
    assert answer.headers["X-Translate-Device"]
    np.testing.assert_array_equal(decoded(answer.body), 255 - picture)


def test_a_form_does_as_well(server: Server) -> None:
    picture = random_picture(2)
    body, kind = form(encoded(picture), field="picture")
    answer = server.post("/api/translate/invert", body, Content_Type=kind)
    np.testing.assert_array_equal(decoded(answer.body), 255 - picture)


@pytest.mark.parametrize("name", ["JPEG", "WEBP", "BMP", "TIFF"])
def test_any_format_is_taken(server: Server, tmp_path: Path, name: str) -> None:
    path = tmp_path / "picture"
    Image.new("RGB", (40, 30), (200, 200, 200)).save(path, name)
    answer = server.post("/api/translate/invert", path.read_bytes())
    assert abs(decoded(answer.body).astype(int) - 55).max() <= 3


@pytest.mark.parametrize("strength", [0, 0.25, 1])
def test_the_result_is_blended_with_the_picture(server: Server, strength: float) -> None:
    picture = random_picture(3)
    answer = server.post(f"/api/translate/invert?strength={strength}", encoded(picture))
    mixed = np.rint(picture * np.float32(1 - strength) + (255 - picture) * np.float32(strength))
    np.testing.assert_array_equal(decoded(answer.body), mixed)


@pytest.mark.parametrize("strength", ["2", "-0.1", "nan", "much", ""])
def test_a_strength_that_is_none_is_refused(server: Server, strength: str) -> None:
    answer = server.post(f"/api/translate/invert?strength={strength}", encoded(random_picture(3)))
    assert answer.status == 400
    assert answer.json["error"].startswith("The strength is ")


def test_a_strength_needs_as_many_channels(server: Server) -> None:
    answer = server.post("/api/translate/grey_to_colour?strength=0.5", encoded(random_picture(4)))
    assert answer.status == 400
    assert "as many channels" in answer.json["error"]


@pytest.mark.parametrize(
    ("model", "content", "status", "told"),
    [
        ("invert", b"once upon a time", 400, "the picture is not a picture"),
        ("invert", b"", 400, "There is no picture to translate"),
        ("invert", b"%PDF-1.7 and so on", 400, "PDF"),
        ("nobody", b"whatever", 404, "there is no model 'nobody' here"),
        ("wrong_names", encoded(random_picture(0)), 422, "wrong_names.onnx has input"),
    ],
)
def test_refusals_are_one_sentence(server: Server, model: str, content: bytes, status: int, told: str) -> None:
    answer = server.post(f"/api/translate/{model}", content)
    assert answer.status == status
    assert told in answer.json["error"]
    assert "\n" not in answer.json["error"]
    assert answer.headers["Content-Type"] == "application/json"


def test_the_models_are_listed(server: Server, models_folder: Path) -> None:
    answer = server.ask("GET", "/api/models")
    told = answer.json
    assert {model["name"] for model in told["models"]} >= {"edges", "invert", "there", "back"}
    card = next(model["card"] for model in told["models"] if model["name"] == "invert")
    assert (card["source"], card["target"], card["size"]) == ("photo", "negative", 64)
    assert ["there", "back"] in [entry["models"] for entry in told["entries"]]
    assert {entry["file"] for entry in told["left_out"]} == {"damaged.onnx", "no_card.onnx"}
    assert str(models_folder) not in answer.body.decode()
    assert told["limits"] == {"bytes": 20_000_000, "pixels": 25_000_000}


def test_what_is_known_already_is_not_sent_again(server: Server) -> None:
    for target in ("/api/models", "/page/page.js"):
        first = server.ask("GET", target)
        again = server.ask("GET", target, If_None_Match=first.headers["ETag"])
        assert (first.status, again.status, again.body) == (200, 304, b"")
        assert server.ask("GET", target, If_None_Match='"other"').body == first.body


def test_a_model_is_given_out(server: Server, models_folder: Path) -> None:
    answer = server.ask("GET", "/api/models/invert.onnx")
    assert answer.body == (models_folder / "invert.onnx").read_bytes()
    assert 'filename="invert.onnx"' in answer.headers["Content-Disposition"]
    assert server.ask("GET", "/api/models/nobody.onnx").status == 404
    assert server.ask("GET", "/api/models/damaged.onnx").status == 404


def test_health(server: Server) -> None:
    answer = server.ask("GET", "/health")
    assert answer.status == 200
    told = answer.json
    assert (told["status"], told["waiting"], told["version"]) == ("ok", 0, translate.__version__)
    assert (told["models"], told["left_out"]) == (6, 2)
    assert server.ask("HEAD", "/health").status == 200


def test_without_models_the_server_is_not_healthy_until_one_comes(tmp_path: Path, models_folder: Path) -> None:
    folder = tmp_path / "models"
    with limited(folder, tmp_path / "log.txt") as server:
        answer = server.ask("GET", "/health")
        assert (answer.status, answer.json["status"]) == (503, "no models")
        assert server.ask("GET", "/").status == 200
        folder.mkdir()
        shutil.copy(models_folder / "invert.onnx", folder)
        until(lambda: server.ask("GET", "/health").status == 200)
        # A client that stays connected does not keep the server from ending.
        with server.connect() as idle, server.connect() as beating:
            idle.sendall(b"GET / HTTP/1.1\r\n")
            beating.sendall(b"GET /gradio_api/heartbeat/abc HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in beating.recv(1000)
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(15) == 0
    assert server.log.read_text() == ""


def test_a_port_that_is_taken_is_told_in_a_sentence(server: Server, models_folder: Path) -> None:
    command = [sys.executable, "app.py", "--models", str(models_folder), "--port", str(server.place[1])]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert f"port {server.place[1]} of 127.0.0.1 cannot be used (Address already in use): choose" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("system", ["posix", "nt"])
def test_a_port_that_cannot_be_used_leaves_no_socket(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    made: list[socket.socket] = []
    shared: list[bool] = []

    class Recorded(socket.socket):
        def bind(self, address: Any) -> None:
            made.append(self)
            shared.append(bool(self.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR)))
            super().bind(address)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(web, "os", SimpleNamespace(name=system))
        monkeypatch.setattr(socket, "socket", Recorded)
        with pytest.raises(web.AddressError, match="cannot be used"):
            web._listening(*taken.getsockname())
    assert [one.fileno() for one in made] == [-1]
    assert shared == [system == "posix"], "on Windows it would let two servers listen on one port"


@pytest.mark.parametrize("size", ["0", "-3"])
def test_a_size_of_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], size: str) -> None:
    with pytest.raises(SystemExit) as ended:
        app.main(["--models", str(tmp_path), "--port", "0", "--max-upload", size])
    assert ended.value.code == 2
    assert f"--max-upload is {size}: give 1 or more megabytes" in capsys.readouterr().err


def test_a_name_of_the_server_is_of_either_case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Limits] = []
    monkeypatch.setattr(app, "serve", lambda build, models, *, limits, **rest: given.append(limits))
    app.main(["--models", str(tmp_path), "--allow-host", "MyHost.local"])
    assert given[0].hosts[-1] == "myhost.local"


@pytest.mark.parametrize("leaves", ["while it is made", "before the first piece"])
def test_nothing_is_left_of_a_large_result_that_nobody_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: str
) -> None:
    waits = leaves == "while it is made"
    begun, gone = threading.Event(), threading.Event()
    written: list[Path] = []

    def made(picture: np.ndarray) -> bytes:
        begun.set()
        assert not waits or gone.wait(30)
        return bytes(routes._HELD + 1)

    def put(content: bytes) -> Path:
        written.append(tmp_path / "result.png")
        written[0].write_bytes(content)
        return written[0]

    async def receive() -> Any:
        if not given:
            given.append(True)
            return {"type": "http.request", "body": encoded(random_picture(1))}
        await asyncio.to_thread(begun.wait, 30)
        while not waits:
            await asyncio.sleep(1)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and not waits:
            raise OSError("the client has gone")

    given: list[bool] = []
    monkeypatch.setattr(routes, "png", made)
    desk = Desk(Shelf(ASSETS))
    own = Routes(Shelf(ASSETS), desk, Limits(), tmp_path)
    monkeypatch.setattr(own, "_put", put)
    behind = FastAPI(openapi_url=None)
    own.add_to(behind)
    asked = {"type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "headers": []}
    asked |= {"method": "POST", "path": "/api/translate/invert", "query_string": b"", "scheme": "http"}
    with suppress(ClientDisconnect):
        asyncio.run(behind(asked, receive, send))
    assert waits or written
    gone.set()
    desk.close()
    desk._pool.shutdown(wait=True)
    assert written
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lines", ["", "nobody\n", ":secret\n", "name:\n", None])
def test_a_file_of_users_without_users_starts_no_open_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: str | None
) -> None:
    path = tmp_path / "users"
    if lines is not None:
        path.write_text(lines)
    with pytest.raises(SystemExit) as ended:
        app.main(["--models", str(tmp_path), "--port", "0", "--auth-file", str(path)])
    assert ended.value.code == 2
    assert "user:password" in capsys.readouterr().err


def test_models_may_be_kept_back(tmp_path: Path, models_folder: Path) -> None:
    command = ["app.py", "--models", str(models_folder), "--port", "0", "--no-download", "--max-upload", "1"]
    with served(command, tmp_path / "log.txt") as server:
        answer = server.ask("GET", "/api/models/invert.onnx")
        assert (answer.status, answer.json["error"]) == (403, "The models' files are not given out here.")
        assert not any(model["file"] for model in server.ask("GET", "/api/models").json["models"])
        assert server.post("/api/translate/invert", bytes(1_000_001)).status == 413
