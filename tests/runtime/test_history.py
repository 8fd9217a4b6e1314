"""Training in pictures: what was put into a file comes out of it, and what others put there does no harm."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.runtime.test_metadata import field
from translate import pixels
from translate.errors import PictureError
from translate.runtime import Translator
from translate.runtime.history import KEY, LONGEST, History, history, tile

ASSETS = Path(__file__).parents[1] / "assets"
RANDOM = np.random.default_rng(0)


def column(side: int = 8, samples: int = 2) -> np.ndarray:
    return RANDOM.integers(0, 256, (samples * side, side, 3), np.uint8)


def with_history(path: Path, text: str) -> Path:
    """A model that works, with this history."""
    shutil.copy(ASSETS / "invert.onnx", path)
    with path.open("ab") as file:
        file.write(field(14, field(1, KEY.encode()) + field(2, text.encode())))
    return path


@pytest.mark.parametrize("paired", [True, False])
def test_what_is_put_in_comes_out(paired: bool, tmp_path: Path) -> None:
    put = History(column(), {0: column(), 500: column(), 1000: column()}, column() if paired else None)
    found = history(with_history(tmp_path / "m.onnx", put.to_json()))
    assert found is not None
    assert list(found.results) == [0, 500, 1000]
    assert (found.source == put.source).all()
    assert all((found.results[step] == put.results[step]).all() for step in put.results)
    if put.target is None:
        assert found.target is None
    else:
        assert found.target is not None
        assert (found.target == put.target).all()
    assert Translator(tmp_path / "m.onnx").array(np.zeros((2, 2, 3), np.uint8)).min() == 255  # it works as before


def test_files_without_one() -> None:
    assert history(ASSETS / "invert.onnx") is None
    assert history(ASSETS / "none.onnx") is None


def test_noise_is_kept_within_bounds() -> None:
    """Nothing is harder to keep small: it becomes a JPEG, and no more than a model's file can bear."""
    most = History(column(128), {step: column(128) for step in range(6)}, column(128))
    text = most.to_json()
    assert len(json.loads(text)["picture"]) <= LONGEST
    found = History.from_json(text)
    assert found is not None
    assert found.results[5].shape == (256, 128, 3)
    smooth = np.repeat(np.linspace(0, 255, 128, dtype=np.uint8)[None, :, None], 256, 0).repeat(3, 2)
    kept = History.from_json(History(smooth, dict.fromkeys(range(6), smooth)).to_json())
    assert kept is not None
    assert np.abs(kept.results[3].astype(int) - smooth).max() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        History(column(), {}),
        History(column(), {step: column() for step in range(7)}),
        History(column(129), {1: column(129)}),
        History(column(8, 3), {1: column(8, 3)}),
        History(column(), {1: column(9)}),
    ],
    ids=["none", "seven", "large", "three samples", "another size"],
)
def test_more_than_there_is_room_for(wrong: History) -> None:
    with pytest.raises(PictureError, match="make them smaller"):
        wrong.to_json()


def record(**changes: Any) -> str:
    return json.dumps(json.loads(History(column(), {1: column(), 2: column()}, column()).to_json()) | changes)


def coded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def picture(height: int, width: int, suffix: str = ".png") -> str:
    return coded(pixels.encode(np.zeros((height, width, 3), np.uint8), suffix))


HOSTILE = {
    "no JSON": "{",
    "deep": "[" * 100_000,
    "long": json.dumps({"steps": "x" * 200_000}),
    "a list": "[]",
    "nothing": "{}",
    "steps are words": record(steps=["<script>", "2"]),
    "steps are true": record(steps=[True, 2]),
    "steps go back": record(steps=[2, 1]),
    "a step twice": record(steps=[1, 1]),
    "endless steps": record(steps=list(range(1000))),
    "a step that has no end": record(steps=[1, 10**4000]),
    "a negative step": record(steps=[-1, 2]),
    "no steps": record(steps=[], side=32),
    "no side": record(side=0),
    "a side that is none": record(side=7.5),
    "a side that does not fit": record(side=16),
    "no picture": record(picture=7),
    "no base64": record(picture="<svg onload=alert(1)>"),
    "an SVG": record(picture=coded(b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")),
    "a picture cut short": record(picture=picture(16, 32)[:40]),
    "another kind": record(picture=picture(16, 32, ".bmp")),
    "narrow": record(picture=picture(16, 31)),
    "a bomb": record(picture=picture(5000, 6000)),
    "a long picture": record(picture="A" * (LONGEST + 4)),
    "a target that is none": record(target="yes"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_ones_are_not_shown(text: str, tmp_path: Path) -> None:
    path = with_history(tmp_path / "m.onnx", text)
    assert history(path) is None
    assert Translator(path).card.name  # and the model is as good as before


def test_tiles() -> None:
    small, large = column(20, 1), np.full((300, 300, 3), 7, np.uint8)
    assert tile(small) is small
    assert (tile(large) == np.full((128, 128, 3), 7)).all()
