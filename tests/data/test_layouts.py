"""Layouts: what is a sample, and what is said of folders that hold none."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate.data.files import spread_out
from translate.data.layouts import ImageFolder, LabelledFolders, SideBySide, TwoFolders, Unpaired
from translate.errors import DataError


def write(path: Path, height: int = 8, width: int = 8, level: int | tuple[int, ...] = (10, 20, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (height, width) if isinstance(level, int) else (height, width, len(level))
    Image.fromarray(np.full(shape, level, np.uint8)).save(path)
    return path


def halves(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    both = np.zeros((8, 16, 3), np.uint8)
    both[:, :8], both[:, 8:] = (255, 0, 0), (0, 0, 255)
    Image.fromarray(both).save(path)
    return path


@pytest.mark.parametrize(("source", "first"), [("left", (255, 0, 0)), ("right", (0, 0, 255))])
def test_side_by_side_in_either_direction(tmp_path: Path, source: str, first: tuple[int, ...]) -> None:
    layout = SideBySide(str(tmp_path), source=source) if halves(tmp_path / "1.png") else None
    (mine, theirs), labels = layout.read(layout.train[0], 0)
    assert mine.shape == theirs.shape == (8, 8, 3)
    assert (mine == first).all()
    assert not (theirs == first).all(axis=2).any()
    assert labels == ()


def test_channels_are_what_is_asked_for(tmp_path: Path) -> None:
    halves(tmp_path / "1.png")
    layout = SideBySide(str(tmp_path), source_channels=1)
    (grey, colour), _ = layout.read(layout.train[0], 0)
    assert layout.facts == {"source": 1, "target": 3}
    assert (grey.shape, colour.shape) == ((8, 8, 1), (8, 8, 3))
    assert (grey == 76).all()  # ITU-R 601 luma of pure red
    assert (colour == (0, 0, 255)).all()


def test_the_last_by_number_are_held_out(tmp_path: Path) -> None:
    for number in range(1, 13):
        halves(tmp_path / f"{number}.png")
    layout = SideBySide(str(tmp_path), holdout=3)
    assert [path.stem for path in layout.held_out] == ["10", "11", "12"]
    assert len(layout.train) == 9


def test_a_folder_too_high(tmp_path: Path) -> None:
    halves(tmp_path / "face" / "1.png")
    with pytest.raises(DataError, match=r"no pictures there .*: is it one of its folders\?: .*face$"):
        ImageFolder(str(tmp_path))


def test_spread_out_those_held_out_lie_evenly_and_more_of_them_are_the_same_and_others() -> None:
    order = spread_out(range(12_000))
    assert sorted(order) == [*range(12_000)]
    for count in (10, 100, 1000):
        # The three-distance theorem: steps of at most three sizes, of which the largest is the sum of the others.
        steps = np.diff([-1, *sorted(order[-count:]), 12_000])
        assert steps.max() <= 2.7 * 12_000 / count
        assert len({*steps[1:-1]}) <= 3
    assert set(order[-10:]) < set(order[-100:]) < set(order[-1000:])


def test_a_folder_sorted_by_kind_holds_out_some_of_every_kind(tmp_path: Path) -> None:
    for number in range(40):
        write(tmp_path / f"{number // 10}_{number}.png")
    layout = ImageFolder(str(tmp_path), holdout=8, spread=True)
    kinds = Counter(path.name[0] for path in layout.held_out)
    assert all(1 <= kinds[kind] <= 3 for kind in "0123")
    assert not {*layout.train} & {*layout.held_out}
    assert (len(layout.train), len(layout.held_out)) == (32, 8)
    assert layout.fingerprint() != ImageFolder(str(tmp_path), holdout=8).fingerprint()


@pytest.mark.parametrize("holdout", [-1, 2, 5])
def test_no_more_can_be_held_out_than_there_are(tmp_path: Path, holdout: int) -> None:
    halves(tmp_path / "1.png")
    with pytest.raises(DataError, match=f"holdout = {holdout}, but there are 1: give a smaller"):
        SideBySide(str(tmp_path), holdout=holdout)


def test_all_can_be_held_out_for_scores(tmp_path: Path) -> None:
    halves(tmp_path / "a/1.png")
    halves(tmp_path / "b/1.png")
    halves(tmp_path / "b/2.png")
    for layout in (
        SideBySide(str(tmp_path / "a"), holdout=1),
        Unpaired(str(tmp_path / "a"), str(tmp_path / "b"), holdout=1),
    ):
        assert (len(layout.train), len(layout.held_out)) == (0, 1)


def test_two_folders_match_by_stem(tmp_path: Path) -> None:
    write(tmp_path / "a/x2.png", level=(1, 1, 1))
    write(tmp_path / "a/x10.png", level=(2, 2, 2))
    write(tmp_path / "b/x10.jpg", level=(3, 3, 3))
    write(tmp_path / "b/x2.bmp", level=(4, 4, 4))
    layout = TwoFolders(str(tmp_path / "a"), str(tmp_path / "b"))
    assert [(a.name, b.name) for a, b in layout.train] == [("x2.png", "x2.bmp"), ("x10.png", "x10.jpg")]
    (source, target), _ = layout.read(layout.train[0], 0)
    assert (source == 1).all()
    assert (target == 4).all()


def test_names_without_a_partner_are_counted_and_the_first_shown(tmp_path: Path) -> None:
    for name in ("1", "2", "3", "4", "5", "6"):
        write(tmp_path / f"a/{name}.png")
    write(tmp_path / "b/1.png")
    write(tmp_path / "b/7.png")
    with pytest.raises(DataError, match=r"^6 pictures have no partner of the same name: .*2\.png .* and 3 more$"):
        TwoFolders(str(tmp_path / "a"), str(tmp_path / "b"))


def test_two_files_of_one_stem(tmp_path: Path) -> None:
    write(tmp_path / "a/1.png")
    write(tmp_path / "a/1.jpg")
    write(tmp_path / "b/1.png")
    with pytest.raises(DataError, match="which of the two"):
        TwoFolders(str(tmp_path / "a"), str(tmp_path / "b"))


def test_check_finds_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    for name in ("1", "2", "3", "4", "5"):
        write(tmp_path / f"a/{name}.png")
        write(tmp_path / f"b/{name}.png")
    write(tmp_path / "b/2.png", height=8, width=9)
    (tmp_path / "a/3.png").write_text("a text")
    whole = write(tmp_path / "b/4.jpg", 64, 64).read_bytes()
    (tmp_path / "b/4.png").unlink()
    (tmp_path / "b/4.jpg").write_bytes(whole[: len(whole) // 2])
    layout = TwoFolders(str(tmp_path / "a"), str(tmp_path / "b"), holdout=2)
    with pytest.raises(DataError) as caught:
        layout.check()
    message = str(caught.value)
    assert "3 of 5 cannot be used" in message
    for part in ("8×8", "9×8", "a pair has one size", "3.png", "4.jpg"):
        assert part in message


def test_an_odd_width_cannot_be_cut_in_two(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 8, 15)
    with pytest.raises(DataError, match="15 pixels wide"):
        SideBySide(str(tmp_path)).check()


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no pictures"):
        ImageFolder(str(tmp_path))
    with pytest.raises(DataError, match="does not exist"):
        ImageFolder(str(tmp_path / "none"))
    with pytest.raises(DataError, match="does not exist"):
        LabelledFolders(str(tmp_path / "none"))


def test_a_folder_a_class(tmp_path: Path) -> None:
    for name, level in (("cat", 1), ("dog", 2), ("10", 3)):
        for number in range(4):
            write(tmp_path / name / f"{number}.png", level=level)
    layout = LabelledFolders(str(tmp_path), holdout=3, channels=1)
    assert layout.classes == ["10", "cat", "dog"]
    assert layout.facts == {"image": 1, "classes": 3}
    assert sorted(label for _, label in layout.held_out) == [0, 1, 2], "some of every class"
    for sample in layout.train:
        (picture,), (label,) = layout.read(sample, 0)
        assert (picture == {0: 3, 1: 1, 2: 2}[label]).all()


def test_unpaired_folders_of_any_sizes_and_counts(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"a/{number}.png", 8, 8 + number, level=(number, 0, 0))
    for number in range(7):
        write(tmp_path / f"b/x{number}.png", 12, 9, level=(100 + number, 0, 0))
    layout = Unpaired(str(tmp_path / "a"), str(tmp_path / "b"), holdout=1)
    layout.check()
    assert len(layout.train) == 6, "as long as the larger"
    seen = [layout.read(sample, seed)[0] for seed in range(50) for sample in layout.train]
    sources, targets = ([int(pictures[side][0, 0, 0]) for pictures in seen] for side in (0, 1))
    assert sources[:6] == [0, 1, 0, 1, 0, 1], "every source in turn"
    assert set(targets) == set(range(100, 106)), "any target, but none that is held out"
    again = [layout.read(sample, seed)[0] for seed in range(50) for sample in layout.train]
    assert all((a[1] == b[1]).all() for a, b in zip(seen, again, strict=True)), "by the seed"
    (held_out,) = layout.held_out
    (source, target), _ = layout.read(held_out, 0)
    assert (source[0, 0, 0], target[0, 0, 0]) == (2, 106)


def test_every_file_of_unpaired_folders_is_checked(tmp_path: Path) -> None:
    write(tmp_path / "a/0.png")
    for number in range(5):
        write(tmp_path / f"b/{number}.png")
    (tmp_path / "b/3.png").write_text("a text")
    with pytest.raises(DataError, match=r"1 of 6 cannot be used: .*3\.png"):
        Unpaired(str(tmp_path / "a"), str(tmp_path / "b")).check()
