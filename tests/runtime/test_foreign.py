"""Other people's models, without a card: the range of their levels is found, their sizes are met."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.errors import ModelError
from translate.runtime import Translator
from translate.runtime.engines import ENGINES
from translate.runtime.foreign import RANGES

FOREIGN = Path(__file__).parents[1] / "assets" / "foreign"
HERE = [name for name in ("cpu", "openvino") if not ENGINES[name].why_not()]


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def tanh(levels: np.ndarray) -> np.ndarray:
    return 127.5 * np.tanh(-1.5 * (levels / 127.5 - 1)) + 127.5


def sigmoid(levels: np.ndarray) -> np.ndarray:
    return 255 / (1 + np.exp(levels / 63.75 - 2))


def rising(levels: np.ndarray) -> np.ndarray:
    return 255 / (1 + np.exp(2 - levels / 64))


# What the files of make_foreign.py compute, in levels of 0 … 255.
SAME_SIZE: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "tanh": ("[-1,1]", tanh),
    "tanh_half": ("[-1,1]", tanh),
    "sigmoid_last": ("[0,1]", sigmoid),
    "levels": ("0-255", rising),
}


def differ(found: np.ndarray, expected: np.ndarray) -> float:
    return float(np.abs(found.astype(float) - expected).max())


@pytest.mark.parametrize("engine", HERE)
@pytest.mark.parametrize("name", SAME_SIZE)
def test_the_range_is_found_and_said(name: str, engine: str, caplog: pytest.LogCaptureFixture) -> None:
    range_, function = SAME_SIZE[name]
    model = Translator(FOREIGN / f"{name}.onnx", engine=engine)
    said = f"its levels are {range_} (guessed from what it gives), pictures are padded to multiples of 32"
    assert said in model.device
    assert said in caplog.text
    assert (model.card.name, model.card.method, model.card.target) == (name, "unknown", name)
    # Half precision has 11 bits for 8; rounding is the rest.
    close = 0.7 if name != "tanh_half" else 1.1
    for shape in ((1, 1), (3, 50), (64, 32)):
        assert differ(model.array(picture(*shape)), function(picture(*shape))) < close
    batch = np.stack([picture(5, 7), 255 - picture(5, 7)])
    assert differ(model.array(batch), function(batch)) < close


@pytest.mark.parametrize("name", SAME_SIZE)
def test_a_range_that_is_given_is_not_guessed(name: str, caplog: pytest.LogCaptureFixture) -> None:
    told, function = SAME_SIZE[name]
    results = {}
    for range_ in RANGES:
        model = Translator(FOREIGN / f"{name}.onnx", engine="cpu", range=range_)
        assert f"its levels are {range_} (given)" in model.device
        results[range_] = differ(model.array(picture(16, 16)), function(picture(16, 16)))
    assert caplog.text == ""
    assert min(results, key=lambda key: results[key]) == told


def test_a_size_that_is_fixed() -> None:
    model = Translator(FOREIGN / "tanh_fixed.onnx", engine="cpu")
    assert "pictures are resized to 24 × 16 and back" in model.device
    assert model.card.size == 24
    assert differ(model.array(picture(24, 16)), tanh(picture(24, 16))) < 0.7
    other = picture(48, 100)
    small = np.asarray(Image.fromarray(other).resize((16, 24), Image.Resampling.BICUBIC))
    back = Image.fromarray(tanh(small).round().astype(np.uint8)).resize((100, 48), Image.Resampling.BICUBIC)
    assert differ(model.array(other), np.asarray(back)) <= 2  # a level more or less before the way back


def test_sides_that_must_be_multiples_are_found() -> None:
    model = Translator(FOREIGN / "tanh_of_64.onnx", engine="cpu")
    assert "padded to multiples of 256" in model.device
    given = picture(130, 70)
    x = np.pad(given, [(0, 126), (0, 186), (0, 0)], mode="reflect") / 127.5 - 1
    coarse = x.reshape(4, 64, 4, 64, 3).mean((1, 3)).repeat(64, 0).repeat(64, 1)
    assert differ(model.array(given), (127.5 * np.tanh(x - coarse) + 127.5)[:130, :70]) < 0.7


def test_grey_and_bytes() -> None:
    model = Translator(FOREIGN / "tanh_to_grey.onnx", engine="cpu")
    assert (model.card.source_channels, model.card.target_channels) == (3, 1)
    expected = 127.5 * np.tanh(-(picture(9, 40) / 127.5 - 1).mean(2)) + 127.5
    assert model(picture(9, 40)).mode == "L"
    assert differ(np.asarray(model(picture(9, 40))), expected) < 0.7
    model = Translator(FOREIGN / "bytes.onnx", engine="cpu")
    assert "0-255 (as its type says)" in model.device
    assert (model.array(picture(9, 40, 1)) == picture(9, 40, 1)).all()


def test_what_is_not_to_be_guessed_must_be_said() -> None:
    path = FOREIGN / "anything.onnx"
    with pytest.raises(ModelError, match=r"it could be \[-1,1\] or \[0,1\] or 0-255: give its range"):
        Translator(path, engine="cpu")
    for range_ in RANGES:
        assert (Translator(path, engine="cpu", range=range_).array(picture(40, 9)) == picture(40, 9)).all()
    with pytest.raises(ModelError, match=r"there is no range 0-1: choose from \[-1,1\]"):
        Translator(path, engine="cpu", range="0-1")


def test_a_card_says_the_range() -> None:
    with pytest.raises(ModelError, match=r"invert\.onnx has a card, which says what it takes: leave the range out"):
        Translator(FOREIGN.parent / "invert.onnx", range="[0,1]")


def test_our_own_without_its_card() -> None:
    model = Translator(FOREIGN.parent / "no_card.onnx", engine="cpu")
    assert (model.array(picture(9, 40)) == 255 - picture(9, 40)).all()


@pytest.mark.parametrize("engine", HERE)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("two_inputs", r"has no card and 2 inputs \(x, z\): only one can be a picture"),
        ("classes", r"gives \[1, 3\], which is no picture"),
        ("half_size", r"gives .* only models that keep a picture's size can be used"),
        ("volume", r"takes float32 \[.*\]: only a float or uint8 \[1, C, H, W\] can be a picture"),
        ("spectrum", "of 1 or 3 channels nothing is to be seen"),
        ("batch_of_4", "only a float or uint8"),
        ("one_side", "both sides must be free, or neither"),
    ],
)
def test_what_is_not_from_picture_to_picture_is_refused(name: str, told: str, engine: str) -> None:
    with pytest.raises(ModelError, match=rf"{name}\.onnx .*{told}") as raised:
        Translator(FOREIGN / f"{name}.onnx", engine=engine)
    assert "\n" not in str(raised.value)


def test_one_limit_for_all_pictures_of_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Translator(FOREIGN / "tanh.onnx", engine="cpu", range="[-1,1]")
    left: list[float] = []
    inner = model._engine._inner
    run = inner.run
    monkeypatch.setattr(
        inner, "run", lambda feeds, wanted, seconds: left.append(seconds) or run(feeds, wanted, seconds)
    )
    model.array(np.zeros((3, 8, 8, 3), np.uint8), seconds=60)
    assert 60 >= left[0] > left[1] > left[2] > 0
    with pytest.raises(ModelError, match=r"tanh was stopped on .* after 1e-09 s"):
        model.array(np.zeros((3, 8, 8, 3), np.uint8), seconds=1e-9)
