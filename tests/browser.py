"""A real browser for tests: where it is, and a tab in which nothing may go wrong or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

CHROMIUM = Path("/usr/bin/chromium")
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
# It asks nobody for anything, and needs no sandbox of its own in a container.
_OPTIONS = (
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "disable-sync",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
)
# What Gradio tells the console of its own requests when a reload breaks them off.
BROKEN_OFF = ("AbortError: signal is aborted", "errored out")


@contextmanager
def launched() -> Iterator[Any]:
    """The browser, for as long as it is needed; where there is none, the test is skipped."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=[f"--{name}" for name in _OPTIONS])
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Any,
    address: str,
    size: str = "desktop",
    *,
    ready: Callable[[Any], object] = lambda tab: None,
    errors_expected: bool = False,
    forgiven: Sequence[str] = (),
) -> Iterator[Any]:
    """A tab at an address; afterwards the console must hold no errors, and nobody else must have been asked.

    Args:
        browser: the browser.
        address: where to.
        size: one of `SIZES`; a phone has a touch screen.
        ready: waits until the page can be used.
        errors_expected: leave what the console says to the test.
        forgiven: parts of errors that are not the page's.
    """
    width, height = SIZES[size]
    phone = size == "phone"
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone)
    errors: list[str] = []
    hosts: set[str] = set()
    context.on("console", lambda message: message.type == "error" and errors.append(message.text))
    context.on("weberror", lambda error: errors.append(str(error.error)))
    context.on("request", lambda sent: hosts.add(urlsplit(sent.url).netloc))
    try:
        tab = context.new_page()
        tab.goto(address)
        ready(tab)
        yield tab
    finally:
        context.close()
    assert errors_expected or [e for e in errors if not any(part in e for part in forgiven)] == []
    assert hosts <= {urlsplit(address).netloc, ""}  # no host: blob: and data:
