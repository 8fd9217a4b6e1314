import io
import os
import struct
import time
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.runtime import hostile
from tests.runtime.hostile import chunk, encoded
from translate import pixels
from translate.errors import PictureError
from translate.pixels import vetting

RED = Image.new("RGB", (8, 8), (255, 0, 0))


def refusal(content: bytes) -> str:
    with pytest.raises(PictureError) as raised:
        pixels.read(content)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def read_or_refused(content: bytes) -> tuple[int, ...] | None:
    """The picture's shape, or none where it is refused in one sentence."""
    try:
        return pixels.read(content).shape
    except PictureError as error:
        if not str(error).isprintable():
            raise AssertionError("more than one line") from error
        return None


# --- bytes ---


def test_too_many_bytes_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "heavy.png"
    path.write_bytes(encoded(RED, "PNG"))
    size = path.stat().st_size
    assert pixels.read(path, max_bytes=size).shape == (8, 8, 3)
    for act in (pixels.read, pixels.header, pixels.check):
        with pytest.raises(PictureError, match=rf"heavy\.png has {size} bytes, over the limit of {size - 1}: make"):
            act(path, max_bytes=size - 1)
    os.truncate(path, 100 * 2**30)  # no room on disk is taken
    with pytest.raises(PictureError, match="has 107,374,182,400 bytes, over the limit of 269,484,032"):
        pixels.read(path)


def test_a_stream_without_an_end() -> None:
    class Endless:
        def read(self, count: int = -1) -> bytes:
            assert count > 0, "would never return"
            return bytes(count)

    with pytest.raises(PictureError, match="the data has 1,001 bytes, over the limit of 1,000"):
        pixels.read(Endless(), max_bytes=1000)  # type: ignore[arg-type]


# --- bombs ---

BOMBS = {
    "a PNG of a hundred thousand chunks": (lambda: hostile.png(4, 4, chunk(b"prVt") * 100_000), "small or repeated"),
    "a PNG of a hundred thousand pieces": (
        lambda: hostile.png(4, 4, pixels=b"", after=chunk(b"IDAT") * 100_000),
        "small or repeated",
    ),
    "a JPEG of ten thousand segments": (lambda: hostile.segments(10_000), "too many segments"),
    "a JPEG of large segments": (lambda: hostile.segments(600, bytes(65_000)), "too many segments"),
    "a JPEG with 5,000 passes": (lambda: hostile.passes(1024, 5000), "over its pixels more than 50 times"),
    "a JPEG whose tags share": (lambda: hostile.with_exif("JPEG", hostile.greedy(3000, 29_000)), "over and over"),
    "a GIF with a long comment": (
        lambda: hostile.gif(8, 8, b"!\xfe" + (b"\xff" + bytes(255)) * 40_000 + b"\0"),
        "small or repeated",
    ),
    "a GIF with many comments": (lambda: hostile.gif(8, 8, b"!\xfe\x01a\x00" * 100_000), "small or repeated"),
    "a GIF with a large screen": (lambda: hostile.gif(65535, 65535), "pixels"),
    "a TIFF whose tags share": (lambda: hostile.greedy(5000, 4_000_000), "claim the same bytes over and over"),
    "a TIFF of too many tags": (lambda: b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**60), "more tags than"),
    "a TIFF of too many strips": (
        lambda: hostile.tiff(8, 8, (273, 4, 200_000, 200), (278, 4, 1, 1), data=bytes(900_000)),
        "too many strips",
    ),
    "a TIFF whose strips lie over each other": (
        lambda: hostile.tiff(4096, 4096, (273, 3, 5000, 98), (278, 4, 1, 4095), data=bytes(10_000)),
        "do not fit its size",
    ),
    "a TIFF with a large tile": (
        lambda: hostile.tiff(
            8, 8, (322, 4, 1, 30_000), (323, 4, 1, 30_000), (324, 4, 1, 8), (325, 4, 1, 64), data=bytes(99)
        ),
        "do not fit its size",
    ),
    "a text of comments": (lambda: b"P2 8 8 255\n" + b"#\n" * 500_000, "more comments"),
    "a text of levels": (lambda: b"P2 3000 3000 255\n" + b"7 " * 9_000_000, "stored as levels written out as text"),
    "odd levels": (lambda: b"P5 3000 3000 254\n" + bytes(9_000_000), "stored as levels that end neither"),
    "run lengths": (lambda: hostile.rle(3000, 3000), "stored as run lengths"),
    "a PNG of 150 million pixels": (lambda: hostile.png(15_000, 10_000, pixels=hostile.bomb(2**20)), "over the limit"),
    "a JPEG of 4 billion pixels": (
        lambda: encoded(RED, "JPEG").replace(b"\x08\x00\x08\x00\x08", b"\x08\xff\xff\xff\xff"),
        "more pixels than can be decoded safely",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name: str) -> None:
    build, reason = BOMBS[name]
    content = build()
    tracemalloc.start()
    begun = time.process_time()
    try:
        assert reason in refusal(content)
        # What Pillow takes for them grows with their size, some with its square: these are small, so that all the
        # tests are quick, and two of them keep it busy for minutes as they are.
        assert time.process_time() - begun < 2
        assert tracemalloc.get_traced_memory()[1] < len(content) * 3 + 40 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt", b"iTXt"])
