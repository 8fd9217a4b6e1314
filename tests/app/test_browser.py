"""The page as a visitor sees it: chips that follow the folder, a photo and its slider, both ways, refusals."""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from tests.browser import SIZES, visit

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[1] / "assets"
SECONDS = 15_000


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    with visit(browser, address, request.param, ready=_shows_chips) as tab:
        yield tab


def _shows_chips(tab: Any) -> None:
    playwright.expect(tab.locator("#chips label").first).to_be_visible(timeout=SECONDS)


def choose(tab: Any, title: str) -> None:
    """Choose a chip, and wait until its view is filled."""
    tab.locator("#chips label", has_text=title).first.click()
    playwright.expect(tab.locator("#chips label.selected")).to_have_text(title, timeout=SECONDS)
    source = title.split(" ")[0]
    view = tab.locator("drawing-sheet" if source == "edges" else ".result:visible:has(input[type=file])").first
    playwright.expect(view).to_be_visible(timeout=SECONDS)
    if source != "edges":
        playwright.expect(view).to_contain_text(f"Drop a picture: {source}", timeout=SECONDS)


def give(tab: Any, picture: np.ndarray, path: Path, place: str = "") -> None:
    """Upload a picture into the visible view, in place of what was there before."""
    Image.fromarray(picture).save(path)
    block = tab.locator(f"{place} .result:visible:has(input[type=file])").first
    if block.get_by_role("button", name="Clear").or_(block.get_by_role("button", name="Remove")).count():
        block.get_by_role("button", name="Clear").or_(block.get_by_role("button", name="Remove")).first.click()
    tab.locator(f"{place} input[type=file]:not([webkitdirectory])").first.set_input_files(path)


def shown(tab: Any, selector: str, wanted: Any, seconds: float = 15) -> np.ndarray:
    """The picture shown, once it is as wanted."""
    end = time.monotonic() + seconds
    seen = np.zeros((0, 0, 3), np.uint8)
    while time.monotonic() < end:
        image = tab.locator(selector)
        if image.count() and (address := image.last.get_attribute("src")):
            content = tab.request.get(address).body()
            with Image.open(io.BytesIO(content)) as opened:
                assert opened.format == "PNG"
                seen = np.asarray(opened.convert("RGB"))
            if wanted(seen):
                return seen
        tab.wait_for_timeout(100)
    raise AssertionError(f"the result {seen.shape} did not become what was wanted in {seconds} s")


def noise(seed: int, *size: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def test_chips_are_the_models_and_none_is_wider_than_the_window(tab: Any) -> None:
    assert tab.locator("#chips label").all_inner_texts() == [
        "edges → photo",
        "day ↔ night",
        "grey → colour",
        "photo → negative (invert)",
        "photo → negative (wrong_names)",
    ]
    for title in ("edges → photo", "day ↔ night", "grey → colour"):
        choose(tab, title)
        # Measured when all pictures of the view are there and it was laid out with them.
        tab.wait_for_function("[...document.images].every(image => image.complete)")
        tab.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]


def test_what_cannot_be_used_is_told_without_its_place(tab: Any, models_folder: Path) -> None:
    told = tab.locator(".prose.facts")
    playwright.expect(told).to_contain_text("Left out: damaged.onnx is not an ONNX model", timeout=SECONDS)
    playwright.expect(told).to_contain_text("Left out: no_card.onnx: ")
    assert str(models_folder) not in tab.content()


def test_chips_work_by_keyboard_and_the_address_keeps_the_choice(tab: Any, address: str) -> None:
    choose(tab, "day ↔ night")
    tab.locator("#chips input:checked").focus()
    tab.keyboard.press("ArrowRight")
    playwright.expect(tab.locator("#chips label.selected")).to_have_text("grey → colour", timeout=SECONDS)
    assert tab.url == f"{address}/?model=grey_to_colour"
    other = tab.context.new_page()
    other.goto(tab.url)
    playwright.expect(other.locator("#chips label.selected")).to_have_text("grey → colour", timeout=SECONDS)
    playwright.expect(other.locator(".result:visible").first).to_contain_text("Drop a picture: grey", timeout=SECONDS)
    other.close()


