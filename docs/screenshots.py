"""Pictures of the page for the README: `make screenshots` serves the models that come with the project, and looks.

A visitor's way through the page, in Debian's Chromium: a drawing, labels painted, a face with glasses that had none,
the night of a day, a phone. Names after the command take those alone: `python docs/screenshots.py imagine`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
PORT = 7877
WIDE = {"width": 1240, "height": 860}


@contextmanager
def served() -> Iterator[str]:
    """The page's address while it is served."""
    command = [sys.executable, "app.py", "--models", "export/space/models", "--port", str(PORT)]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        server.stdout.readline()
        address = f"http://127.0.0.1:{PORT}"
        urllib.request.urlopen(f"{address}/health", timeout=30).close()
        yield address
    finally:
        server.terminate()
        server.wait(20)


def house(tab: Any) -> None:
    """Draw a house with the mouse, a little crooked, as a visitor would."""
    paper = tab.locator("drawing-sheet canvas").first
    paper.scroll_into_view_if_needed()
    box = paper.bounding_box()
    for line in (
        [(0.27, 0.80), (0.26, 0.46), (0.71, 0.47), (0.70, 0.80), (0.27, 0.80)],
        [(0.22, 0.47), (0.48, 0.24), (0.76, 0.47), (0.22, 0.47)],
        [(0.44, 0.80), (0.44, 0.63), (0.54, 0.63), (0.54, 0.80)],
        [(0.32, 0.53), (0.40, 0.53), (0.40, 0.62), (0.32, 0.62), (0.32, 0.53)],
        [(0.58, 0.53), (0.66, 0.53), (0.66, 0.62), (0.58, 0.62), (0.58, 0.53)],
        [(0.36, 0.53), (0.36, 0.62)],
        [(0.62, 0.53), (0.62, 0.62)],
        [(0.00, 0.81), (0.99, 0.80)],
        [(0.00, 0.89), (0.99, 0.90)],
        [
            (0.86, 0.80),
            (0.86, 0.66),
            (0.80, 0.60),
            (0.81, 0.50),
            (0.87, 0.46),
            (0.93, 0.50),
            (0.95, 0.58),
            (0.89, 0.66),
        ],
        [(0.89, 0.66), (0.89, 0.80)],
        [(0.12, 0.13), (0.17, 0.10), (0.21, 0.14), (0.20, 0.20), (0.14, 0.21), (0.11, 0.17), (0.12, 0.13)],
    ):
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        tab.mouse.move(*points[0])
        tab.mouse.down()
        for point in points[1:]:
            tab.mouse.move(*point, steps=12)
        tab.mouse.up()


def choose(tab: Any, title: str) -> None:
    """Choose a model."""
    tab.locator("#chips label", has_text=title).click()
    tab.wait_for_timeout(1500)


def imagine(tab: Any, address: str) -> bool:
    """Go to the first model that draws from noise and move two of its sliders; whether there is one."""
    with urllib.request.urlopen(f"{address}/api/models", timeout=30) as answer:
        keys = [entry["key"] for entry in json.load(answer)["entries"] if entry["kind"] == "noise"]
    if not keys:
        return False
    tab.goto(f"{address}/?model={keys[0]}")
    tab.wait_for_selector("latent-space #grid canvas")
    tab.get_by_role("button", name="Seed 5", exact=True).click()
    for name, far in (("glasses", 1.2), ("smile", 1)):
        tab.locator("latent-space .slider", has_text=name).first.locator("input").evaluate(
            "(slider, far) => { slider.value = far; slider.dispatchEvent(new Event('input', { bubbles: true })); }", far
        )
    return True


def keep(tab: Any, name: str) -> None:
    """Write what is seen, in few enough colours that the repository stays small."""
    tab.evaluate("scrollTo(0, 0)")
    tab.wait_for_timeout(1500)
    image = Image.open(BytesIO(tab.screenshot())).convert("RGB")
    image.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(PICTURES / f"page_{name}.png", optimize=True)
    print(f"docs/pictures/page_{name}.png")


def draw(browser: Any, address: str) -> None:
    """A house, and what becomes of it."""
    tab = browser.new_page(viewport=WIDE)
    tab.goto(address)
    tab.wait_for_selector("drawing-sheet canvas")
    tab.wait_for_timeout(1000)
    house(tab)
    keep(tab, "draw")


def labels(browser: Any, address: str) -> None:
    """Areas in the colours of their classes."""
    tab = browser.new_page(viewport=WIDE)
    tab.goto(address)
    tab.wait_for_selector("drawing-sheet canvas")
    choose(tab, "labels → photo")
    tab.get_by_role("button", name="Surprise me").click()
    keep(tab, "labels")


def imagined(browser: Any, address: str) -> None:
    """A face drawn from noise, changed by sliders."""
    tab = browser.new_page(viewport={"width": 1240, "height": 1130})
    if imagine(tab, address):
        keep(tab, "imagine")


def ways(browser: Any, address: str) -> None:
    """Day to night and night to day, in the dark."""
    dark = browser.new_page(viewport={"width": 1240, "height": 900}, color_scheme="dark")
    dark.goto(f"{address}/?model=day2night%2Fnight2day")
    for way in range(2):
        example = dark.locator(".way").nth(way).locator("button.thumbnail-item").nth(way)
        example.wait_for()
        example.click()
        dark.wait_for_timeout(2000)
    keep(dark, "ways")


def phone(browser: Any, address: str) -> None:
    """The sheet on a phone."""
    tab = browser.new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    tab.goto(address)
    tab.wait_for_selector("drawing-sheet canvas")
    tab.get_by_role("button", name="Surprise me").click()
    keep(tab, "phone")


TAKEN: dict[str, Callable[[Any, str], None]] = {
    "draw": draw,
    "labels": labels,
    "imagine": imagined,
    "ways": ways,
    "phone": phone,
}


def main() -> None:
    """Take those that are named, or all of them."""
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name in sys.argv[1:] or TAKEN:
            TAKEN[name](browser, address)
        browser.close()


if __name__ == "__main__":
    main()
