"""From a photo, as a visitor does it: the sheet holds what the file derives, and the result is the model's of that."""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app import test_browser as pictures
from tests.app import test_drawing as sheets
from tests.app.serving import Server, decoded, encoded, served
from tests.browser import BROKEN_OFF, SIZES, visit
from translate.page.photos import PHOTO
from translate.runtime import Translator

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
ASSETS = Path(__file__).parents[1] / "assets"
SECONDS = 15_000
EDGES, LIGHTNESS = "from_edges", "from_lightness"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Two models that derive, two that do not, and a picture to start from."""
    pytest.importorskip("gradio", reason="the page needs the extra `app`")
    folder = tmp_path_factory.mktemp("photos")
    for name in (EDGES, LIGHTNESS, "edges", "grey_to_colour"):
        shutil.copy(ASSETS / f"{name}.onnx", folder)
    (folder / "examples" / "lightness").mkdir(parents=True)
    Image.fromarray(scene(40, 60)[..., 1]).save(folder / "examples" / "lightness" / "scene.png")
    command = ["app.py", "--models", str(folder), "--port", "0"]
    with served(command, tmp_path_factory.mktemp("server") / "log.txt") as server:
        yield server


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, server: Server) -> Iterator[Any]:
    forgiven = (*BROKEN_OFF, "status of 422")
    with visit(browser, server.address, request.param, ready=sheets.ready, forgiven=forgiven) as tab:
        yield tab


@pytest.fixture(scope="module")
def models() -> dict[str, Translator]:
    return {name: Translator(ASSETS / f"{name}.onnx", engine="cpu") for name in (EDGES, LIGHTNESS)}


def scene(height: int, width: int) -> np.ndarray:
    """A picture with edges that is nowhere grey: a bright box and a dark disc before a gradient."""
    y, x = np.mgrid[:height, :width] / (height, width)[0]
    picture = np.stack([200 - 60 * y, 170 + 20 * x, 230 - 90 * y], axis=-1)
    picture[(x > 0.2) & (x < 0.5) & (y > 0.4)] = (250, 210, 90)
    picture[(x - 0.9) ** 2 + (y - 0.5) ** 2 < 0.05] = (40, 70, 30)
    return picture.astype(np.uint8)


def chosen(tab: Any, key: str) -> None:
    """Choose a model, anew where it is chosen already, so that nothing is left of what was there."""
    chip = tab.locator(f"#chips input[value={key}]")
    if "edges" not in key and chip.is_checked():
        chosen(tab, EDGES)
    chip.check(force=True)
    if "edges" in key:
        tab.wait_for_function("key => document.querySelector('drawing-sheet')?.entry?.key === key", arg=key)
        tab.evaluate("document.querySelector('drawing-sheet').restored")
        tab.evaluate("document.querySelector('drawing-sheet').sheet.clear()")
        playwright.expect(tab.locator("#picture")).to_be_hidden()
    else:
        drop = tab.locator(".result:visible:has(input[type=file])").first
        source = "lightness" if key == LIGHTNESS else "grey"
        playwright.expect(drop).to_contain_text(f"Drop a picture: {source}", timeout=SECONDS)
        playwright.expect(tab.locator(".slider-block:visible img")).to_have_count(0, timeout=SECONDS)


def given_to_the_sheet(tab: Any, photo: np.ndarray, path: Path) -> np.ndarray:
    """Press "From a photo", choose one, and return the picture that the page sent of it."""
    Image.fromarray(photo).save(path, quality=95)
    with tab.expect_request("**/api/derive/*") as asked, tab.expect_file_chooser() as chooser:
        tab.locator("drawing-sheet").get_by_role("button", name="From a photo").click()
        chooser.value.set_files(path)
    assert asked.value.url.endswith(f"/api/derive/{EDGES}")
    playwright.expect(tab.locator("#picture")).to_be_visible(timeout=SECONDS)
    return sent_to(tab)


SENT = """async () => {
    const blobs = (window.blobs ??= []);
    const bytes = new Uint8Array(await blobs.at(-1).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""
LISTEN = """() => {
    if (window.listening) return;
    window.listening = window.fetch;
    window.blobs = [];
    window.fetch = (address, options) => {
        if (String(address).includes('/api/derive/')) window.blobs.push(options.body);
        return window.listening(address, options);
    };
}"""


def sent_to(tab: Any) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(tab.evaluate(SENT)))) as image:
        return np.asarray(image.convert("RGB"))


