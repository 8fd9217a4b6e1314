"""The page that runs models in the browser: its pixels are those of Python, and nothing leaves the machine."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser import SIZES, visit
from translate.runtime import Translator

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "export" / "browser"
ASSETS = ROOT / "tests" / "assets"
MODELS = ("edges", "invert", "grey_to_colour", "there")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (PAGE / "node_modules" / "onnxruntime-web").is_dir(),
        reason="onnxruntime-web is not there: npm ci --prefix export/browser",
    ),
]
DONE = re.compile(r"^\d+ × \d+ pixels in [\d.]+ m?s on the CPU \((\d+) thread")
random = np.random.default_rng(4)


def make_site(out: Path, *models: Path) -> Path:
    command = [sys.executable, str(PAGE / "make_site.py"), *map(str, models), str(out)]
    subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=True, capture_output=True, timeout=60)
    return out


@contextmanager
def served(*command: str) -> Iterator[str]:
    """A server of files in another process, and its address, which it prints."""
    server = subprocess.Popen([sys.executable, "-u", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert server.stdout
        line = server.stdout.readline().decode()
        found = re.search(r"port (\d+)|http://127\.0\.0\.1:(\d+)", line)
        assert found, line
        yield f"http://127.0.0.1:{found[1] or found[2]}"
    finally:
        server.terminate()
        server.communicate(timeout=10)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("browser") / "site", *(ASSETS / f"{name}.onnx" for name in MODELS))


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(str(PAGE / "serve.py"), str(site), "--port", "0") as where:
        yield where


DESKTOP = pytest.mark.parametrize("tab", ["desktop"], indirect=True)


@pytest.fixture(scope="module", params=SIZES)
def tab(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Any]:
    with visit(browser, address, request.param, ready=ready) as tab:
        yield tab


def ready(tab: Any) -> None:
    tab.wait_for_selector("#pair:visible, #error:visible", timeout=15_000)


def choose(tab: Any, task: str) -> None:
    tab.locator("#model").select_option(label=task)


def give(tab: Any, picture: np.ndarray, name: str = "picture.png", **options: Any) -> None:
    """Choose a picture as a file."""
    content = io.BytesIO()
    Image.fromarray(picture).save(content, Path(name).suffix[1:], **options)
    tab.locator("#file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content.getvalue()})


def status(tab: Any, wanted: str | re.Pattern[str], seconds: float = 30) -> str:
    playwright.expect(tab.locator("#status")).to_have_text(wanted, timeout=1000 * seconds)
    text: str = tab.locator("#status").inner_text()
    return text


def canvas(tab: Any, name: str) -> np.ndarray:
    """The RGB of an opaque canvas, uint8 `[H, W, 3]`."""
    address = tab.locator(name).evaluate("canvas => canvas.toDataURL()")
    with Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))) as image:
        pixels = np.asarray(image.convert("RGBA"))
    assert (pixels[..., 3] == 255).all()
    return pixels[..., :3]


def result(tab: Any, height: int, width: int) -> np.ndarray:
    """The result's RGB, once it is of this size."""
    status(tab, re.compile(f"^{width} × {height} pixels"))
    return canvas(tab, "#after")


def clean_sheet(tab: Any) -> None:
    choose(tab, "edges → photo")
    if tab.get_by_role("button", name="Draw instead").is_visible():
        tab.get_by_role("button", name="Draw instead").click()


def stroke(tab: Any, *points: tuple[float, float]) -> None:
    """Draw along points, given in shares of the sheet's side."""
    tab.locator("#sheet").scroll_into_view_if_needed()
    box = tab.locator("#sheet").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=5)
    tab.mouse.up()


def until(tab: Any, holds: Callable[[np.ndarray], Any], seconds: float = 20) -> np.ndarray:
    """The result of a drawing, once it is as wanted."""
    for _ in range(int(20 * seconds)):
        if not tab.locator("#compare").get_attribute("hidden") and holds(seen := canvas(tab, "#after")):
            return seen
        tab.wait_for_timeout(50)
    raise AssertionError("the result did not become what was wanted")


# The edges model gives half of the drawing and half of a colour: paper becomes PAPER.
PAPER = (247, 207, 167)


def inked(picture: np.ndarray) -> np.ndarray:
    return (picture.astype(int).sum(-1) < sum(PAPER) - 150) & (picture.shape[:2] == (64, 64))


