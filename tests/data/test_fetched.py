"""Shards by HTTP: from a server that breaks off, lies and refuses, into a folder of limited size."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.data.trees import grow, laid_out, same, section
from translate.data.layouts import OF_FILES, packed
from translate.data.loading import Order, Pictures, loader
from translate.data.shards import download
from translate.data.shards.ahead import Ahead, Need
from translate.data.shards.fetched import Fetched
from translate.data.shards.packing import pack
from translate.data.transforms import Transform
from translate.data.windows import Windows
from translate.errors import DataError, PictureError


class Server(ThreadingHTTPServer):
    """Serves a folder on the loopback, and misbehaves as it is told."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.asked: list[tuple[str, int]] = []
        """Names, and the first byte that was asked for."""
        self.breaks: Counter[str] = Counter()
        """How often a file breaks off half-way."""
        self.lies: Counter[str] = Counter()
        """How often a file comes with a wrong byte."""
        self.refuses: dict[str, int] = {}
        self.ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server, name = self.server, self.path.lstrip("/")
        path = server.folder / name
        wanted = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-")
        start = int(wanted) if server.ranges else 0
        server.asked.append((name, int(wanted)))
        if name in server.refuses or not path.is_file():
            self.send_error(server.refuses.get(name, 404))
            return
        content = bytearray(path.read_bytes()[start:])
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if server.lies[name] > 0:
            server.lies[name] -= 1
            content[-1] ^= 1
        if server.breaks[name] > 0:
            server.breaks[name] -= 1
            content = content[: len(content) // 2]
            self.close_connection = True
        self.wfile.write(content)

    def log_message(self, *given: Any) -> None:
        """Be quiet."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def shards(tree: Path) -> Path:
    for kind in ("two_folders", "unpaired"):
        given = section(kind, tree)
        data = {"layout": kind, **given}
        pack(OF_FILES[kind](**given), data, tree / "shards" / kind, "noise", OF_FILES, 10_000)
    return tree / "shards"


@pytest.fixture
def server(shards: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(download, "PAUSES", (0, 0, 0))
    with Server(shards / "two_folders") as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def held(cache: Path) -> int:
    return sum(path.stat().st_size for path in cache.glob("*.*") if path.suffix in (".tar", ".part"))


def test_what_is_fetched_is_what_was_packed(server: Server, tree: Path, tmp_path: Path) -> None:
    layout = packed(server.url.rstrip("/"), cache=str(tmp_path))
    same(laid_out("two_folders", tree), layout)
    layout.check()
    names = [name for name, _ in server.asked if name.endswith(".tar")]
    assert len(names) == len(set(names)) == len(list((tree / "shards" / "two_folders").glob("*.tar")))
    server.asked.clear()
    same(laid_out("two_folders", tree), packed(server.url, cache=str(tmp_path)))
    assert server.asked == [("index.json", 0)], "all else is kept"


@pytest.mark.parametrize("ranges", [True, False])
def test_what_breaks_off_goes_on(ranges: bool, server: Server, tree: Path, tmp_path: Path) -> None:
    server.ranges = ranges
    server.breaks.update({"noise-000000.tar": 3 if ranges else 2, "index.json": 1, "files.npz": 1})
    same(laid_out("two_folders", tree), packed(server.url, cache=str(tmp_path)))
    starts = [start for name, start in server.asked if name == "noise-000000.tar"]
    assert starts[0] == 0
    assert all(one < other for one, other in pairwise(starts)) == ranges
    assert len(starts) == (4 if ranges else 3)


def test_what_a_killed_process_left_goes_on(server: Server, shards: Path, tmp_path: Path) -> None:
    layout = packed(server.url, cache=str(tmp_path))
    assert isinstance(layout.shards, Fetched)
    path = layout.shards.path(0)
    path.with_suffix(".part").write_bytes((shards / "two_folders" / "noise-000000.tar").read_bytes()[:700])
    layout.shards.fetch(0)
    assert server.asked[-1] == ("noise-000000.tar", 700)
    assert path.read_bytes() == (shards / "two_folders" / "noise-000000.tar").read_bytes()


def test_lies_are_found(server: Server, tree: Path, tmp_path: Path) -> None:
    server.lies["noise-000001.tar"] = 1
    same(laid_out("two_folders", tree), packed(server.url, cache=str(tmp_path / "once")))
    server.lies["noise-000001.tar"] = 100
    layout = packed(server.url, cache=str(tmp_path / "ever"))
    with pytest.raises(PictureError, match=r"noise-000001\.tar cannot be had, .* tried 4 times \(.*checksum"):
        [layout.read(sample, 0) for sample in layout.train]
    assert not list((tmp_path / "ever").glob("*.part"))


def test_refusals_are_told(server: Server, tmp_path: Path) -> None:
    layout = packed(server.url, cache=str(tmp_path))
    server.refuses["noise-000000.tar"] = 403
    with pytest.raises(PictureError, match="the server says 403 Forbidden: check the address"):
        layout.read(layout.train[0], 0)
    server.refuses["noise-000000.tar"] = 503
    with pytest.raises(PictureError, match="tried 4 times"):
        layout.read(layout.train[0], 0)
    with pytest.raises(DataError, match=r"none/index\.json: the server says 404"):
        packed(f"{server.url}none", cache=str(tmp_path))


def test_no_server_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSES", (0,))
    with pytest.raises(DataError, match=r"index\.json cannot be had, though it was tried 2 times \(.*refused"):
        packed("http://127.0.0.1:9/", cache=str(tmp_path))


def test_the_cache_keeps_its_bound(server: Server, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of one shard, in a cache of two: all comes, bit for bit, each shard once an epoch."""
    bound = 2 * 10_000
    layout, plain = packed(server.url, window=1, cache=str(tmp_path), cache_bytes=bound), laid_out("two_folders", tree)
    most = [0]
    fetch = Fetched._download
    monkeypatch.setattr(Fetched, "_download", lambda *given: (fetch(*given), most.append(held(tmp_path)))[0])
    order = Order(len(layout.train), 2, 3, 0, 10, windows=layout.windows)
    expected = loader(Pictures(plain, Transform(8, 10)), order, 0, False)
    for one, other in zip(expected, loader(Pictures(layout, Transform(8, 10)), order, 0, False), strict=True):
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target, other.target)
        assert held(tmp_path) <= bound
    assert 10_000 < max(most) <= bound


