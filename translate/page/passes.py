"""Which requests are let through to the page: what the browser and Gradio's client need, and nothing else.

Gradio has more routes than this page uses: one that fetches addresses for whoever asks, an editor of its own source,
dashboards. What is not listed here is not there.
"""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class Kind(Enum):
    """What a request that is let through may bring along."""

    NOTHING = "nothing"
    PICTURE = "picture"
    FILES = "files"
    JSON = "json"


_NAME = r"[^/]+"
_READ = re.compile(
    "/|/(config|theme.css|favicon.ico|manifest.json|robots.txt)/?"
    r"|/(static|assets|svelte)/[\w./@+~ -]+"
    "|/gradio_api/(info|app_id|startup-events|queue/data|upload_progress)/?"
    f"|/gradio_api/heartbeat/{_NAME}|/gradio_api/call/(v2/)?{_NAME}/{_NAME}"
    f"|/health|/api/models|/api/models/{_NAME}[.]onnx|/page/{_NAME}"
)
_FILE = re.compile("/gradio_api/file=(.+)", re.DOTALL)
_WRITE = (
    (re.compile(f"/gradio_api/(queue/join|call/(v2/)?{_NAME}|cancel|reset)/?"), Kind.JSON),
    (re.compile("/gradio_api/upload"), Kind.FILES),
    (re.compile(f"/api/draw/{_NAME}"), Kind.JSON),
    (re.compile(f"/api/(?:translate|derive)/{_NAME}"), Kind.PICTURE),
)


def kind(method: str, path: str, files: Path) -> Kind | None:
    """What a request is let through with; none where it is not.

    Args:
        method: of HTTP.
        path: decoded.
        files: the only folder whose files are given out by their path.
    """
    if method in ("GET", "HEAD") and (file := _FILE.fullmatch(path)):
        return Kind.NOTHING if _nameable(file[1]) and _within(file[1], files) else None
    if "\\" in path or not path.isprintable() or ".." in path.split("/") or "//" in path:
        return None
    if method in ("GET", "HEAD"):
        return Kind.NOTHING if _READ.fullmatch(path) else None
    if method == "POST":
        return next((kind for pattern, kind in _WRITE if pattern.fullmatch(path)), None)
    return None


def methods(path: str, files: Path) -> list[str]:
    """The methods of HTTP that a path is let through with: of `GET`, `HEAD` and `POST`."""
    return [method for method in ("GET", "HEAD", "POST") if kind(method, path, files)]


def foreign(headers: dict[str, str]) -> bool:
    """Whether a browser sent the request for a page of another site.

    Programs send neither of the headers that say so; browsers do, and their pages cannot change them.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    ours = {headers.get("host"), headers.get("x-forwarded-host")}
    return origin is not None and urlsplit(origin).netloc.lower() not in ours


def fetches(body: bytes) -> bool:
    """Whether a call's JSON gives an address for a file, which Gradio would fetch.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return any(isinstance(place, str) and "://" in place for place in _places(json.loads(body or b"null")))
    except RecursionError:
        raise ValueError("too deep") from None


def _places(value: Any) -> Iterator[Any]:
    """What is said of where files are, anywhere in it."""
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            yield part.get("path")
            rest += part.values()
        elif isinstance(part, list):
            rest += part


def _nameable(path: str) -> bool:
    """Whether a visitor's file may be called so: of narrow spaces and joined emoji, never of control characters."""
    return not any(unicodedata.category(letter) == "Cc" for letter in path) and ("\\" not in path or os.sep == "\\")


def _within(path: str, folder: Path) -> bool:
    try:
        file = Path(path).resolve(strict=True)
        return Path(path).is_absolute() and file.is_file() and file.is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):  # there is none, it cannot be a name, it is a loop of links
        return False
