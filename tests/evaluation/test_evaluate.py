"""Scores on pairs: who is compared, on what, and in which direction."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

from tests.tiny import configuration, plan
from translate import card, pixels
from translate.card import Card
from translate.config import plan as resolve
from translate.data.transforms import Transform
from translate.errors import DataError
from translate.evaluation import evaluate
from translate.evaluation.classes import Reader, accuracy, iou
from translate.evaluation.evaluate import _relation
from translate.evaluation.metrics import l1, psnr

INVERT = Path(__file__).parents[1] / "assets" / "invert.onnx"


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
    assert "2 pairs of other data" in scores.table()
    assert scores.table().count("\n") == 4
    assert "the truth itself" not in scores.table()
    scores.save(tmp_path / "scores.json")
    assert '"copy the input"' in (tmp_path / "scores.json").read_text()


def test_a_model_of_the_way_back_is_scored_on_the_way_back(tmp_path: Path, town: Path) -> None:
    config = configuration("pix2pix", town) | {"domains": ["there", "back"]}
    scores = evaluate([recarded(tmp_path / "back.onnx", source="back", target="there")], resolve(config))
    edges, day = (pixels.read(town / view / "00006.png") for view in ("edges", "day"))
    assert scores.numbers["back"]["L1"][0] == pytest.approx(l1(255 - day, edges))
    mean = np.mean([pixels.read(path) for path in pixels.find(town / "edges")[:6]], axis=0)
    assert scores.numbers["predict the mean"]["L1"][0] == pytest.approx(l1(np.round(mean).astype(np.uint8), edges))
    with pytest.raises(DataError, match="score each direction by itself"):
        evaluate([INVERT, tmp_path / "back.onnx"], plan("pix2pix", town))


def test_a_set_that_is_only_for_scores_has_no_mean(town: Path) -> None:
    config = configuration("pix2pix", town)
    config["data"]["holdout"] = 8
    scores = evaluate([INVERT], resolve(config))
    assert len(scores.names) == 8
    assert list(scores.numbers) == ["invert", "copy the input"]


def test_what_was_trained_on_is_not_scored(town: Path) -> None:
    layout = plan("pix2pix", town).layout
    facts = {"name": "m", "task": "a → b", "method": "pix2pix", "source": "a", "target": "b"}
    seen = {"data": layout.fingerprint(), "held_out": 2}
    ours, others = Card(**facts, training=seen), Card(**facts, training={"data": "other", "held_out": 0})
    assert _relation([ours], layout) == "held-out pairs"
    assert _relation([others], layout) == "pairs of other data"
    assert _relation([ours, others], layout) == "pairs, held out or of other data"
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
    reader = Reader(INVERT, label_maps, ["00006"], Transform(size=32))
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
    judge = Reader(reader, label_maps, ["00006"], Transform(size=32))
    day = pixels.read(town / "day" / "00006.png")
    truth = {metric: numbers[0] for metric, numbers in scores.numbers["the truth itself"].items()}
    assert truth == {"L1": 0, "PSNR": math.inf, "SSIM": pytest.approx(1), **judge.agreement(day, "00006")}
    assert "class IoU" in scores.table()
    with pytest.raises(DataError, match="cannot read label maps in colour from negative"):
        evaluate([INVERT], plan("pix2pix", town), INVERT, label_maps)


def test_pictures_are_no_label_maps(town: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one colour a class"):
        Reader(INVERT, town / "night", ["00006", "00007"], Transform(size=32))
    with pytest.raises(DataError, match="no label map for 1 pictures, nobody among them"):
        Reader(INVERT, town / "night", ["00006", "nobody"], Transform(size=32))
