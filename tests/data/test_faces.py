"""Faces: the same everywhere, in register, with attributes that can be seen and do not hang together.

`python tests/data/test_faces.py` writes the golden file anew; do that only when faces were changed on purpose.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.data import faces
from translate.data.faces.traits import sample
from translate.errors import DataError

GOLDEN = Path(__file__).with_name("faces_golden.json")


def coarse(size=64, cells=16):
    """The mean colour of each cell of a grid, of faces in which every attribute is there and missing."""
    step = size // cells
    means = {}
    for seed in (1, 2):
        for view, picture in faces.draw(seed, size, size).items():
            means[f"{view} {seed}"] = np.rint(picture.reshape(cells, step, cells, step, 3).mean((1, 3))).tolist()
    return means


def change(name, size=64, seeds=range(12)):
    """How many pixels an attribute changes visibly, the least of a few faces: a share of the picture."""
    shares = []
    for seed in seeds:
        without, with_it = (
            faces.draw(seed, size, size, ["face"], {name: there})["face"].astype(int) for there in (False, True)
        )
        shares.append((np.abs(without - with_it).max(2) > 24).mean())
    return min(shares)


def test_golden():
    """Coarse means with a tolerance: a new Pillow may round a corner differently, nothing more."""
    golden = json.loads(GOLDEN.read_text())
    for view, means in coarse().items():
        assert np.abs(np.subtract(means, golden[view])).max() <= 3, view


def test_views_are_pictures_of_the_size_asked_for():
    views = faces.draw(0, 48, 80)
    assert tuple(views) == faces.VIEWS
    assert all(p.shape == (48, 80, 3) and p.dtype == np.uint8 for p in views.values())


def test_same_seed_same_face_in_another_process_and_whatever_is_asked_for():
    code = (
        "from translate.data import faces; import sys; sys.stdout.buffer.write(faces.draw(5, 64, 64)['face'].tobytes())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert other == faces.draw(5, 64, 64, ["face"])["face"].tobytes()
    assert (faces.draw(6, 64, 64)["face"] != faces.draw(5, 64, 64)["face"]).mean() > 0.3


@pytest.mark.parametrize("view", faces.VIEWS)
def test_size_does_not_change_the_face(view):
    large, small = (faces.draw(6, size, size, [view])[view] for size in (256, 64))
    shrunk = np.asarray(Image.fromarray(large).reduce(4), float)
    # A pen is a whole number of subpixels wide, so lines differ a little more than areas.
    assert np.abs(shrunk - small).mean() < (12 if view == "edges" else 2)


def test_a_wider_picture_shows_more_of_the_same_wall():
    wide, square = (faces.draw(4, 64, width, ["face"])["face"].astype(int) for width in (128, 64))
    assert np.abs(wide[:, 32:96] - square).mean() < 1


def test_attributes_are_fair_and_independent():
    """Shares and correlations of 4,000 faces within four standard deviations of a coin's."""
    coins = np.array([[*faces.attributes(seed).values()] for seed in range(4000)], float)
    assert tuple(faces.attributes(0)) == faces.ATTRIBUTES
    assert np.abs(coins.mean(0) - 0.5).max() < 4 * 0.5 / 4000**0.5
    apart = np.corrcoef(coins.T) - np.eye(len(faces.ATTRIBUTES))
    assert np.abs(apart).max() < 4 / 4000**0.5
    # Nor does what varies beside them depend on them.
    others = np.array([[face.wide, face.scale, face.paints.skin[0], face.turn] for face in map(sample, range(4000))])
    assert np.abs(np.corrcoef(coins.T, others.T)[:8, 8:]).max() < 4.5 / 4000**0.5


@pytest.mark.parametrize(
    ("name", "least"),
    [
        *(("man", 0.05), ("old", 0.02), ("smile", 0.005), ("open_mouth", 0.01)),
        *(("glasses", 0.03), ("hat", 0.05), ("long_hair", 0.05), ("dark_hair", 0.01)),
    ],
)
def test_attributes_can_be_seen(name, least):
    assert change(name) > least


def test_a_changed_attribute_changes_nothing_else():
    """With glasses the same person wears glasses; above and below them nothing moves."""
    seed = next(seed for seed in range(99) if not faces.attributes(seed)["glasses"])
    plain, told, spectacles = (
        faces.draw(seed, 128, 128, ["face"], changed)["face"]
        for changed in (None, {"glasses": False}, {"glasses": True})
    )
    np.testing.assert_array_equal(plain, told)
    rows = np.flatnonzero((plain != spectacles).any((1, 2)))
    assert rows.min() > 35
    assert rows.max() < 95
    with pytest.raises(DataError, match="no attribute 'glases'"):
        faces.draw(seed, 32, 32, ["face"], {"glases": True})


def test_drawings_are_in_register():
    """Ink lies where colours meet."""
    for seed in range(4):
        views = faces.draw(seed, 192, 192)
        face, ink = views["face"].astype(int), views["edges"][..., 0] < 100
        meets = np.zeros(ink.shape, bool)
        steps = np.abs(face[2:, 1:-1] - face[:-2, 1:-1]) + np.abs(face[1:-1, 2:] - face[1:-1, :-2])
        meets[1:-1, 1:-1] = steps.sum(2) > 24
        near = np.zeros_like(meets)
        for down in range(-3, 4):
            for across in range(-3, 4):
                near |= np.roll(meets, (down, across), (0, 1))
        assert near[ink].mean() > 0.8  # the rest: hair before hair
        assert 0.01 < ink.mean() < 0.2


def test_make_writes_pictures_and_what_is_in_them(tmp_path):
    seen = []
    faces.make(tmp_path, 3, 32, faces.VIEWS, seed=7, progress=lambda done, count: seen.append((done, count)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    with (tmp_path / "attributes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["00000.png", "00001.png", "00002.png"]
    for index, row in enumerate(rows):
        assert {name: row[name] == "1" for name in faces.ATTRIBUTES} == faces.attributes(7 + index)
        for view in faces.VIEWS:
            with Image.open(tmp_path / view / row["file"]) as picture:
                np.testing.assert_array_equal(np.asarray(picture), faces.draw(7 + index, 32, 32)[view])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"views": ["face", "night"]}, "no view 'night'"),
        ({"views": "face"}, "list"),
        ({"count": 0}, "at least one"),
        ({"size": 8}, "pixels"),
        ({"size": (64, 64, 3)}, "height, width"),
        ({"seed": -1}, "seed"),
    ],
)
def test_make_says_what_it_cannot_draw(tmp_path, changed, said):
    with pytest.raises(DataError, match=said):
        faces.make(tmp_path / "out", **{"count": 1, "size": 32, "views": ["face"], **changed})
    assert not (tmp_path / "out").exists()


def test_make_says_where_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="Cannot write"):
        faces.make(tmp_path / "file", 1, 32)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(coarse(), separators=(",", ":")) + "\n")
