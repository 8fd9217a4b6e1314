import io
import struct
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from translate import pixels
from translate.errors import DataError, PictureError
from translate.runtime import Outcome, Translator, translate_files
from translate.runtime.streams import archive


def quiet(_: str) -> None:
    pass


def png(level: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (16, 8), (level,) * 3).save(made, "PNG")
    return made.getvalue()


def packed(path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, content in entries.items():
            info = zipfile.ZipInfo("x")
            info.filename, info.compress_type = name, compression
            file.writestr(info, content)
    return path


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_pictures_of_an_archive(negative: Translator, tmp_path: Path, compression: int) -> None:
    entries = {
        "10.png": png(10),
        "2.png": png(20),
        "rome/2.png": png(30),
        "rome\\old\\4.png": png(40),
        "notes.txt": b"rain",
        "folder.png/": b"",
        "__MACOSX/._2.png": b"shadow",
        ".hidden.png": png(50),
    }
    path = packed(tmp_path / "photos.zip", entries, compression)
    lines: list[str] = []
    assert translate_files(negative, [path], tmp_path / "out", report=lines.append) == Outcome(done=4)
    assert everything(tmp_path / "out") == ["10.png", "2.png", "rome/2.png", "rome/old/4.png"]
    assert (pixels.read(tmp_path / "out/rome/old/4.png") == 215).all()
    assert [line.partition(" → ")[0] for line in lines] == [
        str(path / name) for name in ("2.png", "10.png", "rome/2.png", "rome/old/4.png")
    ]
    # Nothing but the results was written.
    assert everything(tmp_path) == [*(f"out/{name}" for name in everything(tmp_path / "out")), "photos.zip"]


def test_archives_beside_files_and_in_patterns(negative: Translator, tmp_path: Path) -> None:
    packed(tmp_path / "one.ZIP", {"1.png": png(10)})
    (tmp_path / "inner").mkdir()
    packed(tmp_path / "inner" / "two.zip", {"2.png": png(20)})
    (tmp_path / "3.png").write_bytes(png(30))
    given = [tmp_path / "one.ZIP", tmp_path / "3.png", tmp_path / "*" / "*.zip"]
    assert translate_files(negative, given, tmp_path / "out", report=quiet).done == 3
    assert everything(tmp_path / "out") == ["1.png", "3.png", "inner/2.png"]
    with pytest.raises(DataError, match="is the name of one picture"):
        translate_files(negative, [tmp_path / "one.ZIP"], tmp_path / "one.png", report=quiet)


HOSTILE = [
    "../up.png",
    "../../../../../../../../tmp/up.png",
    "/absolute.png",
    "a/../../up.png",
    "..\\up.png",
    "C:\\drive.png",
    "C:drive.png",
    "a//b.png",
    "./here.png",
    "bell\x07.png",
    "line\nbreak.png",
]


def test_names_cannot_lead_out(negative: Translator, tmp_path: Path) -> None:
    inner = tmp_path / "deep" / "folder"
    inner.mkdir(parents=True)
    path = packed(inner / "hostile.zip", {**dict.fromkeys(HOSTILE, png(10)), "good.png": png(20)})
    lines: list[str] = []
    outcome = translate_files(negative, [path], inner / "out", report=lines.append)
    assert everything(tmp_path) == ["deep/folder/hostile.zip", "deep/folder/out/good.png"]
    assert outcome.done == 1
    assert len(outcome.failed) == len(HOSTILE)
    assert all("which leads out of its folder: left out" in reason for _, reason in outcome.failed)
    # What is said cannot steer a terminal.
    assert all(character >= " " for line in lines for character in line)


def test_a_link_in_an_archive_is_not_made(negative: Translator, tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "links.zip", "w") as file:
        file.writestr(info, "/etc/passwd")
        file.writestr("good.png", png(10))
    outcome = translate_files(negative, [tmp_path / "links.zip"], tmp_path / "out", report=quiet)
    assert outcome.done == 1
    assert "link.png is not a picture" in outcome.failed[0][1]
    assert everything(tmp_path / "out") == ["good.png"]


def test_limits(negative: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = {"1.png": png(10), "2.png": png(20) + bytes(5000), "huge.txt": bytes(100_000)}
    path = packed(tmp_path / "photos.zip", entries)
    monkeypatch.setattr(archive, "MAX_ENTRY", 4000)
    outcome = translate_files(negative, [path], tmp_path / "out", report=quiet)
    assert outcome.done == 1
    assert "2.png unpacks to " in outcome.failed[0][1]
    assert "over the limit" in outcome.failed[0][1]
    # What is no picture does not count, as it is not unpacked.
    monkeypatch.setattr(archive, "MAX_TOTAL", 5000)
    outcome = translate_files(negative, [path], tmp_path / "all", report=quiet)
    assert outcome.done == 0
    assert [reason.partition(",")[0] for _, reason in outcome.failed] == [f"{path} unpacks to 0 MiB"]
    assert everything(tmp_path / "all") == []


def test_a_list_of_entries_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / "photos.zip", {f"{number}.png": b"" for number in range(100)})
    listed = sum(46 + len(f"{number}.png") for number in range(100))  # a head for each, and its name
    for remark in (b"", b"PK", bytes(22), b"x" * 65535):
        with zipfile.ZipFile(path, "a") as file:
            file.comment = remark
        with archive.Archive(path, listing=listed) as fits:
            assert len(list(fits.pictures())) == 100
        with archive.Archive(path, listing=listed - 1) as long, pytest.raises(PictureError, match="too many entries"):
            next(long.pictures())[2]()
    # In the format for large archives the list is told elsewhere.
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    packed(tmp_path / "large.zip", {f"{number}.png": b"" for number in range(100)})
    with archive.Archive(tmp_path / "large.zip", listing=listed) as large:
        assert [name for name, _, _ in large.pictures()] == [""]
    with archive.Archive(tmp_path / "large.zip") as large:
        assert len(list(large.pictures())) == 100


def test_limits_of_one_archive(tmp_path: Path) -> None:
    path = packed(tmp_path / "photos.zip", {"1.png": png(10), "2.png": bytes(5000)})
    with archive.Archive(path, entry=4000) as small:
        first, second = (read for _, _, read in small.pictures())
        assert first().getvalue() == png(10)
        with pytest.raises(PictureError, match="over the limit"):
            second()
    with archive.Archive(path, total=5000) as small, pytest.raises(PictureError, match="unpacks to 0 MiB, over"):
        next(small.pictures())[2]()


def test_an_entry_that_is_larger_than_it_says(negative: Translator, tmp_path: Path) -> None:
    """No more is unpacked than was announced, and that is not a picture then."""
    path = packed(tmp_path / "liar.zip", {"1.png": png(10) + bytes(10_000_000), "2.png": png(20)})
    raw = bytearray(path.read_bytes())
    size = struct.pack("<I", len(png(10)) + 10_000_000)
    assert raw.count(size) == 2  # the entry's own header, and the one in the directory
    path.write_bytes(raw.replace(size, struct.pack("<I", 50)))
    outcome = translate_files(negative, [path], tmp_path / "out", report=quiet)
    assert outcome.done == 1
    assert "1.png is damaged" in outcome.failed[0][1]


def test_an_encrypted_entry(negative: Translator, tmp_path: Path) -> None:
    path = packed(tmp_path / "secret.zip", {"1.png": png(10), "2.png": png(20)})
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"PK\x03\x04") + 6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(raw)
    outcome = translate_files(negative, [path], tmp_path / "out", report=quiet)
    assert outcome.done == 1
    assert [reason for _, reason in outcome.failed] == [
        f"{path}/1.png is encrypted: unpack the archive with its password first"
    ]


def test_damage(negative: Translator, tmp_path: Path) -> None:
    good = packed(tmp_path / "good.zip", {"1.png": png(10), "2.png": png(20)}).read_bytes()
    (tmp_path / "text.zip").write_text("not an archive")
    (tmp_path / "cut.zip").write_bytes(good[:-30])
    (tmp_path / "folder.zip").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "folder.zip" / "9.png")
    raw = bytearray(good)
    raw[45:60] = bytes(15)
    (tmp_path / "noise.zip").write_bytes(raw)
    packed(tmp_path / "empty.zip", {})
    names = ["text.zip", "cut.zip", "none.zip", "noise.zip", "folder.zip"]
    outcome = translate_files(negative, [tmp_path / name for name in names], tmp_path / "out", report=quiet)
    assert everything(tmp_path / "out") == ["2.png", "9.png"]
    reasons = "\n".join(reason for _, reason in outcome.failed)
    for words in ("text.zip is not a zip", "cut.zip is not a zip", "none.zip does not exist", "1.png is damaged"):
        assert words in reasons
    with pytest.raises(DataError, match=r"there are no pictures in .*empty\.zip"):
        translate_files(negative, [tmp_path / "empty.zip"], tmp_path / "out", report=quiet)
