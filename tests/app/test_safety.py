"""What a stranger cannot do to the server: each promise of docs/safety.md on the page, against a real one."""

from __future__ import annotations

import base64
import json
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")
from gradio_client import Client, handle_file

from tests.app.serving import (
    ROOT,
    Answer,
    Server,
    ask,
    called,
    decoded,
    encoded,
    form,
    limited,
    random_picture,
    sent_file,
    served,
    until,
    uploaded,
)
from translate.page import passes

JSON = {"Content_Type": "application/json"}


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bomb(width: int, height: int) -> bytes:
    """A PNG of so many black pixels, in a few kilobytes."""
    packer = zlib.compressobj(9)
    rows = packer.compress(bytes(1 + (width + 7) // 8) * height) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def padded() -> bytes:
    """A PNG of one pixel whose text unpacks to 100 MB."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    text = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(100_000_000), 9))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\1\2\3"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + pixels + chunk(b"IEND", b"")


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Iterator[Server]:
    """A server with small limits."""
    folder = tmp_path_factory.mktemp("tight")
    limits = {"upload": 300_000, "request": 400_000, "json": 50_000, "head": 1.5, "patience": 1.5, "kept": 6}
    with limited(models_folder, folder / "log.txt", **limits, stalled=2, idle=1, hosts=["127.0.0.1"]) as server:
        yield server


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Iterator[Server]:
    """A server that asks for a password, behind a proxy that has it at /pictures."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "users").write_text("ada:lovelace:1843\n\n")
    command = ["app.py", "--models", str(models_folder), "--port", "0", "--root-path", "/pictures/"]
    command += ["--auth-file", str(folder / "users")]
    with served(command, folder / "log.txt", TRANSLATE_AUTH="grace:höpper") as server:
        yield server


def basic(user: str) -> str:
    return "Basic " + base64.b64encode(user.encode()).decode()


# What lies on this machine


WAYS_OUT = [
    "../app.py",
    "..%2fapp.py",
    "%2e%2e/app.py",
    "%252e%252e%252fapp.py",
    "..%5capp.py",
    "....//app.py",
    "%00",
    "invert%00.onnx",
    quote("/etc/passwd", safe=""),
    quote(str(ROOT / "app.py"), safe=""),
    "~root/.bashrc",
    "%c0%ae%c0%ae/app.py",
]
NAMED = [
    "/page/{}",
    "/api/models/{}.onnx",
    "/api/models/{}",
    "/static/{}",
    "/assets/{}",
    "/svelte/{}",
    "/gradio_api/file={}",
    "/gradio_api/file/{}",
    "/gradio_api/call/translate/{}",
    "/gradio_api/stream/{}",
    "/{}",
]
SECRETS = (b"Serves the web page", b"root:x:", b"ir_version", b"# ~/.bashrc")


@pytest.mark.parametrize("target", NAMED)
def test_no_name_leads_out_of_a_folder(server: Server, target: str) -> None:
    for way in WAYS_OUT:
        answer = server.ask("GET", target.format(way))
        assert answer.status in (400, 404) or "call/translate" in target, way
        assert not any(secret in answer.body for secret in SECRETS), way
        assert b"Traceback" not in answer.body


def test_only_files_on_their_way_are_given_out(server: Server, models_folder: Path) -> None:
    path = uploaded(server, encoded(random_picture(1)))
    assert server.ask("GET", f"/gradio_api/file={path}").status == 200
    inside = Path(path).parents[1]
    for other in (
        ROOT / "app.py",
        models_folder / "invert.onnx",
        models_folder / "examples" / "photo" / "noise.png",
        "/etc/passwd",
        "/proc/self/environ",
        "app.py",
        inside,
        inside.parent,
        f"{inside}/../../../etc/passwd",
        f"{inside}/nothing.png",
    ):
        for target in (f"/gradio_api/file={other}", f"/gradio_api/file={quote(str(other), safe='')}"):
            assert server.ask("GET", target).status == 404, target


@pytest.mark.parametrize(
    "name", ["Screenshot 2026-11-22 at 2.13.42\u202fPM.png", "a\u00a0b.png", "\U0001f469\u200d\U0001f3a8.png"]
)
def test_a_file_of_an_unusual_name_is_given_out(server: Server, name: str) -> None:
    content = encoded(random_picture(1))
    path = uploaded(server, content, name)
    assert Path(path).name == name
    assert server.ask("GET", f"/gradio_api/file={quote(path)}").body == content


def test_no_file_of_control_characters_is_given_out(tmp_path: Path) -> None:
    for name, given in (
        ("a b.png", passes.Kind.NOTHING),
        ("a\nb.png", None),
        ("a\x7fb.png", None),
        ("a\x85b.png", None),
    ):
        (tmp_path / name).touch()
        assert passes.kind("GET", f"/gradio_api/file={tmp_path / name}", tmp_path) is given


@pytest.mark.parametrize("meta", [{"meta": {"_type": "gradio.FileData"}}, {}], ids=["file", "bare"])
def test_no_call_takes_a_file_of_this_machine_for_a_picture(
    server: Server, models_folder: Path, meta: dict[str, Any]
) -> None:
    picture = models_folder / "examples" / "photo" / "noise.png"
    for path in (str(picture), f"{picture.parent}/./noise.png", "/etc/passwd"):
        event, told = called(server, "translate", "invert", {"path": path, **meta})
        assert event == "error"
        assert path not in str(told)


def test_an_upload_is_called_by_its_name_alone(server: Server) -> None:
    paths = [uploaded(server, encoded(random_picture(1)), name) for name in ("../../evil.png", "/etc/x.png", "a/b.png")]
    inside = Path(uploaded(server, encoded(random_picture(1)))).parents[1]
    assert {Path(path).resolve().parents[1] for path in paths} == {inside}


def test_answers_do_not_say_where_things_are(server: Server, models_folder: Path) -> None:
    told = b"".join(
        server.ask("GET", target).body
        for target in ("/", "/config", "/gradio_api/info", "/api/models", "/health", "/nothing", "/api/models/x.onnx")
    )
    assert str(models_folder).encode() not in told
    assert str(ROOT).encode() not in told
    assert b"/home" not in told
    assert b"site-packages" not in told


# Routes


@pytest.mark.parametrize(
    ("method", "target"),
    [
        *[
            ("POST", f"/gradio_api/{name}")
            for name in ("vibe-edit", "vibe-code", "undo-vibe-edit", "process_recording")
        ],
        *[
            ("POST", f"/gradio_api/{name}")
            for name in ("run/translate", "api/translate", "component_server", "stream/x")
        ],
        *[("GET", f"/gradio_api/{name}") for name in ("vibe-code", "dev/reload", "deep_link?session_hash=x", "runs")],
        *[
            ("GET", f"/gradio_api/{name}")
            for name in ("proxy=http://127.0.0.1:1/", "file=http://127.0.0.1:1/", "token")
        ],
        *[("GET", f"/gradio_api/{name}") for name in ("openapi.json", "custom_component/a/client/b/c.js", "user")],
        *[
            ("GET", f"/{name}")
            for name in ("monitoring", "monitoring/summary", "login", "docs", "openapi.json", "logout")
        ],
        ("DELETE", "/api/nothing"),
        ("OPTIONS", "/gradio_api/vibe-code"),
    ],
)
def test_what_the_page_does_not_need_is_not_there(server: Server, method: str, target: str) -> None:
    answer = server.ask(method, target, b"{}" if method == "POST" else None)
    assert answer.status == 404
    assert answer.json["error"].startswith("There is nothing here")


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("GET", "/api/translate/invert", "POST"),
        ("GET", "/api/derive/invert", "POST"),
        ("PUT", "/api/translate/invert", "POST"),
        ("OPTIONS", "/api/translate/invert", "POST"),
        ("GET", "/gradio_api/queue/join", "POST"),
        ("DELETE", "/api/models/invert.onnx", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
        ("TRACE", "/", "GET, HEAD"),
    ],
)
def test_another_method_is_told_the_one_to_use(server: Server, method: str, target: str, allowed: str) -> None:
    answer = server.ask(method, target)
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert answer.json["error"] == f"This address takes another method: ask it with {allowed.split(',')[0]}."


def test_headers_tell_the_browser_to_talk_to_nobody_else(server: Server) -> None:
    for target in ("/", "/api/models", "/nothing", "/theme.css", "/gradio_api/info"):
        headers = server.ask("GET", target, Origin="http://evil.example").headers
        policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert policy["connect-src"] == "'self' data: blob:"
        assert policy["frame-ancestors"] == "'self'"
        assert "http" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Permissions-Policy"].startswith("camera=(self)")
        assert headers["Server"] is None
        assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_pages_of_other_sites_cannot_use_a_visitors_server(server: Server, headers: dict[str, str]) -> None:
    for target in ("/api/translate/invert", "/api/derive/invert", "/gradio_api/upload", "/gradio_api/queue/join"):
        answer = server.post(target, encoded(random_picture(1)), **headers)
        assert (answer.status, answer.json["error"][:28]) == (403, "A page of another site sent ")
    host, port = server.place
    for own in ({"Origin": f"http://{host}:{port}"}, {"Sec_Fetch_Site": "same-origin", "Origin": "http://elsewhere"}):
        assert server.post("/api/translate/invert", encoded(random_picture(1)), **own).status == 200


def test_a_name_that_was_pointed_at_this_machine_is_refused(server: Server) -> None:
    for name in ("evil.example", "evil.example:80", "127.0.0.1.evil.example"):
        answer = server.ask("GET", "/api/models", Host=name)
        assert answer.status == 421
    for name in ("localhost", "localhost:7860", "[::1]:7860", "127.0.0.1"):
        assert server.ask("GET", "/api/models", Host=name).status == 200


# Other hosts


@pytest.fixture
def listening() -> Iterator[tuple[str, list[str]]]:
    """A server on this machine, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(encoded(random_picture(9)))

        def log_message(self, *arguments: Any) -> None:
            return

    other = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{other.server_port}/picture.png", asked
    other.shutdown()
    thread.join()
    other.server_close()


def test_nothing_is_fetched_for_anybody(server: Server, hosts: Path, listening: tuple[str, list[str]]) -> None:
    address, asked = listening
    before = len(hosts.read_text().split())
    for url in (address, address.upper(), address.replace("127.0.0.1", "localhost"), "https://example.org/a.png"):
        for file in ({"path": url}, sent_file(url), {**sent_file(url), "url": url}):
            for body in ({"data": ["invert", file]}, {"data": [{"deep": [file]}]}):
                answer = server.post("/gradio_api/call/translate", json.dumps(body).encode(), **JSON)
                assert answer.status == 400
                assert "fetches nothing" in answer.json["error"]
        body = {"data": ["invert", sent_file(url)], "fn_index": 0, "session_hash": "x"}
        # Whatever a request says that it is.
        answer = server.post("/gradio_api/queue/join", json.dumps(body).encode(), Content_Type="text/plain")
        assert answer.status == 400
        assert called(server, "translate", "invert", {"path": None, "url": url})[0] == "error"
        for target in (
            f"/gradio_api/file={url}",
            f"/gradio_api/proxy={url}",
            f"/gradio_api/file={quote(url, safe='')}",
        ):
            assert server.ask("GET", target).status == 404
    assert asked == []
    assert set(hosts.read_text().split()[before:]) <= {"127.0.0.1", "localhost", "::1", "None"}


# Sizes


def test_a_body_that_says_it_is_too_large_is_refused_unread(server: Server) -> None:
    for target, length in (
        ("/api/translate/invert", 20_000_000 + 65_537),
        ("/api/derive/invert", 20_000_000 + 65_537),
        ("/gradio_api/upload", 200_000_001),
        ("/gradio_api/queue/join", 100_000_000),
        ("/gradio_api/call/translate", 100_000_000),
        ("/health", 10_000_000),
    ):
        method = "GET" if target == "/health" else "POST"
        with server.connect() as client:
            head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
            client.sendall(head.encode())
            assert client.recv(100).startswith(b"HTTP/1.1 413 "), target


@pytest.mark.parametrize("target", ["/api/translate/invert", "/gradio_api/upload", "/gradio_api/queue/join"])
def test_a_body_without_a_length_is_cut_off(tight: Server, target: str) -> None:
    kind = "multipart/form-data; boundary=edge" if "upload" in target else "application/json"
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        if "upload" in target:
            yield b'--edge\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
        while sent < 3_000_000:
            sent += 50_000
            yield bytes(50_000)

    answer = tight.ask("POST", target, endless(), Content_Type=kind, Transfer_Encoding="chunked")
    assert answer.status == 413
    # Gradio's own answer to a file that is too large is text.
    assert b"bytes" in answer.body


def test_a_picture_of_too_many_bytes_is_told_so(tight: Server) -> None:
    for target in ("/api/translate/invert", "/api/derive/invert"):
        answer = tight.post(target, bytes(300_001))
        assert answer.status == 413
        assert answer.json["error"] == "The picture has more than the 300,000 bytes that are taken: make it smaller."
    event, told = called(tight, "translate", "invert", sent_file(uploaded(tight, bytes(300_001))))
    assert event == "error"
    assert "has 300,001 bytes, over the limit of 300,000" in str(told)
    body, kind = form(bytes(400_001))
    assert tight.post("/gradio_api/upload", body, Content_Type=kind).status == 413


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bomb(12_500, 12_000), "over the limit of 25,000,000"),
        (bomb(60_000, 50_000), "pixels"),
        (padded(), "damaged or cut short"),
        (encoded(random_picture(3, 200, 200))[:5000], "damaged or cut short"),
        (b"once upon a time", "not a picture"),
    ],
    ids=["150 megapixels", "3 gigapixels", "text", "truncated", "no picture"],
)
def test_files_that_lie_are_refused_at_once(server: Server, content: bytes, told: str) -> None:
    assert len(content) < 500_000
    start = time.monotonic()
    answer = server.post("/api/translate/invert", content)
    took = time.monotonic() - start
    assert answer.status == 400
    assert told in answer.json["error"]
    assert took < 15, "their heads alone are read, in milliseconds"
    event, data = called(server, "translate", "invert", sent_file(uploaded(server, content)))
    assert event == "error"
    assert told in str(data)


@pytest.mark.parametrize("body", [b"{", b"", b"[" * 20_000, b'{"data": ' + b"\xff}", b"null", b'"text"', b"{}", b"[1]"])
def test_calls_that_are_none_are_refused(server: Server, body: bytes) -> None:
    for target in ("/gradio_api/queue/join", "/gradio_api/call/translate", "/gradio_api/call/v2/translate"):
        answer = server.post(target, body, **JSON)
        assert 400 <= answer.status <= 500
        assert b"Traceback" not in answer.body
        assert b".py" not in answer.body
    assert server.ask("GET", "/health").status == 200


def test_a_defect_is_told_without_what_is_inside(server: Server) -> None:
    # Gradio fails on a function that there is none of.
    answer = server.post("/gradio_api/call/v2/nothing", b"{}", **JSON)
    assert answer.status == 500
    assert answer.json == {
        "error": "Something went wrong on the server: try again, and tell whoever runs it if it stays so."
    }


def test_data_that_do_not_fit_a_function_are_an_error_without_what_is_inside(server: Server) -> None:
    path = uploaded(server, encoded(random_picture(1)))
    for data in (
        [],
        ["invert"],
        ["invert", 5],
        [5, sent_file(path)],
        ["invert", {"path": 5}],
        [{}, []],
        ["nobody", None],
    ):
        event, told = called(server, "translate", *data)
        assert event in ("error", "complete", "400", "422", "500"), data
        assert "Traceback" not in str(told)
        assert ".py" not in str(told)
    assert called(server, "translate", "invert", sent_file(path))[0] == "complete"


# Pace


def test_a_head_that_does_not_come_ends_the_connection(tight: Server) -> None:
    with tight.connect() as silent, tight.connect() as slow, tight.connect() as again:
        again.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in again.recv(2000)
        start = time.monotonic()
        ended: dict[str, float] = {}
        while len(ended) < 3 and time.monotonic() - start < 60:
            for name, client, letter in (("silent", silent, b""), ("slow", slow, b"G"), ("again", again, b"G")):
                try:
                    client.settimeout(0.01)
                    client.send(letter)
                    if name not in ended and client.recv(100) == b"":
                        ended[name] = time.monotonic() - start
                except TimeoutError:
                    continue
                except OSError:
                    ended.setdefault(name, time.monotonic() - start)
            assert tight.ask("GET", "/health").status == 200
            time.sleep(0.2)
    assert len(ended) == 3, f"of three connections these ended: {ended}"
    assert min(ended.values()) > 0.5


@pytest.mark.parametrize("target", ["/api/translate/invert", "/gradio_api/upload", "/gradio_api/queue/join"])
def test_a_body_that_trickles_ends_the_request(tight: Server, target: str) -> None:
    with tight.connect() as client:
        client.sendall(f"POST {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n".encode())
        client.sendall(b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n")
        client.sendall(form(b"")[0].removesuffix(b"\r\n--edge--\r\n"))
        client.settimeout(0.25)
        told, start = b"", time.monotonic()
        while not told and time.monotonic() - start < 60:
            try:
                client.sendall(b"-")
                told = client.recv(100)
            except TimeoutError:
                continue
    assert told.startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - start > 1


def established(client: socket.socket) -> bool:
    """Whether a connection still is, by the system's own list: nothing of it is read."""
    ports = [f":{place[1]:04X}" for place in (client.getpeername(), client.getsockname())]
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(line[3] == "01" and [line[1][-5:], line[2][-5:]] == ports for line in lines)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the system does not list its connections")
def test_an_answer_that_nobody_takes_ends_the_connection(tight: Server) -> None:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(60)
    client.connect(tight.place)
    with client:
        asked = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        client.sendall(200 * asked)  # 200 pages fit into no buffer
        assert established(client)
        until(lambda: not established(client), 60)
        taken = 0
        with suppress(ConnectionResetError):
            while part := client.recv(1_000_000):
                taken += len(part)
    assert taken < 200 * len(tight.ask("GET", "/").body)


# Files


def test_what_was_uploaded_is_gone_after_its_time(tight: Server) -> None:
    path = Path(uploaded(tight, encoded(random_picture(5))))
    event, data = called(tight, "translate", "invert", sent_file(str(path)))
    assert event == "complete"
    result = Path(data[0]["path"])
    folder = path.parents[1]
    # One who leaves in the middle of an upload leaves a file that Gradio forgets.
    with tight.connect() as client:
        body, kind = form(bytes(100_000))
        head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100150\r\nContent-Type: {kind}"
        known = set(folder.rglob("*"))
        client.sendall(head.encode() + b"\r\n\r\n" + body[:90_000])
        left = until(lambda: [new for new in folder.rglob("*") if new.is_file() and new not in known])
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert path.exists()
    assert result.exists()
    for file in (path, result, *left):
        until(lambda file=file: not file.exists(), 90)
    assert tight.ask("GET", f"/gradio_api/file={path}").status == 404


def test_a_full_disk_takes_no_more(tmp_path: Path, models_folder: Path) -> None:
    with limited(models_folder, tmp_path / "log.txt", disk=50_000) as server:
        folder = Path(uploaded(server, encoded(random_picture(1, 200, 200)))).parents[2]
        body, kind = form(encoded(random_picture(2)))
        full = until(lambda: (a := server.post("/gradio_api/upload", body, Content_Type=kind)).status == 503 and a)
        assert "no room" in full.json["error"]
        assert full.headers["Retry-After"] == "600"
        assert server.post("/api/translate/invert", body).status == 503
        assert folder.is_dir()
    assert not folder.exists(), "the server has left its files behind"


# Users and proxies


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/config",
        "/theme.css",
        "/api/models",
        "/api/models/invert.onnx",
        "/page/page.js",
        "/gradio_api/info",
        "/nothing",
    ],
)
def test_strangers_see_nothing(guarded: Server, target: str) -> None:
    for wrong in (None, "Basic", "Basic !", "Bearer x", basic("ada"), basic("ada:lovelace"), basic("ada:"), basic(":")):
        answer = guarded.ask("GET", target, **({} if wrong is None else {"Authorization": wrong}))
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith('Basic realm="')
    assert guarded.ask("GET", "/health").status == 200
    expected = 404 if target == "/nothing" else 200
    for user in ("ada:lovelace:1843", "grace:höpper"):
        assert guarded.ask("GET", target, Authorization=basic(user)).status == expected


