"""Models that draw from noise, in the Translator: known answers, and refusals both ways."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runtime import models
from tests.runtime.models import FLOAT, INT64, UINT8, field, node, value
from translate import latent
from translate.card import KEY, Card
from translate.errors import LatentError, ModelError, TranslateError
from translate.runtime import Translator, round_trip, translate_files, translate_video
from translate.runtime.drawing import drawn, piece
from translate.runtime.tiles import translate_large

ASSETS = Path(__file__).parents[1] / "assets"
DRAWING, TOLD, INVERT = (ASSETS / f"{name}.onnx" for name in ("drawing", "drawing_labels", "invert"))


def expected(noise: np.ndarray, labels: list[int] | None = None) -> np.ndarray:
    """What tests/assets/make_models.py says that these models draw."""
    ramp = 8 * (np.arange(8) - 3.5)
    levels = 128 + 40 * noise[:, None, None, :3] + noise[:, 3, None, None, None] * ramp[None, None, :, None]
    if labels is not None:
        levels = levels + 60 * np.eye(3)[labels][:, None, None, :]
    return np.clip(levels, 0, 255).round()


def opened(path: Path, engine: str = "cpu", **options: Any) -> Translator:
    if engine == "openvino":
        pytest.importorskip("openvino")
    return Translator(path, engine=engine, **options)


@pytest.mark.parametrize("engine", ["cpu", "openvino"])
def test_known_answers(engine: str) -> None:
    drawing, told = opened(DRAWING, engine, warm=True), opened(TOLD, engine, warm=True)
    for count in (1, 2, 5):
        noise, labels = drawing.noise(range(count)), [(2 * n) % 3 for n in range(count)]
        for found, right in (
            (drawing.draw(noise), expected(noise)),
            (told.draw(noise, labels), expected(noise, labels)),
        ):
            assert found.dtype == np.uint8
            assert np.abs(found - right).max() <= 1  # a half may be rounded either way
    assert drawing.draw(drawing.noise([])).shape == (0, 8, 8, 3)
    assert told.draw(told.noise([]), []).shape == (0, 8, 8, 3)


def test_cards_say_what_goes_in() -> None:
    drawing, told = Translator(DRAWING, engine="cpu").card, Translator(TOLD, engine="cpu").card
    assert (drawing.draws, drawing.latent, drawing.classes, drawing.version) == (True, 4, [], 3)
    assert told.classes == ["red", "green", "blue"]
    assert not drawing.ordinary
    assert not Translator(INVERT, engine="cpu").card.draws


def test_noise_is_that_of_the_latent_space() -> None:
    assert np.array_equal(Translator(DRAWING, engine="cpu").noise([3, 1]), latent.noise([3, 1], 4))


def test_pieces_are_the_same_as_one_by_one() -> None:
    drawing = Translator(DRAWING, engine="cpu")
    card = drawing.card
    count = 2 * piece(card) + 3
    noise = drawing.noise(range(count))
    seen = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(engine, name)

        def run(self, feeds: Any, wanted: Any, seconds: Any = None) -> Any:
            seen.append(len(feeds["noise"]))
            return engine.run(feeds, wanted, seconds)

    engine, drawing._engine = drawing._engine, Watched()
    found = drawing.draw(noise)
    assert seen == [piece(card), piece(card), 3]
    assert np.abs(found - expected(noise)).max() <= 1


def test_pieces_are_pixels() -> None:
    card = Translator(DRAWING, engine="cpu").card
    assert [piece(replace(card, size=size)) for size in (8, 64, 512, 1024)] == [4096, 64, 1, 1]


def test_any_layout_in_memory() -> None:
    drawing = Translator(DRAWING, engine="cpu")
    noise = np.asfortranarray(drawing.noise(range(6)))
    assert np.array_equal(drawing.draw(noise[::2]), drawing.draw(drawing.noise([0, 2, 4])))


def test_threads_share_one() -> None:
    drawing, wrong = Translator(DRAWING, engine="cpu", threads=1), []

    def draw(seed: int) -> None:
        noise = drawing.noise([seed])
        wrong.extend(n for n in range(20) if np.abs(drawing.draw(noise) - expected(noise)).max() > 1)

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_time_is_that_of_all_pieces() -> None:
    drawing = Translator(DRAWING, engine="cpu")
    noise = np.zeros((300_000, 4), np.float32)
    start = time.monotonic()
    with pytest.raises(ModelError, match=r"stopped on 300000 pictures after 0\.01 s: draw fewer"):
        drawing.draw(noise, seconds=0.01)
    assert time.monotonic() - start < 5
    with pytest.raises(ModelError, match="seconds is 0"):
        drawing.draw(noise, seconds=0)
    assert len(drawing.draw(noise[:2], seconds=60)) == 2


def test_limits_of_a_picture_and_of_memory() -> None:
    with pytest.raises(ModelError, match="8², over the limit of 63 pixels"):
        Translator(DRAWING, engine="cpu", limit=63).draw(np.zeros((1, 4), np.float32))
    assert len(Translator(DRAWING, engine="cpu", limit=64).draw(np.zeros((1, 4), np.float32))) == 1
    many = np.broadcast_to(np.zeros((1, 4), np.float32), (2, 4))
    card = replace(Translator(DRAWING, engine="cpu").card, size=2**24)  # beyond what any process can address
    with pytest.raises(LatentError, match="2 pictures do not fit into memory"):
        drawn(card, lambda *_: [], many, None, None)


# --- refusals ---


@pytest.mark.parametrize(
    "noise",
    [
        np.zeros((1, 4)),
        np.zeros((1, 5), np.float32),
        np.zeros(4, np.float32),
        np.zeros((1, 1, 4), np.float32),
        [[0.0] * 4],
        np.array([[0, 0, 0, np.nan]], np.float32),
        np.array([[0, 0, 0, np.inf]], np.float32),
    ],
)
def test_noise_that_does_not_fit(noise: Any) -> None:
    with pytest.raises(LatentError, match=r"Translator\.noise"):
        Translator(DRAWING, engine="cpu").draw(noise)


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (None, "a label from 0 to 2"),
        ([0], "a label for each of 2 pictures"),
        ([0, 1, 2], "a label for each of 2 pictures"),
        ([0, 3], "no label 3"),
        ([-1, 0], "no label -1"),
        ([0.0, 1.0], "whole numbers"),
        ([[0], [1]], "a label for each"),
        (["red", "blue"], "whole numbers"),
        ([0, 2**64], "whole numbers"),
    ],
)
def test_labels_that_do_not_fit(labels: Any, why: str) -> None:
    with pytest.raises(LatentError, match=why):
        Translator(TOLD, engine="cpu").draw(np.zeros((2, 4), np.float32), labels)


def test_labels_where_there_are_none() -> None:
    with pytest.raises(LatentError, match="knows no labels"):
        Translator(DRAWING, engine="cpu").draw(np.zeros((2, 4), np.float32), [0, 0])


PICTURE = np.zeros((8, 8, 3), np.uint8)
TRANSLATING: dict[str, Callable[[Translator, Path], object]] = {
    "array": lambda model, _: model.array(PICTURE),
    "call": lambda model, _: model(PICTURE),
    "read": lambda model, _: model.read(PICTURE),
    "derive": lambda model, _: model.derive(PICTURE),
    "statistics": lambda model, _: model.with_statistics(PICTURE),
    "files": lambda model, folder: translate_files(model, [ASSETS], folder),
    "video": lambda model, folder: translate_video(model, folder / "a.mp4", folder / "b.mp4"),
    "tiles": lambda model, folder: translate_large(model, folder / "a.png", folder / "b.png"),
    "there": lambda model, _: round_trip(model, Translator(INVERT, engine="cpu"), PICTURE),
    "back": lambda model, _: round_trip(Translator(INVERT, engine="cpu"), model, PICTURE),
}


@pytest.mark.parametrize("way", TRANSLATING)
def test_what_draws_does_not_translate(way: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"drawing draws pictures from noise, .* `translate latent`"):
        TRANSLATING[way](Translator(DRAWING, engine="cpu"), tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["invert", "no_card"])
def test_what_translates_does_not_draw(name: str) -> None:
    model = Translator(ASSETS / f"{name}.onnx", engine="cpu")
    for act in (lambda: model.noise([0]), lambda: model.draw(np.zeros((1, 4), np.float32))):
        with pytest.raises(ModelError, match=r"translates pictures, .* `translate run`"):
            act()


# --- graphs and cards that do not fit each other ---

CARD = Card("hand", "noise → b", "none", "noise", "b", size=2, latent=12, version=3)


def drawing_file(
    path: Path,
    card: Card = CARD,
    noise: tuple[str | int, ...] = ("N", 12),
    shape: tuple[str | int, ...] = ("N", 2, 2, 3),
    kind: int = FLOAT,
    name: str = "noise",
    label: tuple[int, tuple[str | int, ...]] | None = None,
    twice: bool = False,
) -> Path:
    """Noise of 12 numbers is the picture of 2 × 2 itself, by hand."""
    nodes = [
        node("Concat", [name, name] if twice else [name], ["all"], models.integer("axis", 0)),
        node("Reshape", ["all", "sides"], ["pixels"]),
        node("Cast", ["pixels"], ["translated"], models.integer("to", UINT8)),
    ]
    sides = models.tensor("sides", INT64, [4], models.longs(-1, 2, 2, 3))
    ends = field(11, value(name, kind, noise)) + field(12, value("translated", UINT8, shape))
    if label:
        ends = field(11, value("label", *label)) + ends
    props = field(14, field(1, KEY) + field(2, card.to_json()))
    path.write_bytes(models.model(models.graph(nodes, [sides], ends), card=False, extra=props))
    return path


def test_a_model_written_by_hand_draws(tmp_path: Path) -> None:
    found = Translator(drawing_file(tmp_path / "a.onnx"), engine="cpu").draw(np.full((3, 12), 7, np.float32))
    assert found.shape == (3, 2, 2, 3)
    assert (found == 7).all()


def test_labels_may_stand_first(tmp_path: Path) -> None:
    card = replace(CARD, classes=["a", "b"])
    path = drawing_file(tmp_path / "a.onnx", card, label=(INT64, ("N",)))
    assert Translator(path, engine="cpu").draw(np.ones((1, 12), np.float32), [1]).shape == (1, 2, 2, 3)


UNFIT: dict[str, tuple[dict[str, Any], str]] = {
    "another name": ({"name": "z"}, r"has inputs \['z'\] instead of \['noise'\]"),
    "a picture": ({"name": "image"}, r"has inputs \['image'\]"),
    "no label": ({"card": replace(CARD, classes=["a", "b"])}, r"instead of \['noise', 'label'\]"),
    "a label too many": ({"label": (INT64, ("N",))}, r"instead of \['noise'\]"),
    "labels of floats": ({"card": replace(CARD, classes=["a"]), "label": (FLOAT, ("N",))}, "instead of int64 .N.:"),
    "one hot labels": ({"card": replace(CARD, classes=["a"]), "label": (INT64, ("N", 1))}, "instead of int64 .N.:"),
    "one picture only": ({"noise": (1, 12)}, r"instead of float32 \[N, 12\]"),
    "planes of noise": ({"noise": ("N", 12, 1, 1)}, r"instead of float32 \[N, 12\]"),
    "other noise": ({"noise": ("N", 24)}, r"where its card says \[N, 12\]"),
    "another size": ({"card": replace(CARD, size=4)}, r"draws pictures of \[2, 2\] where its card says 4"),
    "a size left open": ({"card": replace(CARD, size=4), "shape": ("N", "H", "W", 3)}, r"draws pictures of \[2, 2\]"),
    "another channel": ({"card": replace(CARD, target_channels=1)}, "of 3 channels but its card says 1"),
    "a picture's card": ({"card": replace(CARD, latent=0, version=1)}, r"has input \['noise'\] instead of 'image'"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_graphs_that_do_not_fit(name: str, tmp_path: Path) -> None:
    changed, why = UNFIT[name]
    with pytest.raises(ModelError, match=why):
        Translator(drawing_file(tmp_path / "a.onnx", **changed), engine="cpu")


def test_two_pictures_for_one(tmp_path: Path) -> None:
    """How many come out is not in the file: it shows when it runs."""
    path = drawing_file(tmp_path / "a.onnx", twice=True)
    with pytest.raises(ModelError, match=r"gave \[6, 2, 2, 3\] where its card promises \[3, 2, 2, 3\]"):
        Translator(path, engine="cpu").draw(np.zeros((3, 12), np.float32))


CARDS: dict[str, tuple[dict[str, Any], str]] = {
    "latent below zero": ({"latent": -1}, "latent = -1"),
    "no whole latent": ({"latent": 4.5}, "latent = 4.5"),
    "a yes": ({"latent": True}, "latent = True"),
    "endless noise": ({"latent": 10**9}, "latent = 1000000000"),
    "in an older format": ({"version": 1}, "latent = 4 in format 1"),
    "classes that are none": ({"classes": "red"}, "classes = 'red'"),
    "numbers": ({"classes": [1, 2, 3]}, "classes has a class 1"),
    "an empty name": ({"classes": ["a", " "]}, "classes has a class ' '"),
    "a long name": ({"classes": ["x" * 41]}, "a line of 1 to 40 letters"),
    "a name for a terminal": ({"classes": ["\x1b[31m"]}, "has a class"),
    "one name twice": ({"classes": ["a", "b", "a"]}, "names 'a' twice"),
    "endless names": ({"classes": [str(n) for n in range(1025)]}, "1,025 names"),
    "classes without latent": ({"latent": 0, "classes": ["a"]}, "classes without latent"),
    "a palette": ({"palette": {"sky": "#87ceeb"}}, "palette of a model that draws"),
    "norms": ({"norms": [3]}, "norms of a model that draws"),
    "a source": ({"source_form": [{"channels": 3, "depth": "uint8", "range": [0, 1]}]}, "source_form of a model"),
    "a derivation": ({"derived": {"name": "a", "does": "b", "arguments": {}}}, "derived of a model that draws"),
    "the way back": ({"direction": "backward"}, "latent = 4 and backward"),
    "16 bits": (
        {"target_form": [{"channels": 3, "depth": "uint16", "range": [0, 65535]}]}, "a model draws 8-bit grey or RGB"),
    "four channels": ({"target_channels": 4}, "a model draws 8-bit grey or RGB"),
}  # fmt: skip


@pytest.mark.parametrize("name", CARDS)
def test_cards_that_cannot_be(name: str) -> None:
    changed, why = CARDS[name]
    record = json.loads(Translator(DRAWING, engine="cpu").card.to_json())
    with pytest.raises(ModelError, match="the model's card says") as raised:
        Card.from_json(json.dumps(record | changed))
    assert why in str(raised.value)
    assert isinstance(raised.value, TranslateError)
    assert str(raised.value).isprintable()
