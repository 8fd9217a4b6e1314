"""The page as a program sees it: of one size whatever the models, exact pixels, refusals in a sentence."""

from __future__ import annotations

import io
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
import httpx
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

ROOT = Path(__file__).parents[2]


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


def test_every_control_has_a_label(page: Any) -> None:
    kinds = {"image", "imageslider", "gallery", "accordion", "tabitem", "radio", "slider", "file", "video"}
    controls = [block for block in page["components"] if block["type"] in kinds and block["props"].get("render", True)]
    assert {block["type"] for block in controls} >= {"image", "imageslider", "gallery", "radio", "tabitem"}
    assert all(block["props"].get("label") for block in controls)
    buttons = [block for block in page["components"] if block["type"] == "button"]
    assert buttons
    assert all(block["props"].get("value") for block in buttons)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, models_folder: Path) -> Any:
    """How many components the page has for an empty folder and a full one, and the modules that building it loaded:
    from a process of its own, because Gradio leaves loops and sockets to be collected."""
    build = (
        "import json, pathlib, sys\n"
        "from translate.page import build\n"
        "from translate.page.desk import Desk\n"
        "from translate.page.draws import Draws\n"
        "from translate.page.shelf import Shelf\n"
        "counts = []\n"
        "for folder in sys.argv[1:]:\n"
        "    shelf = Shelf(pathlib.Path(folder))\n"
        "    desk = Desk(shelf)\n"
        "    page = build(shelf, desk, Draws(shelf, desk))\n"
        "    counts.append(len(page.get_config_file()['components']))\n"
        "json.dump({'counts': counts, 'modules': sorted(sys.modules)}, sys.stdout)\n"
    )
    command = [sys.executable, "-c", build, str(tmp_path_factory.mktemp("empty")), str(models_folder)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=90).stdout)


def test_the_page_is_of_one_size_however_many_models_there_are(built: Any) -> None:
    empty, full = built["counts"]
    assert empty == full > 20


def test_the_page_never_imports_torch(built: Any) -> None:
    assert "translate.runtime" in built["modules"]
    assert not {"torch", "translate.methods"} & set(built["modules"])


def test_the_functions_for_programs_are_these(client: Client) -> None:
    public = client.view_api(return_format="dict", print_info=False)
    names = "draw models translate translate_and_back translate_many translate_video"
    assert sorted(public["named_endpoints"]) == [f"/{name}" for name in names.split()]
    assert not public["unnamed_endpoints"]


def test_models_are_listed(client: Client) -> None:
    listed = client.predict(api_name="/models")
    assert {"name": "grey_to_colour", "source": "grey", "target": "colour"} in listed
    assert {model["name"] for model in listed} == {"edges", "invert", "grey_to_colour", "there", "back", "wrong_names"}


@pytest.mark.parametrize("size", [(64, 64), (1, 1), (37, 53), (200, 31)])
def test_pixels_are_exact_at_any_size(client: Client, tmp_path: Path, size: tuple[int, int]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8)
    result = client.predict("invert", saved(picture, tmp_path / "picture.png"), api_name="/translate")
    np.testing.assert_array_equal(opened(result), 255 - picture)


def test_grey_in_colour_out(client: Client, tmp_path: Path) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (21, 34), dtype=np.uint8)
    result = client.predict("grey_to_colour", saved(grey, tmp_path / "grey.png"), api_name="/translate")
    np.testing.assert_array_equal(opened(result), np.stack([grey, 255 - grey, grey], -1))


@pytest.mark.parametrize("name", ["there", "back"])
def test_a_round_trip_gives_both_pictures_and_the_error(client: Client, tmp_path: Path, name: str) -> None:
    picture = np.random.default_rng(5).integers(0, 256, (19, 23, 3), dtype=np.uint8)
    source = saved(picture, tmp_path / "picture.png")
    translated, returned, error = client.predict(name, source, api_name="/translate_and_back")
    np.testing.assert_array_equal(opened(translated), 255 - picture)
    np.testing.assert_array_equal(opened(returned), picture)
    assert error == 0


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
        client.predict("invert", handle_file(str(path)), api_name="/translate")
    message = str(refused.value)
    assert reason in message
    assert "\n" not in message
    assert "/" not in message, "the message says where files lie on the server"


def test_what_is_missing_is_said(client: Client, tmp_path: Path) -> None:
    picture = saved(np.zeros((8, 8, 3), np.uint8), tmp_path / "picture.png")
    with pytest.raises(AppError, match="no picture"):
        client.predict("invert", None, api_name="/translate")
    with pytest.raises(AppError, match="there is no model 'nothing' here: choose one of back, edges"):
        client.predict("nothing", picture, api_name="/translate")
    with pytest.raises(AppError, match="No model here undoes invert"):
        client.predict("invert", picture, api_name="/translate_and_back")
    with pytest.raises(AppError, match=r"^wrong_names\.onnx has input"):
        client.predict("wrong_names", picture, api_name="/translate")


def test_a_visitor_of_before_a_restart_is_served(address: str, page: Any, client: Client) -> None:
    """A page that stayed open: its session, and what was chosen in it, are unknown to the server."""
    kinds = {block["id"]: block["type"] for block in page["components"]}
    call = ["radio", "image", "slider", "checkbox"]
    event = next(d for d in page["dependencies"] if [kinds[i] for i in d["inputs"]] == call)
    content = io.BytesIO()
    Image.fromarray(np.zeros((4, 5, 3), np.uint8)).save(content, "PNG")
    (path,) = httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.png", content.getvalue())}).json()
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
    for key, told in (("invert", "5 × 4 pixels in"), ("gone", "there is no model 'gone' here")):
        asked = {"data": [key, picture, 100, False], "fn_index": event["id"], "session_hash": f"fresh{key}"}
        httpx.post(f"{address}/gradio_api/queue/join", json=asked).raise_for_status()
        with httpx.stream("GET", f"{address}/gradio_api/queue/data?session_hash=fresh{key}", timeout=30) as answer:
            said = next(line for line in answer.iter_lines() if "process_completed" in line)
        assert told in json.dumps(json.loads(said.removeprefix("data: ")), ensure_ascii=False)
