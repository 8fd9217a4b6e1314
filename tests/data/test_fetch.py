"""Fetching from servers that drop, lie, change their minds and never end: what is here is right, or nothing."""

import errno
import hashlib
import json
import os
import re
import shutil
import socket
import ssl
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest

from tests.data.serving import (
    IMPATIENT,
    PICTURES,
    QUICK,
    File,
    Handler,
    Server,
    card,
    in_turn,
    serving,
    status,
    tarred,
    to,
    tree,
    zipped,
)
from translate.data.known import Folder, download, fetch, fetching, progress, trust, web
from translate.data.known.download import Patience
from translate.errors import FetchError

CONTENT = zipped()
PLACED = {name.removeprefix("tiny/"): content for name, content in PICTURES.items()}
# Large enough to come in several pieces, and not to be packed.
BIG = zipped({**PICTURES, "tiny/trainA/2.png": bytes(range(256)) * 3000})


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


def refused(made: tuple, where: Path, patience: Patience = QUICK, **more) -> str:
    """The sentence that a fetch ends with, after which the data set is not there."""
    with pytest.raises(FetchError) as caught:
        fetch(*made, where, patience=patience, **more)
    assert not (where / "tiny").exists()
    assert list((where / fetching.OURS).glob("unpacking-*")) == []
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def left(where: Path) -> set[str]:
    """What lies beside the data sets."""
    return {path.name for path in (where / fetching.OURS).iterdir()}


PART = "tiny-unpaired-tiny.zip.part"


# Well


@pytest.mark.parametrize("content", [CONTENT, tarred()], ids=["zip", "tar.gz"])
def test_a_data_set_comes(content: bytes, server: Server, tmp_path: Path) -> None:
    said: list[str] = []
    made = card(content, server.at("/a", File(content)))
    got = fetch(*made, tmp_path, say=said.append)
    assert tree(tmp_path / "tiny") == PLACED
    assert got.files == {"trainA": 2, "trainB": 1}
    assert (got.already, got.odd) == (False, [])
    assert got.remarks == ["tiny.zip has the sha256 that the test recorded"]
    assert said == [f"tiny.zip ({progress.size(len(content))}) from http://127.0.0.1"]
    assert left(tmp_path) == set()  # neither the archive nor anything else
    assert server.sent == len(content)


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", File(CONTENT)))
    fetch(*made, tmp_path)
    again = fetch(*made, tmp_path)
    assert (again.already, again.files, again.odd) == (True, {"trainA": 2, "trainB": 1}, [])
    assert len(server.asked) == 1
    (tmp_path / "tiny" / "trainA" / "2.png").unlink()
    assert fetch(*made, tmp_path).odd == [f"{tmp_path / 'tiny' / 'trainA'} has 1 files, and 2 were expected"]
    shutil.rmtree(tmp_path / "tiny" / "trainB")
    with pytest.raises(FetchError, match=r"has some of the folders of tiny.zip, but not trainB: move it"):
        fetch(*made, tmp_path)
    assert len(server.asked) == 1


def test_two_variants_lie_in_one_place(server: Server, tmp_path: Path) -> None:
    other = zipped({"tiny/train/1.png": b"ab", "tiny/README": b"not a picture"})
    pairs = card(other, server.at("/b", File(other)), folders=[Folder("train", 1)], variant="paired")
    fetch(*card(CONTENT, server.at("/a", File(CONTENT))), tmp_path)
    got = fetch(*pairs, tmp_path)
    assert tree(tmp_path / "tiny") == {**PLACED, "train/1.png": b"ab"}
    assert got.remarks[-1] == "1 other files of the archive were left out"


def test_an_archive_that_is_here(tmp_path: Path) -> None:
    here = tmp_path / "mine.zip"
    here.write_bytes(CONTENT)
    made = card(CONTENT)
    assert fetch(*made, tmp_path / "data", str(here)).files == {"trainA": 2, "trainB": 1}
    assert here.read_bytes() == CONTENT  # it is the user's
    here.write_bytes(CONTENT[:-1])
    sentence = refused(made, tmp_path / "other", source=str(here))
    assert "it is another file, or cut short; if you know that it is right, add --accept " in sentence
    here.write_bytes(CONTENT[:-1] + b"!")
    sentence = refused(made, tmp_path / "other", source=str(here))
    assert f"{here} is not tiny.zip as it is known: it has the sha256" in sentence
    assert here.exists()
    assert "there is no file" in refused(made, tmp_path / "other", source="gone.zip")