def test_pixels_are_those_of_python(tab: Any) -> None:
    for task, model, shape in (
        ("photo → negative", "invert", (45, 67, 3)),
        ("photo → negative", "invert", (1, 1, 3)),
        ("grey → colour", "grey_to_colour", (31, 50, 3)),
    ):
        choose(tab, task)
        picture = random.integers(0, 256, shape, dtype=np.uint8)
        give(tab, picture)
        seen = result(tab, *shape[:2])
        np.testing.assert_array_equal(seen, np.asarray(Translator(ASSETS / f"{model}.onnx")(Image.fromarray(picture))))
        np.testing.assert_array_equal(canvas(tab, "#before"), picture)
    assert tab.evaluate("document.documentElement.scrollWidth") <= tab.viewport_size["width"]


def test_a_stroke_becomes_a_picture_and_can_be_undone(tab: Any) -> None:
    clean_sheet(tab)
    stroke(tab, (0.2, 0.5), (0.8, 0.5))
    first = until(tab, lambda seen: inked(seen)[30:34, 16:48].any(0).all())
    np.testing.assert_array_equal(first[2, 2], PAPER)
    assert not inked(first)[:24].any()
    stroke(tab, (0.5, 0.1), (0.5, 0.9))
    both = until(tab, lambda seen: inked(seen)[10:54, 30:34].any(1).all())
    assert (both != first).any()
    tab.get_by_role("button", name="Undo").click()
    until(tab, lambda seen: (seen == first).all())
    tab.get_by_role("button", name="Redo").click()
    until(tab, lambda seen: (seen == both).all())
    tab.get_by_role("button", name="Undo").click()
    tab.get_by_role("button", name="Eraser").click()
    stroke(tab, (0.05, 0.5), (0.95, 0.5))
    until(tab, lambda seen: (seen == PAPER).all())
    tab.get_by_role("button", name="Undo").click()
    until(tab, lambda seen: (seen == first).all())
    tab.get_by_role("button", name="Clear").click()
    playwright.expect(tab.locator("#compare")).to_be_hidden()
    playwright.expect(tab.get_by_role("button", name="Download PNG")).to_be_disabled()


@DESKTOP
def test_the_sheet_is_drawn_on_by_keyboard(tab: Any) -> None:
    clean_sheet(tab)
    tab.locator("#pen").click()
    tab.locator("#sheet").focus()
    for key in ("Shift+ArrowUp", "Space", "Shift+ArrowRight", "Shift+ArrowRight", "Space"):
        tab.keyboard.press(key)
    drawn = until(tab, lambda seen: inked(seen)[26:28, 33:42].any(0).all())
    assert not inked(drawn)[:, :30].any()
    tab.keyboard.press("Control+z")
    playwright.expect(tab.locator("#compare")).to_be_hidden()


@DESKTOP
def test_a_picture_of_edges_takes_the_place_of_the_sheet(tab: Any) -> None:
    choose(tab, "edges → photo")
    picture = random.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    give(tab, picture)
    np.testing.assert_array_equal(result(tab, 20, 30), Translator(ASSETS / "edges.onnx").array(picture))
    playwright.expect(tab.locator("#sheet")).to_be_hidden()
    tab.get_by_role("button", name="Draw instead").click()
    playwright.expect(tab.locator("#sheet")).to_be_visible()


@pytest.mark.parametrize("kind", ["drop", "paste"])
@DESKTOP
def test_a_picture_is_dropped_or_pasted(tab: Any, kind: str) -> None:
    picture = random.integers(0, 256, (17, 23, 3), dtype=np.uint8)
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    send = """([kind, levels]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(levels)], 'dropped.png', {type: 'image/png'}));
        const options = {bubbles: true, cancelable: true};
        const event = kind === 'drop' ? new DragEvent('drop', {...options, dataTransfer: data})
                                      : new ClipboardEvent('paste', {...options, clipboardData: data});
        document.querySelector('#drop').dispatchEvent(event);
    }"""
    choose(tab, "photo → negative")
    tab.evaluate(send, [kind, list(content.getvalue())])
    np.testing.assert_array_equal(result(tab, 17, 23), 255 - picture)


