from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate import pixels
from translate.errors import DataError, ModelError
from translate.runtime import Outcome, Translator, translate_files
from translate.runtime.streams import pipeline

ASSETS = Path(__file__).parents[1] / "assets"


@pytest.fixture(scope="module")
def invert() -> Translator:
    return Translator(ASSETS / "invert.onnx", threads=1, engine="cpu")


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A folder of pictures of one level each: 1.png, 2.jpg, 10.gif, and a text that is none of them."""
    folder = tmp_path / "day"
    folder.mkdir()
    for level, name in [(10, "1.png"), (20, "2.JPG"), (30, "10.gif")]:
        Image.new("RGB", (16, 8), (level,) * 3).save(folder / name)
    (folder / "notes.txt").write_text("rain")
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_folder(invert: Translator, day: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    out = tmp_path / "new" / "night"
    assert translate_files(invert, [day], out, report=lines.append) == Outcome(done=3)
    assert names(out) == ["1.png", "10.png", "2.JPG"]
    assert lines == [f"{day / a} → {out / b}" for a, b in [("1.png",) * 2, ("2.JPG",) * 2, ("10.gif", "10.png")]]
    for name, level in [("1.png", 245), ("2.JPG", 235), ("10.png", 225)]:
        assert (pixels.read(out / name) == level).all()


def test_again_gives_the_same(invert: Translator, day: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert translate_files(invert, [day], tmp_path / "out", report=lambda _: None).done == 3
    assert names(tmp_path / "out") == ["1.png", "10.png", "2.JPG"]


def test_one_file_into_a_file(invert: Translator, day: Path, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "result.png"
    assert translate_files(invert, [day / "2.JPG"], out, report=lambda _: None).done == 1
    assert (pixels.read(out) == 235).all()
    # In place of an older result, and beside the input.
    translate_files(invert, [day / "1.png"], out, report=lambda _: None)
    assert (pixels.read(out) == 245).all()
    translate_files(invert, [str(day / "1.png")], str(day / "1_night.png"), report=lambda _: None)
    assert (pixels.read(day / "1_night.png") == 245).all()


def test_files_and_folders_each_once(invert: Translator, day: Path, tmp_path: Path) -> None:
    inputs = [day / "2.JPG", day, day / ".." / "day" / "1.png"]
    outcome = translate_files(invert, inputs, tmp_path / "out", suffix="webp", report=lambda _: None)
    assert (outcome.done, outcome.failed) == (3, [])
    assert names(tmp_path / "out") == ["1.webp", "10.webp", "2.webp"]


def test_names_with_dots_and_unknown_suffixes(invert: Translator, day: Path, tmp_path: Path) -> None:
    (day / "1.png").rename(day / "a.b.upload")
    translate_files(invert, [day / "a.b.upload"], tmp_path / "out", report=lambda _: None)
    assert names(tmp_path / "out") == ["a.b.png"]


def test_a_bad_file_is_reported_and_the_rest_done(invert: Translator, day: Path, tmp_path: Path) -> None:
    (day / "0.png").write_text("not a picture")
    (day / "5.jpg").write_bytes((day / "2.JPG").read_bytes()[:200])
    lines: list[str] = []
    outcome = translate_files(invert, [day, day / "none.png"], tmp_path / "out", report=lines.append)
    assert outcome.done == 3
    assert [path.name for path, _ in outcome.failed] == ["0.png", "5.jpg", "none.png"]
    assert all(path.name in reason and "\n" not in reason for path, reason in outcome.failed)
    assert sum(line.startswith("failed: ") for line in lines) == 3
    assert names(tmp_path / "out") == ["1.png", "10.png", "2.JPG"]


def test_a_model_that_fails_on_one(
    invert: Translator, day: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = invert.array

    def failing(batch: np.ndarray) -> np.ndarray:
        if batch[0, 0, 0] == 20:
            raise ModelError("invert failed: out of memory")
        return array(batch)

    monkeypatch.setattr(invert, "array", failing)
    outcome = translate_files(invert, [day], tmp_path / "out", report=lambda _: None)
    assert (outcome.done, outcome.failed) == (2, [(day / "2.JPG", "invert failed: out of memory")])


def test_the_inputs_are_never_replaced(invert: Translator, day: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in day.iterdir()}
    (tmp_path / "link").symlink_to(day)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "1.png").hardlink_to(day / "1.png")
    for inputs, out, reason in [
        ([day], day, "is the folder of the inputs"),
        ([day], tmp_path / "link", "is the folder of the inputs"),
        ([day], day / ".." / "day", "is the folder of the inputs"),
        ([day / "1.png"], day, "is one of the inputs"),
        ([day / "1.png"], day / "1.png", "is one of the inputs"),
        ([day / "1.png"], tmp_path / "other", "is one of the inputs"),
    ]:
        with pytest.raises(DataError, match=reason):
            translate_files(invert, inputs, out)
    assert {path: path.read_bytes() for path in day.iterdir()} == before


def test_results_that_would_collide(invert: Translator, day: Path, tmp_path: Path) -> None:
    (tmp_path / "dusk").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "dusk" / "1.png")
    Image.new("RGB", (4, 4)).save(day / "10.png")
    for inputs in ([day, tmp_path / "dusk"], [day], [day / "10.gif", day / "10.png"]):
        with pytest.raises(DataError, match=r"would both become .*: translate them into two folders"):
            translate_files(invert, inputs, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_started(invert: Translator, day: Path, tmp_path: Path) -> None:
    empty, file = tmp_path / "empty", tmp_path / "file"
    empty.mkdir()
    file.touch()
    for inputs, out, suffix, reason in [
        ([], tmp_path / "out", None, "there are no pictures in the inputs"),
        ([empty], tmp_path / "out", None, "there are no pictures in .*empty"),
        ([day], tmp_path / "one.png", None, "is the name of one picture"),
        ([day / "1.png", day / "2.JPG"], tmp_path / "one.png", None, "is the name of one picture"),
        ([day], tmp_path / "out", ".gif", "cannot be written as .gif: choose from .png"),
        ([day], file, None, "cannot be made"),
        ([day], file / "deep", None, "cannot be made"),
    ]:
        with pytest.raises(DataError, match=reason):
            translate_files(invert, inputs, out, suffix=suffix)


def test_a_folder_named_like_a_picture(invert: Translator, day: Path, tmp_path: Path) -> None:
    (tmp_path / "out.png").mkdir()
    assert translate_files(invert, [day], tmp_path / "out.png", report=lambda _: None).done == 3


def test_stopping_does_not_hang(invert: Translator, day: Path, tmp_path: Path) -> None:
    def stop(_: str) -> None:
        raise KeyboardInterrupt

    for number in range(100, 200):
        Image.new("RGB", (16, 8), (30,) * 3).save(day / f"{number}.png")
    with pytest.raises(KeyboardInterrupt):
        translate_files(invert, [day], tmp_path / "out", report=stop)
    # What was on its way by then may have been finished: whole pictures from the beginning, and nothing aside.
    left = sorted((tmp_path / "out").iterdir(), key=pixels.natural)
    order = ["1.png", "2.JPG", "10.png", *(f"{number}.png" for number in range(100, 200))]
    assert set(order[:1]) <= {path.name for path in left} <= set(order[: 2 * pipeline.THREADS + 3])
    for path in left:
        pixels.check(path)


def test_progress_is_printed(invert: Translator, day: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    translate_files(invert, [day / "1.png"], tmp_path / "out")
    assert capsys.readouterr().out == f"{day / '1.png'} → {tmp_path / 'out' / '1.png'}\n"
