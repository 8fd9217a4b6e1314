"""Cards of known data sets: each whole, with its configurations, found from a wheel too; and the commands on them."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.data import tables
from tests.data.serving import PICTURES, QUICK, File, Handler, Server, as_toml, card, serving, tree, zipped
from translate.cli import main
from translate.data.known import Archive, Card, cards, catalogue, download, fetching, progress
from translate.data.known.names import plain
from translate.errors import DataError

ROOT = Path(__file__).parents[2]
CARDS = cards()
ARCHIVES = [(made, archive) for made in CARDS for archive in made.archives]
NAMES = [f"{made.name}-{archive.variant}" for made, archive in ARCHIVES]

WANTED = {
    *("facades", "maps", "cityscapes", "edges2shoes", "edges2handbags", "night2day", "horse2zebra", "apple2orange"),
    *("summer2winter_yosemite", "monet2photo", "cezanne2photo", "ukiyoe2photo", "vangogh2photo", "iphone2dslr_flower"),
    *("grumpifycat", "afhq"),
}

# Configurations of data that is drawn here, or that is the user's own.
OURS = {"anime_faces", "day2night", "faces64", "mnist", "photos", "town", "town128", "town512"}


def data(config: Path) -> dict[str, str]:
    return tomllib.loads(config.read_text(encoding="utf-8"))["data"]


def places(config: Path) -> set[str]:
    """Folders that a configuration reads."""
    return {str(value) for value in data(config).values() if str(value).startswith("data/")}


# The cards


def test_all_of_them_are_there() -> None:
    assert {made.name for made in CARDS} == WANTED
    assert {made.name for made in CARDS if len(made.archives) == 2} == {"facades", "maps", "cityscapes"}
    assert {path.parent.name for path in (ROOT / "datasets").glob("*/*")} == WANTED


@pytest.mark.parametrize("made", CARDS, ids=lambda made: made.name)
def test_a_card_says_everything(made: Card) -> None:
    path = ROOT / "datasets" / made.name / "card.toml"
    assert catalogue.read(path) == made == catalogue.card(made.name)
    for text in (made.shows, made.of, made.licence, made.terms, *made.cite):
        assert text
        assert text == text.strip()
        assert text.isprintable()
    assert made.terms.endswith(".")
    assert all(re.search(r"\b(19|20)\d\d\b", entry) for entry in made.cite)
    # Whoever may not pass it on says how else one comes by it.
    assert bool(made.by_hand) == any(not archive.mirrors for archive in made.archives)


@pytest.mark.parametrize(("made", "archive"), ARCHIVES, ids=NAMES)
def test_an_archive_can_be_had_and_checked(made: Card, archive: Archive) -> None:
    assert archive.file == made.name + (".tar.gz" if archive.variant == "paired" else ".zip")
    for mirror in archive.mirrors:
        assert re.fullmatch(rf"https?://[^/?#]+/\S*{re.escape(archive.file)}(\?dl=1)?", mirror)
    # Safe first: where there is no https, the checksum holds off whoever is on the way.
    assert archive.mirrors == [] or archive.mirrors[0].startswith("https://")
    assert archive.sha256 or archive.md5
    assert archive.recorded_by
    assert len({folder.path for folder in archive.folders}) == len(archive.folders)
    assert all(folder.pictures > 0 and folder.shows and not plain(folder.path) for folder in archive.folders)


@pytest.mark.parametrize(("made", "archive"), ARCHIVES, ids=NAMES)
def test_its_configurations_read_what_it_gives(made: Card, archive: Archive) -> None:
    assert archive.configs
    inside = {folder.path: f"data/{made.name}/{folder.path}" for folder in archive.folders}
    for name in archive.configs:
        config = ROOT / "configs" / f"{name}.toml"
        assert places(config) <= set(inside.values())
        read = data(config)
        assert read["layout"] == archive.data["layout"]
        domains = tomllib.loads(config.read_text(encoding="utf-8"))["domains"]
        expected = {key: inside.get(value, value) for key, value in archive.data.items()}
        if domains == archive.domains:
            assert {key: read[key] for key in expected} == expected
        else:  # it goes the other way
            assert domains == archive.domains[::-1]
            assert (read["source"], read["target"]) == (expected["target"], expected["source"])


def test_every_configuration_of_a_public_set_has_a_card() -> None:
    public = {
        path.stem
        for path in (ROOT / "configs").glob("*.toml")
        if any(Path(place).parts[1] not in OURS for place in places(path))
    }
    assert public == {name for _, archive in ARCHIVES for name in archive.configs}
    assert len(public) > 20


def test_the_tables_in_the_readme_are_the_cards(request: pytest.FixtureRequest) -> None:
    path = ROOT / "datasets" / "README.md"
    text = path.read_text(encoding="utf-8")
    written = tables.written(text, CARDS)
    if request.config.getoption("--regenerate"):
        path.write_text(written, encoding="utf-8")
        return
    assert written == text, "pytest tests/data/test_known.py --regenerate writes them anew"


# Reading


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("licence", "license", "there is no key 'license'; did you mean 'licence'?"),
        ('shows = "days ↔ nights"\n', "", "shows is missing"),
        ('cite = [\n    "nobody",\n]', "cite = 5", "cite = 5: it must be of type list[str]"),
        ("pictures = 2", 'pictures = "2"', "pictures = '2': it must be of type int"),
        ("pictures = 2", "pictures = true", "pictures = True: it must be of type int"),
        ('path = "trainA"', 'path = "../trainA"', "folder '../trainA' leads out of its folder"),
        ('path = "trainA"', 'path = "/etc"', "folder '/etc' is an absolute path"),
        ('name = "tiny"', 'name = "../tiny"', "name = '../tiny' is no plain word"),
        ('file = "tiny.zip"', 'file = "../tiny.zip"', "file must be a plain name"),
        ('"unpaired"', '"pared"', "variant = 'pared': it must be paired or unpaired"),
        ('"https://a.example/x"', '"file:///etc/passwd"', "is no address that begins with https:// or http://"),
        ('sha256 = "', 'sha256 = "x', "sha256 must be 64 digits of 0-9a-f"),
        ("about = 0", "about = 7", "it takes either bytes or about, above 0"),
        ('name = "tiny"', "name = ", "is no TOML"),
    ],
)
def test_a_card_with_a_mistake_is_refused(old: str, new: str, why: str, tmp_path: Path) -> None:
    made, _ = card(b"x", "https://a.example/x")
    text = as_toml(made)
    path = tmp_path / "card.toml"
    path.write_text(text, encoding="utf-8")
    assert catalogue.read(path) == made
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DataError, match=re.escape(why)) as caught:
        catalogue.read(path)
    assert "\n" not in str(caught.value)


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set 'horse2zebras' is known; did you mean 'horse2zebra'"):
        catalogue.card("horse2zebras")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        catalogue.card(str(tmp_path / "gone.toml"))


def test_two_variants_must_be_told_apart() -> None:
    facades = catalogue.card("facades")
    with pytest.raises(DataError, match=r"--variant paired \(for pix2pix_facades\) or --variant unpaired"):
        facades.archive()
    assert facades.archive("paired").file == "facades.tar.gz"
    assert catalogue.card("horse2zebra").archive().file == "horse2zebra.zip"
    with pytest.raises(DataError, match="horse2zebra does not come paired, only unpaired"):
        catalogue.card("horse2zebra").archive("paired")


# An installed package


def test_the_wheel_takes_the_cards_in() -> None:
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["force-include"] == {"datasets": "translate/data/known/sets"}
    assert "datasets" in targets["sdist"]["include"]


def test_an_installed_package_finds_them(tmp_path: Path) -> None:
    # Laid out as the wheel is, with Hugging Face's package beside it.
    site = tmp_path / "site-packages"
    shutil.copytree(ROOT / "translate", site / "translate", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "datasets", site / "translate" / "data" / "known" / "sets")
    (site / "datasets").mkdir()
    (site / "datasets" / "__init__.py").touch()
    assert installed(Path(sys.executable), "-S", "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {LIST}") == 16


LIST = "from translate.data.known import cards, catalogue; print(catalogue.folder()); print(len(cards()))"


def installed(python: Path, *words: str) -> int:
    """How many cards are found, of those that lie in the package."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run([python, *words], cwd="/", env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folder, count = done.stdout.splitlines()
    assert folder.endswith(os.path.join("site-packages", "translate", "data", "known", "sets"))
    return int(count)