def test_another_address(server: Server, tmp_path: Path) -> None:
    address = server.at("/b", File(CONTENT))
    fetch(*card(CONTENT, "https://example.invalid/a"), tmp_path, address)
    assert tree(tmp_path / "tiny") == PLACED


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ftp://a.example/x", "--from takes a file, or an address that begins with https:// or http://"),
        ("file:///etc/passwd", "--from takes a file, or an address that begins with https:// or http://"),
        ("http://127.0.0.1:port/x", "is no address"),
        ("http://127.0.0.1/a b", "is no address"),
    ],
)
def test_what_is_no_address(address: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=re.escape(why)):
        fetch(*card(CONTENT), tmp_path, address, patience=QUICK)


def test_what_is_not_given_out(tmp_path: Path) -> None:
    made, archive = card(CONTENT)
    with pytest.raises(FetchError, match=r"^tiny is not given out freely: ask there$"):
        fetch(replace(made, by_hand="ask there"), archive, tmp_path)
    assert list(tmp_path.iterdir()) == []


# Going on


def test_a_dropped_line_goes_on_where_it_was(server: Server, tmp_path: Path) -> None:
    made = card(BIG, server.at("/a", File(BIG, drops=[100_000, 1, 300_000])))
    fetch(*made, tmp_path, patience=replace(QUICK, attempts=4))
    assert server.asked == [
        ("/a", ""),
        ("/a", "bytes=100000-"),
        ("/a", "bytes=100001-"),
        ("/a", "bytes=400001-"),
    ]
    assert server.sent == len(BIG)  # not a byte came twice
    assert len(tree(tmp_path / "tiny")["trainA/2.png"]) == 768_000


def test_the_next_command_goes_on_too(server: Server, tmp_path: Path) -> None:
    file = File(BIG, drops=[100_000, 50_000, 0])
    made = card(BIG, server.at("/a", file))
    sentence = refused(made, tmp_path)
    assert "broke off after 150 kB of 770 kB (3 times)" in sentence
    assert "150 kB of it are kept, and the same command goes on there" in sentence
    assert left(tmp_path) == {PART, f"{PART}.json"}
    assert fetching.on_the_way(*made, tmp_path) == 150_000
    fetch(*made, tmp_path, patience=QUICK)
    assert server.asked[-1] == ("/a", "bytes=150000-")
    assert server.sent == len(BIG)
    assert left(tmp_path) == set()


