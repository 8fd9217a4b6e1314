"""`translate latent`: what is drawn, under which names, and what is refused in a sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate import latent, pixels
from translate.cli import main
from translate.commands import figures, picking
from translate.errors import LatentError
from translate.runtime import Translator

ASSETS = Path(__file__).parents[1] / "assets"
DRAWING, TOLD, INVERT = (str(ASSETS / f"{name}.onnx") for name in ("drawing", "drawing_labels", "invert"))
ENGINE = ("--engine", "cpu")


def drawn(seeds: list[int], labels: list[int] | None = None) -> np.ndarray:
    model = Translator(TOLD if labels else DRAWING, engine="cpu")
    return model.draw(model.noise(seeds), labels)


def read(folder: Path) -> dict[str, np.ndarray]:
    return {path.name: pixels.read(path) for path in sorted(folder.iterdir())}


def tiles(sheet: np.ndarray, columns: int, side: int = 8) -> np.ndarray:
    step = side + figures.GAP
    rows = (len(sheet) + figures.GAP) // step
    cut = [sheet[r * step : r * step + side, c * step : c * step + side] for r in range(rows) for c in range(columns)]
    return np.stack(cut)


def test_a_folder_of_pictures_named_by_seed(tmp_path: Path) -> None:
    assert main(["latent", "draw", DRAWING, "-o", str(tmp_path / "out"), "--seeds", "3,10-11", *ENGINE]) == 0
    found = read(tmp_path / "out")
    assert list(found) == ["seed_03.png", "seed_10.png", "seed_11.png"]
    assert np.array_equal(np.stack(list(found.values())), drawn([3, 10, 11]))


def test_more_pictures_than_a_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("translate.runtime.engines.base.PIECE", 3 * 64)
    words = ["--seeds", "0-6", "--labels", "all", *ENGINE]
    assert main(["latent", "draw", TOLD, "-o", str(tmp_path), *words]) == 0
    found = read(tmp_path)
    assert len(found) == 21
    for seed in range(7):
        for label, name in enumerate(("red", "green", "blue")):
            assert np.array_equal(found[f"seed_{seed}_{name}.png"], drawn([seed], [label])[0])


@pytest.mark.parametrize(
    ("words", "labels"),
    [([], [0, 1, 2, 0]), (["--labels", "green"], [1] * 4), (["--labels", "2,0,red,blue"], [2, 0, 0, 2])],
)
def test_labels_by_name_and_number(words: list[str], labels: list[int], tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    assert main(["latent", "draw", TOLD, "-o", str(out), "--seeds", "0-3", "--columns", "2", *words, *ENGINE]) == 0
    assert np.array_equal(tiles(pixels.read(out), 2), drawn([0, 1, 2, 3], labels))


def test_pictures_with_their_seeds_below(tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    words = ["--seeds", "8-10", "--columns", "3", "--numbered", *ENGINE]
    assert main(["latent", "draw", DRAWING, "-o", str(out), *words]) == 0
    sheet = pixels.read(out)
    assert sheet.shape == (8 + figures.TEXT + 3, 3 * 8 + 2 * figures.GAP, 3)
    assert np.array_equal(tiles(sheet[:8], 3), drawn([8, 9, 10]))
    # Something is written, each time something else.
    below = [sheet[8:, 12 * n : 12 * n + 8] for n in range(3)]
    assert all(strip.min() < 128 for strip in below)
    assert not np.array_equal(below[0], below[1])


def test_noise_is_saved_and_used_again(tmp_path: Path) -> None:
    kept, out = tmp_path / "kept.npy", tmp_path / "out"
    first = ["latent", "draw", DRAWING, "-o", str(tmp_path / "a.png"), "--seeds", "5,2", "--save-noise", str(kept)]
    assert main([*first, *ENGINE]) == 0
    assert np.array_equal(np.load(kept), latent.noise([5, 2], 4))
    assert main(["latent", "draw", DRAWING, "-o", str(out), "--noise", str(kept), *ENGINE]) == 0
    assert np.array_equal(np.stack(list(read(out).values())), drawn([5, 2]))
    assert list(read(out)) == ["noise_0.png", "noise_1.png"]


@pytest.mark.parametrize("how", latent.WAYS)
def test_a_way_as_pictures_and_as_a_strip(how: str, tmp_path: Path) -> None:
    codes = latent.path(latent.noise([1, 2, 3], 4), 4, how)
    right = Translator(DRAWING, engine="cpu").draw(codes)
    words = ["latent", "between", DRAWING, "1", "2-3", "--steps", "4", "--how", how, *ENGINE]
    assert main([*words, "-o", str(tmp_path / "out"), "--save-noise", str(tmp_path / "n.npy")]) == 0
    assert np.array_equal(np.stack(list(read(tmp_path / "out").values())), right)
    assert np.array_equal(np.load(tmp_path / "n.npy"), codes)
    assert main([*words, "-o", str(tmp_path / "a.png")]) == 0
    # A row a way, with the codes at both ends.
    assert np.array_equal(tiles(pixels.read(tmp_path / "a.png"), 5), right[[0, 1, 2, 3, 4, 4, 5, 6, 7, 8]])


def test_a_film_that_returns(tmp_path: Path) -> None:
    out = tmp_path / "a.gif"
    words = ["between", TOLD, "1", "2", "--steps", "3", "--closed", "--label", "blue", "--rate", "10"]
    assert main(["latent", *words, "-o", str(out), *ENGINE]) == 0
    model = Translator(TOLD, engine="cpu")
    right = model.draw(latent.path(latent.noise([1, 2], 4), 3, closed=True), [2] * 6)
    with Image.open(out) as film:
        assert (film.n_frames, film.info["loop"], film.info["duration"]) == (6, 0, 100)
        for number, frame in enumerate(right):
            film.seek(number)
            assert np.abs(np.asarray(film.convert("RGB")).astype(int) - frame).mean() < 4  # 256 colours a frame


def test_an_average_and_a_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, kept = tmp_path / "a.png", tmp_path / "n.npy"
    terms = ["--plus", "man with glasses=1,5,9", "--minus", "man=2,4,8", "--plus", "woman=3,7,6"]
    assert main(["latent", "add", DRAWING, *terms, "-o", str(out), "--save-noise", str(kept), *ENGINE]) == 0
    groups = [latent.noise(seeds, 4) for seeds in ([1, 5, 9], [2, 4, 8], [3, 7, 6])]
    plain = latent.arithmetic([groups[0], groups[2]], [groups[1]])
    code = latent.restored(plain)  # as the page and its API do where nothing is said
    assert np.array_equal(np.load(kept), code[None])
    assert f"length {np.linalg.norm(plain):.1f}, drawn at that of noise, 2.0" in capsys.readouterr().out
    # The sum's own picture is the middle one of the nine at the right, twelve times as large.
    picture = pixels.read(out)
    middle = Translator(DRAWING, engine="cpu").draw(code[None])[0].repeat(12, 0).repeat(12, 1)
    bottom, right = len(picture) - figures.MARGIN - figures.TEXT - 2 * figures.GAP, picture.shape[1] - figures.MARGIN
    at = (bottom - 2 * 96 - figures.GAP, right - 2 * 96 - figures.GAP)
    assert np.array_equal(picture[at[0] : at[0] + 96, at[1] : at[1] + 96], middle)

    assert main(["latent", "add", DRAWING, *terms, "--no-restore", "-o", str(out), "--save-noise", str(kept)]) == 0
    assert np.array_equal(np.load(kept), plain[None])
    assert f"length {np.linalg.norm(plain):.1f}, that of noise is 2.0 on average" in capsys.readouterr().out

    words = ["average", DRAWING, "--seeds", "0-5", "-o", str(out), "--save-noise", str(kept)]
    assert main(["latent", *words, *ENGINE]) == 0
    assert np.array_equal(np.load(kept)[0], latent.average(latent.noise(range(6), 4), restore=True))
    assert np.linalg.norm(np.load(kept)) == pytest.approx(2)
    # A sum may go on with what was saved.
    assert main(["latent", "add", DRAWING, "--plus", str(kept), "--minus", "1", "-o", str(out), *ENGINE]) == 0


def test_codes_around_one() -> None:
    code = latent.noise([3], 100)[0]
    nine = picking.around(code, 0.25)
    assert np.array_equal(nine[4], code)
    moves = np.delete(nine, 4, 0) - code
    assert 0.24 < np.abs(moves).max() <= 0.25 + 1e-6
    assert len(np.unique(moves)) > 790
    assert np.array_equal(nine, picking.around(code, 0.25))


def test_names_that_a_file_system_would_take_for_one() -> None:
    from dataclasses import replace

    card = replace(Translator(TOLD, engine="cpu").card, classes=["a/b", "A?b", "ü"])
    assert picking.names(card, picking.source("7"), [0, 1, 2]) == ["seed_7_0", "seed_7_1", "seed_7_2"]
    card = replace(card, classes=["a/b", "../c", "ü"])
    assert picking.names(card, picking.source("7"), [0, 1, 2]) == ["seed_7_a_b", "seed_7__c", "seed_7_ü"]


@pytest.mark.parametrize(("text", "seeds"), [("7", [7]), ("1,5,9", [1, 5, 9]), ("0-3, 2", [0, 1, 2, 3, 2])])
def test_seeds_in_words(text: str, seeds: list[int]) -> None:
    assert list(picking.source(text).seeds) == seeds


@pytest.mark.parametrize(
    "text", ["", "a", "-1", "5-1", "1,,2", "1-2-3", "9223372036854775808", "1.5", "²", "0-1000000"]
)
def test_seeds_that_are_none(text: str) -> None:
    with pytest.raises(LatentError, match=r"give numbers and ranges|more than 1,000,000"):
        picking.source(text)


REFUSED = {
    "a model that translates": (["draw", INVERT, "-o", "x"], "`translate latent` needs a model that draws"),
    "labels of none": (["draw", DRAWING, "-o", "x", "--labels", "1"], "knows no labels"),
    "an unknown label": (["draw", TOLD, "-o", "x", "--labels", "grey"], "no label 'grey': choose one of red, green"),
    "a number beyond": (["draw", TOLD, "-o", "x", "--labels", "3"], "no label '3'"),
    "two labels for three": (["draw", TOLD, "-o", "x", "--seeds", "0-2", "--labels", "0,1"], "2 for 3 seeds"),
    "no label": (["between", TOLD, "1", "2", "-o", "x"], "give --label, one of red, green, blue"),
    "a label of none": (["average", DRAWING, "--seeds", "1", "--label", "0", "-o", "x.png"], "leave --label out"),
    "one seed": (["between", DRAWING, "1", "-o", "x"], "two codes"),
    "no way": (["between", DRAWING, "1", "2", "--how", "bent", "-o", "x"], "no way bent"),
    "a fast film": (["between", DRAWING, "1", "2", "--rate", "99", "-o", "x.gif"], "0.1 to 50 frames"),
    "nothing to add": (["add", DRAWING, "--minus", "1", "-o", "x.png"], "a group to begin with"),
    "nothing left": (["add", DRAWING, "--plus", "1", "--minus", "1", "-o", "x.png"], "no direction"),
    "wild jitter": (["add", DRAWING, "--plus", "1", "--jitter", "-1", "-o", "x.png"], "--jitter -1"),
    "a film of draws": (["draw", DRAWING, "-o", "x.gif"], "x.gif: no sheet is written as .gif"),
    "a way as text": (["between", DRAWING, "1", "2", "-o", "x.txt"], "give one that ends in .png, or a folder"),
    "a folder for a sum": (["add", DRAWING, "--plus", "1", "-o", "x"], "end its name in .png"),
    "too many for a file": (["draw", DRAWING, "--seeds", "0-60", "-o", "x.png"], "too many for one file"),
    "no columns": (["draw", DRAWING, "-o", "x.png", "--columns", "0"], "--columns 0"),
    "no file": (["draw", DRAWING, "--noise", "x.npy", "-o", "x"], "x.npy: No such file"),
    "no noise": (["draw", DRAWING, "--noise", "text.npy", "-o", "x"], "text.npy is no file of NumPy's"),
    "pickled noise": (["draw", DRAWING, "--noise", "objects.npy", "-o", "x"], "objects.npy is no file of NumPy's"),
    "other noise": (["draw", DRAWING, "--noise", "long.npy", "-o", "x"], "codes of 5 numbers, the model draws from 4"),
    "whole numbers": (["draw", DRAWING, "--noise", "whole.npy", "-o", "x"], "holds no codes"),
    "noise that is none": (["draw", DRAWING, "--noise", "nan.npy", "-o", "x"], "no finite numbers"),
    "a folder that is not": (["draw", DRAWING, "--save-noise", "a/b.npy", "--seeds", "1", "-o", "x.png"], "a/b.npy"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.npy").write_text("noise")
    np.save("objects.npy", np.array([{}], object), allow_pickle=True)
    np.save("long.npy", np.zeros((1, 5), np.float32))
    np.save("whole.npy", np.zeros((1, 4), int))
    np.save("nan.npy", np.full((1, 4), np.nan))
    words, why = REFUSED[name]
    monkeypatch.setattr(pixels, "MAX_PIXELS", 60 * 12**2)
    assert main(["latent", *words, *ENGINE]) == 1
    told = capsys.readouterr().err
    assert why in told
    assert len(told.splitlines()) == 1
    if name != "a folder that is not":
        assert not [path for path in tmp_path.iterdir() if path.name.startswith("x")]
