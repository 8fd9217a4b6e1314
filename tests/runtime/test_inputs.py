import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate import pixels
from translate.errors import DataError
from translate.runtime import Outcome, Translator, translate_files


def quiet(_: str) -> None:
    pass


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """photos: 1.png, rome/2.jpg, rome/old/3.png, .hidden/4.png, each of one level, and a text."""
    for number, name in enumerate(["1.png", "rome/2.jpg", "rome/old/3.png", ".hidden/4.png"], 1):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 8), (10 * number,) * 3).save(path)
    (tmp_path / "photos" / "rome" / "notes.txt").write_text("rain")
    return tmp_path / "photos"


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_tree_keeps_its_folders(negative: Translator, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert translate_files(negative, [tree], out, report=quiet) == Outcome(done=1)
    assert translate_files(negative, [tree], out, recursive=True, report=quiet) == Outcome(done=3)
    assert files(out) == ["1.png", "rome/2.jpg", "rome/old/3.png"]
    assert (pixels.read(out / "rome/old/3.png") == 225).all()


def test_results_inside_the_inputs_are_no_inputs(negative: Translator, tree: Path) -> None:
    for _ in range(2):
        assert translate_files(negative, [tree], tree / "rome" / "out", recursive=True, report=quiet).done == 3
    assert files(tree / "rome" / "out") == ["1.png", "rome/2.jpg", "rome/old/3.png"]


def test_results_of_a_pattern_are_no_inputs_of_it(
    negative: Translator, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree)
    for _ in range(2):
        assert translate_files(negative, ["**/*.png"], "rome/out", report=quiet).done == 2
    # What lies in the output's folder beside them is one, where the pattern itself begins there.
    assert translate_files(negative, ["rome/out/*.png"], ".", name="{stem}_again{suffix}", report=quiet).done == 1
    assert (tree / "1_again.png").exists()


def test_links_to_folders_are_not_followed(negative: Translator, tree: Path, tmp_path: Path) -> None:
    (tree / "rome" / "loop").symlink_to(tree)
    assert translate_files(negative, [tree], tmp_path / "out", recursive=True, report=quiet).done == 3
    assert translate_files(negative, [f"{tree}/**/*.png"], tmp_path / "out", report=quiet).done == 2


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", ["1.png"]),
        ("*.png", ["1.png"]),
        ("rome/*.jpg", ["2.jpg"]),
        ("rome/[0-9].*", ["2.jpg"]),
        ("*/?.jpg", ["rome/2.jpg"]),
        ("**/*.png", ["1.png", "rome/old/3.png"]),
        ("**/*", ["1.png", "rome/2.jpg", "rome/old/3.png"]),
    ],
)
def test_patterns(
    negative: Translator, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, found: list[str]
) -> None:
    translate_files(negative, [f"{tree}/{pattern}"], tmp_path / "out", report=quiet)
    assert files(tmp_path / "out") == found
    # And as a user types it, from where the pictures are.
    monkeypatch.chdir(tree)
    translate_files(negative, [pattern], tmp_path / "again", report=quiet)
    assert files(tmp_path / "again") == found


def test_a_name_with_a_bracket_is_a_file(negative: Translator, tree: Path, tmp_path: Path) -> None:
    (tree / "1.png").rename(tree / "[1].png")
    translate_files(negative, [tree / "[1].png"], tmp_path / "out", report=quiet)
    assert files(tmp_path / "out") == ["[1].png"]


def test_patterns_without_a_match(negative: Translator, tree: Path, tmp_path: Path) -> None:
    for pattern, words in [
        ("*.gif", "no picture matches .*gif"),
        ("*.txt", "no picture matches"),
        ("**x/*", r"cannot be used \("),
    ]:
        with pytest.raises(DataError, match=words):
            translate_files(negative, [f"{tree}/{pattern}"], tmp_path / "out", report=quiet)
    assert not (tmp_path / "out").exists()


