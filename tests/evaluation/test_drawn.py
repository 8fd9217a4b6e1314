"""Models that draw from noise, of which it is known what they draw: their scores are then known too."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from tests.evaluation.networks import constant, drawer, levels_classifier
from tests.tiny import configuration, ignore
from tests.tiny import plan as tiny
from translate.cli import main
from translate.config import Plan, plan
from translate.errors import DataError, ModelError
from translate.evaluation import Classes, Classifier, evaluate
from translate.evaluation.classifying import Classifier as Reads
from translate.evaluation.drawn import Spread
from translate.evaluation.scores import Scores
from translate.training.run import Run

SIDE = 16
COUNT = 12


def arrays(tmp_path: Path, images: np.ndarray, labels: np.ndarray, **more: Any) -> Plan:
    """Data whose held-out pictures are just these, and whose training pictures are their negatives."""
    np.savez(tmp_path / "a.npz", x=255 - images, y=labels, x_test=images, y_test=labels)
    data = {"root": str(tmp_path / "a.npz"), "images": "x", "labels": "y", **more}
    data |= {"layout": "arrays", "held_out_images": "x_test", "held_out_labels": "y_test"}
    return plan({"data": data, "transform": {"size": SIDE, "flip": False}}, networks=False)


def grey(levels: np.ndarray) -> np.ndarray:
    """A picture of each level."""
    return np.broadcast_to(levels[:, None, None, None], (len(levels), SIDE, SIDE, 1)).astype(np.uint8)


HALVES = grey(np.array([0, 255] * (COUNT // 2)))
"""Half of them black, half white."""


def test_constants_against_known_pictures(tmp_path: Path) -> None:
    """SWD in closed form: normalised, one set is 0 and the other ±1 in every pixel of a patch.

    E |⟨(1, …, 1), θ⟩| over directions in D = 49 dimensions is √D Γ(D/2) / (√π Γ((D + 1)/2)).
    """
    found = arrays(tmp_path, HALVES, np.zeros(COUNT, np.int64))
    flat = drawer(tmp_path / "flat.onnx", grey(np.array([90])), labelled=False)
    scores = evaluate([flat], found, metrics=["SWD", "spread"])
    dimensions = 7 * 7
    expected = 1e3 * math.sqrt(dimensions / math.pi) * math.exp(math.lgamma(24.5) - math.lgamma(25))
    assert scores.sets["flat"]["SWD"] == pytest.approx(expected, rel=0.08)  # 512 directions
    assert scores.sets["flat"]["SWD 16"] == scores.sets["flat"]["SWD"]
    assert scores.sets["flat"]["spread"] == 0
    # The mean of what was trained on is flat as well; the negatives of halves are the same halves.
    assert scores.sets["predict the mean"]["SWD"] == pytest.approx(scores.sets["flat"]["SWD"])
    assert scores.sets["real against real"]["SWD"] == pytest.approx(0, abs=1e-3)
    assert scores.sets["the truth itself"] == {"spread": 127.5}
    assert scores.numbers == {}
    assert scores.names[:2] == ["seed 0", "seed 1"]
    assert "noise → picture, 12 drawn from seeds 0 to 11, and as many pictures" in scores.table()


def test_spread_is_within_a_label() -> None:
    """A picture a label has none, and all of them together some."""
    apart, together = Spread(), Spread()
    for level, label in ((10, 0), (10, 0), (30, 1), (30, 1)):
        apart.take(np.full((2, 2, 1), level, np.uint8), label)
        together.take(np.full((2, 2, 1), level, np.uint8), 0)
    assert (apart.value(), together.value()) == (0, 10)


LABELS = np.arange(COUNT) % 4
TEMPLATES = grey(np.array([0, 60, 120, 180]))


def rigged(tmp_path: Path) -> tuple[Plan, Classifier, Path, Path]:
    """Data of four levels, who tells them, a model that draws them, and one that draws 2 for 3."""
    found = arrays(tmp_path, TEMPLATES[LABELS], LABELS)
    classifier = Classifier(levels_classifier(tmp_path / "levels.onnx", np.array([0, 60, 120, 180]), SIDE))
    right = drawer(tmp_path / "right.onnx", TEMPLATES, labelled=True)
    wrong = drawer(tmp_path / "wrong.onnx", TEMPLATES[[0, 1, 2, 2]], labelled=True)
    return found, classifier, right, wrong


def test_accuracy_of_rigged_models(tmp_path: Path) -> None:
    found, classifier, right, wrong = rigged(tmp_path)
    seen = []
    scores = evaluate([right, wrong], found, classifier=classifier, watch=lambda *one: seen.append(one))
    assert scores.numbers["right"]["accuracy"] == scores.numbers["the truth itself"]["accuracy"] == [1.0] * COUNT
    assert scores.numbers["wrong"]["accuracy"] == [1.0, 1.0, 1.0, 0.0] * (COUNT // 4)
    by_class = [scores.sets["wrong"][f"accuracy {label}"] for label in range(4)]
    assert by_class == [1, 1, 1, 0]
    assert scores.sets["right"]["spread"] == scores.sets["wrong"]["spread"] == 0
    assert scores.names[3] == "seed 3, 3"
    # What is looked at beside each other has one label.
    name, real, target, outputs = seen[2]
    assert (name, target, set(outputs)) == ("seed 2, 2", None, {"right", "wrong"})
    assert real[0, 0, 0] == outputs["right"][0, 0, 0] == 120
    table = scores.table()
    assert "0.750" in table
    assert "accuracy is by levels.onnx, which is right on 100.0% of the real held-out pictures" in " ".join(
        table.split()
    )
    assert {"FID", "KID"} <= set(scores.missing)


def test_a_classifier_that_cannot_read_is_not_trusted(tmp_path: Path) -> None:
    found, _, right, _ = rigged(tmp_path)
    # 0, 60 and 120 are nearest to its first level, 180 to its second: of four labels one is read rightly.
    blind = Classifier(levels_classifier(tmp_path / "blind.onnx", np.array([0, 250, 251, 252]), SIDE))
    notes = " ".join(evaluate([right], found, classifier=blind).facts["notes"])
    assert "blind.onnx, which is right on 25.0% of the real held-out pictures: too few to say anything" in notes


def test_names_of_classes_are_never_cut() -> None:
    """Each has a heading of its own, above its own numbers, however long, and blocks stay within the table's width."""
    classes = ["bare", "bar", "long-haired dachshund", "long-haired dachshund, puppy", "7"]
    sets = {"model": {f"accuracy {name}": place / 8 for place, name in enumerate(classes)}}
    *_, table = Scores("noise → dog", [], {}, sets).table().partition("\n\n")
    heads, rows = table.splitlines()[::2], table.splitlines()[1::2]
    assert max(map(len, (*heads, *rows))) <= 100
    found: dict[str, str] = {}
    for head, row in zip(heads, rows, strict=True):
        assert len(head) == len(row)
        wide = len("accuracy long-haired dachshund, puppy") + 1
        for start in range(22, len(head), wide):
            found[head[start : start + wide].strip()] = row[start : start + wide].strip()
    assert found == {f"accuracy {name}": f"{place / 8:.3f}" for place, name in enumerate(classes)}


