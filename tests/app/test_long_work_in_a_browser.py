"""Many pictures and a video as a visitor sees them: chosen, translated, looked at, downloaded, cancelled."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app.parts import Served, serve, until
from tests.browser import SIZES, visit

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("gradio", reason="the page needs the extra `app`")
pytest.importorskip("av", reason="videos need the extra `video`")
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("long"), "there", "back", "heavy") as served:
        yield served
        assert "translate/page" not in served.log.read_text()


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, served: Served) -> Iterator[Any]:
    with visit(browser, served.address, request.param, ready=lambda tab: tab.wait_for_selector("#chips label")) as tab:
        yield tab
        assert tab.evaluate("document.documentElement.scrollWidth") <= SIZES[request.param][0]


def opened(tab: Any, name: str, chip: str) -> None:
    """Choose a model and a tab, which on a narrow screen may be in a menu."""
    tab.locator("#chips label", has_text=chip).click()
    if not tab.get_by_role("tab", name=name).is_visible():
        tab.get_by_role("button", name="More tabs").click()
        tab.locator(".overflow-dropdown").get_by_text(name).click()
    else:
        tab.get_by_role("tab", name=name).click()


def report(tab: Any, part: str) -> Any:
    return tab.locator(f"{part} .report").first


def test_pictures_become_a_gallery_and_a_zip(tab: Any, tmp_path: Path) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"picture {number}.png")
    (tmp_path / "story.jpg").write_bytes(b"once upon a time")
    opened(tab, "Many pictures", "day ↔ night")
    tab.locator(".many input[type=file]").first.set_input_files(sorted(tmp_path.iterdir()))
    playwright.expect(tab.locator(".many").get_by_text("story")).to_be_visible()
    tab.locator(".many").get_by_label("night → day").click()  # of two models that undo each other the second
    tab.get_by_role("button", name="Translate all").click()
    playwright.expect(report(tab, ".many")).to_contain_text("3 of 4 pictures translated", timeout=20_000)
    playwright.expect(report(tab, ".many")).to_contain_text("story.jpg is not a picture")
    playwright.expect(tab.locator(".grown .gallery-item img, .grown .thumbnail-item img")).to_have_count(3)
    playwright.expect(tab.locator(".grown")).to_contain_text("picture 1.png")
    with tab.expect_download() as download:
        tab.get_by_text("Download all as zip").click()
    assert download.value.suggested_filename == "back.zip"
    download.value.save_as(tmp_path / "back.zip")
    with zipfile.ZipFile(tmp_path / "back.zip") as archive:
        assert archive.namelist() == [f"picture {number}.png" for number in range(3)]
        for number, picture in enumerate(pictures):
            with archive.open(f"picture {number}.png") as file, Image.open(file) as image:
                np.testing.assert_array_equal(np.asarray(image), 255 - picture)


def test_a_long_video_is_cancelled_and_a_short_one_is_shown(tab: Any, served: Served, tmp_path: Path) -> None:
    from tests.runtime import videos

    before = served.folders()
    opened(tab, "Video", "photo → noise")
    tab.locator(".film input[type=file]").first.set_input_files(
        videos.make(tmp_path / "long.mp4", times=range(1400), sound=None)
    )
    playwright.expect(tab.locator(".film").get_by_text("long")).to_be_visible()
    tab.get_by_role("button", name="Translate video").click()
    playwright.expect(report(tab, ".film").locator("progress")).to_be_visible(timeout=20_000)
    playwright.expect(report(tab, ".film")).to_contain_text("of 1,400 frames")
    assert len(served.folders() - before) == 1
    cancel = tab.locator(".film").get_by_role("button", name="Cancel")
    cancel.click()
    assert until(lambda: served.folders() == before, 20) < 15  # of minutes
    playwright.expect(report(tab, ".film")).to_have_text("Stopped.")
    playwright.expect(cancel).to_be_disabled()

    opened(tab, "Video", "day ↔ night")
    tab.locator(".film").get_by_label("Clear").first.click()
    tab.locator(".film input[type=file]").first.set_input_files(videos.make(tmp_path / "short.mp4", sound=None))
    playwright.expect(tab.locator(".film").get_by_text("short")).to_be_visible()
    tab.get_by_role("button", name="Translate video").click()
    playwright.expect(report(tab, ".film")).to_contain_text("20 frames in", timeout=20_000)
    shown = tab.locator(".film video")
    playwright.expect(shown).to_have_attribute("src", re.compile(r"/short\.mp4$"))
    content = tab.request.get(shown.get_attribute("src")).body()
    (tmp_path / "made.mp4").write_bytes(content)
    frame = videos.look(tmp_path / "made.mp4").frames[0]
    assert np.abs(frame[2, 2].astype(int) - 255 + np.array(videos.RED)).max() < 8


def test_a_visitor_who_closes_the_page_stops_his_video(browser: Any, served: Served, tmp_path: Path) -> None:
    from tests.runtime import videos

    context = browser.new_context()
    tab = context.new_page()
    tab.goto(served.address)
    tab.wait_for_selector("#chips label")
    before = served.folders()
    opened(tab, "Video", "photo → noise")
    tab.locator(".film input[type=file]").first.set_input_files(
        videos.make(tmp_path / "long.mp4", times=range(1400), sound=None)
    )
    playwright.expect(tab.locator(".film").get_by_text("long")).to_be_visible()
    tab.get_by_role("button", name="Translate video").click()
    playwright.expect(report(tab, ".film").locator("progress")).to_be_visible(timeout=20_000)
    assert len(served.folders() - before) == 1
    context.close()
    assert until(lambda: served.folders() == before, 20) < 15
