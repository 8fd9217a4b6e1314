"""The page as a visitor sees it: a stroke becomes a picture, a photo gets its slider, nothing leaves the machine."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}"),
]
QUIET = ["disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update"]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        options = [f"--{name}" for name in ("no-sandbox", "disable-sync", *QUIET)]
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    """The page, opened and ready to draw on; afterwards nothing must have gone wrong or elsewhere."""
    width, height = SIZES[request.param]
    phone = request.param == "phone"
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=phone, is_mobile=phone)
    tab = context.new_page()
    errors: list[str] = []
    hosts: set[str | None] = set()
    tab.on("console", lambda message: message.type == "error" and errors.append(message.text))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("request", lambda sent: hosts.add(urlsplit(sent.url).netloc))
    tab.goto(address)
    pen_in_hand(tab)
    yield tab
    context.close()
    assert errors == []
    assert hosts <= {urlsplit(address).netloc, ""}  # no host: blob: and data:


def pen_in_hand(tab: Any) -> None:
    tab.wait_for_selector(".canvas[data-ready]")
    tab.wait_for_selector(".canvas .toolbar-wrap button.highlight")
    tab.wait_for_timeout(300)


def choose(tab: Any, name: str) -> Any:
    """Open a tab, which on a narrow screen is in a menu."""
    if tab.get_by_role("tab", name=name).count():
        tab.get_by_role("tab", name=name).click()
    else:
        tab.get_by_role("button", name="More tabs").click()
        tab.locator(".overflow-dropdown").get_by_text(name).click()
    return tab.locator("[role=tabpanel]:visible")


def stroke(tab: Any, *points: tuple[float, float]) -> None:
    """Draw along points, given in halves of the sheet's side from its middle."""
    tab.locator(".canvas").evaluate("block => block.scrollIntoView({block: 'center'})")
    tab.wait_for_timeout(200)
    box = tab.locator(".canvas canvas").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    half = min(box["width"], box["height"]) / 2 - 40
    places = [(middle[0] + x * half, middle[1] + y * half) for x, y in points]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=3)
    tab.mouse.up()


def result(tab: Any, selector: str, wanted: Any, seconds: float = 15) -> np.ndarray:
    """The picture shown, once it is as wanted."""
    end = time.monotonic() + seconds
    seen = np.zeros((0, 0, 3), np.uint8)
    while time.monotonic() < end:
        image = tab.locator(selector)
        if image.count():
            content = tab.request.get(image.last.get_attribute("src")).body()
            with Image.open(io.BytesIO(content)) as opened:
                assert opened.format == "PNG"
                seen = np.asarray(opened.convert("RGB"))
            if wanted(seen):
                return seen
        tab.wait_for_timeout(100)
    raise AssertionError(f"the result {seen.shape} did not become what was wanted in {seconds} s")


# The model of the tests gives half of the drawing and half of a colour: paper becomes PAPER, ink about INK.
PAPER, INK = (247, 207, 167), (120, 80, 40)


def dark(picture: np.ndarray) -> np.ndarray:
    return picture.astype(int).sum(-1) < sum(PAPER) - 150


def test_nothing_is_wider_than_the_window(tab: Any) -> None:
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
    paper, block = (tab.locator(name).first.bounding_box() for name in (".canvas canvas", ".canvas"))
    assert paper["width"] > 0.95 * block["width"]


def test_a_stroke_becomes_a_picture(tab: Any) -> None:
    stroke(tab, (-0.8, 0), (0.8, 0))
    first = result(tab, ".result img", lambda seen: dark(seen).any())
    assert first.shape == (64, 64, 3)
    np.testing.assert_array_equal(first[2, 2], PAPER)
    rows, columns = np.nonzero(dark(first))
    assert abs(rows.mean() - 31.5) < 3
    assert columns.min() < 16 < 48 < columns.max()
    assert np.abs(first[32, 32].astype(int) - INK).max() < 60

    stroke(tab, (0, -0.8), (0, 0.8))
    result(tab, ".result img", lambda seen: dark(seen)[10:20, 30:34].any() and dark(seen)[30:34, 10:20].any())