@pytest.mark.parametrize("workers", [0, 2])
def test_processes_share_what_is_fetched(workers: int, server: Server, tree: Path, tmp_path: Path) -> None:
    layout, plain = packed(server.url, window=2, cache=str(tmp_path)), laid_out("two_folders", tree)
    order = Order(len(layout.train), 2, 3, 7, 30, windows=layout.windows)
    found = list(loader(Pictures(layout, Transform(8, 10)), order, workers, False))
    for one, other in zip(loader(Pictures(plain, Transform(8, 10)), order, 0, False), found, strict=True):
        assert torch.equal(one.source, other.source)
    asked = Counter(name for name, _ in server.asked)
    assert set(asked.values()) == {1}, "each came once, whoever fetched it"


def test_shards_come_before_they_are_needed(server: Server, tmp_path: Path) -> None:
    layout = packed(server.url, window=1, cache=str(tmp_path))
    assert isinstance(layout.shards, Fetched)
    thread = Ahead(layout.shards)
    thread.want([2, 0])
    until = time.monotonic() + 20
    while not layout.shards.path(0).exists():
        assert time.monotonic() < until
        time.sleep(0.005)
    thread.end()
    assert [name for name, _ in server.asked if name.endswith(".tar")] == ["noise-000002.tar", "noise-000000.tar"]


def test_what_is_needed_next_is_known() -> None:
    windows = Windows(tuple(torch.arange(4 * n, 4 * n + 4).numpy() for n in range(3)), (5, 6, 7), 1, always=(9,))
    order = Order(12, 2, 0, 1, 20, windows=windows)
    need, first, second = Need(windows, order), windows.epoch(0, 0).shards, windows.epoch(0, 1).shards
    assert need.at(1) == [*first[0], *first[1]]
    assert [need.at(step) for step in (2, 3, 4, 5, 6)] == [
        [*first[1], *first[2]],
        None,
        [*first[2], *second[0]],
        None,
        [*second[0], *second[1]],
    ]
    assert all(one[0] == 9 for one in first)


def test_too_small_a_cache_is_refused(server: Server, shards: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"must be at hand .*raise it, or set data\.window, such as 1"):
        packed(server.url, cache=str(tmp_path), cache_bytes=20_000)
    with pytest.raises(DataError, match=r"raise it, or lower data\.window"):
        packed(server.url, window=2, cache=str(tmp_path), cache_bytes=20_000)
    packed(server.url, window=1, cache=str(tmp_path), cache_bytes=20_000)
    server.folder = shards / "unpaired"
    with pytest.raises(DataError, match=r"raise it, or lower data\.window"):  # any target may come at any time
        packed(server.url, window=1, cache=str(tmp_path), cache_bytes=20_000)


def test_domains_without_pairs_are_fetched(server: Server, shards: Path, tree: Path, tmp_path: Path) -> None:
    server.folder = shards / "unpaired"
    layout, plain = packed(server.url, window=1, cache=str(tmp_path)), laid_out("unpaired", tree)
    same(plain, layout)
    assert layout.windows is not None
    targets = [number for number, shard in enumerate(layout.shards.shards) if "target" in shard.name]
    assert list(layout.windows.always) == targets