def test_a_whole_archive_is_not_asked_for_again(server: Server, tmp_path: Path, monkeypatch) -> None:
    made = card(CONTENT, server.at("/a", File(CONTENT)))
    with monkeypatch.context() as patch:
        patch.setattr(fetching, "unpack", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch(*made, tmp_path)
    assert left(tmp_path) == {PART, f"{PART}.json"}
    fetch(*made, tmp_path)
    assert len(server.asked) == 1


def interrupt(*arguments: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("etag", ['"two"', "", 'W/"one"'], ids=["ETag", "date", "weak ETag"])
def test_a_file_that_has_changed_starts_anew(etag: str, server: Server, tmp_path: Path) -> None:
    # The first part is of another file, of the same length.
    modified = "Sun, 22 Nov 2026 05:00:00 GMT"
    old = File(bytes(len(BIG)), etag="" if etag != '"two"' else '"one"', drops=[100_000] * 3)
    made = card(BIG, server.at("/a", old))
    refused(made, tmp_path)
    server.at("/a", File(BIG, etag=etag, modified=modified))
    fetch(*made, tmp_path, patience=QUICK)
    assert len(tree(tmp_path / "tiny")["trainA/2.png"]) == 768_000
    assert server.asked[-1] == ("/a", "bytes=300000-")  # it asked, and was given everything


@pytest.mark.parametrize(
    "flaw", [{"ranges": False}, {"etag": "", "modified": ""}], ids=["ignores Range", "says nothing to tell files by"]
)
def test_where_nothing_can_be_resumed_everything_comes(flaw: dict, server: Server, tmp_path: Path) -> None:
    made = card(BIG, server.at("/a", File(BIG, drops=[100_000], **flaw)))
    fetch(*made, tmp_path, patience=QUICK)
    assert server.sent == len(BIG) + 100_000
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes 5-{len(BIG) - 1}/{len(BIG)}"},  # from elsewhere
        {"Content-Range": f"bytes 100000-{len(BIG)}/{len(BIG) + 1}"},  # of another length
        {"Content-Range": f"bytes 100000-{len(BIG) - 1}/{len(BIG)}", "ETag": '"two"'},  # of another file
        {"Content-Range": "bytes */*"},
        {},
    ],
    ids=["another start", "another length", "another file", "no range", "nothing said"],
)
def test_a_part_that_does_not_fit_is_not_put_behind_the_other(headers: dict, server: Server, tmp_path: Path) -> None:
    whole = File(BIG)

    def wrong(handler: Handler) -> None:
        handler.send_response(206)
        for name, value in {"Content-Length": "9", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.send(b"nonsense!")

    made = card(BIG, server.at("/a", in_turn(File(BIG, drops=[100_000]), wrong, whole)))
    fetch(*made, tmp_path, patience=QUICK)
    assert [wanted for _, wanted in server.asked] == ["", "bytes=100000-", ""]


def test_a_file_that_has_shrunk(server: Server, tmp_path: Path) -> None:
    long = File(bytes(len(CONTENT) + 1000), drops=[len(CONTENT) + 500])
    short = File(CONTENT)
    made = card(CONTENT, server.at("/a", in_turn(long, short)), bytes=0, about=len(CONTENT))
    fetch(*made, tmp_path, patience=QUICK)  # 416, then from the start
    assert tree(tmp_path / "tiny") == PLACED
    assert [wanted for _, wanted in server.asked] == ["", f"bytes={len(CONTENT) + 500}-", ""]


def test_a_part_of_another_file_behind_the_same_names_is_found_out(server: Server, tmp_path: Path) -> None:
    # The server says of another file what it said of the first: the checksum tells, and it starts anew.
    made = card(BIG, server.at("/a", File(bytes(len(BIG)), drops=[100_000] * 3)))
    refused(made, tmp_path)
    server.at("/a", File(BIG))
    fetch(*made, tmp_path, patience=QUICK)
    assert [wanted for _, wanted in server.asked[3:]] == ["bytes=300000-", ""]
    assert len(tree(tmp_path / "tiny")["trainA/2.png"]) == 768_000


def test_a_damaged_note_beside_the_part_is_no_harm(server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", File(CONTENT)))
    for note in (b"{", b'{"etag": 1, "modified": "", "total": 5}', b'{"more": 1}', b"\xff"):
        room = tmp_path / fetching.OURS
        room.mkdir(exist_ok=True)
        (room / PART).write_bytes(b"something")
        (room / f"{PART}.json").write_bytes(note)
        fetch(*made, tmp_path)
        shutil.rmtree(tmp_path / "tiny")


# Mirrors


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (status(404), "no longer has it (404)"),
        (status(410), "no longer has it (410)"),
        (status(403), "does not give it out (403)"),
        (status(401), "does not give it out (401)"),
        (status(500), "answers 500 Internal Server Error (3 times)"),
        (status(503), "answers 503 Service Unavailable (3 times)"),
        (status(429), "answers 429 Too Many Requests (3 times)"),
        (status(204), "answers 204"),
        (lambda handler: handler.hang_up(), "broke off (3 times)"),
        (lambda handler: handler.wfile.write(b"HTTP/1.1 nonsense\r\n\r\n"), "broke off (3 times)"),
        (File(CONTENT[:-1] + b"!"), "gives another file: it has the sha256"),
        (File(CONTENT + b"!"), f"has another file there, of {len(CONTENT) + 1:,} bytes instead of {len(CONTENT):,}"),
        (File(b"<html>sign in"), f"has another file there, of 13 bytes instead of {len(CONTENT):,}"),
        (File(CONTENT[:-9], announce=-1), f"broke off after {progress.size(len(CONTENT) - 9)}"),
        (File(CONTENT, announce=len(CONTENT) + 1), "has another file there"),
        (File(CONTENT + bytes(10**6), announce=-1), "sends more than the"),
    ],
)
def test_where_one_mirror_fails_the_next_is_asked(answer, why: str, server: Server, tmp_path: Path) -> None:
    bad, good = server.at("/bad", answer), server.at("/good", File(CONTENT))
    fetch(*card(CONTENT, bad, good), tmp_path / "both", patience=QUICK)
    assert tree(tmp_path / "both" / "tiny") == PLACED
    sentence = refused(card(CONTENT, bad), tmp_path)
    assert sentence.startswith(f"tiny.zip did not come: http://127.0.0.1 {why}")
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert f"get it elsewhere ({len(CONTENT):,} bytes, sha256 {sha256}) and add --from FILE or --from" in sentence
    assert not [name for name in left(tmp_path) if name == PART] or "broke off after" in why


