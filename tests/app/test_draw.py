"""Models that draw from noise, as programs ask the server for their pictures; known answers of `drawing.onnx`."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.app.serving import Server, decoded, encoded, random_picture, served
from translate.latent import noise, spherical
from translate.page.desk import Desk
from translate.page.draws import Draws, film, sheet
from translate.page.recipes import recipe
from translate.page.shelf import Shelf
from translate.page.speed import Speeds
from translate.page.words import facts, took_here
from translate.runtime import Translator

ASSETS = Path(__file__).parents[1] / "assets"


def expected(codes: np.ndarray, label: int | None = None) -> np.ndarray:
    """What the asset draws of codes `[N, 4]`, uint8 `[N, 8, 8, 3]`; see `make_models.py`."""
    ramp = 8 * (np.arange(8, dtype=np.float32) - 3.5)
    seen = 40 * codes[:, None, None, :3] + (codes[:, 3:] * ramp)[:, None, :, None] + np.zeros((8, 1, 1), np.float32)
    if label is not None:
        seen = seen + 60 * np.eye(3, dtype=np.float32)[label]
    return np.rint(np.clip(seen + 128, 0, 255)).astype(np.uint8)


def same(picture: np.ndarray, codes: np.ndarray, label: int | None = None, columns: int = 1) -> None:
    """To a level: engines add in another order."""
    pictures = expected(codes, label)
    whole = sheet(pictures, columns)
    assert picture.shape == whole.shape
    assert np.abs(picture.astype(int) - whole).max() <= 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for name in ("drawing", "drawing_labels", "invert"):
        shutil.copy(ASSETS / f"{name}.onnx", folder)
    return folder


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    command = ["app.py", "--models", str(folder), "--port", "0"]
    with served(command, tmp_path_factory.mktemp("server") / "log.txt") as server:
        yield server


def drawn(server: Server, name: str = "drawing", **asked: Any) -> np.ndarray:
    answer = server.post(f"/api/draw/{name}", json.dumps(asked).encode())
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    assert float(answer.headers["X-Translate-Milliseconds"]) > 0
    return decoded(answer.body)


def test_a_seed_is_the_same_picture_every_time_and_that_of_the_runtime(server: Server) -> None:
    first = drawn(server, seeds=[7])
    np.testing.assert_array_equal(first, drawn(server, seeds=[7]))
    same(first, noise([7], 4))
    translator = Translator(ASSETS / "drawing.onnx")
    np.testing.assert_array_equal(first, translator.draw(translator.noise([7]))[0])
    assert (first != drawn(server, seeds=[8])).any()


def test_several_are_a_sheet_row_by_row(server: Server) -> None:
    picture = drawn(server, seeds=[0, 1, 2, 3, 4], columns=3)
    assert picture.shape == (16, 24, 3)
    same(picture, noise(range(5), 4), columns=3)
    np.testing.assert_array_equal(picture[8:, 16:], 255)


def test_labels(server: Server) -> None:
    same(drawn(server, "drawing_labels", seeds=[1], label="green"), noise([1], 4), 1)
    pair = drawn(server, "drawing_labels", seeds=[1, 1], labels=["red", 2])
    same(pair[:, :8], noise([1], 4), 0)
    same(pair[:, 8:], noise([1], 4), 2)


def test_between_and_sums_and_noise_itself(server: Server) -> None:
    a, b, c = noise([0, 1, 2], 4)
    same(drawn(server, between={"seeds": [0, 1], "at": 0.25}), spherical(a, b, 0.25)[None])
    total = a - b + c
    same(drawn(server, sum={"start": [0], "minus": [1], "plus": [2], "restore": False}), total[None])
    same(drawn(server, noise=[total.tolist()]), total[None])


def test_a_slider_moves_the_picture_along_a_direction(server: Server) -> None:
    """The first direction of this model: what moves most pixels, the same whenever it is asked for."""
    still = drawn(server, seeds=[3]).astype(int)
    there, back = (drawn(server, seeds=[3], sliders={"direction 1": far}).astype(int) for far in (1, -1))
    assert there.mean() > still.mean() + 5
    assert back.mean() < still.mean() - 5
    moved = drawn(server, "drawing_labels", seeds=[3], label=0, sliders={"direction 1": 1})
    assert (moved != drawn(server, "drawing_labels", seeds=[3], label=0)).any()
    answer = server.post("/api/draw/drawing", b'{"seeds": [3], "sliders": {"smile": 1}}')
    assert answer.status == 400
    assert answer.json["error"].startswith("there is no slider 'smile'; there are direction 1")


@pytest.mark.parametrize("kind", ["webp", "gif"])
def test_a_film_there_and_back(server: Server, kind: str) -> None:
    asked = {"between": {"seeds": [0, 1], "round": 4}, "format": kind}
    answer = server.post("/api/draw/drawing", json.dumps(asked).encode())
    assert (answer.status, answer.headers["Content-Type"]) == (200, f"image/{kind}")
    with Image.open(io.BytesIO(answer.body)) as shown:
        assert (shown.n_frames, shown.size, shown.info["loop"]) == (8, (256, 256), 0)
        first, middle = (np.asarray(_frame(shown, place).resize((8, 8))).astype(int) for place in (0, 4))
    whole = expected(noise([0, 1], 4)).astype(int)
    assert np.abs(first - whole[0]).max() <= 12
    assert np.abs(middle - whole[1]).max() <= 12


def _frame(shown: Image.Image, place: int) -> Image.Image:
    shown.seek(place)
    return shown.convert("RGB")


def test_grey_frames_and_large_ones() -> None:
    grey = np.stack([np.full((300, 200, 1), level, np.uint8) for level in (0, 255)])
    with Image.open(io.BytesIO(film(grey, "webp"))) as shown:
        assert (shown.n_frames, shown.size) == (2, (200, 300))


@pytest.mark.parametrize(
    ("target", "body", "status", "told"),
    [
        ("drawing", b'{"seeds": [-1]}', 400, "the seed -1 is none"),
        ("drawing", b"", 400, "one of seeds, noise, between, sum"),
        ("drawing", b"{", 400, "This is no JSON"),
        ("drawing", b'{"seeds": [NaN]}', 400, "the seed nan is none"),
        ("drawing", b'{"seeds": [0], "label": 0}', 400, "has no classes"),
        ("drawing_labels", b'{"seeds": [0]}', 400, "say which class to draw"),
        ("invert", b'{"seeds": [0]}', 404, "invert translates pictures and draws none"),
        ("nobody", b'{"seeds": [0]}', 404, "there is no model 'nobody' here"),
    ],
)
def test_refusals_are_one_sentence(server: Server, target: str, body: bytes, status: int, told: str) -> None:
    answer = server.post(f"/api/draw/{target}", body)
    assert answer.status == status
    assert told in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_a_body_of_megabytes_and_other_methods_and_sites_are_refused(server: Server) -> None:
    assert server.post("/api/draw/drawing", b" " * 2_000_001).status == 413
    assert server.ask("GET", "/api/draw/drawing").headers["Allow"] == "POST"
    assert server.post("/api/draw/drawing", b'{"seeds": [0]}', Sec_Fetch_Site="cross-site").status == 403


def test_where_a_picture_is_expected_no_model_draws(server: Server) -> None:
    for route in ("translate", "derive"):
        answer = server.post(f"/api/{route}/drawing", encoded(random_picture(0)))
        assert answer.status == 404
        assert "drawing draws pictures from noise and takes none" in answer.json["error"]


def test_the_gradio_functions_draw_and_refuse(server: Server, tmp_path: Path) -> None:
    client = Client(server.address, verbose=False, download_files=str(tmp_path))
    path = client.predict("drawing_labels", 5, "blue", api_name="/draw")
    same(decoded(Path(path).read_bytes()), noise([5], 4), 2)
    same(decoded(Path(client.predict("drawing", 5, "", api_name="/draw")).read_bytes()), noise([5], 4))
    with pytest.raises(AppError, match="invert translates pictures"):
        client.predict("invert", 5, "", api_name="/draw")
    with pytest.raises(AppError, match="say which class"):
        client.predict("drawing_labels", 5, "", api_name="/draw")
    (tmp_path / "picture.png").write_bytes(encoded(random_picture(0)))
    from gradio_client import handle_file

    for name in ("/translate", "/translate_and_back"):
        with pytest.raises(AppError, match="draws pictures from noise"):
            client.predict("drawing", handle_file(tmp_path / "picture.png"), api_name=name)


def test_the_list_says_what_draws_and_health_counts_it(server: Server) -> None:
    told = server.ask("GET", "/api/models").json
    kinds = {entry["key"]: entry["kind"] for entry in told["entries"]}
    assert kinds == {"invert": "picture", "drawing": "noise", "drawing_labels": "noise"}
    assert told["entries"][0]["key"] == "invert"
    assert server.ask("GET", "/health").json["models"] == 3


def test_what_is_said_of_it(folder: Path) -> None:
    shelf = Shelf(folder)
    model = shelf.model("drawing_labels")
    assert facts(model.card).startswith(
        "drawing_labels draws colour from noise: of each seed, 4 random numbers, always the same one, in any of 3 "
        "classes."
    )
    assert "it draws that size alone" in facts(model.card)
    speed = Speeds(shelf).measure(model)
    assert speed is not None
    assert "for 8 × 8 pixels" in took_here(speed)
    assert took_here(speed).endswith(" drawings.")


def test_sheets_wait_their_turn_and_pictures_come_between(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one thread, a sheet in parts and a single picture: the picture is done before the last part of the sheet."""
    monkeypatch.setattr("translate.page.draws.SMALL", 2 * 8 * 8)  # two pictures a part
    shelf = Shelf(folder)
    desk = Desk(shelf, workers=1)
    model, other = shelf.model("drawing"), shelf.model("drawing_labels")
    draws = Draws(shelf, desk)
    order: list[str] = []
    gate, real = threading.Event(), Translator.draw

    def slow(translator: Translator, codes: Any, *more: Any, **named: Any) -> Any:
        order.append(f"{translator.card.name} {len(codes)}")
        assert gate.wait(20)
        return real(translator, codes, *more, **named)

    monkeypatch.setattr(Translator, "draw", slow)

    async def both() -> list[Any]:
        tasks = [asyncio.ensure_future(draws(model, recipe({"seeds": [0, 1, 2, 3, 4]}, model.card)))]
        while not order:
            await asyncio.sleep(0.01)
        tasks.append(asyncio.ensure_future(draws(other, recipe({"seeds": [9], "label": 0}, other.card))))
        while desk.waiting < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0)  # it has asked for its turn
        gate.set()
        return await asyncio.gather(*tasks)

    many, one = asyncio.run(both())
    assert order == ["drawing 2", "drawing_labels 1", "drawing 2", "drawing 1"]
    same(sheet(many.pictures, 5), noise(range(5), 4), columns=5)
    same(one.pictures[0], noise([9], 4), 0)
    assert desk.waiting == 0
    desk.close()


def test_one_who_leaves_is_not_drawn_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.page.draws.SMALL", 8 * 8)
    shelf = Shelf(folder)
    desk = Desk(shelf, workers=1)
    model = shelf.model("drawing")
    begun, gate, parts, real = threading.Event(), threading.Event(), [], Translator.draw

    def slow(translator: Translator, *more: Any, **named: Any) -> Any:
        parts.append(1)
        begun.set()
        assert gate.wait(20)
        return real(translator, *more, **named)

    monkeypatch.setattr(Translator, "draw", slow)

    async def leave() -> None:
        task = asyncio.ensure_future(Draws(shelf, desk)(model, recipe({"seeds": [0, 1, 2]}, model.card)))
        await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert desk.waiting == 0
        gate.set()

    asyncio.run(leave())
    desk.close()
    assert len(parts) == 1
