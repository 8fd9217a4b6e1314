"""A web server on this machine that behaves as it is told: well, or as badly as servers do.

And small data sets to be fetched from it: archives of a few bytes, with the cards that go with them.
"""

import gzip
import hashlib
import io
import socket
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from translate.data.known import Archive, Card, Folder
from translate.data.known.download import Patience

QUICK = Patience(timeout=20, window=20, least=1, attempts=3, pause=0.001)
"""A user who does not wait between attempts."""
IMPATIENT = Patience(timeout=0.4, window=0.3, least=1000, attempts=3, pause=0.001)
"""A user who does not wait for servers either: only for those that are slow on purpose."""

Answer = Callable[["Handler"], None]


@dataclass
class File:
    """A file that is served as RFC 9110 has it, save for what is wrong with it."""

    content: bytes
    etag: str = '"one"'
    modified: str = field(default_factory=lambda: formatdate(1e9, usegmt=True))
    ranges: bool = True
    """Whether it heeds `Range`; without, everything comes each time."""
    announce: int | None = None
    """A `Content-Length` that is not true; -1 for none."""
    drops: list[int] = field(default_factory=list)
    """For each answer in turn: so many bytes of the body, and then the line is dead."""

    def __call__(self, handler: "Handler") -> None:
        start, mark = 0, handler.headers.get("If-Range")
        wanted = handler.headers.get("Range", "")
        if self.ranges and wanted and mark in (None, self.etag, self.modified):
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(self.content) and start:
            handler.send_response(416)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        length = len(body) if self.announce is None else self.announce
        if length >= 0:
            handler.send_header("Content-Length", str(length))
        for name, value in (("ETag", self.etag), ("Last-Modified", self.modified)):
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        if self.drops:
            handler.send(body[: self.drops.pop(0)])
            handler.hang_up()
        else:
            handler.send(body)


def status(code: int, **headers: str) -> Answer:
    """An answer without a file."""

    def answer(handler: "Handler") -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def to(address: str) -> Answer:
    """Sends on to another address."""
    return status(302, Location=address)


def in_turn(*answers: Answer) -> Answer:
    """One after the other, the last for ever."""
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Range", "")))
        self.close_connection = True
        with suppress(TimeoutError, ConnectionError):  # the other side has had enough
            self.server.answers[self.path](self)

    def send(self, body: bytes) -> None:
        self.wfile.write(body)
        self.server.sent += len(body)

    def hang_up(self) -> None:
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Answers by path; remembers what it was asked for and how many bytes of bodies it sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        self.sent = 0
        self.over = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass

    def at(self, path: str, answer: Answer) -> str:
        """The address of that path from now on."""
        self.answers[path] = answer
        return f"http://127.0.0.1:{self.server_port}{path}"


@contextmanager
def serving() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


PICTURES = {
    "tiny/trainA/1.png": b"a" * 700,
    "tiny/trainA/2.png": b"b" * 300,
    "tiny/trainB/1.png": b"c" * 500,
}
"""What is in the archives by default: nobody looks whether these are pictures."""


def zipped(files: dict[str, bytes] | None = None) -> bytes:
    """A zip of those files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (PICTURES if files is None else files).items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: list[tuple[tarfile.TarInfo, bytes]] | None = None) -> bytes:
    """A tar.gz of those members."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
        for info, content in regular(PICTURES) if members is None else members:
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def regular(files: dict[str, bytes]) -> list[tuple[tarfile.TarInfo, bytes]]:
    """Ordinary members of a tar."""
    members = []
    for name, content in files.items():
        info = tarfile.TarInfo(name)
        info.size = len(content)
        members.append((info, content))
    return members


def card(content: bytes, *mirrors: str, **known: Any) -> tuple[Card, Archive]:
    """A card for an archive of that content, which knows its SHA-256 unless told otherwise."""
    facts: dict[str, Any] = {
        "variant": "unpaired",
        "file": "tiny.zip",
        "mirrors": list(mirrors),
        "data": {"layout": "unpaired", "source": "trainA", "target": "trainB"},
        "domains": ["day", "night"],
        "configs": ["tiny"],
        "folders": [Folder("trainA", 2), Folder("trainB", 1)],
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "recorded_by": "the test",
    }
    archive = Archive(**{**facts, **known})
    return Card("tiny", "days ↔ nights", "nowhere", "none", "Do as you like.", ["nobody"], [archive]), archive


def as_toml(card: Card) -> str:
    """The text of a card's file."""
    from dataclasses import asdict

    import tomli_w

    return tomli_w.dumps(asdict(card))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
