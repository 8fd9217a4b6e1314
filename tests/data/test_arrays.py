"""Arrays of a `.npz` as a layout: what a sample is, what is held out, and what is said of archives that hold none."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from translate import config
from translate.batches import Labelled
from translate.cli import main
from translate.data.layouts import Arrays
from translate.data.loading import Pictures
from translate.errors import ConfigError, DataError, PictureError

MNIST = Path(__file__).parents[3] / "shared/data/mnist/mnist.npz"
LABELS = np.array([3, 5, 3, 3, 9, 5, 3], np.uint8)


def saved(path: Path, **changes: Any) -> Path:
    """Pictures of 6×5, each of its own level, with unbalanced labels that do not begin with 0."""
    images = np.broadcast_to(np.arange(7, dtype=np.uint8)[:, None, None] * 10, (7, 6, 5))
    np.savez_compressed(path, **{"x_train": images, "y_train": LABELS, **changes})
    return path


def levels(layout: Arrays, samples: list) -> list[tuple[int, int]]:
    """Of each sample its level and its label."""
    read = [layout.read(sample, 0) for sample in samples]
    assert all(np.ptp(picture) == 0 for (picture,), _ in read)
    return [(int(picture[0, 0, 0]), label) for (picture,), (label,) in read]


def test_pictures_and_labels(tmp_path: Path) -> None:
    layout = Arrays(str(saved(tmp_path / "a.npz")))
    assert (layout.batch, layout.facts, layout.classes) == (Labelled, {"image": 1, "classes": 3}, ["3", "5", "9"])
    expected = {(level * 10, {3: 0, 5: 1, 9: 2}[label]) for level, label in enumerate(LABELS.tolist())}
    assert set(levels(layout, layout.train)) == expected
    assert layout.held_out == []
    (picture,), _ = layout.read(layout.train[0], 0)
    assert (picture.shape, picture.dtype) == ((6, 5, 1), np.uint8)
    assert picture.flags.writeable, "a transform may change what it is given"
    layout.check()


def test_the_last_of_every_class_in_turn_are_held_out(tmp_path: Path) -> None:
    """However many more there are of one class."""
    layout = Arrays(str(saved(tmp_path / "a.npz")), holdout=4, names=("three", "five", "nine"))
    assert levels(layout, layout.held_out) == [(10, 1), (60, 0), (50, 1), (40, 2)]
    assert len(layout.train) == 3
    assert layout.classes == ["three", "five", "nine"]


@pytest.mark.parametrize(("holdout", "expected"), [(0, [(1, 0), (3, 1), (2, 0)]), (2, [(1, 0), (3, 1)])])
def test_held_out_arrays_of_the_archive(tmp_path: Path, holdout: int, expected: list) -> None:
    test = np.ones((3, 6, 5), np.uint8) * np.uint8([1, 2, 3])[:, None, None]
    path = saved(tmp_path / "a.npz", x_test=test, y_test=np.int64([[3], [3], [5]]))
    layout = Arrays(str(path), holdout=holdout, held_out_images="x_test", held_out_labels="y_test")
    assert levels(layout, layout.held_out) == expected
    assert len(layout.train) == 7


def test_channels_and_depths(tmp_path: Path) -> None:
    grey = Arrays(str(saved(tmp_path / "grey.npz")), channels=3)
    assert grey.facts["image"] == 3
    (picture,), _ = grey.read(grey.train[0], 0)
    assert picture.shape == (6, 5, 3)
    colour = np.random.default_rng(0).integers(0, 256, (7, 6, 5, 3), np.uint8)
    rgb = Arrays(str(saved(tmp_path / "rgb.npz", x_train=colour)))
    assert rgb.facts["image"] == 3
    file, _ = rgb.train[2]
    np.testing.assert_array_equal(rgb.read(rgb.train[2], 0)[0][0], colour[file.place[0]])
    deep = np.full((7, 6, 5), 0.25, np.float32)
    values = {"depth": "float32", "range": [0.0, 1.0]}
    floats = Arrays(str(saved(tmp_path / "deep.npz", x_train=deep)), values=values)
    (picture,), _ = floats.read(floats.train[0], 0)
    assert (picture.dtype, picture[0, 0, 0]) == (np.float32, 0.25)


def test_what_it_holds_is_its_fingerprint(tmp_path: Path) -> None:
    """Not where it lies, nor how it is compressed."""
    one, other = Arrays(str(saved(tmp_path / "a.npz"))), Arrays(str(saved(tmp_path / "b.npz")))
    assert one.fingerprint() == other.fingerprint()
    changed = np.array(LABELS)
    changed[0] = 5
    assert Arrays(str(saved(tmp_path / "c.npz", y_train=changed))).fingerprint() != one.fingerprint()
    # As of files in folders: how many of them are held out is another matter.
    assert Arrays(str(tmp_path / "a.npz"), holdout=1).fingerprint() == one.fingerprint()


def test_workers_that_are_spawned_read_it_again(tmp_path: Path) -> None:
    layout = Arrays(str(saved(tmp_path / "a.npz")))
    text = pickle.dumps(layout.train[:2])
    assert levels(layout, pickle.loads(text)) == levels(layout, layout.train[:2])


@pytest.mark.parametrize(
    ("changes", "given", "told"),
    [
        ({}, {"images": "x"}, "has no array 'x': it has x_train, y_train"),
        ({"x_train": np.zeros((7, 6), np.uint8)}, {}, r"shape \[7, 6\]: pictures in an array are \[N, H, W\]"),
        ({"x_train": np.zeros((0, 6, 5), np.uint8)}, {}, r"shape \[0, 6, 5\]"),
        ({"y_train": LABELS[:5]}, {}, "7 pictures and y_train 5 labels"),
        ({"y_train": np.eye(7)}, {}, "labels are whole numbers, one a picture; of one-hot rows give numpy.argmax"),
        ({"y_train": LABELS.astype(object)}, {}, "holds no levels of a picture"),  # pickled: never opened
        ({"x_train": np.full((7, 6, 5), 0.5)}, {}, "float"),
        ({}, {"names": ("a", "b")}, "2 are given for the 3 labels"),
        ({}, {"names": ("a", "b", "a")}, "name each class once"),
        ({}, {"holdout": 8}, "holdout = 8, but there are 7"),
        ({}, {"held_out_images": "x_train"}, "belong together: give both, or neither"),
        (
            {"x_test": np.zeros((1, 6, 4), np.uint8), "y_test": LABELS[:1]},
            {"held_out_images": "x_test", "held_out_labels": "y_test"},
            "what is held out must be like what is trained on",
        ),
        (
            {"x_test": np.zeros((1, 6, 5), np.uint8), "y_test": np.uint8([4])},
            {"held_out_images": "x_test", "held_out_labels": "y_test"},
            "y_test has the label 4, which y_train has not",
        ),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, changes: dict, given: dict, told: str) -> None:
    path = saved(tmp_path / "a.npz", **changes)
    with pytest.raises((DataError, PictureError), match=told):
        Arrays(str(path), **given)


def test_files_that_are_no_archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        Arrays(str(tmp_path / "none.npz"))
    (tmp_path / "text.npz").write_text("no archive")
    whole = saved(tmp_path / "whole.npz").read_bytes()
    (tmp_path / "broken.npz").write_bytes(whole[:60] + bytes(20) + whole[80:])
    for name in ("text", "broken"):
        with pytest.raises(DataError, match=r"not an archive of numpy\.savez, or it is damaged"):
            Arrays(str(tmp_path / f"{name}.npz"))
    with zipfile.ZipFile(tmp_path / "other.npz", "w") as archive:
        archive.writestr("x_train.npy", "no array")
        archive.writestr("readme.txt", "")
    with pytest.raises(DataError, match="x_train is no NPY file"):
        Arrays(str(tmp_path / "other.npz"))
    monkeypatch.setattr("translate.data.resources.memory", lambda: 200)
    with pytest.raises(DataError, match=r"unpacks to 0 MiB, and 0 MiB may be used here"):
        Arrays(str(tmp_path / "whole.npz"))


def test_it_is_checked_trained_on_and_not_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path / "a.npz", x_train=np.random.default_rng(0).integers(0, 256, (7, 28, 28), np.uint8))
    (tmp_path / "c.toml").write_text(
        'domains = ["noise", "digit"]\n[method]\nname = "cgan"\n'
        f'[data]\nlayout = "arrays"\nroot = "{path}"\nholdout = 2\n[transform]\nsize = 32\n'
    )
    plan = config.plan(config.read(tmp_path / "c.toml"))
    assert plan.resolved["networks"]["G"]["classes"] == 3
    (batch,) = [Pictures(plan.layout, plan.transform).fixed(2)]
    assert (batch.image.shape, batch.label.tolist()) == ((2, 1, 32, 32), [1, 2])
    assert main(["data", "check", str(tmp_path / "c.toml")]) == 0
    said = capsys.readouterr().out
    assert "pictures with labels, in arrays (as configured)" in said
    assert "5 to train on, 2 held out, all read" in said
    assert main(["data", "check", str(path)]) == 1
    assert "holds arrays" in capsys.readouterr().err
    assert main(["data", "pack", str(tmp_path / "c.toml"), "-o", str(tmp_path / "out")]) == 1
    assert "lies in one file already" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not MNIST.is_file(), reason="needs MNIST's archive")
def test_mnist_as_everybody_has_it() -> None:
    layout = Arrays(str(MNIST), holdout=1000, held_out_images="x_test", held_out_labels="y_test")
    assert (len(layout.train), len(layout.held_out)) == (60_000, 1000)
    assert layout.facts == {"image": 1, "classes": 10}
    assert layout.classes == list("0123456789")
    assert np.bincount([label for _, label in layout.held_out]).tolist() == [100] * 10
    with pytest.raises(ConfigError, match="there is no key"):
        config.plan({"data": {"layout": "arrays", "root": str(MNIST), "image": "x_train"}}, networks=False)
