"""One file from one address, going on where it stopped: RFC 9110's `Range` with `If-Range`.

Beside the part that has come lies what the server said of the whole (`.json`): a part is only continued if the file
is still the same by its ETag, or else by its date, and by its length.
"""

from __future__ import annotations

import errno
import http.client
import io
import json
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from http.client import HTTPResponse
from pathlib import Path
from typing import TypeVar

from translate.data.known import web
from translate.data.known.progress import size
from translate.data.known.web import UnreachableError
from translate.errors import FetchError
from translate.files import write_whole

T = TypeVar("T")

PIECE = 1 << 16
"""Bytes read at once."""
PROGRESS = 1 << 20
"""Bytes that make an attempt one that got somewhere: after it, patience starts anew."""


@dataclass(frozen=True)
class Patience:
    """How long a server may be slow, and how often it may fail."""

    timeout: float = 30.0
    """Seconds without a byte."""
    window: float = 30.0
    least: int = 30 * 1024
    """Bytes that must come in each window of so many seconds."""
    attempts: int = 4
    """In a row that got nowhere."""
    pause: float = 1.0
    """Seconds before the second attempt; doubled before each further one."""


@dataclass(frozen=True)
class Said:
    """What a server said of the whole file."""

    etag: str = ""
    modified: str = ""
    total: int = 0

    @property
    def mark(self) -> str:
        """What `If-Range` takes: a strong ETag, or a date."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


def download(
    url: str, part: Path, exactly: int, limit: int, patience: Patience, watch: Callable[[int, int], None]
) -> None:
    """Fetch the file at `url` into `part`, which may hold the beginning of it.

    Args:
        url: address.
        part: grows; `PART.json` beside it is this module's own.
        exactly: bytes that it has, if known, else 0.
        limit: bytes after which it is cut off.
        patience: with the server.
        watch: is told how many bytes there are, and of how many (0: not known).

    Raises:
        UnreachableError: the address does not give it; what has come is kept for the next time.
        FetchError: what came could not be written.
    """
    failures = 0
    while True:
        before = length(part)
        try:
            return _attempt(url, part, exactly, limit, patience, watch)
        except UnreachableError as problem:
            if not problem.passing:
                raise
            failures = 1 if length(part) - before >= PROGRESS else failures + 1
            if failures >= patience.attempts:
                raise UnreachableError(f"{problem} ({failures} times)") from None
        time.sleep(patience.pause * 2 ** (failures - 1))


def forget(part: Path) -> None:
    """Nothing of it stays."""
    for path in (part, _beside(part)):
        path.unlink(missing_ok=True)


def _attempt(
    url: str, part: Path, exactly: int, limit: int, patience: Patience, watch: Callable[[int, int], None]
) -> None:
    said = _said(part)
    have = length(part) if said.mark else 0
    if have and have == said.total:
        return
    headers = {"Range": f"bytes={have}-", "If-Range": said.mark} if have else {}
    try:
        answer = web.ask(url, headers, patience.timeout)
    except UnreachableError as problem:
        if problem.code == 416:  # the file has become shorter than what we have of it
            forget(part)
        raise
    with answer:
        if answer.status == 206:
            start, whole = _range(answer)
            new = Said(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""), whole)
            changed = (new.etag and new.etag != said.etag) or (new.modified and new.modified != said.modified)
            if not have or start != have or whole != said.total or changed:
                forget(part)
                raise UnreachableError("sent another part than was asked for", passing=True)
        elif answer.status == 200:
            announced = answer.headers.get("Content-Length", "")
            have, whole = 0, int(announced) if announced.isdecimal() else 0
            said = Said(answer.headers.get("ETag", ""), answer.headers.get("Last-Modified", ""), whole)
        else:
            raise UnreachableError(f"answers {answer.status}")
        _fits(whole, exactly, limit)
        if have == 0:
            forget(part)
            _written(lambda: write_whole(_beside(part), json.dumps(asdict(said)).encode()), part)
        _take(answer, part, have, whole or exactly, exactly or limit, patience, watch)


def _fits(whole: int, exactly: int, limit: int) -> None:
    """Refuse a file by the length that is announced."""
    if whole and exactly and whole != exactly:
        raise UnreachableError(f"has another file there, of {whole:,} bytes instead of {exactly:,}")
    if whole > limit:
        raise UnreachableError(f"has a file of {size(whole)} there, far more than expected")


def _take(
    answer: HTTPResponse,
    part: Path,
    have: int,
    whole: int,
    limit: int,
    patience: Patience,
    watch: Callable[[int, int], None],
) -> None:
    """The body, to the end of the part."""
    since, then = time.monotonic(), have
    # Unbuffered: what cannot be written is known at once, and what came before it is there.
    file = _written(lambda: part.open("ab" if have else "wb", buffering=0), part)
    with file:
        while True:
            try:
                piece = answer.read1(PIECE)
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise web.unreachable(error) from None
            if not piece:
                break
            have += len(piece)
            if have > limit:
                file.close()
                forget(part)
                raise UnreachableError(f"sends more than the {size(limit)} that there should be")
            _written(partial(_write, file, piece), part)
            watch(have, whole)
            now = time.monotonic()
            if now - since >= patience.window:
                if have - then < patience.least:
                    raise UnreachableError("all but stopped", passing=True)
                since, then = now, have
        _written(lambda: os.fsync(file.fileno()), part)
    if not have:
        raise UnreachableError("sends nothing", passing=True)
    if have < whole:
        raise UnreachableError(f"broke off after {size(have)} of {size(whole)}", passing=True)


def _write(file: io.FileIO, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[file.write(rest) :]


def _written(write: Callable[[], T], part: Path) -> T:
    """Write; say in a sentence why it did not work."""
    try:
        return write()
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise FetchError(
                f"{part.parent}: the disk is full; what has come ({size(length(part))}) is kept:"
                " make room and say the same again"
            ) from None
        raise FetchError(f"{part} cannot be written: {error.strerror}") from None


def _range(answer: HTTPResponse) -> tuple[int, int]:
    """Where a partial answer begins, and how long the whole is; -1 where it does not say so."""
    match = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", answer.headers.get("Content-Range", "").strip())
    return (int(match[1]), int(match[3])) if match else (-1, -1)


def _said(part: Path) -> Said:
    with suppress(OSError, ValueError, TypeError):
        said = Said(**json.loads(_beside(part).read_text(encoding="utf-8")))
        if isinstance(said.etag, str) and isinstance(said.modified, str) and isinstance(said.total, int):
            return said
    return Said()


def _beside(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def length(part: Path) -> int:
    """Bytes that have come."""
    try:
        return part.stat().st_size
    except OSError:
        return 0