def test_compressed_metadata_is_not_unpacked(kind: bytes) -> None:
    between = {b"iCCP": b"a\0\0", b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0"}[kind]
    content = hostile.png(4, 4, chunk(kind, between + hostile.bomb(64 * 2**20)))
    tracemalloc.start()
    try:
        assert read_or_refused(content) in (None, (4, 4, 3))
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF"])
def test_exif_data_that_claims_gigabytes(form: str, tmp_path: Path) -> None:
    path = tmp_path / "claims"
    path.write_bytes(hostile.with_exif(form, hostile.greedy(3000, 1_000_000)))
    tracemalloc.start()
    try:
        if form == "AVIF":  # Pillow reads it as soon as the file is opened
            assert "over and over" in refusal(path.read_bytes())
        else:  # … and only for the orientation, which then is none
            assert pixels.read(path).shape[2] == 3
            assert len(pixels.header(path)) == 2
        assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    finally:
        tracemalloc.stop()


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content) + 8) + kind + content


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("pieces", [1, 2])
def test_exif_data_of_an_avif_in_pieces(version: int, pieces: int) -> None:
    number = ">L" if version == 2 else ">H"
    method = b"\0\0" if version else b""

    def item(name: int, pieces: int) -> bytes:
        return struct.pack(number, name) + method + b"\0\0" + struct.pack(">H", pieces) + bytes(8) * pieces

    iloc = bytes([version, 0, 0, 0, 0x44, 0]) + struct.pack(number, 2) + item(1, 1) + item(2, pieces)
    meta = box(b"meta", bytes(4) + b"Exif" + box(b"iloc", iloc))
    for boxes in (meta, box(b"moov", box(b"trak", meta)), b"\0\0\0\0" + meta[4:]):
        content = box(b"ftyp", b"avif\0\0\0\0avifmif1") + boxes
        assert ("has items in several pieces" in refusal(content)) == (pieces == 2)


def test_exif_data_as_text() -> None:
    from PIL.PngImagePlugin import PngInfo

    for size, turned in ((60, True), (150_000, False)):
        info = PngInfo()
        exif = hostile.directory((0x0112, 3, 1, 6), data=bytes(size))
        info.add_text("Raw profile type exif", f"\nexif\n{len(exif)}\n{exif.hex()}", zip=True)
        content = encoded(Image.new("L", (4, 6)), "PNG", pnginfo=info)
        assert pixels.read(content).shape == ((4, 6, 3) if turned else (6, 4, 3))


def hidden(between: bytes) -> bytes:
    """5,000 passes after something that might make a reader of markers look away."""
    content = hostile.passes(256, 5000)
    last = content.rindex(b"\xff\xc4", 0, content.rindex(hostile.SOS) - 5000)
    return content[:last] + between + content[last:]


