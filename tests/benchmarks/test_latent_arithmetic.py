"""Arithmetic with codes in a world of known answers: attribute i is there where number i of a code is above 0."""

import math

import numpy as np
import pytest

from benchmarks import latent_arithmetic, latent_pictures
from benchmarks.attribute_reader import Labelled, labelled, learn, load, save
from benchmarks.latent_arithmetic import World, added, arithmetic, fit, for_card
from translate.data import faces
from translate.errors import DataError

NAMES = ("smile", "man", "hat")


class Axes:
    """A generator whose picture is three pixels, one an attribute, and whose fourth number says nothing."""

    def draw(self, codes):
        return np.where(codes[:, None, :3] > 0, 255, 0).astype(np.uint8)[..., None].repeat(3, -1)

    def read(self, pictures):
        return pictures[:, 0, :, 0] / 255


@pytest.fixture(scope="module")
def world():
    codes = np.random.Generator(np.random.PCG64(0)).standard_normal((4000, 4)).astype(np.float32)
    return World(Axes(), Axes(), NAMES, codes, codes[:, :3] > 0)


def test_sums_land_as_often_as_geometry_says(world):
    rows = arithmetic(world, trials=400, seed=0)
    assert len(rows) == 6 * len(latent_arithmetic.GROUPS)
    assert {(row["add"], row["hold"]) for row in rows} == {(a, b) for a in NAMES for b in NAMES if a != b}
    single = [row for row in rows if row["n"] == 1]
    # |x| + |y| > |z| of normal numbers: all of an octant but the triangle e₃, (1,0,1)/√2, (0,1,1)/√2.
    area = 2 * math.atan(0.5 / (1 + 2 / math.sqrt(2) + 0.5))
    expected = 1 - area / (math.pi / 2)
    for key in ("added", "held", "restored_added"):
        assert np.mean([row[key] for row in single]) == pytest.approx(expected, abs=0.03)
    assert np.mean([row["both"] for row in single]) == pytest.approx(expected**2, abs=0.03)
    assert all(row["chance"] == pytest.approx(0.25, abs=0.04) for row in single)
    # More codes a mean, and it always lands; the third mean alone never has what is added.
    assert min(row["both"] for row in rows if row["n"] == 30) == 1
    assert all(row["third_alone_added"] == 0 and row["third_alone_held"] == 1 for row in rows)
    assert np.mean([row["length"] for row in rows if row["n"] == 30]) < np.mean([row["length"] for row in single])


def test_directions_lead_from_mean_to_mean(world):
    fitted = fit(world)
    fresh = np.random.Generator(np.random.PCG64(1)).standard_normal((3000, 4)).astype(np.float32)
    for axis, name in enumerate(NAMES):
        for kind in ("mean", "held"):
            direction = fitted[kind][name]
            assert direction[axis] == pytest.approx(2 * math.sqrt(2 / math.pi), abs=0.06)
            assert np.abs(np.delete(direction, axis)).max() < 0.15
    rows = added(world, fitted, fresh)
    one = [row for row in rows if row["step"] == 1 and row["kind"] != "random"]
    # It lands where the number was above minus the direction's length: erf(1.596 / √2).
    assert np.mean([row["has_it"] for row in one]) == pytest.approx(math.erf(1.5958 / math.sqrt(2)), abs=0.02)
    assert min(row["others_stay"] for row in one) > 0.9
    on_card = for_card(world, fitted, rows)
    assert list(on_card) == ["hat", "man", "smile"]
    assert len(on_card["man"]["direction"]) == 4
    assert (on_card["man"]["low"], on_card["man"]["high"]) == ("woman", "man")


def test_too_few_draws_are_left_out(world):
    rare = World(
        world.model, world.reader, NAMES, world.codes[:100], world.facts[:100] & (np.arange(100) < 10)[:, None]
    )
    sizes = {row["n"] for row in arithmetic(rare, trials=2, seed=0)}
    assert 1 in sizes
    assert sizes <= {1, 3}


def test_pictures(world, tmp_path):
    latent_pictures.sums(world.draw, world.codes, world.facts, NAMES, tmp_path / "sums.webp")
    latent_pictures.sliders(world.draw, world.codes, fit(world)["held"], tmp_path / "sliders.webp")
    assert all((tmp_path / name).stat().st_size > 500 for name in ("sums.webp", "sliders.webp"))


def test_reader_learns_what_is_in_a_picture(tmp_path):
    """Halves of a square, light or dark: read without fault; and the table is read as it was written."""
    dice = np.random.Generator(np.random.PCG64(0))
    facts = dice.random((1200, 2)) > 0.5
    pictures = np.full((1200, 16, 16, 3), 60, np.uint8)
    pictures[facts[:, 0], :8] = 200
    pictures[facts[:, 1], 8:, 8:] = 130
    reader, accuracy = learn(Labelled(pictures, facts, ("top", "corner")), epochs=3, batch=32)
    assert accuracy == {"top": 1.0, "corner": 1.0}
    save(tmp_path / "reader.pt", reader, ("top", "corner"), accuracy)
    again, names, kept = load(tmp_path / "reader.pt")
    assert (names, kept) == (("top", "corner"), accuracy)
    np.testing.assert_array_equal(again.read(pictures[:5]), reader.read(pictures[:5]))
    faces.make(tmp_path, 4, 16)
    known = labelled(tmp_path)
    assert known.names == faces.ATTRIBUTES
    assert known.attributes.tolist() == [[*faces.attributes(seed).values()] for seed in range(4)]
    assert known.pictures.shape == (4, 16, 16, 3)
    with pytest.raises(DataError, match=r"no attributes\.csv"):
        labelled(tmp_path / "face")
