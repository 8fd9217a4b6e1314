"""The report as a reader uses it, in a browser: from a file, with nothing but what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.evaluation.reports import COUNT, HOSTILE, evaluation, run
from translate.evaluation import comparing, report
from translate.evaluation.compare import compare, contestants

CHROMIUM = Path("/usr/bin/chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no {CHROMIUM}"),
]
QUIET = ["no-sandbox", "disable-gpu", "disable-quic", "disable-sync", "no-first-run", "disable-component-update"]
SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=[f"--{name}" for name in QUIET])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of one model, of two, and of unpaired data, and a comparison."""
    folder = tmp_path_factory.mktemp("reports")
    for name, models, paired in (("one", 1, True), ("two", 2, True), ("unpaired", 1, False)):
        scores, gallery = evaluation(models, paired)
        runs = {"edges2photo": run(folder / f"run_{name}")}
        report.write(folder / f"{name}.html", scores, gallery, runs)
    scores, gallery = evaluation(2)
    comparing.write(
        folder / "compare.html", compare(contestants(scores), resamples=500), gallery, "translate compare a b"
    )
    return folder


@contextmanager
def opened(browser: Any, page: Path, size: str = "desktop", **options: Any) -> Iterator[Any]:
    """The page, after which nothing must have gone wrong, been asked for, or run that is not ours."""
    width, height = SIZES[size]
    phone = size == "phone"
    context = browser.new_context(
        viewport={"width": width, "height": height}, is_mobile=phone, has_touch=phone, **options
    )
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
    tab.on(
        "request", lambda request: wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    tab.goto(page.as_uri())
    yield tab
    if options.get("java_script_enabled", True):
        assert tab.evaluate("window.hacked") is None
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert wrong == []
    context.close()


def order(tab: Any) -> list[int]:
    """The pictures that are seen, in order."""
    return tab.evaluate("[...document.querySelectorAll('.card:not([hidden])')].map(card => Number(card.dataset.index))")


def test_the_worst_comes_first_by_whatever_is_chosen(browser: Any, pages: Path) -> None:
    falling, rising = list(range(COUNT - 1, -1, -1)), list(range(COUNT))
    with opened(browser, pages / "one.html") as tab:
        assert order(tab) == falling, "by L1, the first metric"
        tab.select_option("#metric", label="SSIM")
        assert order(tab) == rising
        assert tab.locator(".card .rank").first.inner_text() == f"1 of {COUNT}"
        assert tab.locator(".card tr.by").first.inner_text().split() == ["SSIM", "0.300"]
        tab.click("#turn")
        assert order(tab) == falling
        assert tab.inner_text("#turn") == "Best first"
        tab.click("#turn")
        tab.select_option("#metric", label="name")
        assert order(tab) == [COUNT - 1, *range(COUNT - 1)], "< comes before h"


def test_pictures_are_found_by_name(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "one.html") as tab:
        tab.fill("#filter", "HOUSE_3")
        assert order(tab) == [3]
        assert tab.inner_text("#count") == f"1 of {COUNT}"
        tab.fill("#filter", "<script>")
        assert order(tab) == [COUNT - 1]
        assert HOSTILE in tab.locator(".card:not([hidden]) h3").inner_text()
        tab.fill("#filter", "no such name")
        assert order(tab) == []
        assert tab.is_visible("#nothing")


def edge(tab: Any) -> float:
    """Where the slider of the enlarged picture parts, in percent."""
    return float(tab.evaluate("parseFloat(document.querySelector('#viewer .slider').style.getPropertyValue('--at'))"))


def test_a_slider_between_output_and_target(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "one.html") as tab:
        tab.locator(".card figure.output button").first.click()
        assert tab.locator("#viewer-name").inner_text() == HOSTILE
        assert edge(tab) == 50
        assert tab.locator("#viewer .label").all_inner_texts() == ["target", "output"]
        tab.keyboard.press("ArrowRight")
        assert edge(tab) == 51
        assert tab.locator("#viewer input").get_attribute("aria-valuetext") == "51 % target"
        tab.keyboard.press("Home")
        assert edge(tab) == 0
        box = tab.locator("#viewer .slider").bounding_box()
        tab.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
        tab.mouse.down()
        tab.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2, steps=5)
        tab.mouse.up()
        tab.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
        assert edge(tab) == pytest.approx(80, abs=1), "it is let go of with the button"
        clip = tab.evaluate("getComputedStyle(document.querySelector('#viewer .slider img + img')).clipPath")
        assert clip.startswith("inset(0px calc(100% - ") or clip.startswith("inset(0px ")
        tab.select_option("[data-side=before]", label="input")
        assert tab.locator("#viewer .label").all_inner_texts() == ["input", "output"]
        assert edge(tab) == pytest.approx(80, abs=1), "another picture parts where this one did"
        tab.keyboard.press("Escape")
        assert not tab.is_visible("#viewer")