def test_strangers_can_post_nothing(guarded: Server) -> None:
    for target in ("/api/translate/invert", "/api/derive/invert", "/gradio_api/upload", "/gradio_api/queue/join"):
        assert guarded.post(target, encoded(random_picture(1))).status == 401


@pytest.fixture(scope="module", params=["stripping", "passing on"])
def proxy(request: pytest.FixtureRequest, guarded: Server) -> Iterator[str]:
    """A proxy that has the server at /pictures and gives it paths with or without that; and asks for no password."""
    strips = request.param == "stripping"

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def answer(self) -> None:
            if not self.path.startswith("/pictures/"):
                self.send_error(404)
                return
            target = self.path.removeprefix("/pictures") if strips else self.path
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            headers = {
                name: value for name, value in self.headers.items() if name.lower() not in ("connection", "host")
            }
            given = headers | {"Host": "127.0.0.1", "X-Forwarded-Host": self.headers["Host"]}
            found = ask(guarded.place, self.command, target, body, **given)
            self.send_response(found.status)
            for name, value in found.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *arguments: Any) -> None:
            return

    other = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    other.daemon_threads = True
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{other.server_port}/pictures"
    other.shutdown()
    thread.join()
    other.server_close()


def test_the_page_and_its_functions_work_under_a_path(proxy: str, tmp_path: Path) -> None:
    host, port = proxy.removeprefix("http://").removesuffix("/pictures").split(":")
    user = basic("ada:lovelace:1843")

    def asked(method: str, target: str, body: bytes | None = None) -> Answer:
        return ask((host, int(port)), method, f"/pictures{target}", body, Authorization=user)

    assert asked("GET", "/config").json["root"] == proxy
    assert f'"root":"{proxy}"' in asked("GET", "/").body.decode()
    assert asked("GET", "/api/models").status == 200
    picture = random_picture(7)
    np.testing.assert_array_equal(decoded(asked("POST", "/api/translate/invert", encoded(picture)).body), 255 - picture)
    path = tmp_path / "picture.png"
    path.write_bytes(encoded(picture))
    client = Client(proxy, verbose=False, headers={"Authorization": user}, download_files=str(tmp_path))
    result = client.predict("invert", handle_file(str(path)), api_name="/translate")
    np.testing.assert_array_equal(decoded(Path(result).read_bytes()), 255 - picture)


def test_only_a_proxy_says_by_which_name_it_was_asked(server: Server) -> None:
    answer = server.ask("GET", "/config", X_Forwarded_Host="evil.example", X_Forwarded_Proto="https")
    assert answer.json["root"] == server.address