@DESKTOP
def test_photos_are_upright_transparency_is_white_and_large_ones_smaller(tab: Any) -> None:
    choose(tab, "photo → negative")
    sideways = np.zeros((16, 32, 3), np.uint8)
    sideways[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise: what is left comes to the top
    give(tab, sideways, "sideways.jpeg", exif=exif, quality=100)
    seen = result(tab, 32, 16)
    assert (seen[:15].max(), seen[17:].min()) == (0, 255)

    clear = np.zeros((8, 8, 4), np.uint8)
    clear[:4, :, 3] = 255
    give(tab, clear, "clear.png")
    np.testing.assert_array_equal(result(tab, 8, 8)[:, 0, 0], [255] * 4 + [0] * 4)

    large = np.full((1000, 3000, 3), 100, np.uint8)
    give(tab, large, "large.png")
    assert (result(tab, 408, 1224) == 155).all()
    playwright.expect(tab.locator("#note")).to_contain_text("Scaled down from 3000 × 1000 to 1224 × 408")
    tab.get_by_label("Size").select_option(index=0)
    assert status(tab, re.compile("^2449 × 816 pixels"))
    tab.get_by_label("Size").select_option(index=2)
    assert result(tab, 64, 192).shape == (64, 192, 3)


@DESKTOP
def test_the_result_is_downloaded_and_compared(tab: Any) -> None:
    choose(tab, "photo → negative")
    picture = random.integers(0, 256, (40, 60, 3), dtype=np.uint8)
    give(tab, picture, "cat.png")
    result(tab, 40, 60)
    tab.get_by_label("Before and after").focus()
    for _ in range(20):
        tab.keyboard.press("ArrowRight")
    shown = tab.locator("#after").evaluate("canvas => getComputedStyle(canvas).clipPath")
    assert shown == "inset(0px 0px 0px 10%)"
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download PNG").click()
    assert download.value.suggested_filename == "cat-negative.png"
    with Image.open(download.value.path()) as saved:
        np.testing.assert_array_equal(np.asarray(saved.convert("RGB")), 255 - picture)


@DESKTOP
def test_the_card_is_told(tab: Any) -> None:
    choose(tab, "grey → colour")
    tab.get_by_text("About this model").click()
    told = tab.locator("#facts").inner_text()
    for fact in (
        "grey → colour",
        "grey (grey), of any size",
        "64 × 64 pixels",
        "grey_to_colour.onnx",
        "Apache-2.0",
    ):
        assert fact in told
    assert tab.evaluate("[...document.querySelectorAll('button, select, canvas[role], input')]"
                        ".filter(it => !it.labels?.length && !it.innerText && !it.ariaLabel && it.id !== 'before'"
                        " && it.id !== 'after').map(it => it.id)") == []  # fmt: skip


def test_what_goes_wrong_is_told_in_a_sentence(browser: Any, site: Path, tmp_path: Path) -> None:
    broken = shutil.copytree(site, tmp_path / "site")
    model = broken / "models" / "invert.onnx"
    whole = model.read_bytes()
    (broken / "models" / "edges.onnx").unlink()
    stranger = (ASSETS / "wrong_names.onnx").read_bytes()
    (broken / "models" / "there.onnx").write_bytes(stranger)
    record = json.loads((broken / "models.json").read_text(encoding="utf-8"))
    record["models"][MODELS.index("there")]["bytes"] = len(stranger)
    (broken / "models.json").write_text(json.dumps(record), encoding="utf-8")
    picture = random.integers(0, 256, (9, 9, 3), dtype=np.uint8)
    with (
        served(str(PAGE / "serve.py"), str(broken), "--port", "0") as where,
        visit(browser, where, ready=ready, errors_expected=True) as tab,
    ):
        told = tab.get_by_role("alert")
        for task, content, reason in (
            ("edges → photo", None, "edges.onnx cannot be loaded: the server answered 404"),
            ("photo → negative", b"\0" * len(whole), "invert.onnx cannot be loaded: "),
            ("photo → negative", whole[:-9], "it ends after"),
            ("day → night", None, "input instead of image"),
        ):
            if content:
                model.write_bytes(content)
            choose(tab, task)
            give(tab, picture)
            playwright.expect(told).to_contain_text(reason, timeout=20_000)
            assert re.fullmatch(r"[^\n]{20,300}\.", told.inner_text()), told.inner_text()
            choose(tab, "grey → colour")
            playwright.expect(told).to_be_hidden()
        result(tab, 9, 9)

        tab.locator("#file").set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"once upon a time"})
        playwright.expect(told).to_have_text(re.compile("^x.png is not a picture"))
        (broken / "models.json").unlink()
        tab.goto(where)
        playwright.expect(told).to_have_text(re.compile("^There is no models.json"))


