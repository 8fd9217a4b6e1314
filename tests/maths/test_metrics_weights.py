"""Weights of metrics: where they are found, and how they are fetched from a server that is not always good."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from translate.errors import MissingWeightsError
from translate.metrics import weights

CONTENT = bytes(range(256)) * 40


class Answers(BaseHTTPRequestHandler):
    """What stands in `pages` by its path: bytes, or bytes and a length that is promised."""

    pages: dict[str, tuple[bytes, int]] = {}

    def do_GET(self) -> None:
        if self.path not in self.pages:
            self.send_error(404)
            return
        content, promised = self.pages[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(promised))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Answers.pages = {
        "/good": (CONTENT, len(CONTENT)),
        "/short": (CONTENT[:100], len(CONTENT)),
        "/wrong": (CONTENT[::-1], len(CONTENT)),
        "/endless": (CONTENT * 3, 3 * len(CONTENT)),
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> weights.Weights:
    """A small file in the place of AlexNet, on a machine that has nothing."""
    for name in ("TRANSLATE_WEIGHTS", "XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    digest = hashlib.sha256(CONTENT).hexdigest()
    small = weights.Weights("small weights", ("small.pth", "alias.pth"), (), len(CONTENT), digest)
    monkeypatch.setitem(weights.KNOWN, "alexnet", small)
    return small


def given(monkeypatch: pytest.MonkeyPatch, known: weights.Weights, *addresses: str) -> None:
    monkeypatch.setitem(weights.KNOWN, "alexnet", replace(known, addresses=addresses))


def test_fetched_once_from_the_first_that_is_right(
    server: str, known: weights.Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"{server}/{page}" for page in ("gone", "short", "wrong", "endless", "good")]
    given(monkeypatch, known, *addresses)
    said: list[str] = []
    path = weights.fetch("alexnet", said.append)
    assert path == tmp_path / "TRANSLATE_WEIGHTS" / "small.pth"
    assert path.read_bytes() == CONTENT
    assert [line.rpartition("/")[2] for line in said] == ["gone", "short", "wrong", "endless", "good"]
    assert list(path.parent.iterdir()) == [path], "nothing is left of the attempts"
    assert weights.published("alexnet", path)
    Answers.pages = {}
    assert weights.fetch("alexnet") == path


def test_what_every_address_answered(
    server: str, known: weights.Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(monkeypatch, known, *(f"{server}/{page}" for page in ("gone", "short", "wrong", "endless")))
    with pytest.raises(MissingWeightsError) as failed:
        weights.fetch("alexnet")
    text = str(failed.value)
    assert "/gone: Not Found" in text
    assert "/short: 100 bytes or more arrived where 10,240 are expected" in text or "IncompleteRead" in text
    assert "/wrong: what arrived has another SHA-256 than was published" in text
    assert "/endless: " in text
    assert "--fetch-weights" not in text
    assert not list((tmp_path / "TRANSLATE_WEIGHTS").iterdir())


def test_where_weights_are_looked_for(known: weights.Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        tmp_path / "TORCH_HOME" / "hub" / "checkpoints" / "alias.pth",
        tmp_path / "XDG_CACHE_HOME" / "translate" / "small.pth",
        tmp_path / "TRANSLATE_WEIGHTS" / "alias.pth",
    ]
    given(monkeypatch, known, "http://127.0.0.1:9/small.pth")
    with pytest.raises(MissingWeightsError, match=r"give it with --weights alexnet=FILE"):
        weights.find("alexnet")
    for place in places:  # each comes before those made earlier
        place.parent.mkdir(parents=True)
        place.write_bytes(CONTENT)
        assert weights.find("alexnet") == place
    with pytest.raises(MissingWeightsError, match=r"no such file, where small weights were said to be"):
        weights.find("alexnet", tmp_path / "nowhere")


def test_damaged_weights_are_refused_and_others_are_told(known: weights.Weights, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "TRANSLATE_WEIGHTS" / "small.pth"
    path.parent.mkdir()
    torch.save({"a": torch.ones(1)}, path)
    with pytest.raises(MissingWeightsError, match=r"small\.pth is damaged, its SHA-256 is not"):
        weights.load("alexnet")
    assert list(weights.load("alexnet", path)) == ["a"]
    assert not weights.published("alexnet", path)


def test_names_carry_the_checksums_beginning() -> None:
    for known in weights.KNOWN.values():
        assert len(known.sha256) == 64
        assert all(known.sha256[:8] in name for name in (*known.names, *known.addresses))
