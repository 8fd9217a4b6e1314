"""Which models share a tab, and what the page says of a round trip. No server: cards and functions alone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")
import gradio as gr

from translate.card import Card
from translate.page.engine import there_and_back, translate
from translate.page.shelf import Model, couples, shelf
from translate.page.site import tabs
from translate.page.words import way_home
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
    """Title and models of every tab."""
    return [(tab.title, " ".join(model.path.stem for model in tab.models)) for tab in tabs(models, couples(models))]


@pytest.mark.parametrize("turned", [False, True])
def test_two_ways_share_a_tab_the_forward_first(turned: bool) -> None:
    models = [model("x", DAY), model("y", NIGHT)]
    assert plan(*(reversed(models) if turned else models)) == [("day ↔ night", "x y")]


@pytest.mark.parametrize(
    "other", [replace(DAY, source="night", target="day"), replace(NIGHT, name="b"), replace(NIGHT, training={})]
)
def test_models_that_do_not_undo_each_other_keep_their_tabs(other: Card) -> None:
    assert plan(model("x", DAY), model("y", other)) == [(DAY.task, "x"), (other.task, "y")]


def test_of_three_the_first_two_are_a_pair_and_one_is_left() -> None:
    models = [model("copy", DAY), model("there", DAY), model("back", NIGHT)]
    assert plan(*models) == [("day ↔ night", "copy back"), ("day → night", "there")]


def test_exports_of_one_moment_belong_together() -> None:
    early = {"step": 1, "data": "d"}
    models = [
        model("a", replace(DAY, training=early)),
        model("b", DAY),
        model("c", NIGHT),
        model("d", replace(NIGHT, training=early)),
    ]
    assert plan(*models) == [("day ↔ night", "a d"), ("day ↔ night", "b c")]
    assert plan(*models[:3]) == [("day ↔ night", "b c"), ("day → night", "a")]


def test_edges_keep_their_canvas() -> None:
    draw = replace(DAY, task="edges → night", source="edges")
    back = replace(NIGHT, task="night → edges", target="edges")
    expected = [("edges → night", "x"), ("edges ↔ night", "x y")]
    assert plan(model("x", draw), model("y", back)) == expected


def test_a_model_keeps_its_pair_beside_others() -> None:
    models = [asset("edges"), asset("invert"), asset("there"), asset("back")]
    expected = [("edges → photo", "edges"), ("day ↔ night", "there back"), ("photo → negative", "invert")]
    assert plan(*models) == expected


def test_a_folder_without_models_is_an_empty_shelf(tmp_path: Path) -> None:
    assert shelf(tmp_path / "missing") == ([], [])
    (tmp_path / "a.onnx").write_bytes(b"")
    shutil.copy(ASSETS / "there.onnx", tmp_path)
    (usable,), ((path, _),) = shelf(tmp_path)
    assert (usable.word, usable.examples, path.name) == ("there", [], "a.onnx")


@pytest.mark.parametrize("size", [(1, 1), (9, 4)])
def test_there_and_back(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    before, trip, took = there_and_back(asset("there"), asset("back"), picture)
    np.testing.assert_array_equal(before, picture)
    np.testing.assert_array_equal(trip.translated, 255 - picture)
    np.testing.assert_array_equal(trip.returned, picture)
    assert trip.error == 0
    assert f"{size[1]} × {size[0]} pixels" in took
    assert translate(asset("there"), picture)[0].shape == (*size, 3)


def test_an_error_is_told_without_folders() -> None:
    with pytest.raises(gr.Error, match="no picture"):
        there_and_back(asset("there"), asset("back"), None)
    with pytest.raises(gr.Error, match="so there is no way there and back") as told:
        there_and_back(asset("invert"), asset("grey_to_colour"), np.zeros((2, 2, 3), np.uint8))
    assert "/" not in str(told.value)
    with pytest.raises(gr.Error, match=r"^.?wrong_names\.onnx has input"):
        there_and_back(asset("invert"), asset("wrong_names"), np.zeros((2, 2, 3), np.uint8))


def test_the_error_in_words() -> None:
    assert way_home(4.2345) == "There and back: 4.2 of 255 levels away from the original on average."