@pytest.mark.parametrize(
    "between",
    [
        b"\xff\xfe\x00\x04\xff\xd9",  # the end of the image within a comment
        b"\xff\xff\xff\xff\xfe\x00\x04\xff\xd9",
        b"\xff\xd0\xff\xd7",
        b"\x00\x11\xff\x00\xff\x00",
        b"\xff\xc4\x00\x04\xff\xd9",
    ],
)
def test_passes_cannot_be_hidden(between: bytes) -> None:
    assert "more than 50 times" in refusal(hidden(between))


def test_what_follows_the_end_of_a_jpeg_does_not_count() -> None:
    content = encoded(RED, "JPEG", progressive=True) + hostile.SOS * 1000  # as the film of a moving photo may have
    assert pixels.read(content).shape == (8, 8, 3)


def test_arithmetic_coding_is_refused() -> None:
    content = encoded(RED, "JPEG").replace(b"\xff\xc0", b"\xff\xc9", 1)
    assert "arithmetic coding" in refusal(content)


def test_honest_files_in_many_parts_are_read() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1500, 300), dtype=np.uint8)
    strips = tuple(struct.pack("<1500L", *values) for values in ([300] * 1500, [300 * n + 12134 for n in range(1500)]))
    content = hostile.tiff(
        300, 1500, (273, 4, 1500, 6134), (278, 4, 1, 1), (279, 4, 1500, 134),
        data=bytes(134 - 110) + strips[0] + strips[1] + picture.tobytes(),
    )  # fmt: skip
    assert (pixels.read(content, 1)[:, :, 0] == picture).all()
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in picture))
    pieces = [chunk(b"IDAT", rows[at : at + 512]) for at in range(0, len(rows), 512)]
    assert len(pieces) > 800
    large = hostile.png(300, 1500, *pieces, pixels=b"")
    assert (pixels.read(large, 1)[:, :, 0] == picture).all()
    assert pixels.read(b"P5 64 64 254\n" + bytes([254]) * 4096).min() == 255
    assert pixels.read(b"P2 64 64 255\n# a comment\n" + b"9 " * 4096).max() == 9
    assert pixels.read(hostile.rle(64, 64)).shape == (64, 64, 3)
    assert pixels.read(hostile.passes(64, 40)).shape == (64, 64, 3)
    assert pixels.read(hostile.segments(300)).shape == (8, 8, 3)


# --- animations and pages ---


class Counting(io.BytesIO):
    taken = 0

    def read(self, count: int | None = -1) -> bytes:
        content = super().read(count)
        self.taken += len(content)
        return content


def webp(frames: int) -> bytes:
    two = encoded(RED, "WEBP", save_all=True, append_images=[Image.new("RGB", (8, 8))], lossless=True)
    start = two.index(b"ANMF")
    end = start + 8 + int.from_bytes(two[start + 4 : start + 8], "little")
    body = two[8:start] + two[start:end] * frames
    return b"RIFF" + struct.pack("<I", len(body)) + body


