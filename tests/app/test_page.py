"""The page as a program sees it: tabs by cards, endpoints with exact pixels, refusals in one sentence."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import urllib.request
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs the extra `app`")
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from translate.card import UNKNOWN, Card
from translate.page.canvas import on_canvas
from translate.page.engine import translate
from translate.page.shelf import Model
from translate.page.words import facts
from translate.runtime import metadata

ROOT = Path(__file__).parents[2]
ASSETS = ROOT / "tests" / "assets"


SLIDERS = ["day | night", "night | day", "grey | colour", "photo | negative", "photo | negative"]


def test_where_a_model_was_trained_is_said() -> None:
    known = {"name": "m", "task": "day → night", "source": "day", "target": "night"}
    ours, others = (facts(Card(**known, method=method)) for method in ("cut", UNKNOWN))
    assert ours.startswith("m turns day into night. It was trained with cut in squares of 256 × 256 pixels")
    assert others.startswith("m turns day into night. It was trained elsewhere in squares of 256 × 256 pixels")


def labels(page: Any, kind: str) -> list[str]:
    return [block["props"]["label"] for block in page["components"] if block["type"] == kind]


def texts(page: Any) -> str:
    return "\n".join(block["props"].get("value") or "" for block in page["components"] if block["type"] == "markdown")


@pytest.fixture(scope="module")
def page(address: str) -> Any:
    """What the page is made of, as the browser gets it."""
    with urllib.request.urlopen(f"{address}/config", timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def client(address: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("results")))


def saved(array: np.ndarray, path: Path) -> Any:
    Image.fromarray(array).save(path)
    return handle_file(str(path))


def opened(path: str) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def png_of(width: int, height: int) -> bytes:
    """A PNG whose header promises so many pixels, and which holds none."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_tabs_follow_the_cards(page: Any) -> None:
    # What can be drawn comes first, then what goes both ways; two models of one task are told apart by their files.
    assert labels(page, "tabitem") == [
        "edges → photo",
        "day ↔ night",
        "grey → colour",
        "photo → negative (invert)",
        "photo → negative (wrong_names)",
    ]
    assert labels(page, "imageeditor") == ["Draw here"]
    assert labels(page, "imageslider") == SLIDERS
    assert "**invert** turns photo into negative" in texts(page)


def test_what_cannot_be_used_is_told(page: Any, models_folder: Path) -> None:
    text = texts(page)
    assert "Left out: damaged.onnx is not an ONNX model" in text
    assert "Left out: no_card.onnx: " in text
    assert str(models_folder) not in text


def test_examples_belong_to_their_source(page: Any) -> None:
    assert labels(page, "dataset") == [
        "Sketches to start from",
        "Pictures to start from: day",
        "Pictures to start from",
        "Pictures to start from",
    ]


