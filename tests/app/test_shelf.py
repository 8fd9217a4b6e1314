"""What a folder of models offers, and that it follows the folder. No server: cards and files alone."""

from __future__ import annotations

import os
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from tests.runtime.models import copying
from translate.card import Card
from translate.errors import ModelError
from translate.forms import Form
from translate.page import shelf as shelves
from translate.page.shelf import Model, Shelf, entries
from translate.runtime import metadata

ASSETS = Path(__file__).parents[1] / "assets"
DAY = Card("run", "day → night", "cyclegan", "day", "night", training={"step": 2, "data": "d"})
NIGHT = Card("run", "night → day", "cyclegan", "night", "day", direction="backward", training={"step": 2, "data": "d"})


def model(name: str, card: Card) -> Model:
    return Model(Path(f"{name}.onnx"), card)


def asset(name: str) -> Model:
    path = ASSETS / f"{name}.onnx"
    return Model(path, metadata.card(path))


def plan(*models: Model) -> list[tuple[str, str]]:
    """Title and models of every entry."""
    return [(entry.title, " ".join(model.name for model in entry.models)) for entry in entries(models)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder whose shelf looks at it at every question."""
    monkeypatch.setattr(shelves, "_AGAIN", 0.0)
    return tmp_path


def put(name: str, folder: Path, as_name: str = "") -> Path:
    return Path(shutil.copy(ASSETS / f"{name}.onnx", folder / f"{as_name or name}.onnx"))


def long_ago(path: Path) -> None:
    """As if nobody had touched the file for an hour."""
    os.utime(path, (time.time() - 3600, time.time() - 3600))


def titles(shelf: Shelf) -> list[str]:
    return [entry.title for entry in shelf.entries()]


@pytest.mark.parametrize("turned", [False, True])
def test_two_ways_share_an_entry_the_forward_first(turned: bool) -> None:
    models = [model("x", DAY), model("y", NIGHT)]
    assert plan(*(reversed(models) if turned else models)) == [("day ↔ night", "x y")]


def test_two_runs_of_opposite_directions_share_an_entry() -> None:
    other = replace(DAY, name="b", source="night", target="day")
    assert plan(model("x", DAY), model("y", other)) == [("day ↔ night", "x y")]


def test_models_of_other_channels_do_not_go_both_ways() -> None:
    other = replace(NIGHT, source_channels=1)
    assert plan(model("x", DAY), model("y", other)) == [(DAY.task, "x"), (NIGHT.task, "y")]


def test_of_three_the_first_two_are_a_couple_and_one_is_left() -> None:
    models = [model("copy", DAY), model("there", DAY), model("back", NIGHT)]
    assert plan(*models) == [("day ↔ night", "copy back"), ("day → night", "there")]


def test_those_of_one_run_come_before_strangers_and_of_one_moment_before_others() -> None:
    early = {"step": 1, "data": "d"}
    models = [
        model("a", replace(DAY, training=early)),
        model("b", DAY),
        model("c", NIGHT),
        model("d", replace(NIGHT, training=early)),
        model("e", replace(NIGHT, name="other", direction="forward")),
    ]
    assert plan(*models) == [("day ↔ night (a)", "a d"), ("day ↔ night (b)", "b c"), ("night → day", "e")]
    assert plan(*models[:3]) == [("day ↔ night", "b c"), ("day → night", "a")]


def test_what_is_drawn_has_an_entry_of_its_own_beside_its_couple() -> None:
    draw = replace(DAY, task="edges → night", source="edges")
    back = replace(NIGHT, task="night → edges", target="edges")
    found = entries([model("x", draw), model("y", back)])
    assert [(entry.key, entry.title, entry.kind) for entry in found] == [
        ("x", "edges → night", "draw"),
        ("x/y", "edges ↔ night", "ways"),
    ]


def test_entries_of_one_title_are_told_apart_by_their_files() -> None:
    other = replace(DAY, name="b")
    assert plan(model("x", DAY), model("y", other)) == [("day → night (x)", "x"), ("day → night (y)", "y")]


def test_a_folder_that_does_not_exist_is_empty_until_it_does(folder: Path) -> None:
    shelf = Shelf(folder / "later")
    assert (shelf.entries(), shelf.models(), shelf.left_out()) == ([], [], [])
    (folder / "later").mkdir()
    put("invert", folder / "later")
    assert titles(shelf) == ["photo → negative"]


def test_files_that_come_and_go_are_followed(folder: Path) -> None:
    shelf = Shelf(folder)
    put("invert", folder)
    first = shelf.stamp
    assert titles(shelf) == ["photo → negative"]
    put("grey_to_colour", folder)
    assert titles(shelf) == ["grey → colour", "photo → negative"]
    assert shelf.stamp != first
    (folder / "invert.onnx").unlink()
    assert titles(shelf) == ["grey → colour"]
    with pytest.raises(ModelError, match="there is no model 'invert' here: choose one of grey_to_colour"):
        shelf.model("invert")


def test_what_does_not_change_is_not_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("invert", folder)
    shelf = Shelf(folder)
    assert titles(shelf) == ["photo → negative"]
    monkeypatch.setattr(shelves, "models", lambda folder: pytest.fail("read again"))
    assert titles(shelf) == ["photo → negative"]


def test_a_broken_file_is_told_and_hurts_no_other(folder: Path) -> None:
    put("invert", folder)
    long_ago(put("no_card", folder))
    (folder / "half.onnx").write_bytes((ASSETS / "invert.onnx").read_bytes()[:100])
    shelf = Shelf(folder)
    assert titles(shelf) == ["photo → negative"]
    # What was written just now may still be arriving; it is judged when it no longer grows.
    assert [path.name for path, _ in shelf.left_out()] == ["no_card.onnx"]
    long_ago(folder / "half.onnx")
    assert [path.name for path, _ in shelf.left_out()] == ["half.onnx", "no_card.onnx"]
    shutil.copy(ASSETS / "invert.onnx", folder / "half.onnx")
    assert [path.name for path, _ in shelf.left_out()] == ["no_card.onnx"]


def test_a_broken_file_is_told_once_it_has_settled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = Shelf(folder)
    (folder / "half.onnx").write_bytes(b"half")
    assert shelf.left_out() == []
    monkeypatch.setattr(shelves, "SETTLING", 0.0)  # time goes by, the file stays as it is
    assert [path.name for path, _ in shelf.left_out()] == ["half.onnx"]


def test_a_broken_file_from_the_future_is_told_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("invert", folder)
    (folder / "half.onnx").write_bytes(b"half")
    os.utime(folder / "half.onnx", (time.time() + 3600, time.time() + 3600))
    shelf = Shelf(folder)
    assert [path.name for path, _ in shelf.left_out()] == ["half.onnx"]
    monkeypatch.setattr(shelves, "models", lambda folder: pytest.fail("read again"))
    assert titles(shelf) == ["photo → negative"]


def test_others_appear_while_a_file_arrives(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "SETTLING", 3600.0)
    shelf = Shelf(folder)
    (folder / "half.onnx").write_bytes(b"half")
    alone = shelf.stamp
    assert shelf.stamp == alone
    put("invert", folder)
    both = shelf.stamp
    assert both != alone
    assert titles(shelf) == ["photo → negative"]
    assert shelf.left_out() == []
    # The page looks again once the file is judged, although nothing in the folder has changed.
    monkeypatch.setattr(shelves, "SETTLING", 0.0)
    assert shelf.stamp not in (alone, both)
    assert [path.name for path, _ in shelf.left_out()] == ["half.onnx"]


@pytest.mark.parametrize("key", [["invert"], {"invert": 1}, 5, None])
def test_a_key_that_is_no_text_is_refused_in_a_sentence(folder: Path, key: Any) -> None:
    put("invert", folder)
    shelf = Shelf(folder)
    for asked in (shelf.entry, shelf.model):
        with pytest.raises(ModelError, match=f"there is no model {re.escape(repr(key))} here: "):
            asked(key)


def test_examples_that_are_added_appear(folder: Path) -> None:
    put("edges", folder)
    shelf = Shelf(folder)
    assert shelf.model("edges").examples == []
    (folder / "examples" / "edges").mkdir(parents=True)
    Image.new("L", (8, 8), 255).save(folder / "examples" / "edges" / "a.png")
    assert [path.name for path in shelf.model("edges").examples] == ["a.png"]


def test_a_translator_is_opened_once_and_anew_when_its_file_changes(folder: Path) -> None:
    put("invert", folder, "model")
    shelf = Shelf(folder)
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    first = shelf.translator(shelf.model("model"))
    assert shelf.translator(shelf.model("model")) is first
    np.testing.assert_array_equal(first.array(picture), 255 - picture)
    put("edges", folder, "fresh").replace(folder / "model.onnx")
    second = shelf.translator(shelf.model("model"))
    assert second is not first
    assert second.card.task == "edges → photo"


def test_a_model_keeps_its_partner_beside_others() -> None:
    models = [asset("edges"), asset("invert"), asset("there"), asset("back")]
    expected = [("edges → photo", "edges"), ("day ↔ night", "there back"), ("photo → negative", "invert")]
    assert plan(*models) == expected


def test_models_that_no_browser_can_show_are_left_out(tmp_path: Path) -> None:
    deep = Form.stored_as(2, "uint16")
    path = copying(tmp_path / "deep.onnx", deep, deep)
    shelf = Shelf(tmp_path)
    assert shelf.models() == []
    ((left_out, error),) = shelf.left_out()
    assert left_out == path
    assert "takes 2 channels of uint16 and gives 2 channels of uint16, the page shows 8-bit grey and RGB" in str(error)


def test_what_draws_from_noise_comes_last_and_is_in_no_couple() -> None:
    noise = Card("run", "noise → day", "dcgan", "noise", "day", latent=4, version=3)
    back = Card("run", "day → noise", "cyclegan", "day", "noise", direction="backward")
    found = entries([model("a", noise), model("b", back), model("c", replace(noise, source="edges")), asset("edges")])
    assert [(entry.key, entry.kind) for entry in found] == [
        ("edges", "draw"),
        ("b", "picture"),
        ("a", "noise"),
        ("c", "noise"),
    ]


def test_a_shelf_of_drawing_models_alone_and_who_asks_it_for_what(folder: Path) -> None:
    put("drawing", folder)
    put("drawing_labels", folder)
    shelf = Shelf(folder)
    assert titles(shelf) == ["noise → colour (drawing)", "noise → colour (drawing_labels)"]
    assert not shelf.left_out()
    assert shelf.drawing("drawing").name == "drawing"
    with pytest.raises(ModelError, match="drawing draws pictures from noise and takes none"):
        shelf.translating("drawing")
    put("invert", folder)
    assert shelf.translating("invert").name == "invert"
    with pytest.raises(ModelError, match="invert translates pictures and draws none"):
        shelf.drawing("invert")
