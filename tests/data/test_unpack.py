"""Archives that mean harm, or are damaged: refused in a sentence, and nothing of them is left."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.data.serving import PICTURES, regular, tarred, tree, zipped
from translate.data.known.names import plain
from translate.data.known.unpack import Limits, limits, unpack
from translate.errors import FetchError

MOST = Limits(members=50, bytes=10**6)
FOLDERS = ["trainA", "trainB"]
KINDS = {"zip": zipped, "tar": lambda files: tarred(regular(files))}


def opened(content: bytes, tmp_path: Path, most: Limits = MOST, folders: list[str] = FOLDERS) -> dict[str, bytes]:
    """What unpacking writes."""
    archive, into = tmp_path / "a.archive", tmp_path / "in" / "to"
    into.mkdir(parents=True)
    archive.write_bytes(content)
    unpack(archive, into, "tiny", folders, most, lambda done: None)
    return tree(tmp_path / "in")


def refused(content: bytes, tmp_path: Path, most: Limits = MOST) -> str:
    """The sentence; nothing may have been written beside the folder."""
    with pytest.raises(FetchError) as caught:
        opened(content, tmp_path, most)
    assert {path.name for path in tmp_path.iterdir()} <= {"a.archive", "in"}
    assert {path.name for path in (tmp_path / "in").iterdir()} == {"to"}
    assert all(path.name in FOLDERS for path in (tmp_path / "in" / "to").iterdir())
    sentence = str(caught.value)
    assert sentence.startswith("a.archive ")
    return sentence


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", size: int = 0, **more) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, size
    for key, value in more.items():
        setattr(info, key, value)
    return info


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_are_taken_and_the_rest_left_out(kind: str, tmp_path: Path) -> None:
    files = {
        **PICTURES,
        "tiny/trainA/.DS_Store": b"x",
        "tiny/trainA/deep/3.png": b"x",
        "__MACOSX/tiny/trainA/._1.png": b"x",
        "tiny/README": b"x",
        "other/trainA/1.png": b"x",
    }
    assert opened(KINDS[kind](files), tmp_path) == {name.replace("tiny", "to"): text for name, text in PICTURES.items()}


def test_names_as_tar_and_zip_write_them(tmp_path: Path) -> None:
    members = [(entry(name, tarfile.DIRTYPE), b"") for name in (".", "./", "./tiny", "./tiny/trainA/")]
    members += regular({f"./{name}": content for name, content in PICTURES.items()})
    assert len(opened(tarred(members), tmp_path)) == 3
    # Real ones have folders as members of their own, time and again.
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("tiny/", "tiny/trainA/"):
            archive.writestr(zipfile.ZipInfo(name), "")
        archive.writestr("tiny/trainA/1.png", "a")
    assert len(opened(out.getvalue(), tmp_path / "zip")) == 1


BAD_NAMES = {
    "tiny/trainA/../../../evil.png": "leads out of its folder",
    "../evil.png": "leads out of its folder",
    "tiny/..": "leads out of its folder",
    "/etc/evil.png": "is an absolute path",
    "//evil/share/1.png": "is an absolute path",
    "\\\\evil\\share": "is an absolute path",
    "C:/evil.png": "is an absolute path",
    "C:evil.png": "is an absolute path",
    "tiny\\trainA\\..\\evil.png": "means something else on other systems",
    "tiny/trainA/1.png:stream": "means something else on other systems",
    "tiny/trainA/what?.png": "means something else on other systems",
    "tiny/trainA/\x1b[2J.png": "cannot be printed",
    "tiny/trainA/a\nb.png": "cannot be printed",
    "tiny/trainA/\u202egnp.exe": "cannot be printed",
    "tiny/trainA/CON": "is a device on Windows",
    "tiny/nul.png/1.png": "is a device on Windows",
    "tiny/trainA/com1 .png": "is a device on Windows",
    "tiny/trainA/1.png.": "ends in a dot or a space",
    "tiny /trainA/1.png": "ends in a dot or a space",
    "tiny//trainA/1.png": "has an empty part",
    "tiny/./1.png": "has an empty part",
    f"tiny/trainA/{'a' * 201}": "is too long",
    "a/" * 20 + "b": "is too deep",
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_lead_elsewhere(kind: str, name: str, tmp_path: Path) -> None:
    sentence = refused(KINDS[kind]({**PICTURES, name: b"evil"}), tmp_path)
    assert BAD_NAMES[name] in sentence
    assert sentence.isprintable()


def test_a_name_with_a_nul(tmp_path: Path) -> None:
    content = zipped({"tiny/trainA/1.png~.exe": b"x"}).replace(b"1.png~.exe", b"1.png\0.exe")
    assert "cannot be printed" in refused(content, tmp_path)


@pytest.mark.parametrize(
    "name", ["tiny/trainA/1.png", "a b_c-d.(1).jpg", "2013-11-08 16_45_24.jpg", "ü.png", ".x", "CONSOLE"]
)
def test_ordinary_names(name: str) -> None:
    assert plain(name) == ""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["tiny/trainA/a.png", "tiny/trainA/A.PNG"], "twice"),
        (["tiny/trainA/\u00e9.png", "tiny/trainA/e\u0301.png"], "twice"),
        (["tiny/trainA/stra\u00dfe", "tiny/trainA/STRASSE"], "twice"),
        (["tiny/trainA/a", "tiny/trainA/a/b.png"], "a file and a folder of one name"),
        (["tiny/trainA/a/b.png", "tiny/trainA/A"], "twice"),
    ],
)
def test_names_that_are_one_on_some_systems(kind: str, names: list[str], why: str, tmp_path: Path) -> None:
    assert why in refused(KINDS[kind](dict.fromkeys(names, b"x")), tmp_path)


def test_the_same_name_twice(tmp_path: Path) -> None:
    members = regular(PICTURES) + regular({"tiny/trainA/1.png": b"another"})
    assert "twice" in refused(tarred(members), tmp_path)
    content = zipped({"tiny/trainA/1.png": b"one", "tiny/trainA/2.png": b"two"}).replace(b"2.png", b"1.png")
    assert "twice" in refused(content, tmp_path / "zip")


@pytest.mark.parametrize(
    "member",
    [
        entry("tiny/trainA/3.png", tarfile.SYMTYPE, "/etc/passwd"),
        entry("tiny/trainA/3.png", tarfile.SYMTYPE, "1.png"),
        entry("tiny/trainA", tarfile.SYMTYPE, "/tmp"),
        entry("elsewhere", tarfile.SYMTYPE, "1.png"),
        entry("tiny/trainA/3.png", tarfile.LNKTYPE, "tiny/trainA/1.png"),
        entry("tiny/trainA/3.png", tarfile.LNKTYPE, "../../../etc/passwd"),
        entry("tiny/trainA/3.png", tarfile.CHRTYPE, devmajor=1, devminor=3),
        entry("tiny/trainA/3.png", tarfile.BLKTYPE),
        entry("tiny/trainA/3.png", tarfile.FIFOTYPE),
        entry("tiny/trainA/3.png", tarfile.CONTTYPE),
    ],
    ids=lambda member: f"{member.type!r} {member.linkname}",
)
def test_links_and_devices_in_a_tar(member: tarfile.TarInfo, tmp_path: Path) -> None:
    first = [(member, b""), *regular({"tiny/trainB/1.png": b"x"})]
    last = [*regular({"tiny/trainB/1.png": b"x"}), (member, b"")]
    for number, members in enumerate((first, last)):
        sentence = refused(tarred(members), tmp_path / str(number))
        assert "has a link or a device in it" in sentence or "twice" in sentence


@pytest.mark.parametrize("mode", [0o120777, 0o020666, 0o060666, 0o010666, 0o140777], ids=oct)
def test_links_and_devices_in_a_zip(mode: int, tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("tiny/trainA/3.png")
        info.external_attr = mode << 16
        archive.writestr(info, "/etc/passwd")
    assert "has a link or a device in it" in refused(out.getvalue(), tmp_path)


# Bombs


def test_a_zip_that_says_it_is_a_bomb(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/trainA/1.png", bytes(10**7))
    assert len(out.getvalue()) < 10**5
    assert "holds far more than its card says (10 MB): a bomb" in refused(out.getvalue(), tmp_path)


def test_a_zip_that_does_not_say_so(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/trainA/1.png", bytes(10**7))
    # Its directory and its header say a hundred bytes.
    content = out.getvalue().replace(struct.pack("<I", 10**7), struct.pack("<I", 100))
    refused(content, tmp_path)
    assert sum(map(len, tree(tmp_path / "in").values())) <= MOST.bytes


def test_members_that_share_their_bytes(tmp_path: Path) -> None:
    # Many entries of the directory lead to one member's data: a small file of any size.
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny/trainA/00.png", bytes(9 * 10**5))
        first = archive.filelist[0]
        for number in range(1, 20):
            again = zipfile.ZipInfo(f"tiny/trainA/{number:02}.png")
            for key in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "external_attr"):
                setattr(again, key, getattr(first, key))
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    assert "a bomb" in refused(out.getvalue(), tmp_path)


@pytest.mark.parametrize("name", ["tiny/trainA/1.png", "nobody/wants/this"])
def test_a_tar_that_is_a_bomb(name: str, tmp_path: Path) -> None:
    assert "holds far more than its card says: a bomb" in refused(
        tarred(regular({name: bytes(10**7), "tiny/trainB/2.png": b"x"})), tmp_path
    )


def test_a_header_that_is_a_bomb(tmp_path: Path) -> None:
    info = entry("tiny/trainA/1.png", pax_headers={"comment": "x" * (3 << 20)})
    assert "has a header in it that is far too long" in refused(tarred([(info, b"")]), tmp_path)
    long_name = entry("tiny/trainA/" + "x" * (3 << 20))
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as stream:
        stream.write(long_name.tobuf(tarfile.GNU_FORMAT))
    assert "has a header in it that is far too long" in refused(out.getvalue(), tmp_path / "gnu")


def test_a_sparse_file(tmp_path: Path) -> None:
    # 1 PB of holes: what GNU tar writes as sparse, in two forms.
    info = entry("tiny/trainA/1.png", pax_headers={"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, size=512)
    info.pax_headers |= {"GNU.sparse.name": "tiny/trainA/1.png", "GNU.sparse.realsize": str(10**15)}
    refused(tarred([(info, b"0\n".ljust(512, b"\0"))]), tmp_path)
    old = entry("tiny/trainA/1.png", tarfile.GNUTYPE_SPARSE)
    refused(tarred([(old, b"")]), tmp_path / "old")


@pytest.mark.parametrize("kind", KINDS)
def test_too_many_files(kind: str, tmp_path: Path) -> None:
    content = KINDS[kind]({f"tiny/trainA/{number}.png": b"" for number in range(60)})
    assert "holds more than 50 files, far more than its card says" in refused(content, tmp_path)


def test_real_sets_are_well_within_the_limits() -> None:
    # maps.zip: 4,388 pictures in 1.48 GB, and folders; nothing in it can be ten times as large as the archive.
    most = limits(4388, 1_476_754_427)
    assert most.members > 2 * 4388
    assert most.bytes > 10 * 1_476_754_427


# Damage


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_an_archive_that_is_cut_short(kind: str, share: float, tmp_path: Path) -> None:
    noise = {f"tiny/trainA/{number}.png": os.urandom(5000) for number in range(5)}
    whole = KINDS[kind](noise)
    assert "damaged or cut short" in refused(whole[: int(len(whole) * share)], tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit(kind: str, tmp_path: Path) -> None:
    whole = bytearray(KINDS[kind]({"tiny/trainA/1.png": os.urandom(20_000)}))
    whole[10_000] ^= 1
    sentence = refused(bytes(whole), tmp_path)
    assert "damaged or cut short" in sentence


def test_the_checksum_at_the_very_end(tmp_path: Path) -> None:
    whole = bytearray(tarred())
    whole[-6] ^= 1  # of gzip's CRC
    assert "damaged or cut short" in refused(bytes(whole), tmp_path)


def test_an_encrypted_zip(tmp_path: Path) -> None:
    whole = bytearray(zipped({"tiny/trainA/1.png": b"secret"}))
    for place in (whole.index(b"PK\3\4") + 6, whole.index(b"PK\1\2") + 8):
        whole[place] |= 1
    assert "is encrypted" in refused(bytes(whole), tmp_path)


def test_a_zip_that_is_packed_in_another_way(tmp_path: Path) -> None:
    whole = bytearray(zipped({"tiny/trainA/1.png": b"text"}))
    for place in (whole.index(b"PK\3\4") + 8, whole.index(b"PK\1\2") + 10):
        whole[place] = 99
    assert "packed in a way that is not read here" in refused(bytes(whole), tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is no archive (.zip or .tar.gz)"),
        (b"<html>Please sign in</html>", "is no archive, but a web page"),
        (b"  \n<!DOCTYPE html>", "is no archive, but a web page"),
        (b"\x89PNG\r\n\x1a\n", "is no archive (.zip or .tar.gz)"),
        (b"PK", "is damaged or cut short"),
        (b"PK\3\4" + bytes(100), "is damaged or cut short"),
        (b"\x1f\x8b", "is damaged or cut short"),
        (gzip.compress(b"no tar"), "is damaged or cut short"),
        (gzip.compress(bytes(range(256)) * 20), "is damaged or cut short"),
    ],
    ids=["nothing", "page", "another page", "picture", "zip", "longer zip", "gzip", "gzip of a text", "gzip of noise"],
)
def test_what_is_no_archive(content: bytes, why: str, tmp_path: Path) -> None:
    assert why in refused(content, tmp_path)