def test_a_photo_gets_a_slider(tab: Any, tmp_path: Path) -> None:
    picture = noise(4, 45, 67)
    choose(tab, "photo → negative (invert)")
    give(tab, picture, tmp_path / "photo.png")
    after = shown(tab, ".slider-block:visible img", lambda seen: seen.shape == picture.shape)
    np.testing.assert_array_equal(after, 255 - picture)
    playwright.expect(tab.locator(".time:visible").first).to_contain_text("67 × 45 pixels")
    handle = tab.locator(".slider-block:visible [role=slider], .slider-block:visible .inner").first
    before = handle.bounding_box()
    tab.mouse.move(before["x"] + before["width"] / 2, before["y"] + before["height"] / 2)
    tab.mouse.down()
    tab.mouse.move(before["x"] - 60, before["y"] + before["height"] / 2, steps=4)
    tab.mouse.up()
    assert handle.bounding_box()["x"] < before["x"] - 40


def test_strength_lays_the_result_over_the_picture_and_the_file_is_what_is_shown(tab: Any, tmp_path: Path) -> None:
    picture = noise(5, 30, 40)
    choose(tab, "photo → negative (invert)")
    give(tab, picture, tmp_path / "mine.png")
    shown(tab, ".slider-block:visible img", lambda seen: np.array_equal(seen, 255 - picture))
    strength = tab.locator(".strength:visible input[type=number]").first
    strength.fill("25")
    strength.press("Tab")
    expected = np.rint(0.75 * picture + 0.25 * (255.0 - picture)).astype(int)
    shown(
        tab,
        ".slider-block:visible img",
        lambda seen: seen.shape == picture.shape and np.abs(seen - expected).max() <= 1,
    )
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download").or_(tab.get_by_role("button", name="Download")).locator(
            "visible=true"
        ).first.click()
    assert download.value.suggested_filename == "mine_negative.png"
    with Image.open(download.value.path()) as file:
        assert np.abs(np.asarray(file) - expected).max() <= 1


def test_a_large_picture_is_in_nobodys_way(tab: Any, address: str, tmp_path: Path) -> None:
    choose(tab, "grey → colour")
    choose(tab, "photo → negative (invert)")  # anew, at full strength
    give(tab, np.full((4000, 5000, 3), 200, np.uint8), tmp_path / "large.png")
    longest = 0.0
    end = time.monotonic() + 60
    while not tab.locator(".slider-block:visible img").count() and time.monotonic() < end:
        start = time.monotonic()
        with urlopen(f"{address}/health", timeout=60) as answer:
            answer.read()
        longest = max(longest, time.monotonic() - start)
        tab.wait_for_timeout(50)
    after = shown(tab, ".slider-block:visible img", lambda seen: seen.shape == (1638, 2048, 3))
    assert (after == 55).all()
    playwright.expect(tab.locator(".time:visible").first).to_contain_text("5000 × 4000 pixels", timeout=SECONDS)
    assert longest < 3  # it was 15 when the event loop wrote the file


def test_an_example_is_a_picture_to_start_from_and_a_cross_takes_it_away(tab: Any) -> None:
    choose(tab, "grey → colour")
    choose(tab, "photo → negative (invert)")  # anew, at full strength
    tab.locator(".examples:visible button.thumbnail-item").first.click()
    shown(tab, ".slider-block:visible img", lambda seen: np.array_equal(seen, 255 - noise(0, 48, 64)))
    block = tab.locator(".result:visible").first
    block.get_by_role("button", name="Clear").or_(block.get_by_role("button", name="Remove")).first.click()
    playwright.expect(tab.locator(".slider-block:visible img")).to_have_count(0, timeout=SECONDS)


