"""Pictures of the page for the README: `make screenshots` serves the models that come with the project, and looks.

A visitor's way through the page, in Debian's Chromium: a drawing, labels painted, what lies between two faces, the
night of a day, a phone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
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
    """Go to the first model that draws from noise and add pictures up; whether there is one."""
    with urllib.request.urlopen(f"{address}/api/models", timeout=30) as answer:
        keys = [entry["key"] for entry in json.load(answer)["entries"] if entry["kind"] == "noise"]
    if not keys:
        return False
    tab.goto(f"{address}/?model={keys[0]}")
    tab.wait_for_selector("latent-space #grid canvas")
    tab.locator("latent-space #tab-between").click()
    for seed in (3, 8):
        tab.get_by_role("button", name=f"Seed {seed}", exact=True).click()
    tab.wait_for_selector("latent-space .strip canvas")
    return True


def keep(tab: Any, name: str) -> None:
    """Write what is seen, in few enough colours that the repository stays small."""
    tab.evaluate("scrollTo(0, 0)")
    tab.wait_for_timeout(1500)
    image = Image.open(BytesIO(tab.screenshot())).convert("RGB")
    image.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(PICTURES / f"page_{name}.png", optimize=True)
    print(f"docs/pictures/page_{name}.png")


def main() -> None:
    """Take all of them."""
    with served() as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 1240, "height": 860})
        tab.goto(address)
        tab.wait_for_selector("drawing-sheet canvas")
        tab.wait_for_timeout(1000)
        house(tab)
        keep(tab, "draw")
        choose(tab, "labels → photo")
        tab.get_by_role("button", name="Surprise me").click()
        keep(tab, "labels")
        if imagine(tab, address):
            keep(tab, "imagine")
        dark = browser.new_page(viewport={"width": 1240, "height": 900}, color_scheme="dark")
        dark.goto(f"{address}/?model=day2night%2Fnight2day")
        for way in range(2):
            example = dark.locator(".way").nth(way).locator("button.thumbnail-item").nth(way)
            example.wait_for()
            example.click()
            dark.wait_for_timeout(2000)
        keep(dark, "ways")
        phone = browser.new_page(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
        phone.goto(address)
        phone.wait_for_selector("drawing-sheet canvas")
        phone.get_by_role("button", name="Surprise me").click()
        keep(phone, "phone")
        browser.close()


if __name__ == "__main__":
    main()
