"""Scores on pairs: who is compared, on what, and in which direction."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.tiny import configuration
from tests.tiny import plan as tiny_plan
from translate import card, pixels
from translate.card import Card
from translate.config import Plan
from translate.config import plan as resolve
from translate.data.transforms import Transform
from translate.errors import DataError
from translate.evaluation import evaluate
from translate.evaluation.classes import Reader, accuracy, iou
from translate.evaluation.evaluate import _relation
from translate.metrics import l1, psnr

INVERT = Path(__file__).parents[1] / "assets" / "invert.onnx"


def plan(method: str, town: Path, **data: object) -> Plan:
    """Pairs of the words that are on the card of the model that inverts."""
    config = configuration(method, town) | {"domains": ["photo", "negative"]}
    return resolve(config | {"data": config["data"] | data})


def recarded(path: Path, **changes: object) -> Path:
    """The model that inverts, under another card."""
    model = onnx.load(INVERT)
    (entry,) = [entry for entry in model.metadata_props if entry.key == card.KEY]
    entry.value = replace(Card.from_json(entry.value), **changes).to_json()
    onnx.save(model, path)
    return path


def test_scores_beside_those_who_learnt_nothing(tmp_path: Path, town: Path) -> None:
    scores = evaluate([INVERT, recarded(tmp_path / "other.onnx", name="other")], plan("pix2pix", town))
    assert scores.names == ["00006.png", "00007.png"]
    edges, day = (pixels.read(town / view / "00006.png") for view in ("edges", "day"))
    assert scores.numbers["invert"]["L1"][0] == pytest.approx(l1(255 - edges, day))
    assert scores.numbers["other"] == scores.numbers["invert"]
    assert scores.numbers["copy the input"]["PSNR"][0] == pytest.approx(psnr(edges, day))
    mean = np.mean([pixels.read(path) for path in pixels.find(town / "day")[:6]], axis=0)
    assert scores.numbers["predict the mean"]["L1"][0] == pytest.approx(l1(np.round(mean).astype(np.uint8), day))
    assert scores.table().startswith("photo → negative, 2 pairs\n")
    assert "the truth itself" not in scores.table()
    scores.save(tmp_path / "scores.json")
    assert json.loads((tmp_path / "scores.json").read_text())["scores"] == scores.numbers


def test_a_model_of_the_way_back_is_scored_on_the_way_back(tmp_path: Path, town: Path) -> None:
    back = recarded(tmp_path / "back.onnx", source="negative", target="photo")
    scores = evaluate([back], plan("pix2pix", town))
    edges, day = (pixels.read(town / view / "00006.png") for view in ("edges", "day"))
    assert scores.numbers["back"]["L1"][0] == pytest.approx(l1(255 - day, edges))
    mean = np.mean([pixels.read(path) for path in pixels.find(town / "edges")[:6]], axis=0)
    assert scores.numbers["predict the mean"]["L1"][0] == pytest.approx(l1(np.round(mean).astype(np.uint8), edges))
    with pytest.raises(DataError, match="score each direction by itself"):
        evaluate([INVERT, back], plan("pix2pix", town))
    with pytest.raises(DataError, match=r"the pairs are source and target: say which is which"):
        evaluate([INVERT], tiny_plan("pix2pix", town))


def test_channels_must_fit(town: Path) -> None:
    with pytest.raises(DataError, match="invert does not take and give the channels of the pairs"):
        evaluate([INVERT], plan("pix2pix", town, source_channels=1))


def test_models_of_one_name_are_told_apart(town: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    other = recarded(tmp_path / "a" / "invert.onnx")
    assert list(evaluate([INVERT, other], plan("pix2pix", town)).numbers)[:2] == [str(INVERT), str(other)]


def test_a_set_that_is_only_for_scores_has_no_mean(town: Path) -> None:
    scores = evaluate([INVERT], plan("pix2pix", town, holdout=8))
    assert len(scores.names) == 8
    assert list(scores.numbers) == ["invert", "copy the input"]


def test_what_was_trained_on_is_not_scored(town: Path) -> None:
    layout = tiny_plan("pix2pix", town).layout
    facts = {"name": "m", "task": "a → b", "method": "pix2pix", "source": "a", "target": "b"}
    seen = {"data": layout.fingerprint(), "held_out": 2}
    ours, others = Card(**facts, training=seen), Card(**facts, training={"data": "other", "held_out": 0})
    assert _relation([ours], layout) == "held-out pairs"
    assert _relation([others], layout) == _relation([ours, others], layout) == "pairs"
    with pytest.raises(DataError, match="held out 1 of these and was trained on the rest"):
        _relation([others, Card(**facts, training=seen | {"held_out": 1})], layout)


def test_accuracy_and_iou_written_out() -> None:
    truth = np.array([[0, 0, 1, 1]])
    read = np.array([[0, 1, 1, 2]])  # class 2 is not in the truth: it costs only the union of 1
    assert accuracy(read, truth) == 0.5
    assert iou(read, truth) == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert accuracy(truth, truth) == iou(truth, truth) == 1


@pytest.fixture
def label_maps(tmp_path: Path) -> Path:
    """For the town's held-out scenes: the left quarter of one class, the rest of another."""
    folder = tmp_path / "labels"
    folder.mkdir()
    picture = np.full((32, 32, 3), (200, 40, 40), np.uint8)
    picture[:, :8] = (0, 200, 0)
    for name in ("00006.png", "00007.png"):
        Image.fromarray(picture).save(folder / name)
    return folder