def test_from_picture_to_picture(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "two.html") as tab:
        tab.select_option("#metric", label="SSIM")
        tab.locator(".card").nth(1).locator("figure.difference button").nth(1).click()
        assert tab.locator("#viewer-name").inner_text() == "house_1.png"
        assert tab.locator("#viewer .label").all_inner_texts() == ["difference", "<b>other</b>"]
        tab.keyboard.press("PageDown")
        assert tab.locator("#viewer-name").inner_text() == "house_2.png"
        assert tab.locator("#viewer .label").all_inner_texts() == ["difference", "<b>other</b>"]
        tab.click("#viewer [data-step='-1']")
        assert tab.locator("#viewer-name").inner_text() == "house_1.png"
        tab.click("#viewer [data-close]")
        assert not tab.is_visible("#viewer")


def test_sliders_in_place_by_touch(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "two.html", "phone") as tab:
        tab.tap("[data-view=slider]")
        slider = tab.locator(".card .slider").first
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        tab.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + 40)
        assert float(slider.evaluate("e => parseFloat(e.style.getPropertyValue('--at'))")) == pytest.approx(25, abs=2)
        assert not tab.locator(".card .figures").first.is_visible()
        assert tab.locator(".card").first.locator(".slider").count() == 2
        tab.locator(".sliders button").first.tap()
        assert tab.locator(".card .slider .label").first.inner_text() == "input"


def test_several_models_and_where_they_differ(browser: Any, pages: Path) -> None:
    scores, _ = evaluation(2)
    first, second = (scores.numbers[model]["L1"] for model in scores.numbers)
    with opened(browser, pages / "two.html") as tab:
        tab.select_option("#of", label="<b>other</b>")
        assert order(tab) == sorted(range(COUNT), key=lambda index: (-round(second[index], 3), index))
        tab.select_option("#of", value="gap")
        gaps = [abs(a - b) for a, b in zip(first, second, strict=True)]
        assert [round(gaps[index], 2) for index in order(tab)] == sorted((round(gap, 2) for gap in gaps), reverse=True)
        assert tab.inner_text("#turn") == "Widest first"
    with opened(browser, pages / "compare.html") as tab:
        assert tab.input_value("#of") == "gap"
        assert tab.locator(".verdicts tbody tr").count() == 4


def test_light_and_dark(browser: Any, pages: Path) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with opened(browser, pages / "one.html", color_scheme="light") as tab:
        light = tab.evaluate(background)
        tab.click("#theme")
        dark = tab.evaluate(background)
        assert dark != light
        tab.reload()
        assert tab.evaluate(background) == dark, "it is remembered"
        tab.click("#theme")
        assert tab.evaluate(background) == light
    with opened(browser, pages / "one.html", color_scheme="dark") as tab:
        assert tab.evaluate(background) == dark


def test_the_table_is_sorted_by_a_column(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "one.html") as tab:
        rows = "[...document.querySelectorAll('.all tbody tr')].map(row => Number(row.dataset.index))"
        tab.locator(".all .sort").nth(2).click()
        assert tab.locator(".all th").nth(2).get_attribute("aria-sort") == "ascending"
        assert tab.evaluate(rows) == list(range(COUNT - 1, -1, -1)), "PSNR, the least first"
        tab.locator(".all .sort").nth(2).click()
        assert tab.evaluate(rows) == list(range(COUNT))
        tab.locator(".all tbody a").nth(2).click()
        assert tab.evaluate("location.hash") == "#picture-2"


def test_numbers_under_the_pointer(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "one.html") as tab:
        tab.locator(".card").nth(1).hover()
        histogram = tab.locator("figure.histogram").first
        assert histogram.locator("output").inner_text() == f"house_{COUNT - 2}.png"
        place = histogram.locator(".mark").evaluate("mark => mark.transform.baseVal.getItem(0).matrix.e")
        assert place == pytest.approx(46 + 264 * 6 / 7, abs=0.5), "28 of 4 … 32"
        svg = tab.locator("[data-curve] svg").first
        svg.scroll_into_view_if_needed()
        box = svg.bounding_box()
        tab.mouse.move(box["x"] + box["width"] * (46 + 264 * 0.52) / 320, box["y"] + 40)
        assert tab.locator("[data-curve] output").first.inner_text() == "10 at 300"


@pytest.mark.parametrize("name", ["one", "unpaired", "compare"])
def test_without_scripts_all_is_there(browser: Any, pages: Path, name: str) -> None:
    with opened(browser, pages / f"{name}.html", java_script_enabled=False) as tab:
        assert tab.locator(".card").count() == COUNT
        assert tab.locator(".card img").first.is_visible()
        assert not tab.locator(".tools").is_visible()
        assert not tab.locator("#theme").is_visible()


@pytest.mark.parametrize("name", ["one", "two", "unpaired", "compare"])
def test_on_a_phone(browser: Any, pages: Path, name: str) -> None:
    with opened(browser, pages / f"{name}.html", "phone") as tab:
        card = tab.locator(".card").first
        card.scroll_into_view_if_needed()
        boxes = [figure.bounding_box() for figure in card.locator("figure").all()]
        assert len({round(box["x"]) for box in boxes}) == 2, "two by two"
        card.locator("figure.output button").first.tap()
        assert tab.locator("#viewer").bounding_box()["width"] <= 390


def test_on_paper(browser: Any, pages: Path) -> None:
    with opened(browser, pages / "one.html", color_scheme="dark") as tab:
        tab.emulate_media(media="print")
        assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(22, 24, 29)"
        assert not tab.locator(".tools").is_visible()
        assert tab.pdf()[:5] == b"%PDF-"