def test_words_table_report_and_comparison(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, right, wrong = rigged(tmp_path)
    (tmp_path / "c.toml").write_text(
        f'[data]\nlayout = "arrays"\nroot = "{tmp_path / "a.npz"}"\nimages = "x"\nlabels = "y"\n'
        f'held_out_images = "x_test"\nheld_out_labels = "y_test"\n[transform]\nsize = {SIDE}\n'
    )
    data, judged = ["--data", str(tmp_path / "c.toml")], ["--classifier", str(tmp_path / "levels.onnx")]
    files = []
    for model in (right, wrong):
        files.append(str(tmp_path / f"{model.stem}.json"))
        page = str(tmp_path / f"{model.stem}.html")
        words = ["evaluate", str(model), *data, *judged, "--metrics", "SWD,accuracy,spread"]
        assert main([*words, "--save", files[-1], "--report", page]) == 0
    record = json.loads(Path(files[1]).read_text())
    assert record["summary"]["wrong"]["accuracy"]["mean"] == 0.75
    assert record["facts"]["drawn"] is True
    html = (tmp_path / "wrong.html").read_text()
    assert html.count('data-role="output"') == COUNT
    assert "a real one" in html
    assert ">input<" not in html
    capsys.readouterr()
    assert main(["compare", *files]) == 0
    said = capsys.readouterr().out
    assert "accuracy" in said
    assert "no verdict" in said  # of sets
    assert main(["compare", str(right), str(wrong), *data, "--metrics", "SWD"]) == 0
    assert "SWD ↓" in capsys.readouterr().out
    assert main(["evaluate", str(right), *data, "--metrics", "accuracy"]) == 1
    assert "a classifier tells" in capsys.readouterr().out


def test_what_does_not_belong_together(tmp_path: Path, town: Path) -> None:
    found, classifier, right, wrong = rigged(tmp_path)
    pairs = tiny("pix2pix", town)
    flat = constant(tmp_path / "flat.onnx", 9, "source", "target")
    small = drawer(tmp_path / "small.onnx", TEMPLATES[:, :8, :8], labelled=True)
    red = drawer(tmp_path / "red.onnx", np.repeat(TEMPLATES, 3, 3), labelled=True)
    three = drawer(tmp_path / "three.onnx", TEMPLATES[:3], labelled=True)
    blind = drawer(tmp_path / "blind.onnx", TEMPLATES, labelled=False)
    other = Classifier(levels_classifier(tmp_path / "other.onnx", np.array([0, 60]), SIDE))
    images = plan({"data": {"layout": "images", "root": str(town / "day")}}, networks=False)
    for models, data, more, told in (
        ([right], pairs, {}, "compared with pictures of one domain"),
        ([right, flat], found, {}, "flat translates pictures, others here draw them"),
        ([small], found, {}, "draws 8×8, the data are taken at 16×16: set transform.size=8"),
        ([red], found, {}, "draws 3 channels"),
        ([three], found, {}, "draws 3 classes, the data have 4"),
        ([right], images, {}, "nothing is held out"),
        ([right], found, {"classifier": other}, "tells 2 classes apart, the data have 4"),
        ([blind], found, {"classifier": classifier}, "is not told what to draw"),
        ([flat], pairs, {"classifier": classifier}, "translates: a classifier judges what models draw"),
        ([right], found, {"classes": Classes({"a": "#000000"}, found.transform)}, "these are drawn: give --classifier"),
    ):
        with pytest.raises(DataError, match=told):
            evaluate(models, data, **more)
    with pytest.raises(ModelError, match="makes pictures and classifies none"):
        Classifier(right)
    bare = onnx.load(wrong)  # another's file, of two inputs
    del bare.metadata_props[:]
    onnx.save(bare, tmp_path / "bare.onnx")
    with pytest.raises(ModelError, match="takes 2 inputs: a classifier takes one picture"):
        Classifier(tmp_path / "bare.onnx")


def test_a_run_draws_what_its_export_does(tmp_path: Path, town: Path) -> None:
    """The conditional GAN and the classifier of the contract's tiny runs, as folders and as files."""
    for method in ("cgan", "classifier"):
        Run(tiny(method, town, steps=2), tmp_path, ignore).train(resume=False)
        assert main(["export", str(tmp_path / method), "-o", str(tmp_path / f"{method}.onnx")]) == 0
    made = plan(
        {**configuration("cgan", town), "data": {"layout": "labelled", "root": str(town), "holdout": 12}}, False
    )
    with pytest.raises(DataError, match="cgan held out 2 of these and was trained on the rest"):
        evaluate([tmp_path / "cgan"], plan(configuration("cgan", town) | {"data": {**made.resolved["data"]}}, False))
    seen: dict[str, list] = {}
    for kind, suffix in (("run", ""), ("file", ".onnx")):
        drawn = seen.setdefault(kind, [])
        scores = evaluate(
            [tmp_path / f"cgan{suffix}"],
            tiny("cgan", town),
            metrics=["accuracy"],
            classifier=Reads(tmp_path / f"classifier{suffix}"),
            watch=lambda name, real, target, outputs, drawn=drawn: drawn.append((name, outputs["cgan"])),  # type: ignore[misc]
        )
        seen[kind].append(scores.numbers)
    *run, numbers = seen["run"]
    *file, theirs = seen["file"]
    assert [name for name, _ in run] == [name for name, _ in file]
    assert all(np.abs(a.astype(int) - b).max() <= 1 for (_, a), (_, b) in zip(run, file, strict=True))
    assert numbers == theirs
    assert (
        Reads(tmp_path / "classifier.onnx").names
        == Reads(tmp_path / "classifier").names
        == sorted(folder.name for folder in town.iterdir() if folder.is_dir())
    )
    with pytest.raises(ModelError, match="is a run of cgan: give one of classifier"):
        Reads(tmp_path / "cgan")