def test_a_server_that_recovers(server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", in_turn(status(503), status(500), File(CONTENT))))
    fetch(*made, tmp_path, patience=QUICK)
    assert len(server.asked) == 3


def test_there_is_a_longer_pause_each_time(server: Server, tmp_path: Path, monkeypatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    made = card(CONTENT, server.at("/a", status(500)))
    with pytest.raises(FetchError):
        fetch(*made, tmp_path, patience=download.Patience(pause=1.5, attempts=4))
    assert pauses == [1.5, 3.0, 6.0]


def test_progress_makes_patience_start_anew(server: Server, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(download, "PROGRESS", 1000)
    made = card(BIG, server.at("/a", File(BIG, drops=[1000] * 9)))
    fetch(*made, tmp_path, patience=QUICK)
    assert len(server.asked) == 10


# Redirects


def test_a_redirect_is_followed_and_keeps_the_range(server: Server, tmp_path: Path) -> None:
    there = server.at("/there", File(BIG, drops=[100_000]))
    fetch(*card(BIG, server.at("/a", to(there))), tmp_path, patience=QUICK)
    assert server.asked[-1] == ("/there", "bytes=100000-")


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ("/a", "sends on in circles"),
        ("file:///etc/passwd", "sends on to file:, which is not followed"),
        ("ftp://127.0.0.1/a", "sends on to ftp:, which is not followed"),
        ("data:text/plain,a", "sends on to data:, which is not followed"),
        ("jar:nothing", "sends on to jar:, which is not followed"),
    ],
)
def test_redirects_that_are_not_followed(there: str, why: str, server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", to(there)))
    assert f"http://127.0.0.1 {why}; get it elsewhere" in refused(made, tmp_path)
    assert len(server.asked) <= web.HOPS + 1


def test_a_chain_of_redirects_has_an_end(server: Server, tmp_path: Path) -> None:
    addresses = [server.at(f"/{number}", to(f"/{number + 1}")) for number in range(20)]
    assert "sends on in circles" in refused(card(CONTENT, addresses[0]), tmp_path)
    assert len(server.asked) == web.HOPS + 1


@pytest.mark.parametrize(
    ("asked", "there", "follows"),
    [
        ("https://a.example/x", "https://b.example/x", True),
        ("http://a.example/x", "https://b.example/x", True),
        ("http://a.example/x", "http://b.example/x", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://localhost/x", False),
        ("http://a.example/x", "http://127.0.0.1:8080/x", False),
        ("http://a.example/x", "http://[::1]/x", False),
        ("http://127.0.0.1/x", "http://127.0.0.1/y", True),
    ],
)
def test_where_a_redirect_may_lead(asked: str, there: str, follows: bool) -> None:
    from http.client import HTTPMessage
    from io import BytesIO
    from urllib.request import Request

    handler = web._Redirects(asked)
    arguments = (Request(asked), BytesIO(), 302, "Found", HTTPMessage(), there)
    if follows:
        assert handler.redirect_request(*arguments).full_url == there
    else:
        with pytest.raises(web._NotFollowedError, match="not followed"):
            handler.redirect_request(*arguments)


# Without an end


def test_a_body_without_an_end(server: Server, tmp_path: Path) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not handler.server.over.is_set():
            handler.send(bytes(1 << 16))

    made = card(CONTENT, server.at("/a", endless), bytes=0, about=1000)
    assert "sends more than the" in refused(made, tmp_path)
    assert left(tmp_path) == set()
    assert server.sent < 200e6


def test_headers_that_end_in_the_middle(server: Server, tmp_path: Path) -> None:
    # http.client takes them for whole, and an answer without a length for one that ends with the line.
    made = card(
        CONTENT, server.at("/a", lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nX")), bytes=0, about=9
    )
    assert "http://127.0.0.1 sends nothing (3 times)" in refused(made, tmp_path)


def test_a_file_that_is_far_too_large_is_not_begun(server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", File(b"", announce=10**12)), bytes=0, about=1000)
    assert "has a file of 1,000 GB there, far more than expected" in refused(made, tmp_path)
    assert left(tmp_path) == set()


@pytest.mark.parametrize("part", ["headers", "body", "silence"])
def test_a_byte_now_and_then(part: str, server: Server, tmp_path: Path) -> None:
    def slow(handler: Handler) -> None:
        if part == "silence":
            handler.server.over.wait(20)
            return
        if part == "body":
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(CONTENT)))
            handler.end_headers()
        else:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not handler.server.over.wait(0.05):
            handler.send(b"x")

    sentence = refused(card(CONTENT, server.at("/a", slow)), tmp_path, IMPATIENT)
    # A busy machine may be silent for a while where it should send a byte.
    slowness = {"headers": "broke off", "body": "all but stopped", "silence": "says nothing any more"}[part]
    assert re.search(rf"http://127.0.0.1 ({slowness}|says nothing any more) \(3 times\)", sentence)
    assert len(server.asked) == 3


# Trust


def unknown(content: bytes, *mirrors: str, **more):
    """A card that knows no checksum."""
    return card(content, *mirrors, **{"bytes": 0, "about": 1000, "sha256": "", "recorded_by": "", **more})


def test_the_first_is_trusted_and_another_refused(server: Server, tmp_path: Path) -> None:
    first, other = hashlib.sha256(CONTENT).hexdigest(), hashlib.sha256(BIG).hexdigest()
    made = unknown(CONTENT, server.at("/a", in_turn(File(CONTENT), File(BIG, etag='"two"'))), about=10**6)
    got = fetch(*made, tmp_path)
    path = tmp_path / fetching.OURS / trust.TRUSTED
    assert got.remarks == [
        f"tiny.zip comes without a checksum that anybody published; its sha256 is held to from now on ({path})"
    ]
    assert trust.read(path.parent) == {"tiny/tiny.zip": first}
    shutil.rmtree(tmp_path / "tiny")
    sentence = refused(made, tmp_path)
    assert f"it has the sha256 {other} and not {first}, which {path} has from an earlier time" in sentence
    assert f"add --accept {other}" in sentence
    assert "--accept names another one" in refused(made, tmp_path, accept="0" * 64)
    fetch(*made, tmp_path, accept=other)
    assert trust.read(path.parent) == {"tiny/tiny.zip": other}
    shutil.rmtree(tmp_path / "tiny")
    assert fetch(*made, tmp_path).remarks == [f"tiny.zip has the sha256 that was seen first ({path})"]


def test_what_is_refused_for_now_need_not_come_again(server: Server, tmp_path: Path) -> None:
    made = unknown(CONTENT, server.at("/a", File(CONTENT)), md5="0" * 32, recorded_by="somebody")
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert f"not {'0' * 32}, which somebody recorded; if you know that it is right, add --accept {sha256}" in refused(
        made, tmp_path
    )
    fetch(*made, tmp_path, accept=sha256)
    assert len(server.asked) == 1


def test_an_md5_is_better_than_nothing(server: Server, tmp_path: Path) -> None:
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    got = fetch(*unknown(CONTENT, server.at("/a", File(CONTENT)), md5=md5, recorded_by="somebody"), tmp_path)
    assert "has the MD5 that somebody recorded; its sha256 is held to from now on" in got.remarks[0]


def test_a_first_one_that_is_no_archive_is_not_trusted(server: Server, tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><title>Sign in</title>"
    made = unknown(CONTENT, server.at("/a", in_turn(File(page), File(CONTENT))))
    assert "is no archive, but a web page" in refused(made, tmp_path)
    assert left(tmp_path) == set()
    fetch(*made, tmp_path)
    assert trust.read(tmp_path / fetching.OURS) == {"tiny/tiny.zip": hashlib.sha256(CONTENT).hexdigest()}


def test_a_card_that_is_wrong_can_be_overruled(server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", File(CONTENT)), sha256="0" * 64, bytes=7)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    fetch(*made, tmp_path, accept=sha256)
    shutil.rmtree(tmp_path / "tiny")
    assert "instead of 7" in refused(made, tmp_path)


def test_a_damaged_record_is_not_overlooked(server: Server, tmp_path: Path) -> None:
    made = unknown(CONTENT, server.at("/a", File(CONTENT)))
    (tmp_path / fetching.OURS).mkdir()
    (tmp_path / fetching.OURS / trust.TRUSTED).write_text("tiny/tiny.zip = 5 =")
    assert "cannot be read" in refused(made, tmp_path)


# The machine


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (URLError(socket.gaierror(-2, "Name or service not known")), "is not found: is this machine on"),
        (URLError(ConnectionRefusedError(111, "refused")), "does not take the connection (3 times)"),
        (URLError(TimeoutError("timed out")), "says nothing any more (3 times)"),
        (URLError(OSError(113, "No route to host")), "No route to host (3 times)"),
        (URLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]")), "no secure connection comes about"),
    ],
)
def test_what_breaks_a_connection_is_said(error: Exception, why: str, tmp_path: Path, monkeypatch) -> None:
    def broken(*arguments: object, **more: object) -> None:
        raise error

    monkeypatch.setattr(web.urllib.request.OpenerDirector, "open", broken)
    assert f"tiny.zip did not come: https://a.example {why}" in refused(card(CONTENT, "https://a.example/x"), tmp_path)


def test_a_certificate_that_does_not_hold(tmp_path: Path) -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "certificate has expired"
    assert str(web.unreachable(URLError(error))) == "its certificate does not hold (certificate has expired)"


def test_a_server_without_tls(server: Server, tmp_path: Path) -> None:
    address = server.at("/a", File(CONTENT)).replace("http:", "https:")
    assert "https://127.0.0.1 no secure connection comes about" in refused(card(CONTENT, address), tmp_path)


def test_a_full_disk_keeps_what_came(server: Server, tmp_path: Path, monkeypatch) -> None:
    made = card(BIG, server.at("/a", File(BIG)))
    write = download._write
    with monkeypatch.context() as patch:
        patch.setattr(download, "_write", full_after(write, 3))
        sentence = refused(made, tmp_path)
    assert "the disk is full; what has come (" in sentence
    assert "make room and say the same again" in sentence
    have = (tmp_path / fetching.OURS / PART).stat().st_size
    assert 0 < have < len(BIG)
    fetch(*made, tmp_path)
    assert server.asked[-1] == ("/a", f"bytes={have}-")


def test_a_disk_that_is_full_of_pictures(server: Server, tmp_path: Path, monkeypatch) -> None:
    made = card(CONTENT, server.at("/a", File(CONTENT)))

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fetching, "unpack", full)
        sentence = refused(made, tmp_path)
    assert f"tiny.zip cannot be unpacked into {tmp_path}: No space left on device; the archive is kept" in sentence
    fetch(*made, tmp_path)
    assert len(server.asked) == 1


def full_after(write, times: int):
    count = iter(range(times))

    def limited(file, piece: bytes) -> None:
        if next(count, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(file, piece)

    return limited


def test_too_little_room_is_said_before(server: Server, tmp_path: Path, monkeypatch) -> None:
    usage = namedtuple("usage", "total used free")(10**9, 0, 100)
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda path: usage)
    sentence = refused(card(CONTENT, server.at("/a", File(CONTENT))), tmp_path)
    assert f"{tmp_path} has 100 bytes of room, and tiny.zip and its pictures take" in sentence
    assert server.asked == []


@pytest.mark.skipif(os.name != "posix", reason="a lock of POSIX")
def test_two_at_once(server: Server, tmp_path: Path) -> None:
    made = card(CONTENT, server.at("/a", File(CONTENT)))
    room = tmp_path / fetching.OURS
    room.mkdir()
    with fetching._alone(room):
        assert "is being fetched into" in refused(made, tmp_path)
    fetch(*made, tmp_path)


def test_what_a_kill_left_is_swept(server: Server, tmp_path: Path) -> None:
    (tmp_path / fetching.OURS / "unpacking-old" / "tiny").mkdir(parents=True)
    fetch(*card(CONTENT, server.at("/a", File(CONTENT))), tmp_path)
    assert left(tmp_path) == set()


# Progress


def test_the_line_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    clock = iter([100.0, 101.0, 102.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    with progress.Progress("a.zip", 30_200_000) as line:
        line.loud = True
        line(10_000_000)  # which had come before
        line(12_000_000)
        line(14_000_000)
    shown = capsys.readouterr().err
    assert "a.zip: 14 MB of 30.2 MB, 2 MB/s, 0:08 left" in shown
    assert shown.endswith("\r\x1b[K")  # and is gone at the end


def test_it_is_quiet_where_nobody_looks_on(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fetch(*card(CONTENT, server.at("/a", File(CONTENT))), tmp_path)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (999_400, "999 kB"),
        (30_168_306, "30.2 MB"),
        (8.6e9, "8.6 GB"),
    ],
)
def test_sizes(count: float, text: str) -> None:
    assert progress.size(count) == text


def test_the_note_beside_the_part(server: Server, tmp_path: Path) -> None:
    made = card(BIG, server.at("/a", File(BIG, modified="", drops=[5] * 3)))
    refused(made, tmp_path)
    note = json.loads((tmp_path / fetching.OURS / f"{PART}.json").read_text())
    assert note == {"etag": '"one"', "modified": "", "total": len(BIG)}
