"""The check of data: every fault that is planted is found, by its files, and nothing else is."""

import json
import shutil
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from PIL import Image

from tests.forms import fields
from tests.runtime import hostile
from tests.tiny import configuration
from translate import pixels
from translate.cli import main
from translate.data import checking, town
from translate.data.checking import registration
from translate.data.checking.collection import Collection
from translate.data.checking.duplicates import connected
from translate.data.checking.measures import measure
from translate.data.layouts import ImageFolder

FACADES = Path(__file__).resolve().parents[3] / "shared" / "data" / "facades" / "train"
SCENES = 24


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scenes at 64²: labels as A, day as B, and edges."""
    folder = tmp_path_factory.mktemp("views")
    town.make(folder, SCENES, 64, ("labels", "day", "edges"))
    (folder / "labels").rename(folder / "A")
    (folder / "day").rename(folder / "B")
    return folder


@pytest.fixture
def pairs(views: Path, tmp_path: Path) -> Path:
    """A folder of pairs to spoil."""
    for view in "AB":
        shutil.copytree(views / view, tmp_path / "set" / view)
    return tmp_path / "set"


@pytest.fixture
def split(views: Path, tmp_path: Path) -> Path:
    """The same, the last six for tests."""
    for view in "AB":
        for rank, path in enumerate(sorted((views / view).iterdir())):
            folder = tmp_path / "set" / ("train" if rank < SCENES - 6 else "test") / view
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder)
    return tmp_path / "set"


def found(folder: Path, **given: object) -> dict[str, set[tuple[str, ...]]]:
    """Files by kind of finding, but for how few they are."""
    checkup = checking.check(checking.recognise(folder, given))
    return {f.kind: {case.files for case in f.cases} for f in checkup.findings if f.kind != "few"}


def both(number: int) -> tuple[str, str]:
    return f"A/{number:05}.png", f"B/{number:05}.png"


def edit(path: Path, change: Callable[[Image.Image], Image.Image], **options: object) -> None:
    with Image.open(path) as image:
        image.load()
        change(image).save(path, **options)


@pytest.mark.parametrize(("source", "target"), [("A", "B"), ("B", "A"), ("edges", "B")])
def test_a_clean_set_raises_no_alarm(source: str, target: str, views: Path) -> None:
    assert found(views, layout="two_folders", source=source, target=target) == {}


def truncate(root: Path) -> None:
    path = root / "B/00003.png"
    path.write_bytes(path.read_bytes()[:700])


def bomb(root: Path) -> None:
    (root / "A/00004.png").write_bytes(hostile.png(30_000, 30_000, pixels=hostile.bomb(2**20)))


def other_size(root: Path) -> None:
    edit(root / "B/00005.png", lambda image: image.resize((66, 64)))


def exchange(root: Path) -> None:
    one, other = (root / name for name in both(6))
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def blank(root: Path) -> None:
    edit(root / "B/00007.png", lambda image: image.point(lambda level: 200))


def see_through(root: Path) -> None:
    def clear(image: Image.Image) -> Image.Image:
        image = image.convert("RGBA")
        image.putpixel((3, 3), (1, 2, 3, 0))
        return image

    edit(root / "B/00008.png", clear)


def deep(root: Path) -> None:
    grey = np.asarray(Image.open(root / "B/00009.png").convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey).save(root / "B/00009.png")


def turned_once(root: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    edit(root / "B/00010.png", lambda image: image.rotate(180), exif=exif)


def lonely(root: Path) -> None:
    (root / "A/00011.png").unlink()


def twice(root: Path) -> None:
    edit(root / "A/00012.png", lambda image: image)
    Image.open(root / "A/00012.png").save(root / "A/00012.bmp")


def copied(root: Path) -> None:
    for view in "AB":
        edit(root / view / "00013.png", lambda image: image)
        shutil.copy(root / view / "00013.png", root / view / "copy.png")


def same_source(root: Path) -> None:
    shutil.copy(root / "A/00014.png", root / "A/00015.png")


def identical(root: Path) -> None:
    shutil.copy(root / "B/00016.png", root / "A/00016.png")


def small(root: Path) -> None:
    for view in "AB":
        edit(root / view / "00017.png", lambda image: image.resize((30, 30), Image.Resampling.NEAREST))


def palette(root: Path) -> None:
    edit(root / "A/00018.png", lambda image: image.quantize(64, dither=Image.Dither.NONE))


def printing(root: Path) -> None:
    path = root / "B/00019.png"
    Image.open(path).convert("CMYK").save(path.with_suffix(".jpg"), quality=95)
    path.unlink()


def resized_copy(root: Path) -> None:
    for view in "AB":
        with Image.open(root / view / "00020.png") as image:
            image.resize((96, 96), Image.Resampling.BICUBIC).save(root / view / "again.png")


def grey(root: Path) -> None:
    edit(root / "B/00021.png", lambda image: image.convert("L"))


@pytest.mark.parametrize(
    ("plant", "expected"),
    [
        (truncate, {"unreadable": {both(3)}}),
        (bomb, {"unreadable": {both(4)}}),
        (other_size, {"pair-size": {both(5)}}),
        (exchange, {"swapped": {both(6)}}),
        (blank, {"blank": {both(7)}}),
        (see_through, {"transparent": {both(8)[1:]}}),
        (deep, {"depth": {both(9)[1:]}, "grey-among-colour": {both(9)}}),
        (turned_once, {"rotated": {both(10)[1:]}, "pair-turned": {both(10)}}),
        (lonely, {"no-partner": {both(11)[1:]}}),
        (twice, {"same-stem": {("A/00012.bmp", "A/00012.png")}}),
        (copied, {"duplicate": {(*both(13), "A/copy.png", "B/copy.png")}}),
        # What follows from a fault is found as well: the source copied over another one belongs to its own target.
        (same_source, {"contradiction": {(*both(14), *both(15))}, "stranger": {(*both(15), *both(14))}}),
        (identical, {"identical": {both(16)}}),
        (small, {"tiny": {both(17)}}),
        (palette, {"palette": {both(18)[:1]}}),
        (printing, {"cmyk": {("B/00019.jpg",)}}),
        (resized_copy, {"near-duplicate": {(*both(20), "A/again.png", "B/again.png")}}),
        (grey, {"grey-among-colour": {both(21)}}),
    ],
)
def test_a_planted_fault_is_found_and_nothing_else(
    plant: Callable[[Path], None], expected: dict[str, set[tuple[str, ...]]], pairs: Path
) -> None:
    plant(pairs)
    assert found(pairs, layout="two_folders") == expected


def test_copies_across_splits(split: Path) -> None:
    train, test = split / "train", split / "test"
    for view in "AB":
        shutil.copy(train / view / "00001.png", test / view / "leak.png")
        with Image.open(train / view / "00002.png") as image:
            image.resize((80, 80), Image.Resampling.BICUBIC).save(test / view / "near.png")
    shutil.copy(train / "A/00003.png", test / "A/00020.png")
    kinds = found(split)
    assert {kind: files for kind, files in kinds.items() if "leakage" in kind} == {
        "leakage": {("train/A/00001.png", "train/B/00001.png", "test/A/leak.png", "test/B/leak.png")},
        "near-leakage": {("train/A/00002.png", "train/B/00002.png", "test/A/near.png", "test/B/near.png")},
        "half-leakage": {("train/A/00003.png", "train/B/00003.png", "test/A/00020.png", "test/B/00020.png")},
    }
    assert kinds.keys() - {"leakage", "near-leakage", "half-leakage"} <= {"contradiction", "shifted", "stranger"}


def test_unpaired_domains_leak_as_well(views: Path, tmp_path: Path) -> None:
    for rank, path in enumerate(sorted((views / "A").iterdir())):
        for view, letter in (("A", "A"), ("B", "B")):
            folder = tmp_path / f"{'train' if rank < 18 else 'test'}{letter}"
            folder.mkdir(exist_ok=True)
            shutil.copy(views / view / path.name, folder / f"{letter}{path.name}")
    assert found(tmp_path) == {}
    shutil.copy(tmp_path / "trainB/B00002.png", tmp_path / "testB/again.png")
    assert found(tmp_path) == {"leakage": {("trainB/B00002.png", "testB/again.png")}}


def test_all_shifted(pairs: Path) -> None:
    for path in sorted((pairs / "A").iterdir()):
        edit(path, lambda image: image.crop((6, 0, 64, 64)))
        edit(pairs / "B" / path.name, lambda image: image.crop((0, 0, 58, 64)))
    checkup = checking.check(checking.recognise(pairs, {}))
    assert checkup.alignment is not None
    assert checkup.alignment.shift == pytest.approx((0, 6), abs=0.6)
    (finding,) = (f for f in checkup.findings if f.severity == "error")
    assert finding.kind == "set-shifted"
    assert "target moved by 6 px right" in finding.title


def test_all_in_the_wrong_order(pairs: Path) -> None:
    paths = sorted((pairs / "B").iterdir())
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, [*contents[1:], contents[0]], strict=True):
        path.write_bytes(content)
    checkup = checking.check(checking.recognise(pairs, {}))
    assert [f.kind for f in checkup.findings if f.severity == "error"] == ["shuffled"]
    assert checkup.alignment is not None
    assert checkup.alignment.offset == -1


def test_two_exchanged(pairs: Path) -> None:
    one, other = pairs / "B/00003.png", pairs / "B/00008.png"
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert found(pairs)["exchanged"] == {(*both(3), *both(8))}


def test_a_shift_is_measured() -> None:
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(0, 255, (40, 40, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    # Levels turned round, as in another domain.
    fit = registration.fit(scene[20:276, 10:266], 255 - scene[16:272, 20:276])
    assert fit.shift == (4, -10)
    assert fit.gap > registration.BELIEVED
    assert registration.fit(scene[:256, :256], scene[:256, :256]).gap == 0


def test_strangers_match_as_chance_has_it() -> None:
    rng = np.random.default_rng(1)
    source, target = (rng.integers(0, 255, (60, 64, 64)).astype(np.uint8) for _ in range(2))
    scores = registration.belonging(source, target)
    assert np.std(scores) == pytest.approx(1, abs=0.05)
    assert np.diag(registration.belonging(source, source)).min() > 20


def test_measures_of_a_known_picture() -> None:
    picture = np.zeros((20, 40, 3), np.uint8)
    picture[:, 30:] = (255, 0, 0)
    one = measure(picture)
    assert (one.height, one.width, one.colours, one.grey) == (20, 40, 2, False)
    assert one.share == 0.75
    assert one.flat == pytest.approx(38 / 39)
    assert one.saturation == pytest.approx(255 / 4, abs=4)
    assert (measure(picture[:, ::-1]).bits != one.bits).sum() > 8
    assert measure(picture.copy()).digest == one.digest != measure(picture.transpose(1, 0, 2)).digest


def test_groups_are_connected() -> None:
    assert connected([(4, 5), (1, 2), (5, 9), (0, 9)]) == [[0, 4, 5, 9], [1, 2]]


@pytest.fixture
def side_by_side(views: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "wide"
    folder.mkdir()
    for path in (views / "A").iterdir():
        halves = [np.asarray(Image.open(views / view / path.name)) for view in "BA"]
        pixels.write(np.concatenate(halves, axis=1), folder / path.name)
    return folder


def test_pairs_side_by_side(side_by_side: Path) -> None:
    collection = checking.recognise(side_by_side, {})
    assert (collection.section["layout"], collection.section["source"]) == ("side_by_side", "right")
    assert found(side_by_side) == {}
    edit(side_by_side / "00002.png", lambda image: image.crop((0, 0, 127, 64)))
    edit(side_by_side / "00003.png", lambda image: Image.fromarray(np.roll(np.asarray(image), 64, axis=1)))
    assert found(side_by_side) == {"odd-width": {("00002.png",)}, "swapped": {("00003.png",)}}


def test_label_maps_blurred_by_jpeg(side_by_side: Path, tmp_path: Path) -> None:
    (tmp_path / "jpeg").mkdir()
    for path in side_by_side.iterdir():
        with Image.open(path) as image:
            large = image.resize((512, 256), Image.Resampling.NEAREST)
            large.save(tmp_path / "jpeg" / f"{path.stem}.jpg", quality=70)
    kinds = found(tmp_path / "jpeg")
    assert set(kinds) == {"blurred-labels"}
    assert len(kinds["blurred-labels"]) > SCENES / 2


@pytest.mark.parametrize(
    ("folders", "layout"),
    [
        (["."], "images"),
        (["train", "test"], "images"),
        (["trainA", "trainB", "testA", "testB"], "unpaired"),
        (["A/train", "B/train", "A/test", "B/test"], "two_folders"),
        (["train/A", "train/B"], "two_folders"),
        (["cats", "dogs", "owls"], "labelled"),
    ],
)
def test_a_folder_is_recognised(folders: list[str], layout: str, views: Path, tmp_path: Path) -> None:
    for folder in folders:
        (tmp_path / "set" / folder).mkdir(parents=True, exist_ok=True)
        for path in list((views / "B").iterdir())[:3]:
            shutil.copy(path, tmp_path / "set" / folder)
    collection = checking.recognise(tmp_path / "set", {})
    assert collection.layout == layout
    assert collection.splits == (["train", "test"] if any("test" in folder for folder in folders) else ["train"])


def test_two_folders_of_other_names_are_unpaired_and_can_be_overridden(views: Path, tmp_path: Path) -> None:
    for view in "AB":
        (tmp_path / view).mkdir()
        for path in (views / view).iterdir():
            shutil.copy(path, tmp_path / view / f"{view}{path.name}")
    assert checking.recognise(tmp_path, {}).layout == "unpaired"
    assert checking.recognise(tmp_path, {"layout": "labelled"}).layout == "labelled"
    assert len(checking.recognise(tmp_path, {"layout": "two_folders"}).lonely) == 2 * SCENES


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(tmp_path)]) == 1
    assert "no pictures there" in capsys.readouterr().err
    assert main(["data", "check", str(tmp_path / "none")]) == 1
    assert main(["data", "check", str(tmp_path), "layout=images"]) == 1
    assert "give data.layout=" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["views.zip"], "is in an archive"),
        (["views.zip/A"], "is in an archive"),
        (["packed"], "was packed"),
        (["http://127.0.0.1:9/packed"], 'layout = "packed"'),
        (["model.onnx"], "is neither a folder of pictures nor a configuration"),
        (["set", "data.layout=derived"], "data.layout=derived needs more keys"),
        (["set", "data.source=A"], "give data.layout="),
    ],
)
def test_what_is_no_folder_of_pictures(words: list[str], told: str, pairs: Path, tmp_path: Path, capsys) -> None:
    in_a_zip(pairs)
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed/index.json").write_text("{}")
    (tmp_path / "model.onnx").write_bytes(b"a model")
    path = words[0] if ":" in words[0] else str(tmp_path / words[0])
    assert main(["data", "check", path, *words[1:]]) == 1
    assert told in capsys.readouterr().err


def test_exit_status_and_json(pairs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.json"
    assert main(["data", "check", str(pairs), "--strict", "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert (told["status"], told["counts"]["error"], told["files"]) == (0, 0, 2 * SCENES)
    assert told["sizes"] == {"64×64": 2 * SCENES}
    assert told["bytes"] == sum(path.stat().st_size for path in pairs.rglob("*.png"))
    assert told["data"]["layout"] == "two_folders"
    blank(pairs)
    assert main(["data", "check", str(pairs)]) == 0
    assert main(["data", "check", str(pairs), "--strict"]) == 1
    lonely(pairs)
    capsys.readouterr()
    assert main(["data", "check", str(pairs), "--json", str(out)]) == 1
    told = json.loads(out.read_text())
    assert told["findings"][0]["kind"] == "no-partner"
    assert told["findings"][0]["cases"] == [{"files": ["B/00011.png"], "detail": ""}]
    assert "error: 1 file has no partner of the same name" in capsys.readouterr().out


class Sheet(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.images: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(str(dict(attrs)["src"]))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_sheet_shows_what_was_found_and_needs_nothing_beside_it(pairs: Path, tmp_path: Path) -> None:
    (pairs / "A/00000.png").rename(pairs / "A/<b>&.png")
    (pairs / "B/00000.png").rename(pairs / "B/<b>&.png")
    edit(pairs / "B/<b>&.png", lambda image: image.resize((66, 64)))
    truncate(pairs)
    page = tmp_path / "sheet.html"
    assert main(["data", "check", str(pairs), "--sheet", str(page)]) == 1
    sheet = Sheet()
    sheet.feed(page.read_text(encoding="utf-8"))
    assert len(sheet.images) == 3  # the pair of two sizes, and what is left of the damaged one
    assert all(image.startswith("data:image/jpeg;base64,") for image in sheet.images)
    assert "A/<b>&.png" in sheet.text
    assert "not read" in sheet.text
    assert 'layout = "two_folders"' in sheet.text
    assert main(["data", "check", str(pairs), "--sheet", str(tmp_path / "sheet.png")]) == 1
    assert pixels.read(tmp_path / "sheet.png").shape[1] == 1280
    assert main(["data", "check", str(pairs), "--sheet", str(tmp_path / "sheet.txt")]) == 1


def test_what_a_configuration_holds_out_must_not_be_trained_on(pairs: Path, tmp_path: Path, capsys) -> None:
    for view in "AB":
        shutil.copy(pairs / view / "00001.png", pairs / view / "99999.png")
    made = configuration("pix2pix", tmp_path)
    made["data"] = {"layout": "two_folders", "source": str(pairs / "A"), "target": str(pairs / "B"), "holdout": 3}
    path = tmp_path / "c.toml"
    path.write_text(tomli_w.dumps(made))
    assert main(["data", "check", str(path)]) == 1
    out = capsys.readouterr().out
    assert "error: 1 group of copies across splits" in out
    assert "the same bytes; in train and held out" in out
    assert main(["data", "check", str(path), "data.holdout=0"]) == 0
    assert main(["data", "check", str(path), "data.holdout=0", "transform.size=128", "--strict"]) == 1
    capsys.readouterr()
    lonely(pairs)
    assert main(["data", "check", str(path)]) == 1
    assert "no partner of the same name" in capsys.readouterr().out


def in_a_zip(folder: Path) -> Path:
    """Two views as folders of one archive."""
    path = folder.with_name("views.zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.glob("*/*.png")):
            archive.write(file, file.relative_to(folder).as_posix())
    return path


def packed(folder: Path) -> Path:
    out = folder.with_name("packed")
    made = configuration("pix2pix", folder)
    made["data"] = {"layout": "two_folders", "source": f"{folder}/A", "target": f"{folder}/B", "holdout": 3}
    path = folder.with_name("pack.toml")
    path.write_text(tomli_w.dumps(made))
    assert main(["data", "pack", str(path), "-o", str(out)]) == 0
    return out


CONFIGURED: dict[str, Callable[[Path], dict[str, object]]] = {
    "derived": lambda root: {"root": str(root / "B"), "derive": {"name": "grey"}},
    "zip": lambda root: {"source": f"{in_a_zip(root)}/A", "target": f"{in_a_zip(root)}/B"},
    "several": lambda root: {"source": [str(root / "A"), str(root / "B")], "target": str(root / "B")},
    "packed": lambda root: {"root": str(packed(root))},
}


@pytest.mark.parametrize("kind", CONFIGURED)
def test_every_layout_of_a_configuration_is_looked_into(kind: str, pairs: Path, tmp_path: Path) -> None:
    """A picture that is trained on and held out is found in each, told to programs and shown."""
    for view in "AB":
        shutil.copy(pairs / view / "00001.png", pairs / view / "99999.png")
    made = configuration("pix2pix", tmp_path)
    layout = kind if kind in ("derived", "packed") else "two_folders"
    made["data"] = {"layout": layout, "holdout": 3, **CONFIGURED[kind](pairs)}
    path, told, page = tmp_path / "c.toml", tmp_path / "out.json", tmp_path / "sheet.html"
    path.write_text(tomli_w.dumps(made))
    assert main(["data", "check", str(path), "--json", str(told), "--sheet", str(page)]) == 1
    found = json.loads(told.read_text())
    (leak,) = (finding for finding in found["findings"] if finding["kind"] == "leakage")
    assert sum("99999.png" in name for case in leak["cases"] for name in case["files"]) == 1 + (kind != "derived")
    assert found["samples"] == {"train": SCENES - 2, "held out": 3}
    assert found["bytes"] > 1000
    sheet = Sheet()
    sheet.feed(page.read_text(encoding="utf-8"))
    assert len(sheet.images) >= 2
    assert "not read" not in sheet.text
    assert main(["data", "check", str(path), "data.holdout=0"]) == 0
    assert main(["data", "check", str(path), "data.holdout=0", "--strict"]) == 1  # copies all the same


@pytest.mark.parametrize("spread", [False, True])
def test_copies_are_found_in_the_split_that_training_makes(spread: bool, pairs: Path, tmp_path: Path) -> None:
    """Spread, neither of the two is held out; the last by name, one of them is."""
    names = [path.name for path in ImageFolder(str(pairs / "B"), holdout=3, spread=True).train]
    shutil.copy(pairs / "B" / names[0], pairs / "B" / "99999.png")
    made = configuration("dcgan", tmp_path)
    made["data"] = {"layout": "images", "root": str(pairs / "B"), "holdout": 3, "spread": spread}
    held_out = {path.name for path in ImageFolder(str(pairs / "B"), holdout=3, spread=spread).held_out}
    path, told = tmp_path / "c.toml", tmp_path / "out.json"
    path.write_text(tomli_w.dumps(made))
    main(["data", "check", str(path), "--json", str(told)])
    kinds = {finding["kind"] for finding in json.loads(told.read_text())["findings"]}
    assert ("leakage" in kinds) == ("99999.png" in held_out) == (not spread)


def test_arrays_are_looked_at_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a configuration and without: none is called no picture, and copies are found by their bytes."""
    fields.make(tmp_path)
    np.save(tmp_path / "two/other.npy", np.load(tmp_path / "two/0.npy") // 2)  # looks the same when it is shown
    out = tmp_path / "out.json"
    assert main(["data", "check", str(tmp_path / "two"), "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert told["modes"] == {"2 × uint16": 7}
    assert told["formats"] == {"NPY": 7}
    assert told["bytes"] == sum(path.stat().st_size for path in (tmp_path / "two").iterdir())
    assert not {"unreadable", "duplicate"} & {finding["kind"] for finding in told["findings"]}
    assert 'channels = 2\nvalues = { depth = "uint16" }' in capsys.readouterr().out
    (tmp_path / "two/other.npy").unlink()
    for name, suffix in (("two", ".npy"), ("one", ".png")):
        shutil.copy(tmp_path / name / f"0{suffix}", tmp_path / name / f"9{suffix}")
    path = tmp_path / "c.toml"
    path.write_text(tomli_w.dumps(fields.configuration(tmp_path)))
    assert main(["data", "check", str(path), "--json", str(out)]) == 1
    told = json.loads(out.read_text())
    assert told["megapixels"] == pytest.approx(14 * 36 * 36 / 1e6)
    (leak,) = (finding for finding in told["findings"] if finding["kind"] == "leakage")
    assert {name for case in leak["cases"] for name in case["files"]} == {
        f"{name}/{number}{suffix}" for number in (0, 9) for name, suffix in (("two", ".npy"), ("one", ".png"))
    }


@pytest.mark.skipif(not FACADES.is_dir(), reason="needs the real façades")
def test_real_pairs_false_alarms_and_what_is_found() -> None:
    """Shares as they are told in docs/checking.md, here on the first 100 pairs."""
    paths = pixels.find(FACADES)[:100]
    pictures = [np.split(pixels.read(path), 2, axis=1) for path in paths]
    targets, sources = ([pair[side] for pair in pictures] for side in (0, 1))

    def gaps(shift: int) -> float:
        fits = [registration.fit(s[:, shift:], t[:, : 256 - shift]) for s, t in zip(sources, targets, strict=True)]
        return float(np.mean([fit.gap > registration.BELIEVED for fit in fits]))

    assert gaps(0) <= 0.03
    assert gaps(8) >= 0.5
    maps = [registration.fit(s, t).maps for s, t in zip(sources, targets, strict=True)]
    scores = registration.belonging(*(np.stack(side) for side in zip(*maps, strict=True)))
    assert (scores > np.diag(scores)[:, None]).mean() < 0.05
    assert (np.roll(scores, 1, axis=1) > np.diag(np.roll(scores, 1, axis=1))[:, None]).mean() > 0.4
    assert (np.diag(scores) > 2).mean() > 0.8


def test_names_of_files_elsewhere(tmp_path: Path) -> None:
    assert Collection(tmp_path / "a", {}).name(tmp_path / "b.png") == str(tmp_path / "b.png")
