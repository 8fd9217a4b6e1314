"""The town: the same everywhere, in register, and on disk as pairs.

`python tests/data/test_town.py` writes the golden file anew; do that only when the town was changed on purpose.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.data import town
from translate.errors import DataError

GOLDEN = Path(__file__).with_name("town_golden.json")
INDEX = {name: index for name, (index, _) in town.CLASSES.items()}


@pytest.fixture(scope="module")
def scenes():
    """Every view of a few towns at 192."""
    return {seed: town.draw(seed, 192, 192) for seed in range(4)}


def coarse(seed=3, size=128, cells=8):
    """The mean colour of each cell of a grid over each view: what a change of the scene cannot leave alone."""
    step = size // cells
    views = town.draw(seed, size, size)
    return {view: np.rint(p.reshape(cells, step, cells, step, 3).mean((1, 3))).tolist() for view, p in views.items()}


def near(mask, reach):
    """Where `mask` is true within `reach` pixels."""
    grown, high, wide = np.zeros_like(mask), *mask.shape
    padded = np.pad(mask, reach)
    for down in range(2 * reach + 1):
        for across in range(2 * reach + 1):
            grown |= padded[down : down + high, across : across + wide]
    return grown


def boundaries(indices):
    """Pixels whose right or lower neighbour has another class."""
    mask = np.zeros(indices.shape, bool)
    mask[:, :-1] |= indices[:, :-1] != indices[:, 1:]
    mask[:-1] |= indices[:-1] != indices[1:]
    return mask


def test_views_are_pictures_of_the_size_asked_for():
    views = town.draw(0, 48, 80)
    assert tuple(views) == town.VIEWS
    assert all(p.shape == (48, 80, 3) and p.dtype == np.uint8 for p in views.values())


def test_same_seed_same_scene_whatever_is_asked_for(scenes):
    for view in town.VIEWS:
        np.testing.assert_array_equal(town.draw(2, 192, 192, [view])[view], scenes[2][view])
    assert (scenes[1]["edges"] != scenes[2]["edges"]).mean() > 0.05


def test_same_scene_in_another_process():
    code = (
        "from translate.data import town; import sys; sys.stdout.buffer.write(town.draw(5, 64, 64)['night'].tobytes())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert other == town.draw(5, 64, 64)["night"].tobytes()


def test_golden():
    """Coarse means with a tolerance: a new Pillow may round a corner differently, nothing more."""
    golden = json.loads(GOLDEN.read_text())
    for view, means in coarse().items():
        assert np.abs(np.subtract(means, golden[view])).max() <= 2, view


def test_labels_are_the_classes(scenes):
    colours = np.array([colour for _, colour in town.CLASSES.values()], np.uint8)
    assert [index for index, _ in town.CLASSES.values()] == list(range(len(colours)))
    assert len(np.unique(colours, axis=0)) == len(colours)
    for seed, views in scenes.items():
        indices = town.classes(seed, 192, 192)
        assert indices.dtype == np.uint8
        np.testing.assert_array_equal(views["labels"], colours[indices])
        assert {INDEX[name] for name in ("sky", "hill", "wall", "window", "road", "lamp")} <= set(np.unique(indices))


def test_lines_run_where_classes_meet(scenes):
    for seed, views in scenes.items():
        indices = town.classes(seed, 192, 192)
        ink = views["edges"][..., 0] < 128
        met = boundaries(indices)
        assert near(ink, 2)[met].mean() > 0.97
        assert near(met, 2)[ink].mean() > 0.75  # the rest: panes, planks, one roof before another
        assert 0.05 < ink.mean() < 0.25


def test_day_and_night_agree_with_the_classes(scenes):
    for seed, views in scenes.items():
        indices = town.classes(seed, 192, 192)
        day, night = (views[view].astype(int) for view in ("day", "night"))
        sky, grass, window = (~near(indices != INDEX[name], 1) for name in ("sky", "grass", "window"))
        assert (day[sky][:, 2] >= day[sky][:, 0] - 20).mean() > 0.95  # blue, pale at the horizon
        assert (day[grass][:, 1] > day[grass][:, 2] + 20).all()
        assert night.mean() < 0.5 * day.mean()
        assert night[window].max() > 230  # somebody is at home
        dark = (indices != INDEX["window"]) & (indices != INDEX["lamp"])
        assert (night.mean(2) < day.mean(2))[dark].mean() > 0.99


def test_grey_is_the_luminance_of_day(scenes):
    day, grey = scenes[0]["day"].astype(float), scenes[0]["grey"]
    assert np.abs(day @ (0.299, 0.587, 0.114) - grey[..., 0]).max() <= 1
    assert (grey == grey[..., :1]).all()


@pytest.mark.parametrize("view", ["day", "night", "edges"])
def test_size_does_not_change_the_scene(view):
    large, small = (town.draw(6, size, size, [view])[view] for size in (384, 128))
    shrunk = np.asarray(Image.fromarray(large).reduce(3), float)
    # A pen is a whole number of subpixels wide, so lines differ a little more than areas.
    assert np.abs(shrunk - small).mean() < (10 if view == "edges" else 2)


def test_a_wider_picture_shows_more_of_the_same_street():
    wide, square = (town.draw(4, 96, width, ["day"])["day"].astype(int) for width in (256, 96))
    assert np.abs(wide[:, 80:176] - square).mean() < 1
    assert town.draw(4, 256, 16, ["labels"])["labels"].shape == (256, 16, 3)


def test_make_writes_pairs(tmp_path):
    seen = []
    town.make(tmp_path, 3, (32, 48), ["edges", "day"], seed=7, progress=lambda done, count: seen.append((done, count)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    names = [f"{i:05d}.png" for i in range(3)]
    for view in ("edges", "day"):
        assert sorted(path.name for path in (tmp_path / view).iterdir()) == names
        with Image.open(tmp_path / view / names[2]) as picture:
            np.testing.assert_array_equal(np.asarray(picture), town.draw(9, 32, 48)[view])


def test_make_on_several_cores_writes_the_same(tmp_path, monkeypatch):
    town.make(tmp_path / "one", 4, 16, ["day"])
    monkeypatch.setattr("translate.data.world.disk.SERIAL", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    town.make(tmp_path / "two", 4, 16, ["day"])
    for path in (tmp_path / "one" / "day").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "day" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"views": ["day", "dusk"]}, "no view 'dusk'"),
        ({"views": []}, "views"),
        ({"views": "day"}, "list"),
        ({"count": 0}, "at least one"),
        ({"size": 8}, "pixels"),
        ({"size": (64, 99999)}, "pixels"),
        ({"size": (64, 64, 3)}, "height, width"),
        ({"seed": -1}, "seed"),
    ],
)
def test_make_says_what_it_cannot_draw(tmp_path, change, said):
    with pytest.raises(DataError, match=said):
        town.make(tmp_path / "out", **{"count": 1, "size": 32, "views": ["day"], **change})
    assert not (tmp_path / "out").exists()


def test_make_says_where_it_cannot_write(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="Cannot write"):
        town.make(tmp_path / "file", 1, 32, ["day"])


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(coarse(), separators=(",", ":")) + "\n")


def test_a_smaller_set_is_not_mixed_into_a_larger_one(tmp_path: Path) -> None:
    town.make(tmp_path, 3, 24, ("day",))
    town.make(tmp_path, 3, 24, ("day",), seed=7)
    with pytest.raises(DataError, match=r"holds 1 other pictures, such as 00002\.png"):
        town.make(tmp_path, 2, 24, ("day",))