def test_the_reader_finds_the_nearest_class(label_maps: Path, tmp_path: Path) -> None:
    reader = Reader(INVERT, label_maps, {"00006": (32, 32)}, Transform(size=32))
    assert sorted(map(tuple, reader.palette.tolist())) == [(0, 200, 0), (200, 40, 40)]
    inverted = 255 - pixels.read(label_maps / "00006.png")
    assert reader.agreement(inverted, "00006") == {"accuracy": 1.0, "IoU": 1.0}
    nearly = np.clip(inverted.astype(int) + 30, 0, 255).astype(np.uint8)
    assert reader.agreement(nearly, "00006")["accuracy"] == 1
    all_red = np.full((32, 32, 3), 255 - np.array([200, 40, 40]), np.uint8)
    assert reader.agreement(all_red, "00006") == {"accuracy": 0.75, "IoU": 0.375}


def test_scores_with_classes(label_maps: Path, tmp_path: Path, town: Path) -> None:
    reader = recarded(tmp_path / "reader.onnx", name="reader", source="negative", target="labels")
    scores = evaluate([INVERT], plan("pix2pix", town), reader, label_maps)
    judge = Reader(reader, label_maps, {"00006": (32, 32)}, Transform(size=32))
    day = pixels.read(town / "day" / "00006.png")
    truth = {metric: numbers[0] for metric, numbers in scores.numbers["the truth itself"].items()}
    assert truth == {"L1": 0, "PSNR": math.inf, "SSIM": pytest.approx(1), **judge.agreement(day, "00006")}
    assert "IoU each" in scores.table()
    scores.save(tmp_path / "scores.json")

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    saved = json.loads((tmp_path / "scores.json").read_text(), parse_constant=refuse)
    assert saved["scores"]["the truth itself"]["PSNR"] == [None, None]
    with pytest.raises(DataError, match="cannot read label maps in colour from negative"):
        evaluate([INVERT], plan("pix2pix", town), INVERT, label_maps)


def test_a_larger_label_map_keeps_its_classes(tmp_path: Path) -> None:
    """No colour between two classes may arise at their border, or it would be taken for a third one."""
    colours = np.array([(0, 0, 0), (200, 200, 200), (100, 100, 100)], np.uint8)
    where = np.repeat(np.repeat(np.arange(64)[None] // 2 % 2, 64, 0), 3, 1)
    where[:3] = 2
    Image.fromarray(colours[where][:, :192]).save(tmp_path / "a.png")
    reader = Reader(INVERT, tmp_path, {"a": (64, 192)}, Transform(size=32))
    counts = np.bincount(reader.truth["a"].ravel(), minlength=3)
    grey = sorted(map(tuple, reader.palette.tolist())).index((100, 100, 100))
    assert counts[grey] <= 2 * 32
    assert reader.truth["a"].shape == (32, 32)


def test_pictures_are_no_label_maps(town: Path, label_maps: Path) -> None:
    with pytest.raises(DataError, match="one colour a class"):
        Reader(INVERT, town / "night", {"00006": (32, 32)}, Transform(size=32))
    with pytest.raises(DataError, match="no label map for 1 pictures, nobody among them"):
        Reader(INVERT, label_maps, {"00006": (32, 32), "nobody": (32, 32)}, Transform(size=32))
    with pytest.raises(DataError, match=r"00006.png is not 64×32, as its picture is"):
        Reader(INVERT, label_maps, {"00006": (32, 64)}, Transform(size=32))