def test_of_choices_in_quick_succession_the_last_one_counts(tab: Any) -> None:
    for title in ("day ↔ night", "grey → colour", "edges → photo", "grey → colour", "photo → negative (invert)"):
        tab.locator("#chips label", has_text=title).first.click()
    drop = tab.locator(".pair:visible .result").first
    playwright.expect(drop).to_contain_text("Drop a picture: photo", timeout=SECONDS)
    playwright.expect(tab.locator(".examples:visible button.thumbnail-item")).to_have_count(1, timeout=SECONDS)


def test_both_ways_lead_home(tab: Any, tmp_path: Path) -> None:
    picture = noise(6, 41, 59)
    choose(tab, "day ↔ night")
    ways = tab.locator(".way:visible")
    playwright.expect(ways).to_have_count(2, timeout=SECONDS)
    for number in range(2):
        place = f".way:visible >> nth={number} >>"
        give(tab, picture, tmp_path / "picture.png", place)
        after = shown(tab, f"{place} .slider-block img", lambda seen: seen.shape == picture.shape)
        np.testing.assert_array_equal(after, 255 - picture)
        home = shown(tab, f"{place} .result:not(.drop) img", lambda seen: seen.shape == picture.shape)
        np.testing.assert_array_equal(home, picture)
        told = ways.nth(number).locator(".time").first
        playwright.expect(told).to_contain_text("There and back: 0.0 of 255 levels away from the original on average.")
        playwright.expect(told).to_contain_text("59 × 41 pixels")
    left, right = (ways.nth(number).bounding_box() for number in range(2))
    beside = left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    below = left["x"] == right["x"] and left["y"] + left["height"] <= right["y"]
    assert (below, beside) == ((True, False) if tab.viewport_size["width"] < 640 else (False, True))


def test_the_next_model_begins_with_nothing(tab: Any) -> None:
    choose(tab, "day ↔ night")
    choose(tab, "grey → colour")
    playwright.expect(tab.locator(".slider-block:visible img")).to_have_count(0, timeout=SECONDS)


def test_a_file_that_is_no_picture_is_told_in_a_sentence(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"once upon a time")
    choose(tab, "grey → colour")
    tab.locator(".result:visible input[type=file]").first.set_input_files(tmp_path / "photo.png")
    toast = tab.get_by_test_id("toast-body").last
    playwright.expect(toast).to_contain_text("not a picture", timeout=SECONDS)
    assert "Traceback" not in toast.inner_text()
    assert "/" not in toast.inner_text().replace("\n", "")


def test_files_that_come_and_go_while_it_runs_are_chips(tab: Any, models_folder: Path) -> None:
    choose(tab, "day ↔ night")
    shutil.copy(ASSETS / "invert.onnx", models_folder / "zz_late.onnx")
    late = tab.locator("#chips label", has_text="photo → negative (zz_late)")
    playwright.expect(late).to_be_visible(timeout=SECONDS)
    playwright.expect(tab.locator("#chips label.selected")).to_have_text("day ↔ night")
    late.click()
    playwright.expect(tab.locator("#chips label.selected")).to_have_text("photo → negative (zz_late)", timeout=SECONDS)
    (models_folder / "zz_late.onnx").unlink()
    playwright.expect(late).to_have_count(0, timeout=SECONDS)
    playwright.expect(tab.locator("#chips label.selected")).to_have_text("edges → photo", timeout=SECONDS)


def test_the_dark_is_dark_and_the_light_is_light(browser: Any, address: str) -> None:
    for scheme, dark in (("light", False), ("dark", True)):
        context = browser.new_context(color_scheme=scheme)
        tab = context.new_page()
        tab.goto(address)
        playwright.expect(tab.locator("#chips label").first).to_be_visible(timeout=SECONDS)
        colour = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(colour.removeprefix("rgb(").split(",")[0])
        assert (red < 60) if dark else (red > 220)
        context.close()