def test_names_of_results(negative: Translator, tree: Path, tmp_path: Path) -> None:
    for number, (changes, expected) in enumerate(
        [
            ({"name": "{stem}_night{suffix}"}, ["1_night.png", "rome/2_night.jpg", "rome/old/3_night.png"]),
            ({"name": "{number:03}{suffix}", "suffix": "bmp"}, ["001.bmp", "rome/002.bmp", "rome/old/003.bmp"]),
            ({"name": "{{{stem}}}.webp"}, ["rome/old/{3}.webp", "rome/{2}.webp", "{1}.webp"]),
        ]
    ):
        out = tmp_path / str(number)
        assert translate_files(negative, [tree], out, recursive=True, report=quiet, **changes).done == 3
        assert files(out) == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../{stem}{suffix}", "has a path in it"),
        ("a\\{stem}{suffix}", "has a path in it"),
        ("{name}{suffix}", r"unknown field {name}: choose from {stem}, {suffix}, {number}"),
        ("{stem.__class__}{suffix}", "unknown field"),
        ("{stem:{width}}{suffix}", "unknown field {width}"),
        ("{}{suffix}", "unknown field {}"),
        ("{stem", "cannot be used"),
        ("{number:z}{suffix}", "cannot be used"),
        ("{stem}", "does not end in {suffix}"),
        ("{suffix}", "does not end in {suffix}"),
        ("{stem}.exe", "does not end in {suffix}"),
        ("night{suffix}", "would both become .*: "),
    ],
)
def test_names_that_cannot_be(negative: Translator, tree: Path, tmp_path: Path, name: str, words: str) -> None:
    Image.new("RGB", (4, 4)).save(tree / "5.png")
    with pytest.raises(DataError, match=words):
        translate_files(negative, [tree], tmp_path / "out", name=name, report=quiet)
    with pytest.raises(DataError, match="already is the name"):
        translate_files(negative, [tree / "1.png"], tmp_path / "one.png", name="{stem}{suffix}", report=quiet)
    assert not (tmp_path / "out").exists()


def test_quality(negative: Translator, tmp_path: Path) -> None:
    # Grey, as WebP and AVIF halve the resolution of colours whatever the quality.
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 1), np.uint8).repeat(3, axis=2)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    for suffix in (".jpg", ".webp", ".avif", ".png"):
        sizes, errors = [], []
        for quality in (20, 95):
            out = tmp_path / f"{quality}{suffix}"
            translate_files(negative, [tmp_path / "noise.png"], out, quality=quality, report=quiet)
            sizes.append(out.stat().st_size)
            errors.append(np.abs(pixels.read(out).astype(int) - (255 - noise)).mean())
        if suffix == ".png":
            assert sizes[0] == sizes[1]
            assert errors == [0, 0]
        else:
            assert sizes[0] < 0.6 * sizes[1]
            assert errors[0] > 1.5 * errors[1]
    # Without one it is 95.
    translate_files(negative, [tmp_path / "noise.png"], tmp_path / "default.jpg", report=quiet)
    assert (tmp_path / "default.jpg").read_bytes() == (tmp_path / "95.jpg").read_bytes()
    for quality in (0, 101):
        with pytest.raises(DataError, match=f"the quality is {quality}: give 1 to 100"):
            translate_files(negative, [tmp_path / "noise.png"], tmp_path / "x.jpg", quality=quality)


def test_what_exists_can_be_skipped(negative: Translator, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "rome").mkdir(parents=True)
    (out / "rome" / "2.jpg").write_text("mine")
    lines: list[str] = []
    again = {"recursive": True, "skip_existing": True, "report": lines.append}
    assert translate_files(negative, [tree], out, **again) == Outcome(done=2, skipped=1)
    assert (out / "rome" / "2.jpg").read_text() == "mine"
    assert len(lines) == 2
    assert translate_files(negative, [tree], out, **again) == Outcome(skipped=3)
    assert len(lines) == 2
    assert translate_files(negative, [tree], out, recursive=True, report=quiet) == Outcome(done=3)
    assert (pixels.read(out / "rome" / "2.jpg") == 235).all()


def test_nothing_but_pixels_is_copied(negative: Translator, tmp_path: Path) -> None:
    image = Image.new("RGB", (16, 8), (10, 20, 30))
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    image.save(tmp_path / "1.jpg", exif=exif, icc_profile=b"colours", comment=b"a note")
    translate_files(negative, [tmp_path / "1.jpg"], tmp_path / "out", report=quiet)
    with Image.open(tmp_path / "out" / "1.jpg") as made:
        assert not made.getexif()
        assert not {"icc_profile", "exif", "comment"} & set(made.info)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a folder that is closed to us")
def test_a_folder_of_the_results_that_is_closed(negative: Translator, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    outcome = translate_files(negative, [tree], out, recursive=True, report=quiet)
    assert (outcome.done, len(outcome.failed)) == (0, 3)


def test_a_file_in_the_place_of_a_folder(negative: Translator, tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "rome").write_text("a file")
    outcome = translate_files(negative, [tree], out, recursive=True, report=quiet)
    assert outcome.done == 1
    assert [path.name for path, _ in outcome.failed] == ["2.jpg", "3.png"]
    assert all("cannot be made" in reason for _, reason in outcome.failed)