def test_a_browser_without_webassembly_says_so(browser: Any, address: str) -> None:
    context = browser.new_context()
    context.add_init_script("delete globalThis.WebAssembly")
    tab = context.new_page()
    tab.goto(address)
    playwright.expect(tab.get_by_role("alert")).to_contain_text("no WebAssembly")
    context.close()


def test_a_plain_server_will_do_on_one_thread_and_no_other_host_is_reached(browser: Any, site: Path) -> None:
    serve = ("-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(site))
    with (
        served(*serve) as where,
        served(*serve) as elsewhere,
        visit(browser, where, ready=ready, errors_expected=True) as tab,
    ):
        choose(tab, "photo → negative")
        give(tab, np.zeros((4, 6, 3), np.uint8))
        match = DONE.match(status(tab, DONE))
        assert match
        assert match[1] == "1"
        # The policy of the page holds in its worker as well.
        reach = f"fetch('{elsewhere}/icon.svg', {{mode: 'no-cors'}}).then(() => 'reached', error => error.name)"
        here = f"fetch('{where}/icon.svg').then(() => 'reached', error => error.name)"
        for place in (tab, tab.workers[0]):
            assert place.evaluate(reach) == "TypeError"
            assert place.evaluate(here) == "reached"


def test_loading_shows_its_progress_and_can_be_stopped(browser: Any, address: str) -> None:
    with visit(browser, address, ready=ready) as tab:
        held: list[Any] = []
        tab.context.route("**/*.wasm", lambda route: held.append(route))
        choose(tab, "photo → negative")
        picture = random.integers(0, 256, (5, 8, 3), dtype=np.uint8)
        give(tab, picture)
        playwright.expect(tab.get_by_role("progressbar")).to_be_visible()
        tab.get_by_role("button", name="Stop").click()
        status(tab, "Stopped.")
        playwright.expect(tab.get_by_role("progressbar")).to_be_hidden()
        tab.context.unroute("**/*.wasm")
        give(tab, picture)
        np.testing.assert_array_equal(result(tab, 5, 8), 255 - picture)
        assert len(held) == 1


@DESKTOP
def test_threads_are_used_where_the_server_isolates(tab: Any) -> None:
    choose(tab, "photo → negative")
    give(tab, np.zeros((4, 6, 3), np.uint8))
    match = DONE.match(status(tab, DONE))
    assert match
    assert int(match[1]) == min(8, tab.evaluate("navigator.hardwareConcurrency"))


def test_where_the_gpu_fails_the_processor_takes_over(browser: Any, address: str) -> None:
    with visit(browser, address, ready=ready) as tab:
        playwright.expect(tab.get_by_label("Runs on")).to_be_hidden()
        # The page is told of a GPU that its worker will not find.
        claim = "Object.defineProperty(navigator, 'gpu', {value: {requestAdapter: async () => ({info: {}})}})"
        tab.context.add_init_script(claim)
        tab.reload()
        choose(tab, "photo → negative")
        tab.get_by_label("Runs on").select_option("webgpu")
        picture = random.integers(0, 256, (5, 8, 3), dtype=np.uint8)
        give(tab, picture)
        np.testing.assert_array_equal(result(tab, 5, 8), 255 - picture)
        assert DONE.match(tab.locator("#status").inner_text())
        playwright.expect(tab.locator("#note")).to_contain_text("The GPU did not take this model")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["unet", "resnet"])
def test_a_real_network_gives_what_it_gives_in_python(name: str, browser: Any, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from translate.card import Card
    from translate.exporting import export
    from translate.networks import GENERATORS
    from translate.networks.norm import per_image

    torch.manual_seed(0)
    network = per_image(
        GENERATORS[name](**{"unet": {"depth": 4, "width": 4}, "resnet": {"blocks": 1, "width": 4}}[name])
    )
    export(network, Card(name, "a → b", "pix2pix", "a", "b", size=32), tmp_path / f"{name}.onnx")
    site = make_site(tmp_path / "site", tmp_path / f"{name}.onnx")
    with (
        served(str(PAGE / "serve.py"), str(site), "--port", "0") as where,
        visit(browser, where, ready=ready) as tab,
    ):
        for shape in ((32, 32, 3), (61, 17, 3), (100, 133, 3)):
            picture = random.integers(0, 256, shape, dtype=np.uint8)
            give(tab, picture)
            expected = Translator(tmp_path / f"{name}.onnx").array(picture).astype(int)
            assert np.abs(result(tab, *shape[:2]) - expected).max() <= 1
