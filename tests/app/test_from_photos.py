"""From a photo: what a model takes is made of what a visitor has, where the model's file holds how."""

from __future__ import annotations

import asyncio
import base64
import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.app.parts import ASSETS
from tests.app.serving import decoded, encoded, random_picture
from tests.runtime.models import INT64, field, graph, integer, longs, model, node, tensor, value
from translate.card import KEY, Card
from translate.errors import ModelError, PictureError
from translate.page import Limits, drawing, photos
from translate.page.desk import Desk
from translate.page.picture import from_a_photo
from translate.page.refusal import RefusalError
from translate.page.routes import Routes
from translate.page.shelf import Shelf
from translate.runtime import Translator
from translate.runtime.deriving import KEY as DERIVE

# A model that gives what it is given, of photos whose colours stand the other way round.
SWAPPED = node("Gather", ["image", "order"], ["derived"], integer("axis", 3))
ORDER = tensor("order", INT64, [3], longs(2, 1, 0))
TOLD = {"name": "swapped", "arguments": {}, "does": "colours the other way round"}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    card = Card("hand", "a → b", "none", "edges", "b", derived=TOLD)
    ends = field(11, value("image")) + field(12, value("derived"))
    derivation = base64.b64encode(model(graph([SWAPPED], [ORDER], ends), card=False)).decode()
    texts = {KEY: card.to_json(), DERIVE: derivation}
    props = b"".join(field(14, field(1, key) + field(2, told)) for key, told in texts.items())
    content = model(graph([node("Identity", ["image"], ["translated"])]), card=False, extra=props)
    (tmp_path / "swapped.onnx").write_bytes(content)
    shutil.copy(ASSETS / "invert.onnx", tmp_path)
    return Shelf(tmp_path)


def test_a_photo_becomes_the_input_and_is_translated(shelf: Shelf) -> None:
    desk, picture = Desk(shelf), random_picture(1, 20, 30)
    try:
        done = asyncio.run(desk.translate(shelf.model("swapped"), picture, derive=True))
        np.testing.assert_array_equal(done.before, picture[..., ::-1])
        np.testing.assert_array_equal(done.after, picture[..., ::-1])
        plain = asyncio.run(desk.translate(shelf.model("swapped"), picture))
        np.testing.assert_array_equal(plain.before, picture)
        with pytest.raises(ModelError, match="was not trained on derived inputs"):
            asyncio.run(desk.translate(shelf.model("invert"), picture, derive=True))
        assert desk.waiting == 0
    finally:
        desk.close()


def test_a_large_photo_is_made_smaller_first(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "PHOTO", 1000)
    translator = shelf.translator(shelf.model("swapped"))
    assert photos.derived(translator, random_picture(1, 100, 40), 9.0).shape == (50, 20, 3)
    assert photos.derived(translator, random_picture(1, 40, 25), 9.0).shape == (40, 25, 3)


def test_hostile_photos_are_refused(shelf: Shelf) -> None:
    wide = encoded(np.zeros((1, 1, 3), np.uint8))
    header = wide[12:16] + struct.pack(">II", 6_000, 6_000) + wide[24:29]
    bomb = wide[:12] + header + struct.pack(">I", zlib.crc32(header)) + wide[33:]
    desk = Desk(shelf)
    try:
        for content, told in (
            (b"once upon a time", "not a picture"),
            (bomb, "over the limit of 25,000,000"),
        ):
            with pytest.raises(PictureError, match=told):
                asyncio.run(desk.derive(shelf.model("swapped"), content))
            assert desk.waiting == 0
    finally:
        desk.close()


def test_one_that_takes_too_long_is_stopped() -> None:
    translator = Translator(ASSETS / "from_edges.onnx", engine="cpu")
    with pytest.raises(ModelError, match=r"deriving edges was stopped after 0\.005 s"):
        photos.derived(translator, random_picture(1, 1000, 1000), 0.005)
    assert photos.derived(translator, random_picture(1, 30, 40), 9.0).shape == (30, 40, 1)


def test_programs_are_given_the_input(shelf: Shelf, tmp_path: Path) -> None:
    desk, application = Desk(shelf), FastAPI()
    Routes(shelf, desk, Limits(), tmp_path).add_to(application)
    try:
        client, picture = TestClient(application), random_picture(2, 12, 34)
        answer = client.post("/api/derive/swapped", content=encoded(picture))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        np.testing.assert_array_equal(decoded(answer.content), picture[..., ::-1])
        with pytest.raises(RefusalError, match="was not trained on derived inputs") as refused:
            client.post("/api/derive/invert", content=encoded(picture))
        assert refused.value.status == 422
        (told,) = (one for one in client.get("/api/models").json()["models"] if one["name"] == "swapped")
        assert told["card"]["derived"] == TOLD
    finally:
        desk.close()


def test_the_views_are_told(shelf: Shelf) -> None:
    entries = {entry.key: entry for entry in shelf.entries()}
    assert drawing.told(entries["swapped"])["derived"] == TOLD["does"]
    assert from_a_photo(shelf.model("swapped").card) == "It is a photo: make the edges of it first"
    assert from_a_photo(shelf.model("invert").card) == ""