def test_a_cleared_canvas_has_no_result_and_a_pen(tab: Any) -> None:
    tab.locator(".canvas .top-panel button").last.click()
    playwright.expect(tab.locator(".result:visible img")).to_have_count(0, timeout=15_000)
    pen_in_hand(tab)
    stroke(tab, (0.5, -0.5), (0.5, 0.5))
    seen = result(tab, ".result img", lambda seen: dark(seen).any())
    assert not dark(seen)[:, :32].any()


def test_a_sketch_to_start_from_can_be_drawn_on(tab: Any) -> None:
    tab.get_by_role("button", name="Random sketch").click()
    result(tab, ".result img", lambda seen: dark(seen)[16, 16:49].all())
    tab.wait_for_timeout(1000)
    stroke(tab, (-0.8, 0.7), (0.8, 0.7))
    both = result(tab, ".result img", lambda seen: dark(seen)[45:64].any())
    assert dark(both)[16, 16:49].all()


def test_a_photo_gets_a_slider(tab: Any, tmp_path: Path) -> None:
    photo = np.random.default_rng(4).integers(0, 256, (45, 67, 3), dtype=np.uint8)
    Image.fromarray(photo).save(tmp_path / "photo.png")
    panel = choose(tab, "photo → negative (invert)")
    panel.locator("input[type=file]").first.set_input_files(tmp_path / "photo.png")
    slider = ".slider-wrap:visible img, [data-testid=imageslider]:visible img"
    after = result(tab, slider, lambda seen: seen.shape == photo.shape)
    np.testing.assert_array_equal(after, 255 - photo)
    assert "67 × 45 pixels" in panel.inner_text()


def test_both_ways_lead_home(tab: Any, tmp_path: Path) -> None:
    picture = np.random.default_rng(6).integers(0, 256, (41, 59, 3), dtype=np.uint8)
    Image.fromarray(picture).save(tmp_path / "picture.png")
    columns = choose(tab, "day ↔ night").locator(".way")
    playwright.expect(columns).to_have_count(2)
    for number in range(2):
        way = f".way:visible >> nth={number} >> "
        columns.nth(number).locator("input[type=file]").set_input_files(tmp_path / "picture.png")
        after = result(tab, way + ".slider-block img", lambda seen: seen.shape == picture.shape)
        np.testing.assert_array_equal(after, 255 - picture)
        home = result(tab, way + ".result:not(.drop) img", lambda seen: seen.shape == picture.shape)
        np.testing.assert_array_equal(home, picture)
        told = columns.nth(number).locator(".time").first
        playwright.expect(told).to_contain_text("There and back: 0.0 of 255 levels away from the original on average.")
        assert "59 × 41 pixels" in told.inner_text()
    left, right = (columns.nth(number).bounding_box() for number in range(2))
    beside = left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    below = left["x"] == right["x"] and left["y"] + left["height"] <= right["y"]
    assert (below, beside) == ((True, False) if tab.viewport_size["width"] < 640 else (False, True))
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]


def test_an_example_starts_a_round_trip_and_a_cross_ends_it(tab: Any) -> None:
    way = choose(tab, "day ↔ night").locator(".way").first
    way.get_by_role("button", name="Remove").click()
    playwright.expect(way.locator(".result:not(.drop) img")).to_have_count(0, timeout=15_000)
    playwright.expect(way.locator(".slider-block img")).to_have_count(0)
    way.locator(".gallery-item").first.click()
    home = result(tab, ".way:visible >> nth=0 >> .result:not(.drop) img", lambda seen: seen.shape == (48, 64, 3))
    np.testing.assert_array_equal(home, np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))


def test_a_file_that_is_no_picture_is_told_in_a_sentence(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"once upon a time")
    panel = choose(tab, "grey → colour")
    panel.locator("input[type=file]").first.set_input_files(tmp_path / "photo.png")
    toast = tab.get_by_test_id("toast-body")
    playwright.expect(toast).to_contain_text("not a picture", timeout=15_000)
    assert "Traceback" not in toast.inner_text()