def apng(frames: int) -> bytes:
    """The animation's frames after the first, which is the picture, are given twice over and over."""
    two = encoded(RED, "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    start, end = two.rindex(b"fcTL") - 4, two.index(b"IEND") - 4
    return two[:start] + two[start:end] * frames + two[end:]


ANIMATIONS = {
    "GIF": lambda: hostile.gif(8, 8, frames=10_000),
    "WEBP": lambda: webp(10_000),
    "PNG": lambda: apng(10_000),
    "TIFF": lambda: encoded(RED, "TIFF", save_all=True, append_images=[Image.new("RGB", (8, 8))] * 200),
    "AVIF": lambda: encoded(RED, "AVIF", save_all=True, append_images=[Image.new("RGB", (8, 8))] * 60, speed=10),
}


@pytest.mark.parametrize("form", ANIMATIONS)
def test_a_thousand_frames_cost_no_more_than_one(form: str) -> None:
    content = ANIMATIONS[form]()
    file = Counting(content)
    begun = time.process_time()
    first = pixels.read(file)
    assert time.process_time() - begun < 0.5
    assert first.shape == (8, 8, 3)
    if form != "GIF":
        assert np.abs(first.astype(int) - [255, 0, 0]).max() <= 3
    if form in ("GIF", "TIFF"):
        assert file.taken < len(content) / 2 + 100_000
    assert len(pixels.read(file, 1)) == 8


# --- damage, lies, polyglots ---


@pytest.mark.parametrize("form", pixels.FORMATS)
def test_a_file_cut_anywhere_is_refused_or_read(form: str) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), form)
    refused = 0
    for length in range(0, len(content), max(1, len(content) // 80)):
        shape = read_or_refused(content[:length])
        assert shape in (None, (24, 24, 3))
        refused += shape is None
    assert refused > 60


def test_sizes_that_lie() -> None:
    avif = bytearray(encoded(Image.new("RGB", (64, 48), (0, 0, 255)), "AVIF", speed=10))
    at = avif.index(b"ispe") + 8
    for width, height in [(8, 8), (4096, 4096), (65535, 65535)]:
        avif[at : at + 8] = struct.pack(">II", width, height)
        assert read_or_refused(bytes(avif)) in (None, (height, width, 3))
    webp = bytearray(encoded(Image.new("RGB", (64, 48)), "WEBP"))
    at = webp.index(b"\x9d\x01\x2a") + 3
    webp[at : at + 4] = struct.pack("<HH", 16383, 16383)
    assert "more pixels than can be decoded safely" in refusal(bytes(webp))
    for width, height in [(4000, 4000), (1, 1)]:
        told = hostile.tiff(width, height, (273, 4, 1, 98), (278, 4, 1, height), (279, 4, 1, 64), data=bytes(64))
        if width == 1:
            assert pixels.read(told).shape == (1, 1, 3)
        else:
            assert "damaged or cut short" in refusal(told)


@pytest.mark.parametrize(
    ("head", "told"),
    [
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "is an SVG drawing, which has no pixels"),
        (b"\xef\xbb\xbf <SVG width='9'>", "is an SVG drawing"),
        (b"%PDF-1.7\n", "is a PDF document"),
        (b"%!PS-Adobe-3.0\n", "is a PostScript document"),
        (b"PK\3\4", "is a ZIP archive"),
        (b"\x1f\x8b\x08", "is compressed with gzip"),
        (b"8BPS", "is a Photoshop document"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "is a HEIC picture"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", "is a video, or a picture of a kind"),
        (b"\x1aE\xdf\xa3", "is a video: take"),
        (b"\xff\x0a", "is a JPEG XL"),
        (b"<!DOCTYPE html>", "is a web page"),
    ],
)
def test_what_is_no_picture_is_called_by_its_name(head: bytes, told: str) -> None:
    for tail in (b"", encoded(RED, "PNG")):  # a picture behind it changes nothing
        assert f"the data {told}" in refusal(head + tail)


@pytest.mark.parametrize("tail", [b"PK\3\4" + bytes(50), b"<script>alert(1)</script>", b"%PDF-1.7", bytes(10**6)])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "PPM"])
def test_what_follows_a_picture_is_left_alone(form: str, tail: bytes) -> None:
    content = encoded(RED, form)
    assert (pixels.read(content + tail) == pixels.read(content)).all()


@pytest.mark.parametrize(
    ("value", "kind", "turned"),
    [(6, 3, True), (6, 4, True), (0, 3, False), (9, 3, False), (65535, 3, False), (6, 2, False), (6, 99, False)],
)
def test_orientations_that_lie(value: int, kind: int, turned: bool) -> None:
    content = hostile.with_exif("JPEG", hostile.directory((0x0112, kind, 1, value)))
    assert pixels.read(content).shape == ((24, 8, 3) if turned else (8, 24, 3))


