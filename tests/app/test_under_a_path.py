"""The page in a browser, behind a proxy that has it under a path."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from tests.app.serving import Server, ask, served
from tests.browser import visit


@pytest.fixture(scope="module")
def server(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    command = ["app.py", "--models", str(models_folder), "--port", "0", "--root-path", "/pictures"]
    with served(command, tmp_path_factory.mktemp("server") / "log.txt") as server:
        assert server.address.endswith("/pictures/")
        yield server


@pytest.fixture
def proxy(server: Server) -> Iterator[tuple[str, int]]:
    """Passes everything on as it comes, the path too; a stream of events has no end to wait for."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
            given = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "host")}
            connection = http.client.HTTPConnection(*server.place, timeout=60)
            try:
                named = {"Host": "127.0.0.1", "X-Forwarded-Host": self.headers["Host"], "Connection": "close"}
                connection.request(self.command, self.path, body, given | named)
                found = connection.getresponse()
                self.send_response(found.status)
                for name, value in found.headers.items():
                    if name.lower() not in ("transfer-encoding", "connection", "date"):
                        self.send_header(name, value)
                self.end_headers()
                while piece := found.read1(65_536):
                    self.wfile.write(piece)
                    self.wfile.flush()
            except OSError:  # the browser, or the server, has had enough
                return
            finally:
                connection.close()

        do_GET = do_POST = do_HEAD = answer  # noqa: N815

        def log_message(self, *arguments: Any) -> None:
            return

    other = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    other.daemon_threads = True
    thread = threading.Thread(target=other.serve_forever)
    thread.start()
    yield "127.0.0.1", other.server_port
    other.shutdown()
    thread.join()
    other.server_close()


@pytest.mark.parametrize(
    ("target", "place"), [("/pictures", "/pictures/"), ("/pictures?model=invert", "/pictures/?model=invert")]
)
def test_the_path_alone_leads_to_the_page(proxy: tuple[str, int], target: str, place: str) -> None:
    for method in ("GET", "HEAD"):
        answer = ask(proxy, method, target)
        assert (answer.status, answer.headers["Location"]) == (307, place)
    assert ask(proxy, "GET", place).status == 200
    assert ask(proxy, "GET", "/picturesque").status == 404


@pytest.mark.browser
def test_the_page_opens_at_the_path_without_a_slash(proxy: tuple[str, int], browser: Any) -> None:
    from playwright.sync_api import expect

    address = "http://{}:{}/pictures".format(*proxy)
    with visit(browser, f"{address}?model=invert") as tab:
        expect(tab.locator("#chips label.selected")).to_contain_text("photo → negative", timeout=60_000)
        assert tab.url == f"{address}/?model=invert"