def placed(derived: np.ndarray, size: int) -> np.ndarray:
    """In the middle of white paper."""
    height, width = derived.shape[:2]
    paper = np.full((size, size), 255, np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    paper[top : top + height, left : left + width] = derived[..., 0]
    return paper


@pytest.mark.parametrize("size", [(96, 128), (1600, 900)], ids=["small", "over a megapixel"])
def test_the_sheet_holds_what_the_file_derives(
    tab: Any, models: dict[str, Translator], tmp_path: Path, size: tuple[int, int]
) -> None:
    tab.evaluate(LISTEN)
    chosen(tab, EDGES)
    sent = given_to_the_sheet(tab, scene(*size), tmp_path / "mine.jpg")
    assert sent.shape == ((48, 64, 3) if size == (96, 128) else (64, 36, 3))
    edges = placed(models[EDGES].derive(sent), 64)
    assert 60 < (edges == 0).sum() < 1000  # lines
    seen = sheets.drawing(tab)
    np.testing.assert_array_equal(seen, np.repeat(edges[..., None], 3, axis=2))
    made = sheets.pixels_of(tab.locator("#picture").evaluate(sheets.SEEN))
    np.testing.assert_array_equal(made, models[EDGES].array(edges[..., None]))
    playwright.expect(tab.locator("#status")).to_contain_text("Made in")
    # It is a mark like another: drawn on, undone.
    tab.locator("drawing-sheet").get_by_role("button", name="Undo").click()
    playwright.expect(tab.locator("#picture")).to_be_hidden()


def test_what_is_no_photo_is_told_beside_the_sheet(tab: Any, tmp_path: Path) -> None:
    chosen(tab, EDGES)
    (tmp_path / "photo.png").write_bytes(b"once upon a time")
    tab.locator("drawing-sheet #photo").set_input_files(tmp_path / "photo.png")
    status = tab.locator("drawing-sheet #status.wrong")
    playwright.expect(status).to_have_text("That photo cannot be read: choose a PNG, JPEG or WebP.", timeout=SECONDS)
    playwright.expect(tab.locator("drawing-sheet #result.waiting")).to_have_count(0)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"status": 422, "json": {"error": "it failed: try another one"}}, "It failed: try another one"),
        ({"status": 422, "body": "<html>"}, "The server answered 422: try again in a moment."),
    ],
)
def test_what_the_server_refuses_is_told_in_a_sentence(
    tab: Any, tmp_path: Path, answer: dict[str, Any], told: str
) -> None:
    chosen(tab, EDGES)
    tab.route("**/api/derive/*", lambda route: route.fulfill(**answer))
    Image.fromarray(scene(40, 50)).save(tmp_path / "photo.png")
    tab.locator("drawing-sheet #photo").set_input_files(tmp_path / "photo.png")
    playwright.expect(tab.locator("drawing-sheet #status.wrong")).to_have_text(told, timeout=SECONDS)
    tab.unroute("**/api/derive/*")


def shown(tab: Any, expected: np.ndarray) -> None:
    pictures.shown(tab, ".slider-block:visible img", lambda seen: np.array_equal(seen, expected))


def test_the_checkbox_makes_the_input_first(tab: Any, models: dict[str, Translator], tmp_path: Path) -> None:
    model, photo = models[LIGHTNESS], scene(45, 67)
    chosen(tab, LIGHTNESS)
    box = tab.get_by_label("It is a photo: make the lightness of it first").locator("visible=true")
    playwright.expect(box).not_to_be_checked()
    where = box.locator("xpath=ancestor::label").bounding_box()
    assert where["height"] < 40  # one line
    assert where["x"] >= 0
    assert where["x"] + where["width"] <= tab.viewport_size["width"]
    pictures.give(tab, photo, tmp_path / "photo.png")
    shown(tab, model.array(model.read(tmp_path / "photo.png")))  # as grey, which is something else
    box.check()
    playwright.expect(tab.locator(".time:visible").first).to_contain_text("67 × 45 pixels", timeout=SECONDS)
    shown(tab, model.array(model.derive(photo)))
    assert np.abs(model.derive(photo).astype(int) - model.read(tmp_path / "photo.png")).mean() > 1
    tab.locator(".examples:visible button.thumbnail-item").first.click()  # which is no photo
    playwright.expect(box).not_to_be_checked(timeout=SECONDS)
    shown(tab, model.array(scene(40, 60)[..., 1:2]))


def test_a_large_photo_is_made_smaller_for_it(tab: Any, tmp_path: Path) -> None:
    chosen(tab, LIGHTNESS)
    tab.get_by_label("It is a photo").locator("visible=true").check()
    pictures.give(tab, np.full((1500, 2000, 3), (200, 100, 50), np.uint8), tmp_path / "large.png")
    time = tab.locator(".time:visible").first
    playwright.expect(time).to_contain_text("1154 × 866 pixels", timeout=SECONDS)
    assert PHOTO >= 1154 * 866
    pictures.shown(tab, ".slider-block:visible img", lambda seen: seen.shape == (866, 1154, 3))


def test_a_file_that_is_no_picture_is_told_with_the_box_ticked(tab: Any, tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(b"once upon a time")
    chosen(tab, LIGHTNESS)
    tab.get_by_label("It is a photo").locator("visible=true").check()
    tab.locator(".result:visible input[type=file]").first.set_input_files(tmp_path / "photo.png")
    playwright.expect(tab.get_by_test_id("toast-body").last).to_contain_text("not a picture", timeout=SECONDS)


def test_models_that_derive_nothing_offer_nothing(tab: Any) -> None:
    chosen(tab, "edges")
    playwright.expect(tab.locator("drawing-sheet").get_by_role("button", name="Open a picture")).to_be_visible()
    playwright.expect(tab.locator("drawing-sheet").get_by_role("button", name="From a photo")).to_have_count(0)
    chosen(tab, "grey_to_colour")
    playwright.expect(tab.get_by_label("It is a photo").locator("visible=true")).to_have_count(0)


def test_the_route_gives_programs_the_same(server: Server, models: dict[str, Translator]) -> None:
    photo = scene(70, 90)
    answer = server.post(f"/api/derive/{EDGES}", encoded(photo))
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    np.testing.assert_array_equal(decoded(answer.body), models[EDGES].derive(photo)[..., 0])
    for method, path, status, body in (
        ("POST", "/api/derive/edges", 422, encoded(photo)),
        ("POST", "/api/derive/nobody", 404, encoded(photo)),
        ("POST", f"/api/derive/{EDGES}", 400, b"once upon a time"),
        ("GET", f"/api/derive/{EDGES}", 405, None),
        ("POST", f"/api/derive/{EDGES}/more", 404, encoded(photo)),
    ):
        answer = server.ask(method, path, body)
        assert answer.status == status, path
        assert answer.json["error"]
    assert server.post(f"/api/derive/{EDGES}", encoded(photo), Origin="http://other.example").status == 403