@pytest.mark.parametrize("shape", [(1, 1_000_000), (1_000_000, 1)])
def test_extreme_shapes(shape: tuple[int, int], tmp_path: Path) -> None:
    path = tmp_path / "line.png"
    path.write_bytes(encoded(Image.fromarray(np.zeros(shape, np.uint8)), "PNG"))
    begun = time.process_time()
    assert pixels.read(path, 1).shape == (*shape, 1)
    assert pixels.header(path) == shape
    assert time.process_time() - begun < 3
    for width, height in ((1, 67_000_000), (67_000_000, 1), (1, 1_000_001)):
        path.write_bytes(hostile.png(width, height, pixels=b""))
        with pytest.raises(PictureError, match="over the limit of 1,000,000 for a side"):
            pixels.header(path)


@pytest.mark.parametrize(
    ("mode", "colour", "form", "expected"),
    [
        ("YCbCr", (76, 85, 255), None, (254, 0, 0)),
        ("RGBX", (1, 2, 3, 0), "TIFF", (1, 2, 3)),
        ("LA", (9, 255), "PNG", (9, 9, 9)),
        ("PA", (0, 255), None, (0, 0, 0)),
        ("LAB", (255, 128, 128), "TIFF", (255, 255, 255)),
        ("HSV", (0, 255, 255), None, (255, 0, 0)),
        ("I;16B", 257, None, (1, 1, 1)),
        ("I;16", 65535, "TIFF", (255, 255, 255)),
        ("1", 1, "TIFF", (255, 255, 255)),
        ("CMYK", (255, 0, 0, 0), "TIFF", (0, 255, 255)),
    ],
)
def test_odd_modes(mode: str, colour: object, form: str | None, expected: tuple[int, int, int]) -> None:
    image = Image.new(mode, (4, 4), colour)  # type: ignore[arg-type]
    read = pixels.read(image if form is None else encoded(image, form))
    assert np.abs(read.astype(int) - expected).max() <= 1


def test_lab_as_grey_and_with_alpha() -> None:
    image = Image.new("LAB", (2, 2), (255, 128, 128))
    assert pixels.read(image, 1).min() >= 254
    assert pixels.read(image, 4)[0, 0, 3] == 255


# --- names ---


def test_names_of_any_characters(tmp_path: Path) -> None:
    for name in ("a\nb.png", "町 été.png", "\x1b[31m.png", os.fsdecode(b"\xff\xfe.png"), "-rf.png", "%s{0}.png"):
        path = tmp_path / name
        path.write_bytes(encoded(RED, "PNG"))
        assert (pixels.read(path) == [255, 0, 0]).all()
        path.write_bytes(b"")
        with pytest.raises(PictureError) as raised:
            pixels.read(path)
        assert str(raised.value).isprintable()
        assert str(raised.value).encode()


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / "pool.png")
    (tmp_path / "pool.png").symlink_to(tmp_path / "loop.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "pipe.png")
    cases = {
        tmp_path / "loop.png": "symbolic links",
        tmp_path / "link.png": "not an ordinary file",
        Path("/dev/zero"): "not an ordinary file",
        "a\0b.png": "embedded null",
    }
    for path, reason in cases.items():
        for act in (pixels.read, pixels.header, pixels.check):
            with pytest.raises(PictureError, match=reason):
                act(path)  # type: ignore[arg-type]
    assert pixels.find(tmp_path) == []


# --- time ---

SLOWEST = {
    "passes": lambda: hostile.passes(8192, 44),
    "odd levels": lambda: b"P6 2048 2048 254\n" + bytes(3 * 2048**2),
    "levels as text": lambda: b"P3 2048 2048 255\n" + b"255 " * (3 * 2048**2),
    "run lengths": lambda: hostile.rle(2048, 2048),
    "a WebP's canvas": lambda: encoded(Image.new("RGB", (8191, 8191), (9, 9, 9)), "WEBP", quality=1, method=0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOWEST)
def test_the_slowest_that_pass_take_seconds(name: str) -> None:
    content = SLOWEST[name]()
    begun = time.process_time()
    assert pixels.read(content).size >= 3 * vetting.MAX_SLOW_PIXELS
    taken = time.process_time() - begun
    print(f"{name}: {len(content):,} bytes, {taken:.1f} s")
    assert taken < 20