@pytest.mark.slow
def test_a_wheel_that_was_built(tmp_path: Path) -> None:
    if shutil.which("uv") is None:
        pytest.skip("needs uv")
    source = tmp_path / "source"
    for name in ("translate", "datasets"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = ["uv", "build", "--wheel", "--out-dir", str(tmp_path), str(source)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"cannot build here: {done.stderr.strip().splitlines()[-1]}")
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"translate"}
    python = tmp_path / "venv" / "bin" / "python"
    for words in (
        ["venv", str(tmp_path / "venv")],
        ["pip", "install", "--no-deps", "--python", str(python), str(wheel)],
    ):
        subprocess.run(["uv", *words], capture_output=True, check=True)
    assert installed(python, "-c", LIST) == 16


# The commands


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fetching, "Patience", lambda: QUICK)
    return tmp_path


CONTENT = zipped()


def write_card(folder: Path, content: bytes, *mirrors: str, **known) -> Path:
    made, _ = card(content, *mirrors, **known)
    path = folder / "tiny.toml"
    path.write_text(as_toml(made), encoding="utf-8")
    return path


def test_the_list(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in ("trainA", "trainB", "testA", "testB"):
        (elsewhere / "data" / "horse2zebra" / path).mkdir(parents=True)
    (elsewhere / "data" / "facades" / "train").mkdir(parents=True)
    room = elsewhere / "data" / fetching.OURS
    room.mkdir()
    (room / "maps-unpaired-maps.zip.part").write_bytes(bytes(12_000))
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + len(ARCHIVES)
    assert lines[0].split() == ["NAME", "COMES", "TRANSLATES", "PICTURES", "SIZE", "LICENCE", "HERE"]
    found = {(line.split()[0], line.split()[1]): line for line in lines[1:]}
    assert re.search(r"horses ↔ zebras +2,661 +117 MB +none stated +yes$", found["horse2zebra", "unpaired"])
    assert found["facades", "paired"].endswith("in part")
    assert found["facades", "unpaired"].endswith("no")
    assert found["maps", "unpaired"].endswith("12 kB of it")
    assert found["cityscapes", "paired"].endswith("by hand")
    assert "about 50,025" in found["edges2shoes", "paired"]


def test_the_particulars(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list", "facades"]) == 0
    out = capsys.readouterr().out
    for archive in catalogue.card("facades").archives:
        for text in (archive.file, *archive.mirrors, archive.sha256 or archive.md5, *archive.configs):
            assert text in out
    assert "Tyleček & Šára 2013" in out
    assert main(["data", "list", "facade"]) == 1
    assert "did you mean 'facades'?" in capsys.readouterr().err


def test_fetch_and_what_comes_next(elsewhere: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_card(elsewhere, CONTENT, server.at("/a", File(CONTENT)))
    (elsewhere / "configs").mkdir()
    config = elsewhere / "configs" / "tiny.toml"
    config.write_text('[data]\nlayout = "unpaired"\nsource = "data/tiny/trainB"\ntarget = "data/tiny/trainA"\n')
    assert main(["data", "fetch", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"tiny.zip ({progress.size(len(CONTENT))}) from http://127.0.0.1",
        "data/tiny: trainA 2, trainB 1",
        "tiny.zip has the sha256 that the test recorded",
        "Do as you like. Cite nobody.",
        "next: translate data check configs/tiny.toml",
        "      translate train configs/tiny.toml",
    ]
    assert main(["data", "fetch", str(path)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "data/tiny: there already, trainA 2, trainB 1"
    (elsewhere / "data" / "tiny" / "trainB" / "1.png").unlink()
    assert main(["data", "fetch", str(path)]) == 1
    assert "data/tiny/trainB has 0 files, and 1 were expected" in capsys.readouterr().out
    # Elsewhere the configuration must be told.
    assert main(["data", "fetch", str(path), "--to", "sets", "--variant", "unpaired"]) == 0
    words = "configs/tiny.toml data.source=sets/tiny/trainB data.target=sets/tiny/trainA"
    assert f"next: translate data check {words}\n      translate train {words}\n" in capsys.readouterr().out
    # Without one, what to write into it.
    config.unlink()
    assert main(["data", "fetch", str(path), "--to", "more"]) == 0
    written = capsys.readouterr().out.partition("next: a configuration with\n")[2]
    assert tomllib.loads(written) == {
        "domains": ["day", "night"],
        "data": {"layout": "unpaired", "source": "more/tiny/trainA", "target": "more/tiny/trainB"},
    }


def test_fetch_from_a_file_that_is_accepted(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_card(elsewhere, CONTENT, "https://a.example/x", sha256="0" * 64)
    (elsewhere / "mine.zip").write_bytes(CONTENT)
    assert main(["data", "fetch", str(path), "--from", "mine.zip"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("translate: mine.zip is not tiny.zip as it is known")
    assert error.count("\n") == 1
    sha256 = re.search(r"--accept ([0-9a-f]{64})", error)
    assert sha256
    assert main(["data", "fetch", str(path), "--from", "mine.zip", "--accept", sha256[1].upper()]) == 0
    assert len(tree(elsewhere / "data" / "tiny")) == 3
    assert (elsewhere / "mine.zip").exists()


def test_a_fetch_that_fails(elsewhere: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "fetch", str(write_card(elsewhere, CONTENT, server.at("/a", File(b"?"))))]) == 1
    error = capsys.readouterr().err
    assert error.startswith("translate: tiny.zip did not come: ")
    assert error.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to one process")
def test_control_c_and_then_again(tmp_path: Path, server: Server) -> None:
    big = zipped({**PICTURES, "tiny/trainA/2.png": bytes(range(256)) * 4000})
    half = len(big) // 2

    def slow(handler: Handler) -> None:
        whole = File(big)
        if handler.headers.get("Range"):
            whole(handler)
            return
        handler.send_response(200)
        for name, value in (("Content-Length", str(len(big))), ("ETag", whole.etag), ("Last-Modified", whole.modified)):
            handler.send_header(name, value)
        handler.end_headers()
        handler.send(big[:half])
        handler.server.over.wait(60)

    path = write_card(tmp_path, big, server.at("/a", slow))
    part = tmp_path / "data" / fetching.OURS / "tiny-unpaired-tiny.zip.part"
    # What a shell starts in the background, tests too, ignores Ctrl-C, and so would whatever that starts.
    hears = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    hears += "from translate.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", hears, "data", "fetch", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        until = time.monotonic() + 60
        while download.length(part) < half and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (130, "")
    assert {entry.name for entry in part.parent.iterdir()} == {part.name, f"{part.name}.json"}
    assert not (tmp_path / "data" / "tiny").exists()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert server.asked == [("/a", ""), ("/a", f"bytes={half}-")]
    assert server.sent == len(big)  # not a byte came twice
    assert len(tree(tmp_path / "data" / "tiny")) == 3


def test_a_card_may_be_a_strangers(tmp_path: Path) -> None:
    made, archive = card(b"x", "https://a.example/x")
    evil = replace(made, archives=[replace(archive, folders=[replace(archive.folders[0], path="a/../../b")])])
    path = tmp_path / "card.toml"
    path.write_text(as_toml(evil), encoding="utf-8")
    with pytest.raises(DataError, match="leads out of its folder"):
        catalogue.card(str(path))
