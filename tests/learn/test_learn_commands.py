"""`translate learn` as a student meets it."""

import json
from pathlib import Path

import pytest
from PIL import Image

from translate.cli import main

BRIEF = {
    "minimax": ["--steps", "3"],
    "saturation": ["--steps", "200"],
    "wasserstein": ["--steps", "2"],
    "collapse": ["--steps", "4", "--seeds", "1", "--method", "gan", "--method", "unrolled5"],
}


@pytest.mark.parametrize("lesson", BRIEF)
def test_a_lesson_writes_its_files(lesson: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new" / lesson
    assert main(["learn", lesson, *BRIEF[lesson], "-o", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["animation.webp", "chart.png", "numbers.json"]
    assert json.loads((out / "numbers.json").read_text())
    with Image.open(out / "animation.webp") as film, Image.open(out / "chart.png") as chart:
        assert film.n_frames > 1
        assert min(chart.size) > 250
    said = capsys.readouterr().out
    assert str(out / "chart.png") in said
    assert any(source in said for source in ("Goodfellow 2014", "Arjovsky 2017", "Metz 2017"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["minimax", "--steps", "0"], "--steps 0: at least 1"),
        (["saturation", "--steps", "20"], "--steps 20: at least 100"),
        (["wasserstein", "--seed", "-1"], "--seed -1: a whole number from 0"),
        (["collapse", "--seeds", "0"], "--seeds 0: at least one run"),
        (["collapse", "--steps", "-5"], "--steps -5: at least 1"),
    ],
)
def test_what_cannot_be_is_refused(
    words: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", *words, "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("translate: ")
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert main(["learn", "minimax", "-o", str(tmp_path / "file")]) == 1
    assert "name a folder" in capsys.readouterr().err


def test_a_game_that_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["learn", "collapse", "--method", "gam", "-o", str(tmp_path)])
    assert "choose from" in capsys.readouterr().err
