"""What draws from noise, as a visitor does it: the picture that is seen is the one that was asked for, to a level."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app.serving import Server, served
from tests.app.test_draw import expected
from tests.app.test_drawing import pixels_of
from tests.browser import BROKEN_OFF, SIZES, visit
from translate.latent import average, noise, restored, spherical

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[1] / "assets"
SECONDS = 20_000
SEEN = """async image => {
    if (image.hidden || !image.src) return null;
    await image.decode().catch(() => {});
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL();
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two models that draw from noise, and one that translates."""
    pytest.importorskip("gradio", reason="the page needs the extra `app`")
    folder = tmp_path_factory.mktemp("imagined")
    for name in ("drawing", "drawing_labels", "invert"):
        shutil.copy(ASSETS / f"{name}.onnx", folder)
    command = ["app.py", "--models", str(folder), "--port", "0"]
    with served(command, tmp_path_factory.mktemp("server") / "log.txt") as server:
        yield server


def ready(tab: Any) -> None:
    tab.wait_for_selector("latent-space #room:not([hidden])", timeout=SECONDS)
    tab.wait_for_selector("latent-space #grid canvas", timeout=SECONDS)


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, server: Server) -> Iterator[Any]:
    address = f"{server.address}?model=drawing"
    with visit(browser, address, request.param, ready=ready, forgiven=(*BROKEN_OFF, "status of 400")) as tab:
        yield tab


DESKTOP = pytest.mark.parametrize("tab", ["desktop"], indirect=True)


@pytest.fixture(autouse=True)
def fresh(request: pytest.FixtureRequest) -> None:
    """As one who comes for the first time."""
    if "tab" in request.fixturenames:
        tab = request.getfixturevalue("tab")
        tab.evaluate("""() => {
            const space = document.querySelector('latent-space');
            for (const target of ['another', 'colour']) {  // anew, as it is another entry
                sessionStorage.clear();
                space.entry = { ...space.entry, target };
            }
        }""")


def seen(tab: Any, wanted: Callable[[np.ndarray], bool]) -> np.ndarray:
    """The picture, once it is as wanted."""
    for _ in range(200):
        address = tab.locator("latent-space #picture").evaluate(SEEN)
        if address and wanted(picture := pixels_of(address)):
            return picture
        tab.wait_for_timeout(100)
    raise AssertionError("that picture did not come")


def is_of(codes: np.ndarray, label: int | None = None) -> Callable[[np.ndarray], bool]:
    whole = expected(np.atleast_2d(codes), label)[0].astype(int)
    return lambda picture: picture.shape == whole.shape and bool(np.abs(picture - whole).max() <= 1)


def press(tab: Any, name: str) -> None:
    tab.locator("latent-space").get_by_role("button", name=name, exact=True).first.click()


def mode(tab: Any, name: str) -> None:
    tab.locator("latent-space").get_by_role("tab", name=name).click()


def draw(tab: Any, *seeds: int) -> None:
    """Press pictures of the sheet."""
    for seed in seeds:
        press(tab, f"Seed {seed}")


def move(tab: Any, name: str, value: float) -> None:
    tab.locator("latent-space").get_by_label(name).evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )


def test_the_first_picture_is_there_at_once_and_the_page_has_one_tab_for_it(tab: Any) -> None:
    seen(tab, is_of(noise([0], 4)))
    assert tab.get_by_role("tab").filter(visible=True).all_inner_texts() == [
        "Imagine",
        "One picture",
        "Between",
        "Arithmetic",
    ]
    assert tab.locator("latent-space #picture").get_attribute("alt") == "colour, drawn from noise"
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    playwright.expect(tab.locator("latent-space #status")).to_contain_text("Made in")


def test_seeds_are_typed_drawn_and_gone_back_to(tab: Any) -> None:
    tab.get_by_label("Seed", exact=True).fill("4711")
    tab.keyboard.press("Enter")
    seen(tab, is_of(noise([4711], 4)))
    press(tab, "Draw another picture")
    field = tab.get_by_label("Seed", exact=True)
    playwright.expect(field).not_to_have_value("4711")
    seen(tab, is_of(noise([int(field.input_value())], 4)))
    press(tab, "The picture before this one")
    seen(tab, is_of(noise([4711], 4)))
    draw(tab, 5)
    seen(tab, is_of(noise([5], 4)))
    playwright.expect(tab.get_by_label("Seed", exact=True)).to_have_value("5")
    tab.get_by_label("Seed", exact=True).fill("-1")
    tab.keyboard.press("Enter")
    playwright.expect(tab.locator("latent-space #status.wrong")).to_have_text(
        "A seed here is a whole number from 0 to 9007199254740991: type another."
    )


def test_the_picture_follows_a_slider_by_keyboard_and_goes_back(tab: Any) -> None:
    still = seen(tab, is_of(noise([0], 4))).astype(int)
    tab.locator("latent-space").get_by_label("direction 1").focus()
    for _ in range(20):
        tab.keyboard.press("ArrowRight")
    moved = seen(tab, lambda picture: picture.mean() > still.mean() + 5)
    assert (moved != still).any()
    press(tab, "Put all sliders back to the middle")
    seen(tab, is_of(noise([0], 4)))


def test_a_reload_finds_what_was_there_and_kept_pictures_come_back(tab: Any) -> None:
    draw(tab, 9)
    seen(tab, is_of(noise([9], 4)))
    press(tab, "Keep this picture below, with everything that it was made of")
    draw(tab, 2)
    seen(tab, is_of(noise([2], 4)))
    tab.reload()
    ready(tab)
    seen(tab, is_of(noise([2], 4)))
    press(tab, "Have seed-9 again")
    seen(tab, is_of(noise([9], 4)))


def test_between_two_pictures(tab: Any) -> None:
    mode(tab, "Between")
    draw(tab, 3, 8)
    a, b = noise([3, 8], 4)
    seen(tab, is_of(spherical(a, b, 0.5)))
    for share in (0.25, 0.8, 1):
        move(tab, "From A to B", share)
        seen(tab, is_of(spherical(a, b, share)))
    press(tab, "Linear: along the chord, through noise that is shorter than any seed’s")
    move(tab, "From A to B", 0.5)
    seen(tab, is_of((a + b) / 2))
    strip = tab.locator("latent-space .strip button")
    playwright.expect(strip).to_have_count(9, timeout=SECONDS)
    strip.nth(0).click()
    seen(tab, is_of(a))


@DESKTOP
def test_a_film_and_the_steps_are_downloaded(tab: Any, tmp_path: Path) -> None:
    mode(tab, "Between")
    for name, size in (
        ("Download a film of the way and back, as WebP", (256, 256)),
        ("Download the steps in one picture", (72, 8)),
    ):
        with tab.expect_download() as coming:
            press(tab, name)
        path = tmp_path / coming.value.suggested_filename
        coming.value.save_as(path)
        with Image.open(path) as shown:
            assert shown.size == size
            # Frames that are the same are one, shown for longer.
            assert getattr(shown, "n_frames", 1) in (range(20, 61) if path.suffix == ".webp" else [1])
    assert path.name == "drawing-between-0-1.png"


@DESKTOP
def test_amid_four_pictures(tab: Any) -> None:
    mode(tab, "Between")
    press(tab, "Four pictures")
    _, b, c, d = noise([0, 1, 2, 3], 4)
    move(tab, "From A to B", 0.25)
    move(tab, "From above to below", 1)
    seen(tab, is_of(spherical(c, d, 0.25)))
    playwright.expect(tab.locator("latent-space .strip button")).to_have_count(25, timeout=SECONDS)
    press(tab, "Go to 100 % across, 0 % down")
    seen(tab, is_of(b))


def test_arithmetic_with_a_dozen_presses(tab: Any) -> None:
    mode(tab, "Arithmetic")
    playwright.expect(tab.locator("latent-space #hint")).to_have_text("Press pictures of the sheet below to begin.")
    draw(tab, 1, 4)
    press(tab, "take away: press, then press pictures below")
    draw(tab, 6, 7)
    press(tab, "and add: press, then press pictures below")
    draw(tab, 10, 11, 12)
    press(tab, "Take seed 12 out of “and add”")
    start, minus, plus = (average(noise(seeds, 4)) for seeds in ([1, 4], [6, 7], [10, 11]))
    seen(tab, is_of(restored(start - minus + plus)))
    move(tab, "How much of it", 0.5)
    seen(tab, is_of(restored(start + 0.5 * (plus - minus))))
    tab.get_by_label("Bring the sum to the length that noise has").uncheck()
    seen(tab, is_of(start + 0.5 * (plus - minus)))
    press(tab, "Take all pictures out")
    playwright.expect(tab.locator("latent-space #picture")).to_be_hidden()


@DESKTOP
def test_what_the_server_refuses_is_said(tab: Any) -> None:
    mode(tab, "Arithmetic")
    draw(tab, 1)
    seen(tab, is_of(restored(noise([1], 4)[0])))
    tab.evaluate("""() => {
        const { state } = document.querySelector('latent-space');
        state.sum.groups = [[1], [1], []];
        document.querySelector('latent-space').changed();
    }""")
    playwright.expect(tab.locator("latent-space #status.wrong")).to_contain_text("What is left is nothing")


@DESKTOP
def test_the_modes_are_chosen_by_keyboard(tab: Any) -> None:
    tab.locator("latent-space #tab-one").focus()
    tab.keyboard.press("ArrowRight")
    playwright.expect(tab.locator("latent-space #tab-between")).to_be_focused()
    playwright.expect(tab.locator("latent-space #panel")).to_have_attribute("aria-labelledby", "tab-between")
    unnamed = tab.evaluate("""() => [...document.querySelector('latent-space').shadowRoot.querySelectorAll(
        'button, input, select')].filter((one) => !(one.getAttribute('aria-label') || one.labels?.length)).length""")
    assert unnamed == 0


def test_classes_and_other_models(browser: Any, server: Server) -> None:
    with visit(browser, f"{server.address}?model=drawing_labels", ready=ready, forgiven=BROKEN_OFF) as tab:
        seen(tab, is_of(noise([0], 4), 0))
        tab.get_by_label("Class").select_option("blue")
        seen(tab, is_of(noise([0], 4), 2))
        draw(tab, 6)
        seen(tab, is_of(noise([6], 4), 2))
        tab.locator("#chips input[value=invert]").check(force=True)
        playwright.expect(tab.locator("latent-space")).to_have_count(0, timeout=SECONDS)
        shown = tab.get_by_role("tab").filter(visible=True)
        assert shown.all_inner_texts() == ["Try it", "Many pictures", "Video"]
        shown.nth(1).click()
        tab.locator("#chips input[value=drawing]").check(force=True)
        ready(tab)
        seen(tab, is_of(noise([0], 4)))
        assert shown.first.inner_text() == "Imagine"
