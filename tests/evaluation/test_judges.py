"""Judges of which it is known what they see: scores of classes are then known to the last digit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.networks import constant, reader, segmentation
from tests.tiny import configuration
from translate import pixels
from translate.config import Plan, plan
from translate.data.transforms import Transform
from translate.errors import ConfigError, DataError, ModelError
from translate.evaluation import Classes, Judge, Sight, evaluate
from translate.evaluation.classes import table
from translate.evaluation.held_out import Sample

PALETTE = np.array([(10, 20, 30), (200, 40, 40), (0, 200, 0), (255, 255, 255)], np.uint8)
NAMED = dict(zip(("road", "roof", "tree", "sky"), ("#0a141e", "#c82828", "#00c800", "#ffffff"), strict=True))


def checks(cell: int = 8, side: int = 32, seed: int = 0) -> np.ndarray:
    """Classes of squares at random."""
    few = np.random.default_rng(seed).integers(0, 4, (side // cell, side // cell))
    return few.repeat(cell, 0).repeat(cell, 1)


@pytest.mark.parametrize("gives", ["scores", "classes", "colours"])
@pytest.mark.parametrize("first", [True, False], ids=["NCHW", "NHWC"])
def test_every_form_of_judge_sees_the_classes(gives: str, first: bool, tmp_path: Path) -> None:
    truth = checks()
    judge = Judge(segmentation(tmp_path / "judge.onnx", PALETTE, gives, first))
    seen = Classes(NAMED, Transform(32), judge).read(PALETTE[truth])
    if gives == "scores":  # half as large: between squares either class may win
        assert (seen == truth).mean() > 0.8
        seen, truth = (each[2::8, 2::8] for each in (seen, truth))
    np.testing.assert_array_equal(seen, truth)


@pytest.mark.parametrize(
    ("sight", "black", "white"),
    [
        (Sight("0-255"), 0, 255),
        (Sight("0-1", (0.5,), (0.5,)), -1, 1),
        (Sight("0-255", (100.0, 100.0, 100.0), (50.0,), "bgr"), -2, 3.1),
    ],
    ids=["0-255", "[-1,1]", "caffe"],
)
def test_a_judge_is_shown_what_it_was_trained_on(sight: Sight, black: float, white: float, tmp_path: Path) -> None:
    path = segmentation(tmp_path / "judge.onnx", PALETTE, "classes", True, None, black, white, sight.order == "bgr")
    np.testing.assert_array_equal(Judge(path, sight).read(PALETTE[checks()]), checks())
    assert (Judge(path).read(PALETTE[checks()]) != checks()).any()


def test_a_judge_of_one_size_is_given_that(tmp_path: Path) -> None:
    judge = Judge(segmentation(tmp_path / "judge.onnx", PALETTE, "classes", size=64))
    np.testing.assert_array_equal(judge.read(PALETTE[checks()])[3::8, 3::8], checks()[3::8, 3::8])
    assert judge.read(PALETTE[checks()]).shape == (32, 32)


def test_what_is_no_judge(tmp_path: Path) -> None:
    path = segmentation(tmp_path / "judge.onnx", PALETTE)
    with pytest.raises(ModelError, match="a judge's range is one of 0-1, 0-255"):
        Judge(path, Sight("0-2"))
    with pytest.raises(ModelError, match="has a card, which says what it takes"):
        Judge(reader(tmp_path / "reader.onnx", PALETTE, "photo", "labels"), Sight("0-255"))


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Label maps of four classes, and photos in which every class has its own colour, 40 levels off."""
    for place in range(3):
        for view, colours in (("labels", PALETTE), ("photo", PALETTE // 2 + 60)):
            (tmp_path / view).mkdir(exist_ok=True)
            pixels.write(colours[checks(seed=place)], tmp_path / view / f"{place}.png")
    return tmp_path


def labels_to_photo(scenes: Path, **more: object) -> Plan:
    config = configuration("pix2pix", scenes) | {"domains": ["labels", "photo"], "palette": NAMED, **more}
    data = {"source": str(scenes / "labels"), "target": str(scenes / "photo"), "holdout": 2}
    return plan(config | {"data": config["data"] | data}, networks=False)


def test_the_score_of_labels_to_photo(scenes: Path, tmp_path: Path) -> None:
    """A judge of photos: of the photos it reads everything right, of a flat picture one class alone."""
    found = labels_to_photo(scenes)
    judge = Judge(segmentation(tmp_path / "judge.onnx", PALETTE // 2 + 60, "classes"))
    flat = constant(tmp_path / "flat.onnx", 65, "labels", "photo")  # nearest is road's (65, 70, 75)
    for labels in (None, scenes / "labels"):
        classes = Classes(NAMED, found.transform, judge, labels)
        scores = evaluate([flat], found, metrics=["L1"], classes=classes)
        truth = np.stack([checks(seed=place) for place in (1, 2)])
        share = (truth == 0).mean()
        assert scores.sets["the truth itself"] == {"pixel accuracy": 1, "class accuracy": 1, "class IoU": 1}
        assert scores.sets["flat"]["pixel accuracy"] == pytest.approx(share)
        assert scores.sets["flat"]["class accuracy"] == pytest.approx(1 / 4)
        assert scores.sets["flat"]["class IoU"] == pytest.approx(share / 4)
        assert scores.numbers["flat"]["accuracy"] == [pytest.approx((each == 0).mean()) for each in truth]
        assert "class IoU" in scores.table()


def test_a_reader_of_ours_and_the_colours_of_the_labels(scenes: Path, tmp_path: Path) -> None:
    """Without a table all the colours in the label maps are classes."""
    found = labels_to_photo(scenes)
    trained = reader(tmp_path / "reader.onnx", PALETTE, "photo", "labels")
    classes = Classes({}, found.transform, Judge(trained), scenes / "labels")
    assert sorted(map(tuple, classes.palette.tolist())) == sorted(map(tuple, PALETTE.tolist()))
    model = constant(tmp_path / "flat.onnx", 65, "labels", "photo")
    scores = evaluate([model], found, metrics=["L1"], classes=classes)
    expected = [
        (Judge(trained).read(PALETTE[checks(seed=p)] // 2 + 60) == PALETTE[checks(seed=p)]).all(2).mean()
        for p in (1, 2)
    ]
    assert scores.numbers["the truth itself"]["accuracy"] == pytest.approx(expected)
    wrong = Judge(reader(tmp_path / "wrong.onnx", PALETTE, "labels", "photo"))
    grey = Judge(constant(tmp_path / "grey.onnx", 120, "photo", "labels"))
    for judge, told in (
        (wrong, "wrong does labels → photo: it cannot read label maps from photo"),
        (grey, "gives no label maps in the colours of the 4 classes"),
    ):
        with pytest.raises(DataError, match=told):
            evaluate([model], found, classes=Classes(NAMED, found.transform, judge, scenes / "labels"))


def test_targets_that_are_label_maps_need_no_judge(scenes: Path, tmp_path: Path) -> None:
    """Back to the source, whose palette the configuration knows: classes are scored without being asked for."""
    model = constant(tmp_path / "white.onnx", 255, "photo", "labels")
    scores = evaluate([model], labels_to_photo(scenes), metrics=["L1"])
    share = [(checks(seed=place) == 3).mean() for place in (1, 2)]
    assert scores.numbers["white"]["accuracy"] == pytest.approx(share)
    assert "the truth itself" not in scores.numbers
    assert scores.sets["copy the input"]["pixel accuracy"] == 1  # photos are nearest to the right colours here
    with pytest.raises(DataError, match="which colours are classes is not known: give a table of them with --classes"):
        Classes({}, Transform(32))


def test_label_maps_of_numbers(scenes: Path, tmp_path: Path) -> None:
    """Grey files hold the numbers of classes; 255 is none."""
    (tmp_path / "numbers").mkdir()
    for place in range(3):
        numbers = checks(seed=place).astype(np.uint8)
        numbers[:8] = 255
        Image.fromarray(numbers).save(tmp_path / "numbers" / f"{place}.png")
    found = labels_to_photo(scenes)
    judge = Judge(segmentation(tmp_path / "judge.onnx", PALETTE // 2 + 60, "classes"))
    for palette in ({}, NAMED):
        classes = Classes(palette, found.transform, judge, tmp_path / "numbers")
        flat = constant(tmp_path / "flat.onnx", 65, "labels", "photo")
        scores = evaluate([flat], found, metrics=["L1"], classes=classes)
        assert scores.sets["the truth itself"] == {"pixel accuracy": 1, "class accuracy": 1, "class IoU": 1}
        share = [(checks(seed=place)[8:] == 0).mean() for place in (1, 2)]
        assert scores.numbers["flat"]["accuracy"] == pytest.approx(share)


def test_what_is_void_is_not_scored(tmp_path: Path) -> None:
    classes = Classes({**NAMED, "void": "#000000"}, Transform(32))
    map_ = PALETTE[checks()]
    map_[:4] = 0
    truth = classes.truth(Sample("a", map_, map_, (32, 32)))
    assert (truth[:4] == -1).all()
    np.testing.assert_array_equal(truth[4:], checks()[4:])


def test_a_larger_label_map_keeps_its_classes(tmp_path: Path) -> None:
    """No colour between two classes may arise at their border, or it would be taken for a third one."""
    colours = np.array([(0, 0, 0), (200, 200, 200), (100, 100, 100)], np.uint8)
    where = np.repeat(np.repeat(np.arange(64)[None] // 2 % 2, 64, 0), 3, 1)
    where[:3] = 2
    Image.fromarray(colours[where][:, :192]).save(tmp_path / "a.png")
    classes = Classes({}, Transform(32), None, tmp_path)
    blank = np.zeros((32, 32, 3), np.uint8)
    truth = classes.truth(Sample("a.png", blank, blank, (64, 192)))
    grey = sorted(map(tuple, classes.palette.tolist())).index((100, 100, 100))
    assert np.bincount(truth.ravel(), minlength=3)[grey] <= 2 * 32
    assert truth.shape == (32, 32)
    with pytest.raises(DataError, match=r"a.png is not 64×32, as its picture is"):
        classes.truth(Sample("a.png", blank, blank, (32, 64)))
    with pytest.raises(DataError, match=r"no label map for nobody\.png"):
        classes.truth(Sample("nobody.png", blank, blank, (32, 64)))


def test_pictures_are_no_label_maps(town: Path) -> None:
    with pytest.raises(DataError, match="one colour a class"):
        Classes({}, Transform(32), None, town / "night")


def test_tables_of_classes(tmp_path: Path) -> None:
    path = tmp_path / "table.toml"
    path.write_text('name = "x"\n[palette]\nroad = "#0A141E"\nroof = [200, 40, 40]\n')
    assert table(path) == {"road": "#0a141e", "roof": "#c82828"}
    other = tmp_path / "table.json"
    other.write_text('{"road": [10, 20, 30]}')
    assert table(other) == {"road": "#0a141e"}
    for text in ("{", "[]", "{}", '{"road": "red"}', '{"road": [1, 2, 300]}'):
        other.write_text(text)
        with pytest.raises(ConfigError, match=r"table.json"):
            table(other)
    with pytest.raises(ConfigError, match="No such file"):
        table(tmp_path / "none.toml")
