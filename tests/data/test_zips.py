"""Archives as folders: every layout gives the same from a zip, and what is hostile or damaged is refused by name."""

import pickle
import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch

from tests.data.trees import LAID_OUT, grow, laid_out, same
from tests.forms import fields
from translate.data.files import find, subfolders
from translate.data.layouts import TwoFolders
from translate.data.loading import Order, Pictures, loader
from translate.data.transforms import Transform
from translate.errors import DataError, PictureError


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return grow(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def archive(tree: Path) -> Path:
    """The same as an archive, half of it compressed."""
    path = tree / "all.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number, entry in enumerate([*sorted(tree.rglob("*.*g")), tree / "classes/a/notes.txt"]):
            method = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[number % 2]
            file.write(entry, entry.relative_to(tree).as_posix(), method)
        file.writestr("__MACOSX/classes/a/._1.png", b"a shadow")
    return path


@pytest.mark.parametrize("kind", LAID_OUT)
def test_a_zip_is_a_folder(kind: str, tree: Path, archive: Path) -> None:
    same(laid_out(kind, tree), laid_out(kind, archive))
    laid_out(kind, archive).check()


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("workers", [0, 2])
def test_forked_readers_share_an_archive(workers: int, kept: bool, tree: Path, archive: Path) -> None:
    batches = []
    for root in (tree, archive):
        pictures = Pictures(laid_out("two_folders", root), Transform(8, 10))
        if kept:
            pictures.keep(lambda line: None)
        else:
            pictures.layout.check()  # the archive is open before processes are forked
        batches.append(list(loader(pictures, Order(len(pictures), 4, 1, 0, 20), workers, False)))
    for one, other in zip(*batches, strict=True):
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target, other.target)


def test_many_threads_read_one_archive(archive: Path) -> None:
    files = [*find(f"{archive}/classes/a"), *find(f"{archive}/both")]
    expected = [file.read() for file in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda file: file.read(), files * 50)) == expected * 50


def test_members_travel(archive: Path) -> None:
    file = find(f"{archive}/both")[3]
    again = pickle.loads(pickle.dumps(file))
    assert (again, hash(again), again.read()) == (file, hash(file), file.read())
    assert (file.name, file.stem, str(file)) == ("3.png", "3", f"{archive}/both/3.png")
    assert file != find(f"{archive}/both")[4]


def test_a_changed_archive_is_listed_anew(tmp_path: Path) -> None:
    for names in (("a.png",), ("a.png", "b.png")):
        zipped(tmp_path / "x.zip", dict.fromkeys(names, b"x"))
        assert [file.name for file in find(tmp_path / "x.zip")] == list(names)


def zipped(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, compression
            file.writestr(info, content)
    return path


@pytest.mark.parametrize("name", ["../up.png", "/etc/a.png", "a/../../b.png", "C:\\a.png", "a\nb.png", "a//b.png"])
def test_names_that_lead_out_are_refused(name: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"fine.png": b"x", name: b"x"})
    with pytest.raises(DataError, match="leads out of its folder"):
        find(path)


def test_what_is_refused_at_the_start(tmp_path: Path) -> None:
    large = zipped(tmp_path / "large.zip", {"a.png": b"x" * 100})
    content = bytearray(large.read_bytes())
    listed = content.rfind(b"PK\x01\x02")
    struct.pack_into("<I", content, listed + 24, 2**30)
    large.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png unpacks to 1\.0 GiB, over the limit"):
        find(large)
    struct.pack_into("<I", content, listed + 24, 100)
    struct.pack_into("<H", content, listed + 8, 1)
    (tmp_path / "secret.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.png is encrypted: unpack"):
        find(tmp_path / "secret.zip")
    with pytest.raises(DataError, match="pack it again as ordinary zip"):
        find(zipped(tmp_path / "strange.zip", {"a.png": b"x"}, zipfile.ZIP_LZMA))
    with pytest.raises(DataError, match="within folders"):
        find(zipped(tmp_path / "deep.zip", {"a/" * 2000 + "a.png": b"x"}))
    twice = zipped(tmp_path / "twice.zip", {"a.png": b"x", "b.png": b"y"})
    twice.write_bytes(twice.read_bytes().replace(b"b.png", b"a.png"))
    with pytest.raises(DataError, match=r"has a\.png twice"):
        find(tmp_path / "twice.zip")
    (tmp_path / "no.zip").write_bytes(b"no archive")
    with pytest.raises(DataError, match="is not a zip file"):
        find(tmp_path / "no.zip")


def test_what_is_not_there_is_named(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"classes has no folder day: it has a, b, c"):
        find(archive / "classes" / "day")
    with pytest.raises(DataError, match=r"has no pictures but folders: give one of them, such as .*all\.zip/both"):
        find(archive)
    with pytest.raises(DataError, match=r"the folder .* does not exist"):
        find(tmp_path / "none.zip" / "day")
    with pytest.raises(DataError, match="no pictures there"):
        find(zipped(tmp_path / "empty.zip", {"notes.txt": b"x"}))
    with pytest.raises(DataError, match="does not exist"):
        subfolders(tmp_path / "none")
    assert [Path(name).name for name in subfolders(archive / "classes")] == ["a", "b", "c"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_damage_is_named(compression: int, tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", {"a.png": bytes(range(200)), "b.png": b"fine"}, compression)
    content = bytearray(path.read_bytes())
    for place in (30 + len("a.png") + 100, 0):  # in its bytes, and in what stands before them
        changed = bytearray(content)
        changed[place] ^= 0xFF
        path.write_bytes(changed)
        first, second = find(path)
        with pytest.raises(PictureError, match=r"x\.zip/a\.png is damaged: get the archive again"):
            first.read()
        assert second.read() == b"fine"
    first, _ = find(path)
    path.write_bytes(b"")
    with pytest.raises(PictureError, match=r"a\.png is damaged"):
        first.read()


def test_no_more_comes_out_than_was_announced(tmp_path: Path) -> None:
    path = zipped(tmp_path / "bomb.zip", {"a.png": bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    struct.pack_into("<I", content, content.rfind(b"PK\x01\x02") + 24, 50)
    path.write_bytes(content)
    with pytest.raises(PictureError, match="is damaged"):
        find(path)[0].read()


def test_arrays_in_a_zip(tmp_path: Path) -> None:
    fields.make(tmp_path)
    with zipfile.ZipFile(tmp_path / "deep.zip", "w") as file:
        for path in sorted(tmp_path.glob("*/*")):
            file.write(path, path.relative_to(tmp_path).as_posix())
    data = {key: value for key, value in fields.configuration(tmp_path)["data"].items() if key != "layout"}
    zipped = {role: f"{tmp_path}/deep.zip/{Path(data[role]).name}" for role in ("source", "target")}
    same(TwoFolders(**data), TwoFolders(**{**data, **zipped}))
