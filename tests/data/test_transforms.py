"""Transforms: geometry is shared, photometry is the source's, chance is the seed's."""

import numpy as np
import pytest

from translate.data.transforms import Transform
from translate.errors import ConfigError

# A picture that says where each pixel came from.
ROWS, COLUMNS = np.mgrid[0:48, 0:64]
PLACES = np.stack((ROWS * 4, COLUMNS * 4, ROWS + COLUMNS), 2).astype(np.uint8)


def test_both_pictures_get_the_same_geometry() -> None:
    transform = Transform(32, 48, geometry=[{"name": "Rotate", "limit": 30}])
    for seed in range(10):
        source, target = transform((PLACES, PLACES), seed)
        assert source.shape == (32, 32, 3)
        assert (source == target).all()


def test_a_grey_source_and_a_coloured_target() -> None:
    source, target = Transform(32, 40)((PLACES[..., :1], PLACES), 3)
    assert (source.shape, target.shape) == ((32, 32, 1), (32, 32, 3))
    assert (source[..., 0] == target[..., 0]).all()


def test_the_seed_decides() -> None:
    transform = Transform(16, 48)
    drawn = [transform((PLACES,), seed)[0] for seed in (1, 2, 1)]
    assert (drawn[0] == drawn[2]).all()
    assert (drawn[0] != drawn[1]).any()
    # … whatever was drawn before, and in another process.
    assert (Transform(16, 48)((PLACES,), 2)[0] == drawn[1]).all()


def test_flips_half_of_the_time_and_only_if_asked() -> None:
    def flipped(transform: Transform, seed: int) -> bool:
        columns = transform((PLACES,), seed)[0][0, :, 1].astype(int)
        return bool(columns[0] > columns[-1])

    assert 60 < sum(flipped(Transform(16), seed) for seed in range(200)) < 140
    assert not any(flipped(Transform(16, flip=False), seed) for seed in range(50))


def test_crops_reach_every_corner() -> None:
    transform = Transform(32, 48, flip=False)
    tops, lefts = zip(*(transform((PLACES,), seed)[0][0, 0, :2] // 4 for seed in range(300)), strict=True)
    assert (min(tops), max(tops), min(lefts), max(lefts)) == (0, 16, 0, 32)


def test_photometry_touches_the_source_alone() -> None:
    transform = Transform(32, photometric=[{"name": "InvertImg", "p": 1.0}], flip=False)
    source, target = transform((PLACES, PLACES), 0)
    assert (source == 255 - target).all()


def test_cover_keeps_proportions_and_stretch_does_not() -> None:
    tall = np.repeat(np.repeat(np.array([[0, 255]], np.uint8), 100, 0), 25, 1)[..., None]  # 100×50, black | white
    assert (Transform(20, resize="stretch").plain((tall,))[0][:, :9] < 5).all()
    assert Transform(20, resize="cover").plain((tall,))[0].shape == (20, 20, 1)
    # A quarter of a wide picture is cut off on each side by cover, none by stretch.
    wide = np.zeros((20, 40, 1), np.uint8)
    wide[:, :10] = 255
    assert Transform(20, resize="cover").plain((wide,))[0].max() == 0
    assert Transform(20, resize="stretch").plain((wide,))[0].max() == 255


def test_plain_has_no_chance_and_the_middle() -> None:
    transform = Transform(32, 48)
    assert (transform.plain((PLACES[:32, :40],))[0] == PLACES[:32, 4:36]).all()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"resize": "squash"}, "cover, stretch"),
        ({"size": 64, "load": 32}, "nothing to crop from"),
        ({"geometry": [{"name": "Rotat"}]}, "did you mean 'Rotate'"),
        ({"geometry": [{"name": "Compose"}]}, "albumentations has no"),
        ({"photometric": [{"name": "GaussianBlur", "p": "often"}]}, "GaussianBlur"),
    ],
)
def test_what_cannot_be(wrong: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Transform(**wrong)


def test_pictures_that_are_not_in_register_are_cropped_apart() -> None:
    transform = Transform(16, 40, photometric=[{"name": "InvertImg", "p": 1.0}])
    differing = 0
    for seed in range(20):
        source, target = transform.apart((PLACES, PLACES[:, :50]), seed)
        assert source.shape == target.shape == (16, 16, 3)
        differing += int((255 - source[0, 0] != target[0, 0]).any())
        again = transform.apart((PLACES, PLACES[:, :50]), seed)
        assert (again[0] == source).all()
        assert (again[1] == target).all()
    assert differing > 15


def test_photometry_has_chances_of_its_own() -> None:
    """Seeded, and independent of what the geometry draws."""
    transforms = [Transform(16, photometric=[{"name": "InvertImg", "p": 0.5}]) for _ in range(2)]
    flips, inversions = [], []
    for seed in range(300):
        source, target = transforms[0]((PLACES, PLACES), seed)
        flips.append(bool(target[0, 0, 1] > target[0, -1, 1]))
        inversions.append(bool((source != target).any()))
    assert abs(np.corrcoef(flips, inversions)[0, 1]) < 0.2
    backwards = (transforms[1]((PLACES, PLACES), seed) for seed in range(299, -1, -1))
    assert [bool((source != target).any()) for source, target in backwards][::-1] == inversions


def test_geometry_comes_before_the_crop() -> None:
    """What a rotation leaves empty at the corners is mostly cropped away."""
    white = np.full((64, 64, 3), 255, np.uint8)
    transform = Transform(32, 64, geometry=[{"name": "Rotate", "limit": [20, 20], "p": 1.0}])
    assert np.mean([transform((white,), seed)[0] == 0 for seed in range(50)]) < 0.03


def test_a_fourth_channel_is_a_channel_like_the_others() -> None:
    """Near infrared, depth, an index: Pillow would take it for opacity, and what lies under little of it is lost."""
    picture = np.random.default_rng(0).integers(0, 256, (48, 40, 4), dtype=np.uint8)
    picture[:, :, 3] //= 100
    (four,), (three,) = (Transform(size=16).plain((one,)) for one in (picture, picture[:, :, :3]))
    assert np.abs(four[:, :, :3].astype(int) - three).max() <= 1  # Pillow rounds 8 bits after each of its two passes
    assert four[:, :, 3].max() <= 2
