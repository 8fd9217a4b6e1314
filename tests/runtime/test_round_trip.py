from pathlib import Path

import numpy as np
import pytest

from translate.errors import ModelError, PictureError
from translate.runtime import Translator, round_trip

ASSETS = Path(__file__).parents[1] / "assets"
PICTURE = np.random.default_rng(0).integers(0, 256, (7, 5, 3), dtype=np.uint8)


def model(name: str) -> Translator:
    return Translator(ASSETS / f"{name}.onnx", threads=1, engine="cpu")


def test_what_is_undone_is_the_original() -> None:
    there, back = model("there"), model("back")
    assert there.card.undoes(back.card)
    assert back.card.undoes(there.card)
    trip = round_trip(there, back, PICTURE)
    np.testing.assert_array_equal(trip.translated, 255 - PICTURE)
    np.testing.assert_array_equal(trip.returned, PICTURE)
    assert trip.error == 0
    assert isinstance(trip.error, float)


@pytest.mark.parametrize("shape", [(1, 1, 3), (4, 9, 3), (2, 4, 9, 3)])
def test_the_error_is_the_mean_distance_in_levels(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    trip = round_trip(model("edges"), model("invert"), picture)
    returned = 255 - (picture + np.array([240, 160, 80])) // 2
    np.testing.assert_array_equal(trip.returned, returned)
    assert (returned > picture).any()
    assert (returned < picture).any()  # neither sign wraps
    assert trip.error == pytest.approx(np.abs(picture - returned).mean())


def test_the_farthest_is_255_levels() -> None:
    class Same:
        """A translator that changes nothing."""

        card = model("invert").card

        def array(self, batch: np.ndarray) -> np.ndarray:
            return batch

    black = np.zeros((2, 2, 3), np.uint8)
    assert round_trip(Same(), model("invert"), black).error == 255  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("there", "back", "reason"),
    [
        ("invert", "grey_to_colour", "photo → negative gives 3 channels where grey → colour takes 1"),
        ("grey_to_colour", "invert", "photo → negative gives 3 channels where grey → colour took 1"),
    ],
)
def test_channels_that_do_not_fit_are_refused(there: str, back: str, reason: str) -> None:
    one = np.zeros((2, 2, model(there).card.source_channels), np.uint8)
    with pytest.raises(ModelError, match=reason):
        round_trip(model(there), model(back), one)


def test_a_picture_of_other_channels_is_refused() -> None:
    with pytest.raises(PictureError, match="takes uint8"):
        round_trip(model("there"), model("back"), PICTURE[..., :1])