def test_every_control_has_a_label(page: Any) -> None:
    kinds = {"image", "imageeditor", "imageslider", "dataset", "accordion", "tabitem"}
    # The picture inside of a row of examples has the row's.
    controls = [block for block in page["components"] if block["type"] in kinds and block["props"].get("render", True)]
    assert all(block["props"].get("label") for block in controls)
    assert all(block["props"]["value"] for block in page["components"] if block["type"] == "button")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Pages of an empty folder and of none, and the modules that building them loaded, from a process of its own:
    Gradio leaves loops and sockets to be collected."""
    folder = tmp_path_factory.mktemp("empty")
    build = (
        "import json, pathlib, sys, app\n"
        "pages = [app.build(pathlib.Path(folder)).get_config_file()['components'] for folder in sys.argv[1:]]\n"
        "json.dump({'pages': pages, 'modules': sorted(sys.modules)}, sys.stdout, default=str)\n"
    )
    command = [sys.executable, "-c", build, str(folder), str(folder / "missing")]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60).stdout)


def test_without_models_the_page_says_how_to_make_one(built: Any) -> None:
    for components in built["pages"]:
        assert "make demo" in texts({"components": components})
        assert labels({"components": components}, "tabitem") == []


def test_the_page_never_imports_torch(built: Any) -> None:
    assert "translate.runtime" in built["modules"]
    assert not {"torch", "translate.methods"} & set(built["modules"])


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (37, 53), (200, 31)])
def test_endpoints_give_exact_pixels_of_any_size(client: Client, tmp_path: Path, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    result = client.predict(saved(picture, tmp_path / "picture.png"), api_name="/invert")
    np.testing.assert_array_equal(opened(result), 255 - picture)


def test_grey_in_colour_out(client: Client, tmp_path: Path) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (21, 34), dtype=np.uint8)
    result = client.predict(saved(grey, tmp_path / "grey.png"), api_name="/grey_to_colour")
    np.testing.assert_array_equal(opened(result), np.stack([grey, 255 - grey, grey], -1))


@pytest.mark.parametrize("name", ["there", "back"])
def test_a_round_trip_gives_both_pictures_and_the_error(client: Client, tmp_path: Path, name: str) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (19, 23, 3), dtype=np.uint8)
    source = saved(picture, tmp_path / "picture.png")
    translated, returned, error = client.predict(source, api_name=f"/{name}_and_back")
    np.testing.assert_array_equal(opened(translated), 255 - picture)
    np.testing.assert_array_equal(opened(returned), picture)
    assert error == 0


def test_the_models_and_their_round_trips_alone_are_endpoints(client: Client) -> None:
    public = client.view_api(return_format="dict", print_info=False)
    names = "back back_and_back edges grey_to_colour invert there there_and_back wrong_names"
    assert sorted(public["named_endpoints"]) == [f"/{name}" for name in names.split()]
    assert not public["unnamed_endpoints"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png_of(6000, 5000), "limit of 25,000,000"),
        (png_of(60000, 50000), "pixels"),
        (b"once upon a time", "not a picture"),
        (b"", "picture"),
    ],
    ids=["large", "huge", "text", "nothing"],
)
def test_what_is_no_picture_is_refused_in_a_sentence(
    client: Client, tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "upload.png"
    path.write_bytes(content)
    with pytest.raises(AppError) as refused:
        client.predict(handle_file(str(path)), api_name="/invert")
    message = str(refused.value)
    assert reason in message
    assert "\n" not in message
    assert "/" not in message, "the message says where files lie on the server"


@pytest.mark.parametrize("meta", [{"meta": {"_type": "gradio.FileData"}}, {}], ids=["file", "bare"])
def test_files_of_the_server_are_out_of_reach(address: str, models_folder: Path, meta: dict[str, Any]) -> None:
    picture = models_folder / "examples" / "photo" / "noise.png"
    call = json.dumps({"data": [{"path": str(picture), **meta}]}).encode()
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{address}/gradio_api/call/invert", call, headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/gradio_api/call/invert/{event}", timeout=30) as answer:
        told = answer.read().decode()
    assert "event: error" in told
    assert "image.png" not in told


def test_a_missing_picture_is_refused(client: Client) -> None:
    with pytest.raises(AppError, match="no picture"):
        client.predict(None, api_name="/invert")


def test_a_model_that_does_not_load_says_so_at_the_first_picture(client: Client, tmp_path: Path) -> None:
    picture = saved(np.zeros((8, 8, 3), np.uint8), tmp_path / "picture.png")
    with pytest.raises(AppError, match=r"^wrong_names\.onnx has input"):
        client.predict(picture, api_name="/wrong_names")


def test_a_sketch_on_the_canvas_is_the_sketch() -> None:
    grey = np.random.default_rng(3).integers(0, 256, (16, 16), dtype=np.uint8)
    value = on_canvas(grey, 4)
    ink = Image.fromarray(value["layers"][0])
    sheet = Image.new("RGBA", ink.size, "white")
    sheet.alpha_composite(ink)
    drawn = np.asarray(sheet.convert("RGB"))
    path = ASSETS / "edges.onnx"
    seen, _, _ = translate(Model(path, metadata.card(path)), drawn, shrink=4)
    np.testing.assert_array_equal(seen, np.repeat(grey[..., None], 3, -1))


def test_the_server_calls_no_other_host(client: Client, hosts: Path) -> None:
    assert set(hosts.read_text().split()) <= {"127.0.0.1", "localhost", "::1", "None"}
