"""What the page says about models: true where the card is honest, and harmless where it is not."""

import base64
import json
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")
import gradio as gr

from tests.runtime.test_metadata import field
from translate import pixels
from translate.card import KEY, Card
from translate.errors import ModelError
from translate.page import speed
from translate.page.about import BUSY, MEASURING, about, telling
from translate.page.shelf import Shelf
from translate.page.speed import Speeds
from translate.page.words import facts, precision, scores
from translate.runtime import history, metadata

ASSETS = Path(__file__).parents[1] / "assets"
PLAIN = Card("n", "labels → photo", "pix2pix", "labels", "photo")


class Read(HTMLParser):
    """What a browser makes of a text: its elements with their attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def put(folder: Path, name: str, card: Card | None = None, past: str = "") -> Path:
    """A model that works, with this card and this history."""
    path = folder / f"{name}.onnx"
    shutil.copy(ASSETS / "invert.onnx", path)
    texts = {KEY: card.to_json() if card else "", history.KEY: past}
    with path.open("ab") as file:
        for key, text in texts.items():
            if text:  # of two entries of one key the last one counts
                file.write(field(14, field(1, key.encode()) + field(2, text.encode())))
    return path


def said(folder: Path, name: str, speeds: Speeds | None = None, **notes: str) -> Read:
    shelf = Shelf(folder)
    return Read(about(shelf.entry(name), speeds or Speeds(shelf), notes))


def test_a_model_in_words(tmp_path: Path) -> None:
    training = {"step": 12000, "pictures": 360, "held_out": 40, "scores": {"L1": 12.3456, "SSIM": 0.81}}
    cost = {"mean_levels": 0.4211, "max_levels": 12, "ssim": 0.99512, "pictures": 16, "held_out": True}
    card = replace(
        PLAIN,
        precision="int8",
        parity={"max_levels": 1, "int8": cost},
        training=training,
        license="CC BY 4.0",
        palette={"sky": "#87ceeb", "sun": "#ffe150"},
    )
    assert facts(card) == (
        "n turns labels into photo. It was trained with pix2pix for 12,000 steps on 360 pictures in squares of "
        "256 × 256 pixels: it takes any size, and is at its best near that one. 40 others were held back to judge it "
        "by. At export it agreed with the trained network within 1 of 255 levels."
    )
    assert precision(card) == (
        "8-bit integers: a quarter of the file, and faster on CPUs. It differs from the 32-bit model by 0.42 of 255 "
        "levels on average, 12 at most, at a structural similarity of 0.995, on 16 held-out pictures."
    )
    assert scores(card) == "L1 12.35, SSIM 0.81: the mean over pairs that it never saw."
    path = put(tmp_path, "a b&c", card)
    read = said(tmp_path, "a b&c")
    for words in (facts(card), precision(card), scores(card), "CC BY 4.0", "labels → photo"):
        assert words in read.words
    assert [link["href"] for link in read.all("a")] == ["api/models/a%20b%26c.onnx"]
    assert f"{path.stat().st_size / 1e3:,.1f} kB" in read.words
    assert [mark["style"] for mark in read.all("i")] == ["background:#87ceeb", "background:#ffe150"]
    assert not read.all("img")  # nothing was put into its file
    shelf = Shelf(tmp_path)
    kept = Read(about(shelf.entry("a b&c"), Speeds(shelf), downloads=False))
    assert not kept.all("a")
    assert kept.words == read.words


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    put(tmp_path, "m", PLAIN)
    read = said(tmp_path, "m")
    assert "has not been measured yet" in read.words
    assert "Not stated" in read.words
    assert "Held-out" not in read.words
    assert "While it learnt" not in read.words


def test_its_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "it's", PLAIN)
    read = said(tmp_path, "it's")
    (lines,) = re.findall(r"from translate.runtime import Translator\n.*\n.*\.png\"\)", read.words)
    monkeypatch.chdir(tmp_path)
    pixels.write(np.full((4, 5, 3), 200, np.uint8), "picture.png")
    exec(lines, {})
    assert (pixels.read("result.png") == 55).all()


def test_its_training_in_pictures(tmp_path: Path) -> None:
    columns = [np.full((16, 8, 3), level, np.uint8) for level in (10, 60, 120, 240)]
    past = history.History(columns[0], {500: columns[1], 12000: columns[2]}, columns[3])
    put(tmp_path, "m", PLAIN, past.to_json())
    read = said(tmp_path, "m")
    images = read.all("img")
    assert [image["alt"] for image in images] == [
        "What the model was given: labels",
        "What it made of that after 500 steps of training",
        "What it made of that after 12,000 steps of training",
        "What it should have made of that: photo",
    ]
    assert all(words in read.words for words in ("given", "step 500", "step 12,000", "truth"))
    for image, column in zip(images, columns, strict=True):
        head, _, content = str(image["src"]).partition(",")
        assert head == "data:image/jpeg;base64"
        assert np.abs(pixels.read(base64.b64decode(content)).astype(int) - column).max() <= 2


OURS = {
    *(
        "section",
        "h3",
        "h4",
        "p",
        "dl",
        "dt",
        "dd",
        "a",
        "div",
        "figure",
        "img",
        "figcaption",
        "pre",
        "code",
        "details",
    ),
    *("summary", "table", "tr", "th", "td", "span", "i"),
}
"""The elements of a text with everything in it."""
EVIL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload='alert(1)'>",
    "</summary></details></section><iframe src=javascript:alert(1)>",
    "[click](javascript:alert(1)) ![x](http://example.com/x.png)",
    "javascript:alert(1)",
    "http://example.com",
    "${alert(1)} {{constructor}} `",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# heading **bold**",
]


@pytest.mark.parametrize("evil", EVIL)
def test_text_of_strangers_is_text(evil: str, tmp_path: Path) -> None:
    everywhere: dict[str, Any] = dict.fromkeys(("name", "task", "method", "source", "target", "statistics"), evil)
    card = Card(
        **everywhere,
        precision=evil,
        license=evil,
        palette={evil[:40]: "#000000"},
        training={"step": evil, "pictures": evil, "held_out": [evil], "scores": {evil: 1.0, "x": evil}, evil: evil},
        parity={"max_levels": evil, evil: {"mean_levels": 1.0, "max_levels": evil, "held_out": evil}},
    )
    columns = np.zeros((8, 8, 3), np.uint8)
    put(tmp_path, "m", card, history.History(columns, {1: columns}, columns).to_json())
    read = said(tmp_path, "m")
    assert {tag for tag, _ in read.elements} == OURS
    names = {name for _, attributes in read.elements for name in attributes}
    assert names == {"href", "download", "src", "alt", "title", "loading", "class", "style"}
    assert [link["href"] for link in read.all("a")] == ["api/models/m.onnx"]
    assert all(str(image["src"]).startswith("data:image/jpeg;base64,") for image in read.all("img"))
    assert [mark["style"] for mark in read.all("i")] == ["background:#000000"]
    assert evil in read.words  # it is shown as it is


def test_very_long_texts_are_cut_off(tmp_path: Path) -> None:
    long = "x" * 20_000
    card = Card(long, long, long, long, long, license=f"terms\n{long[:-6]}", training={"data": "y" * 100_000})
    put(tmp_path, "m", card)
    read = said(tmp_path, "m")
    assert len(facts(card)) < 700
    assert len(read.words) < 20_000 + 7 * 4000 + 5000  # one licence, folded away, and the table of the card
    assert card.license in read.words


def test_cards_that_hold_anything(tmp_path: Path) -> None:
    """Fields of facts are free: numbers that are none, half a letter, more layers than can be written."""
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    for training in ({"step": True}, {"step": 10**30}, {"step": -1e400}, {"data": "\ud800"}, {"scores": deep}):
        record = json.loads(PLAIN.to_json()) | {"training": training, "parity": {"fp32": training, "max_levels": {}}}
        path = put(tmp_path, "m")
        with path.open("ab") as file:
            file.write(field(14, field(1, KEY.encode()) + field(2, json.dumps(record).encode())))
        assert metadata.card(path).training
        read = said(tmp_path, "m")
        read.words.encode()
        assert "n turns labels into photo. It was trained with pix2pix in squares of" in read.words


def test_the_speed_is_the_median(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "m", replace(PLAIN, size=40_000))
    shelf = Shelf(tmp_path)
    model, sizes = shelf.model("m"), []
    taken = iter([9.0, 0.5, 0.1, 0.2, 0.4, 0.3])  # the first one does not count

    def timed(run: Callable[[], object]) -> float:
        sizes.append(run().shape)  # type: ignore[attr-defined]
        return next(taken)

    monkeypatch.setattr(speed, "_seconds", timed)
    speeds = Speeds(shelf)
    assert speeds.known(model) is None
    found = speeds.measure(model)
    assert found is not None
    assert (found.milliseconds, found.count, found.side) == (300.0, 5, speed.LARGEST)
    assert set(sizes) == {(speed.LARGEST, speed.LARGEST, 3)}
    assert speeds.measure(model) is found  # once
    device = shelf.translator(model).device
    told = f"300 ms for 1024 × 1024 pixels on {device} of this machine, the median of 5 translations."
    assert told in said(tmp_path, "m", speeds).words
    path = put(tmp_path, "m", replace(PLAIN, name="another"))
    assert path == model.path
    assert speeds.known(model) is None  # another file


def test_what_is_measured_is_what_serves(tmp_path: Path) -> None:
    put(tmp_path, "m", replace(PLAIN, size=16))
    shelf = Shelf(tmp_path)
    found = Speeds(shelf).measure(shelf.model("m"))
    assert found is not None
    assert 0 < found.milliseconds < 1000
    assert speed.LEAST <= found.count <= speed.MOST
    assert found.device == shelf.translator(shelf.model("m")).device


def test_visitors_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "m", PLAIN)
    shelf = Shelf(tmp_path)
    model, done = shelf.model("m"), []
    monkeypatch.setattr(speed, "_seconds", lambda *_: done.append(1) or 0.001)
    assert Speeds(shelf, lambda: False).measure(model) is None
    assert not done
    assert Speeds(shelf, lambda: len(done) < 3).measure(model) is None  # one came while it was measured
    assert len(done) == 3
    assert Speeds(shelf).measure(model) is not None


def test_nobody_waits_for_the_measuring_of_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "m", PLAIN)
    put(tmp_path, "slow", PLAIN)
    shelf, begun, over = Shelf(tmp_path), threading.Event(), threading.Event()

    def timed(*_: object) -> float:
        begun.set()
        assert over.wait(20)
        return 0.1

    monkeypatch.setattr(speed, "_seconds", timed)
    monkeypatch.setattr(speed, "PATIENCE", 0.01)
    speeds = Speeds(shelf)
    first = threading.Thread(target=speeds.measure, args=[shelf.model("slow")])
    first.start()
    assert begun.wait(20)
    said = list(telling(shelf, speeds, "m"))
    assert not over.is_set()
    assert BUSY in Read(said[-1]).words
    over.set()
    first.join(20)
    assert speeds.known(shelf.model("slow")) is not None
    assert speeds.measure(shelf.model("m")) is not None


def test_the_panel_says_what_it_knows_at_once(tmp_path: Path) -> None:
    put(tmp_path, "m", replace(PLAIN, size=16))
    shelf = Shelf(tmp_path)
    speeds = Speeds(shelf)
    first, last = telling(shelf, speeds, "m")
    assert MEASURING in first
    assert "the median of" in last
    assert list(telling(shelf, speeds, "m")) == [last]  # measured already
    assert list(telling(shelf, speeds, None)) == [""]
    with pytest.raises(gr.Error, match="there is no model 'other' here"):
        list(telling(shelf, speeds, "other"))


def test_why_there_is_no_speed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "m", PLAIN)
    shelf = Shelf(tmp_path)
    assert BUSY in Read(list(telling(shelf, Speeds(shelf, lambda: False), "m"))[-1]).words

    def failing(*_: object) -> float:
        raise ModelError(f"{tmp_path}/m.onnx gave <b>nothing</b>")

    monkeypatch.setattr(speed, "_seconds", failing)
    words = Read(list(telling(shelf, Speeds(shelf), "m"))[-1]).words
    assert "Its speed could not be measured: m.onnx gave <b>nothing</b>" in words


def test_a_model_that_draws_is_told_and_run_as_one(tmp_path: Path) -> None:
    shutil.copy(ASSETS / "drawing.onnx", tmp_path)
    shelf = Shelf(tmp_path)
    told = Read(about(shelf.entry("drawing"), Speeds(shelf)))
    assert "drawing draws colour from noise: of each seed, 4 random numbers, always the same one." in told.words
    lines = told.words.split("To run it elsewhere")[1].split("Its card")[0].replace('"drawing.onnx"', "path")
    given: dict[str, Any] = {"path": tmp_path / "drawing.onnx"}
    exec(lines, given)
    assert given["pictures"].shape == (1, 8, 8, 3)


def test_what_a_card_names_becomes_sliders(tmp_path: Path) -> None:
    from translate.page.imagine import told
    from translate.page.shelf import Entry, Model

    def sliders(card: Card) -> list[dict[str, Any]]:
        return told(Entry("n", "t", "noise", (Model(Path("n.onnx"), card),)))["sliders"]

    card = Card("n", "noise → faces", "dcgan", "noise", "faces", size=8, latent=4, version=3)
    assert [slider["name"] for slider in sliders(card)] == [f"direction {place}" for place in (1, 2, 3, 4)]
    smile = {"direction": [1, 0, 0, 0], "low": "serious", "high": "smiling", "lands": 0.914}
    named = sliders(replace(card, attributes={"smile": smile, "age": {"direction": [0, 0, 0, 1]}}))
    assert named == [
        {
            "name": "smile",
            "low": "serious",
            "high": "smiling",
            "far": 2.0,
            "note": "one step lands on it 91 times in a hundred",
        },
        {"name": "age", "low": "", "high": "", "far": 2.0, "note": ""},
    ]
