"""One file by HTTP: gone on with where it broke off, tried again, and taken only if its checksum is right."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from pathlib import Path

from translate import __version__
from translate.data.shards.index import Shard
from translate.data.shards.store import digest
from translate.errors import DataError

PATIENCE = 30.0  # seconds without a byte
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # seconds before it is tried again
CHUNK = 2**20
MOST_SMALL = 2**28  # bytes of an index
GONE = (400, 401, 403, 404, 410)  # what trying again does not mend


def small(url: str) -> bytes:
    """A file into memory.

    Raises:
        DataError: it cannot be had.
    """
    error: Exception = OSError("nothing came")
    for pause in (*PAUSES, 0):
        try:
            with _ask(url, 0) as answer:
                content = bytes(answer.read(MOST_SMALL + 1))
                wanted = answer.headers.get("Content-Length")
            if len(content) > MOST_SMALL:
                raise DataError(f"{url} has more than {MOST_SMALL:,} bytes: is it an index of shards?")
            if wanted is None or not wanted.isdigit() or len(content) == int(wanted):
                return content
            error = OSError(f"{len(content):,} of {wanted} bytes came")
        except urllib.error.HTTPError as refused:
            refused.close()
            if refused.code in GONE:
                raise _refused(url, refused) from None
            error = refused
        except (OSError, http.client.HTTPException) as failed:
            error = failed
        time.sleep(pause)
    raise _lost(url, error)


def download(url: str, part: Path, shard: Shard) -> None:
    """A shard into the file `part`, which may hold its first bytes already.

    Raises:
        DataError: it cannot be had, or what comes is not the shard.
        OSError: it cannot be written.
    """
    error: Exception = OSError("nothing came")
    for pause in (*PAUSES, 0):
        try:
            with part.open("ab") as file:
                if file.tell() < shard.bytes:
                    _append(url, file, shard.bytes)
                size = file.tell()
            if size >= shard.bytes:
                if size == shard.bytes and digest(part) == shard.sha256:
                    return
                part.unlink()
                error = OSError("it is not what the index says: its checksum is another")
            else:
                error = OSError(f"{size:,} of {shard.bytes:,} bytes came")
        except urllib.error.HTTPError as refused:
            refused.close()
            if refused.code in GONE:
                raise _refused(url, refused) from None
            if refused.code == 416:  # it has fewer bytes than are there already
                part.unlink()
            error = refused
        except (urllib.error.URLError, ConnectionError, TimeoutError, http.client.HTTPException) as failed:
            error = failed
        time.sleep(pause)
    raise _lost(url, error)


def _append(url: str, file: object, most: int) -> None:
    """What is missing of a file of `most` bytes, as far as it comes, and a little where more comes than should."""
    there = file.tell()  # type: ignore[attr-defined]
    with _ask(url, there) as answer:
        if answer.status == 200 and there:  # a server that knows no ranges gives all of it
            file.truncate(0)  # type: ignore[attr-defined]
            there = 0
        while there <= most and (chunk := answer.read(CHUNK)):
            file.write(chunk)  # type: ignore[attr-defined]
            there += len(chunk)


def _ask(url: str, start: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": f"translate/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    answer: http.client.HTTPResponse = urllib.request.urlopen(
        urllib.request.Request(url, headers=headers), timeout=PATIENCE
    )
    return answer


def _refused(url: str, error: urllib.error.HTTPError) -> DataError:
    return DataError(f"{url}: the server says {error.code} {error.reason}: check the address, and that it is public")


def _lost(url: str, error: Exception) -> DataError:
    told = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
    return DataError(f"{url} cannot be had, though it was tried {len(PAUSES) + 1} times ({told}): try again later")
