"""The drawing part of the page as a visitor uses it: whatever he draws, the picture beside it is of that, exactly."""

from __future__ import annotations

import base64
import io
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.app.serving import served
from tests.browser import BROKEN_OFF, SIZES, visit
from translate.runtime import metadata

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "tests" / "assets"
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser
# The model of edges gives half of the drawing and half of a colour; that of labels, the negative.
TINT = np.array([240, 160, 80])
PALETTE = metadata.card(ASSETS / "labels.onnx").palette
LABELS = {name: tuple(bytes.fromhex(colour[1:])) for name, colour in PALETTE.items()}


# --- A server, a browser, a tab --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that are drawn for, and a sketch to start from for each."""
    folder = tmp_path_factory.mktemp("drawn")
    for name in ("edges", "labels"):
        shutil.copy(ASSETS / f"{name}.onnx", folder)
        (folder / "examples" / name).mkdir(parents=True)
    sketch = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(sketch).rectangle((16, 16, 48, 40), outline=100)
    sketch.save(folder / "examples" / "edges" / "house.png")
    painted = Image.new("RGB", (64, 64), LABELS["sky"])
    ImageDraw.Draw(painted).rectangle((16, 30, 48, 50), fill=LABELS["wall"])
    painted.putpixel((2, 2), (120, 200, 225))  # nearly the sky's
    painted.save(folder / "examples" / "labels" / "house.png")
    return folder


@pytest.fixture(scope="module")
def address(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is served, by another process."""
    pytest.importorskip("gradio", reason="the page needs the extra `app`")
    command = ["app.py", "--models", str(folder), "--port", "0"]
    with served(command, tmp_path_factory.mktemp("server") / "log.txt") as server:
        yield server.address


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    with visit(browser, address, request.param, ready=ready, forgiven=BROKEN_OFF) as tab:
        yield tab


DESKTOP = pytest.mark.parametrize("tab", ["desktop"], indirect=True)


# --- What a visitor does and sees ------------------------------------------------------------------------------------


def ready(tab: Any) -> None:
    tab.wait_for_selector("drawing-sheet #desk:not([hidden])", timeout=20_000)
    tab.wait_for_selector("drawing-sheet #tools button")


def press(tab: Any, name: str) -> None:
    tab.locator("drawing-sheet").get_by_role("button", name=re.compile(f"^{re.escape(name)}")).click()


def sheet_for(tab: Any, key: str) -> None:
    """A clean sheet for this model, with its first tools."""
    chosen = tab.locator(f"#chips input[value={key}]")
    if not chosen.is_checked():
        chosen.check(force=True)
    tab.wait_for_function("key => document.querySelector('drawing-sheet')?.entry?.key === key", arg=key)
    tab.evaluate("document.querySelector('drawing-sheet').restored")
    tab.evaluate("window.sheet = document.querySelector('drawing-sheet').sheet; sheet.clear()")
    press(tab, "Brush" if key == "labels" else "Pen")
    press(tab, "Medium line" if key == "labels" else "Thin line")
    playwright.expect(tab.locator("#picture")).to_be_hidden()


def stroke(tab: Any, *points: tuple[float, float], steps: int = 5) -> None:
    """Draw along points, given in shares of the sheet's side."""
    tab.locator("#sheet").scroll_into_view_if_needed()
    box = tab.locator("#sheet").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=steps)
    tab.mouse.up()


def pixels_of(address: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        return np.asarray(image.convert("RGB"))


def drawing(tab: Any) -> np.ndarray:
    """What is on the sheet, at the model's size."""
    return pixels_of(tab.evaluate("document.querySelector('drawing-sheet').sheet.picture().toDataURL()"))


SEEN = """async image => {
    if (image.hidden || !image.src) return null;
    try {
        await image.decode();
    } catch {
        return null; // another one has taken its place
    }
    if (!image.naturalWidth) return null;
    const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
    canvas.getContext('2d').drawImage(image, 0, 0);
    const reader = new FileReader();
    reader.readAsDataURL(await canvas.convertToBlob());
    await new Promise(done => { reader.onload = done; });
    return reader.result;
}"""


def result(tab: Any, wanted: Callable[[np.ndarray], Any] = lambda seen: True, seconds: float = 15) -> np.ndarray:
    """The picture shown, once it is what the model makes of what is on the sheet, and as wanted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        address = tab.locator("#picture").evaluate(SEEN)
        sent = drawing(tab).astype(int)
        of_labels = tab.evaluate("document.querySelector('drawing-sheet').entry.key") == "labels"
        made = 255 - sent if of_labels else (sent + TINT) // 2
        if address and (seen := pixels_of(address)).shape == made.shape and (seen == made).all() and wanted(seen):
            return seen
        tab.wait_for_timeout(30)
    raise AssertionError(f"the result did not become what was wanted in {seconds} s")


PAPER = (255 + TINT) // 2


def inked(picture: np.ndarray) -> np.ndarray:
    return picture.astype(int).sum(-1) < PAPER.sum() - 150


def share(tab: Any, name: str) -> float:
    """How much of the sheet is of a class."""
    return float((drawing(tab) == LABELS[name]).all(-1).mean())


# --- Edges -----------------------------------------------------------------------------------------------------------


def test_nothing_is_wider_than_the_window_and_every_button_says_what_it_does(tab: Any) -> None:
    for key in ("labels", "edges"):
        sheet_for(tab, key)
        assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]
        paper, picture = (tab.locator(name).bounding_box() for name in ("#paper", "#result"))
        assert paper["width"] == picture["width"] > 300
        assert (paper["x"] == picture["x"]) == (tab.viewport_size["width"] < 640)
        unnamed = "all => all.filter(it => !it.ariaLabel || it.title !== it.ariaLabel).length"
        assert tab.locator("drawing-sheet button").evaluate_all(unnamed) == 0
    assert tab.locator("#hint").is_visible()
    # Fingers draw on the paper, and scroll everywhere else.
    action = "it => getComputedStyle(it).touchAction"
    assert [tab.locator(name).evaluate(action) for name in ("#sheet", "#result", "#tools")] == ["none", "auto", "auto"]


def test_a_stroke_becomes_a_picture(tab: Any) -> None:
    sheet_for(tab, "edges")
    stroke(tab, (0.1, 0.5), (0.9, 0.5))
    first = result(tab, lambda seen: inked(seen)[31:33, 8:56].any(0).all())
    assert first.shape == (64, 64, 3)
    np.testing.assert_array_equal(first[2, 2], PAPER)
    assert not inked(first)[:29].any()
    assert not inked(first)[35:].any()
    assert tab.locator("#picture").get_attribute("alt") == "Photo, made of your drawing (edges)"
    assert re.fullmatch(r"Made in \d+ ms, \d+ ms in all", tab.locator("#status").inner_text())


def test_the_picture_comes_while_the_stroke_goes_on(tab: Any) -> None:
    sheet_for(tab, "edges")
    box = tab.locator("#sheet").bounding_box()
    tab.mouse.move(box["x"] + 50, box["y"] + 50)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 200, box["y"] + 50, steps=5)
    result(tab, lambda seen: inked(seen).any())
    tab.mouse.up()


def test_eraser_undo_redo_and_clear(tab: Any) -> None:
    sheet_for(tab, "edges")
    stroke(tab, (0.2, 0.5), (0.8, 0.5))
    first = result(tab)
    stroke(tab, (0.5, 0.1), (0.5, 0.9))
    both = result(tab, lambda seen: inked(seen)[10:54, 30:34].any(1).all())
    press(tab, "Undo")
    result(tab, lambda seen: (seen == first).all())
    press(tab, "Redo")
    result(tab, lambda seen: (seen == both).all())
    press(tab, "Eraser")
    stroke(tab, (0.5, 0.05), (0.5, 0.4))
    erased = result(tab, lambda seen: not inked(seen)[4:26].any())
    assert inked(erased)[40:54, 30:34].any(1).all()
    press(tab, "Clear")
    playwright.expect(tab.locator("#picture")).to_be_hidden()
    playwright.expect(tab.locator("#hint")).to_be_visible()
    assert tab.locator("#status").inner_text() == ""
    press(tab, "Undo")
    result(tab, lambda seen: (seen == erased).all())


@DESKTOP
def test_lines_boxes_and_widths(tab: Any) -> None:
    sheet_for(tab, "edges")
    press(tab, "Rectangle")
    stroke(tab, (0.25, 0.25), (0.5, 0.4), (0.75, 0.75))
    rows, columns = np.nonzero(inked(result(tab)))
    assert {rows.min(), columns.min()} <= {15, 16}
    assert {rows.max(), columns.max()} <= {47, 48}
    assert not inked(drawing(tab))[20:44, 20:44].any()
    press(tab, "Thick line")
    press(tab, "Straight line")
    stroke(tab, (0.3, 0.5), (0.4, 0.9), (0.7, 0.5))
    thick = inked(result(tab))[:, 32].nonzero()[0]
    assert thick[(thick > 20) & (thick < 44)].tolist() in ([31, 32], [30, 31, 32], [31, 32, 33], [30, 31, 32, 33])


@DESKTOP
def test_the_sheet_is_drawn_on_by_keyboard(tab: Any) -> None:
    sheet_for(tab, "edges")
    tab.evaluate("sheet.at = [256, 256]")  # elsewhere it would begin where the pointer was last
    tab.locator("#sheet").focus()
    tab.keyboard.press("Shift+ArrowUp")
    cursor = tab.locator("#cursor")
    playwright.expect(cursor).to_be_visible()
    box, paper = cursor.bounding_box(), tab.locator("#sheet").bounding_box()
    assert abs(box["x"] + box["width"] / 2 - paper["x"] - paper["width"] / 2) < 1
    for key in ("Space", "Shift+ArrowRight", "Shift+ArrowRight", "Space"):
        tab.keyboard.press(key)
    drawn = result(tab, lambda seen: inked(seen)[26:28, 33:41].any(0).all())
    assert not inked(drawn)[:, :30].any()
    tab.keyboard.press("Control+z")
    playwright.expect(tab.locator("#picture")).to_be_hidden()
    tab.keyboard.press("Control+y")
    result(tab, lambda seen: (seen == drawn).all())


@pytest.mark.parametrize("tab", ["phone"], indirect=True)
def test_a_finger_draws_and_does_not_scroll(tab: Any) -> None:
    sheet_for(tab, "edges")
    tab.locator("#sheet").scroll_into_view_if_needed()
    box, before = tab.locator("#sheet").bounding_box(), tab.evaluate("scrollY")
    touch = tab.context.new_cdp_session(tab)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.8
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 11):
        points = [{"x": x, "y": y - step * box["height"] * 0.06}]
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    result(tab, lambda seen: inked(seen)[16:50, 30:34].any(1).all())
    assert tab.evaluate("scrollY") == before


# --- Stamps, starters, surprises -------------------------------------------------------------------------------------


def test_a_stamp_is_a_tap_and_a_drag_is_its_size(tab: Any) -> None:
    sheet_for(tab, "edges")
    press(tab, "Stamp: house")
    stroke(tab, (0.5, 0.5))
    small = inked(result(tab, lambda seen: inked(seen).any()))
    assert 28 <= np.ptp(np.nonzero(small)[1]) <= 32  # half of the sheet
    press(tab, "Undo")
    stroke(tab, (0.5, 0.5), (0.9, 0.5))
    large = inked(result(tab, lambda seen: inked(seen).any()))
    assert 45 <= np.ptp(np.nonzero(large)[1]) <= 51
    # What stands in front covers what is behind.
    press(tab, "Clear")
    press(tab, "Pen")
    stroke(tab, (0.05, 0.7), (0.95, 0.7))
    press(tab, "Stamp: house")
    stroke(tab, (0.5, 0.5))
    row = inked(result(tab, lambda seen: inked(seen)[18:24].any()))[44]
    assert row[5:18].all()
    assert not row[23:27].any()


def test_a_sketch_to_start_from_can_be_drawn_on(tab: Any, folder: Path) -> None:
    sheet_for(tab, "edges")
    with Image.open(folder / "examples" / "edges" / "house.png") as image:
        sketch = np.asarray(image.convert("RGB")).astype(int)
    press(tab, "Start from sketch 1")
    result(tab, lambda seen: (seen == (sketch + TINT) // 2).all())
    stroke(tab, (0.1, 0.85), (0.9, 0.85))
    both = result(tab, lambda seen: inked(seen)[54, 8:56].all())
    np.testing.assert_array_equal(both[:50], ((sketch + TINT) // 2)[:50])
    press(tab, "Undo")
    result(tab, lambda seen: (seen == (sketch + TINT) // 2).all())


@DESKTOP
def test_surprises(tab: Any) -> None:
    for key in ("edges", "labels"):
        sheet_for(tab, key)
        seen = set()
        for chance in (0.1, 0.6, 0.99):
            tab.evaluate("chance => { Math.random = () => chance; }", chance)
            press(tab, "Surprise me")
            seen.add(result(tab).tobytes())
        # The sketch to start from, and scenes.
        assert len(seen) >= 2
        assert not any(np.ptp(np.frombuffer(content, np.uint8)) == 0 for content in seen)


@DESKTOP
def test_a_picture_of_ones_own_can_be_opened(tab: Any, tmp_path: Path) -> None:
    sheet_for(tab, "edges")
    own = np.full((64, 64), 255, np.uint8)
    own[20:40, 10] = 0
    Image.fromarray(own).save(tmp_path / "own.png")
    tab.locator("#file").set_input_files(tmp_path / "own.png")
    wanted = (np.stack([own] * 3, -1).astype(int) + TINT) // 2
    result(tab, lambda seen: (seen == wanted).all())
    tab.locator("#file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"once upon a time"})
    playwright.expect(tab.locator("#status")).to_have_text("That picture cannot be read: choose a PNG, JPEG or WebP.")


@DESKTOP
def test_drawing_and_result_are_downloaded(tab: Any) -> None:
    sheet_for(tab, "edges")
    stroke(tab, (0.1, 0.1), (0.9, 0.9))
    seen = result(tab)
    for name, file, side in (
        ("Download the result", "edges-photo.png", 64),
        ("Download the drawing", "edges-drawing.png", 512),
    ):
        with tab.expect_download() as download:
            press(tab, name)
        assert download.value.suggested_filename == file
        with Image.open(download.value.path()) as saved:
            assert saved.size == (side, side)
            assert side == 512 or (np.asarray(saved.convert("RGB")) == seen).all()


# --- Labels ----------------------------------------------------------------------------------------------------------


def test_a_palette_paints_in_its_own_colours_alone(tab: Any) -> None:
    sheet_for(tab, "labels")
    assert share(tab, "sky") == 1
    for name in ("roof", "grass"):
        press(tab, f"Paint: {name}")
        stroke(tab, (0.1, 0.2), (0.6, 0.7), (0.9, 0.3) if name == "grass" else (0.2, 0.9))
    press(tab, "Eraser")
    stroke(tab, (0.3, 0.1), (0.5, 0.9))
    seen = result(tab)
    assert {tuple(colour) for colour in (255 - seen).reshape(-1, 3).tolist()} == {
        LABELS[name] for name in ("sky", "roof", "grass")
    }


def test_boxes_and_areas_are_filled(tab: Any) -> None:
    sheet_for(tab, "labels")
    press(tab, "Paint: wall")
    press(tab, "Filled rectangle")
    stroke(tab, (0.25, 0.5), (0.75, 0.75))
    wanted = np.full((64, 64, 3), LABELS["sky"])
    wanted[32:48, 16:48] = LABELS["wall"]
    result(
        tab, lambda seen: (np.abs(255 - seen - wanted).max(-1) > 0).sum() <= 48 + 32
    )  # a mouse stands on whole pixels
    before = drawing(tab)
    press(tab, "Fill:")
    press(tab, "Paint: tree")
    stroke(tab, (0.1, 0.1))
    seen = 255 - result(tab, lambda seen: (255 - seen[2, 2] == LABELS["tree"]).all())
    sky = (before == LABELS["sky"]).all(-1)
    assert (seen[sky] == LABELS["tree"]).all()
    assert (seen[~sky] == LABELS["wall"]).all()


@DESKTOP
def test_stamps_are_areas_of_the_classes_that_there_are(tab: Any) -> None:
    sheet_for(tab, "labels")
    names = tab.locator("#stamps button").evaluate_all("all => all.map(it => it.ariaLabel.split(' ')[1])")
    assert names == ["house", "window", "door", "tree"]  # the palette has no sun and no cloud
    press(tab, "Stamp: house")
    stroke(tab, (0.5, 0.5), (0.9, 0.5))
    result(tab)
    assert all(share(tab, name) > 0.01 for name in ("wall", "roof", "door", "window"))
    assert sum(share(tab, name) for name in ("sky", "wall", "roof", "door", "window")) == 1


@DESKTOP
def test_a_painted_sketch_is_of_the_palette(tab: Any) -> None:
    sheet_for(tab, "labels")
    press(tab, "Start from sketch 1")
    seen = 255 - result(tab, lambda seen: (255 - seen[40, 30] == LABELS["wall"]).all())
    assert (seen[2, 2] == LABELS["sky"]).all()
    assert share(tab, "sky") + share(tab, "wall") == 1


@DESKTOP
def test_a_map_of_labels_is_opened_in_its_own_colours_on_paper(tab: Any, tmp_path: Path) -> None:
    sheet_for(tab, "labels")
    own = np.full((49, 96, 3), LABELS["wall"], np.uint8)
    for at, name in enumerate(("roof", "grass", "door", "window", "tree")):
        own[8 + at :: 7, 5 * at : 5 * at + 40] = LABELS[name]
    Image.fromarray(own).save(tmp_path / "own.png")
    tab.locator("#file").set_input_files(tmp_path / "own.png")
    # The nearest of its pixels for each of the sheet's, and above and below the palette's first colour.
    rows, columns = (((np.arange(to) + 0.5) * of / to).astype(int) for to, of in ((33, 49), (64, 96)))
    wanted = np.full((64, 64, 3), LABELS["sky"], np.uint8)
    wanted[15:48] = own[rows][:, columns]
    seen = 255 - result(tab, lambda seen: (255 - seen[16, 63] == LABELS["wall"]).all())
    np.testing.assert_array_equal(seen, wanted)


# --- What lasts ------------------------------------------------------------------------------------------------------


def test_a_drawing_survives_other_choices_and_a_reload(tab: Any) -> None:
    sheet_for(tab, "edges")
    stroke(tab, (0.2, 0.2), (0.8, 0.3))
    press(tab, "Stamp: tree")
    stroke(tab, (0.5, 0.6))
    lines = result(tab)
    sheet_for(tab, "labels")
    press(tab, "Start from sketch 1")
    areas = result(tab, lambda seen: (255 - seen[40, 30] == LABELS["wall"]).all())
    tab.locator("#chips input[value=edges]").check(force=True)
    result(tab, lambda seen: (seen == lines).all())
    tab.evaluate("document.querySelector('drawing-sheet').remove()")
    tab.reload()
    ready(tab)
    result(tab, lambda seen: (seen == lines).all())
    press(tab, "Undo")
    result(tab, lambda seen: inked(seen).any() and not inked(seen)[25:].any())
    tab.locator("#chips input[value=labels]").check(force=True)
    result(tab, lambda seen: (seen == areas).all())


def test_a_drawing_survives_choices_and_reloads_that_come_before_it_is_there_again(browser: Any, address: str) -> None:
    with visit(browser, address, ready=ready, forgiven=BROKEN_OFF) as tab:
        # A slow machine, while it is said to be one: pictures are never decoded.
        tab.add_init_script("if (sessionStorage.slow) HTMLImageElement.prototype.decode = () => new Promise(() => {});")
        sheet_for(tab, "labels")
        tab.evaluate("window.labels = document.querySelector('drawing-sheet').entry")
        sheet_for(tab, "edges")
        press(tab, "Start from sketch 1")
        sketch = result(tab, lambda seen: inked(seen).any())
        kept = tab.evaluate("sessionStorage.getItem('drawing of edges for edges')")
        assert '"picture"' in kept
        for back in (0, 1, 5):
            tab.evaluate(
                """async back => {
                    const desk = document.querySelector('drawing-sheet'), edges = {...desk.entry};
                    for (let time = 0; time < back; time++) [desk.entry, desk.entry] = [labels, edges];
                    desk.entry = labels;
                    await desk.restored;
                    desk.entry = edges;
                    await desk.restored;
                }""",
                back,
            )
            result(tab, lambda seen: (seen == sketch).all())
        tab.evaluate("sessionStorage.slow = 1")
        tab.reload()
        ready(tab)
        tab.wait_for_function("document.querySelector('drawing-sheet').entry?.key === 'edges'")
        assert tab.evaluate("document.querySelector('drawing-sheet').sheet.empty")
        assert tab.evaluate("sessionStorage.getItem('drawing of edges for edges')") == kept
        tab.evaluate("delete sessionStorage.slow")
        tab.reload()
        ready(tab)
        result(tab, lambda seen: (seen == sketch).all())


@DESKTOP
def test_a_drawing_that_cannot_be_restored_leaves_the_next_one_alone(tab: Any) -> None:
    sheet_for(tab, "labels")
    tab.evaluate("window.labels = document.querySelector('drawing-sheet').entry")
    press(tab, "Paint: roof")
    stroke(tab, (0.2, 0.5), (0.8, 0.5))
    painted = result(tab)
    key, palette = tab.evaluate(
        """async () => {
            const desk = document.querySelector('drawing-sheet');
            const marks = [{tool: 'picture', source: 'data:image/png;base64,AAAA'}];
            sessionStorage.setItem('drawing of edges for other', JSON.stringify({side: 512, marks, undone: []}));
            desk.entry = {...labels, key: 'other', palette: null};
            const failed = desk.restored;
            desk.entry = labels;
            await Promise.all([failed, desk.restored]);
            sessionStorage.removeItem('drawing of edges for other');
            return [desk.entry.key, desk.sheet.palette];
        }"""
    )
    assert (key, palette) == ("labels", PALETTE)
    result(tab, lambda seen: (seen == painted).all())


@DESKTOP
def test_a_very_long_drawing_is_kept_as_a_picture(tab: Any) -> None:
    sheet_for(tab, "edges")
    tab.evaluate("""() => {
        const {sheet} = document.querySelector('drawing-sheet');
        const points = Array.from({length: 40000}, (_, at) => [50.5 + at % 400, 50.5 + at / 100]);
        sheet.compose([{tool: 'pen', width: 3, colour: '#000000', points}]);
    }""")
    long = result(tab)
    assert len(tab.evaluate("sessionStorage.getItem('drawing of edges for edges')")) < 300_000
    tab.reload()
    ready(tab)
    result(tab, lambda seen: (seen == long).all())


@DESKTOP
def test_the_newest_drawing_wins_however_slow_the_server_is(tab: Any) -> None:
    sheet_for(tab, "edges")
    held: list[Any] = []
    tab.route("**/api/translate/*", lambda route: held.append(route))

    def until_held(count: int) -> None:
        for _ in range(300):
            if len(held) >= count:
                break
            tab.wait_for_timeout(30)
        assert len(held) == count

    stroke(tab, (0.2, 0.2), (0.8, 0.2))
    until_held(1)
    for height in (0.4, 0.6):
        stroke(tab, (0.2, height), (0.8, height))
    # One at a time: the newest waits, and a second is asked for when the first has come.
    tab.wait_for_function("document.querySelector('drawing-sheet').newest.wanted")
    assert len(held) == 1
    held[0].continue_()
    until_held(2)
    playwright.expect(tab.locator("#picture")).to_be_visible()
    # The second is of all three strokes: what the first was of is seen until it comes.
    before = pixels_of(tab.locator("#picture").evaluate(SEEN))
    assert not inked(before)[36:].any()
    held[1].continue_()
    tab.unroute("**/api/translate/*")
    result(tab, lambda seen: all(inked(seen)[row, 16:48].any() for row in (12, 25, 38)))
    assert len(held) == 2


@DESKTOP
def test_an_answer_to_a_cleared_sheet_is_not_shown(tab: Any) -> None:
    sheet_for(tab, "edges")
    held: list[Any] = []
    tab.route("**/api/translate/*", lambda route: held.append(route))
    stroke(tab, (0.2, 0.2), (0.8, 0.2))
    for _ in range(100):
        if held:
            break
        tab.wait_for_timeout(30)
    press(tab, "Clear")
    tab.unroute("**/api/translate/*")
    stroke(tab, (0.2, 0.7), (0.8, 0.7))
    assert not inked(result(tab))[:40].any()


def test_what_goes_wrong_is_told_in_a_sentence(browser: Any, address: str) -> None:
    with visit(browser, address, ready=ready, errors_expected=True) as tab:
        sheet_for(tab, "edges")
        status = tab.locator("#status")
        assert status.get_attribute("role") == "status"
        for answer, told in (
            (
                lambda route: route.fulfill(status=400, json={"error": "it is damaged: give another"}),
                "It is damaged: g",
            ),
            (lambda route: route.fulfill(status=500, body="Internal Server Error"), "The server answered 500: try ag"),
            (lambda route: route.abort(), "The server does not answer: "),
        ):
            tab.route("**/api/translate/*", answer)
            stroke(tab, (0.2, 0.2), (0.8, 0.2))
            playwright.expect(status).to_have_text(re.compile(rf"^{told}[^.]+\.?$"))
            tab.unroute("**/api/translate/*")
        # Whoever is turned away because of others comes again by himself.
        turned: list[int] = []

        def busy(route: Any) -> None:
            turned.append(503)
            if len(turned) > 2:
                route.continue_()
            else:
                route.fulfill(status=503, json={"error": "too busy"}, headers={"Retry-After": "0"})

        tab.route("**/api/translate/*", busy)
        stroke(tab, (0.2, 0.6), (0.8, 0.6))
        result(tab, lambda seen: inked(seen)[38, 16:48].any())
        assert status.inner_text().startswith("Made in")
