import io
import os
import random
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from translate import pixels
from translate.errors import DataError, PictureError
from translate.pixels.quiet import quiet

RGB = np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype=np.uint8)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def oriented(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def png_header(width: int, height: int) -> bytes:
    """A PNG of the size named, valid up to its missing pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    content = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", content) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


# --- what is read ---


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_lossless_formats_give_the_pixels(form: str) -> None:
    assert (pixels.read(encoded(Image.fromarray(RGB), form)) == RGB).all()


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "GIF"])
def test_lossy_formats_give_nearly_the_pixels(form: str) -> None:
    smooth = np.broadcast_to(np.linspace(0, 255, 32, dtype=np.uint8)[:, None, None], (32, 24, 3))
    read = pixels.read(encoded(Image.fromarray(np.ascontiguousarray(smooth)), form))
    assert read.shape == smooth.shape
    assert np.abs(read.astype(int) - smooth).max() <= 12


def test_every_kind_of_source_gives_the_same(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(RGB), "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with path.open("rb") as file, Image.open(path) as lazy:
        sources = [path, str(path), content, bytearray(content), memoryview(content), io.BytesIO(content), file, lazy]
        for source in [*sources, Image.fromarray(RGB), RGB, RGB[::-1][::-1], RGB.astype(np.uint16) * 257]:
            assert (pixels.read(source) == RGB).all()
        assert not file.closed  # it is the caller's


def test_the_result_is_the_callers_own() -> None:
    mine = RGB.copy()
    pixels.read(mine)[:] = 0
    assert (mine == RGB).all()


def test_the_content_counts_and_not_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.fromarray(RGB), "PNG"))
    assert (pixels.read(path) == RGB).all()


def test_channels() -> None:
    image = Image.fromarray(RGB)
    assert (pixels.read(image, 1)[:, :, 0] == np.asarray(image.convert("L"))).all()
    assert (pixels.read(image, 4) == np.dstack([RGB, np.full((6, 9), 255, np.uint8)])).all()
    assert (pixels.read(RGB[:, :, 0]) == RGB[:, :, :1]).all()
    assert pixels.read(RGB[:, :, :1], 1).shape == (6, 9, 1)
    with pytest.raises(ValueError, match="channels"):
        pixels.read(RGB, 2)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path: Path, orientation: int, form: str) -> None:
    upright = np.zeros((16, 24, 3), np.uint8)
    upright[:8, :8], upright[:8, 16:], upright[8:, :8] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    # How a camera held so would have stored it: EXIF 2.3, tag 274, "the 0th row is at the visual …".
    stored = {
        1: upright,
        2: upright[:, ::-1],  # top, right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: upright.swapaxes(0, 1),  # left, top
        6: upright.swapaxes(0, 1)[::-1],  # right, top
        7: upright.swapaxes(0, 1)[::-1, ::-1],  # right, bottom
        8: upright.swapaxes(0, 1)[:, ::-1],  # left, bottom
    }[orientation]
    # The rows of 6 run along the visual right side from its top: the first one is the last column.
    if orientation == 6:
        assert (stored[0] == upright[:, -1]).all()
    path = tmp_path / "picture"
    options = {"quality": 100, "subsampling": 0} if form == "JPEG" else {"lossless": True} if form == "WEBP" else {}
    path.write_bytes(
        encoded(Image.fromarray(np.ascontiguousarray(stored)), form, exif=oriented(orientation), **options)
    )
    assert np.abs(pixels.read(path).astype(int) - upright).max() <= (8 if form == "JPEG" else 0)
    assert pixels.header(path) == (16, 24)
    with Image.open(path) as image:  # Pillow's own opinion
        assert (pixels.read(path) == np.asarray(ImageOps.exif_transpose(image))).all()
    with Image.open(path) as image:
        assert (pixels.read(image) == pixels.read(path)).all()


def test_16_bit_grey_is_scaled_and_rounded() -> None:
    levels = np.array([[0, 128, 129, 256, 257, 32767, 65406, 65407, 65535]], np.uint16)
    expected = [[0, 0, 1, 1, 1, 127, 254, 255, 255]]
    for source in [levels, levels.astype(">u2"), encoded(Image.fromarray(levels), "PNG")]:
        assert pixels.read(source, 1)[:, :, 0].tolist() == expected
        assert pixels.read(source)[:, :, 2].tolist() == expected
    for form in ["TIFF", "PPM"]:
        assert pixels.read(encoded(Image.fromarray(levels.astype(np.int32)), form), 1)[:, :, 0].tolist() == expected
    big_endian = Image.frombytes("I;16B", (9, 1), levels.astype(">u2").tobytes())
    assert pixels.read(big_endian, 1)[:, :, 0].tolist() == expected


def test_16_bit_grey_with_a_transparent_level() -> None:
    levels = np.array([[0, 1000, 65535]], np.uint16)
    content = bytearray(encoded(Image.fromarray(levels), "PNG"))
    end = content.index(b"IDAT") - 4
    chunk = b"tRNS" + struct.pack(">H", 1000)
    content[end:end] = struct.pack(">I", 2) + chunk + struct.pack(">I", zlib.crc32(chunk))
    assert pixels.read(bytes(content), 4)[0, :, 3].tolist() == [255, 0, 255]
    assert pixels.read(bytes(content), 1, background=(7, 7, 7)).ravel().tolist() == [0, 7, 255]


@pytest.mark.parametrize(
    "image", [Image.new("F", (2, 2), 0.5), Image.new("I", (2, 2), 70000), Image.new("I", (2, 2), -1)]
)
def test_samples_without_a_known_white_are_refused(image: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "deep.tif"
    path.write_bytes(encoded(image, "TIFF"))
    for act in (pixels.read, pixels.check):
        with pytest.raises(PictureError, match=r"deep\.tif holds .* 8 or 16 bits"):
            act(path)


def test_transparency_is_laid_over_the_background() -> None:
    rgba = np.array([[[200, 100, 0, 255], [200, 100, 0, 0], [200, 100, 0, 51]]], np.uint8)
    assert pixels.read(rgba).tolist() == [[[200, 100, 0], [255, 255, 255], [244, 224, 204]]]
    assert pixels.read(rgba, background=(0, 0, 100))[0, 1].tolist() == [0, 0, 100]
    assert (pixels.read(rgba, 4) == rgba).all()
    la = Image.fromarray(np.array([[[10, 255], [10, 0]]], np.uint8), "LA")
    assert pixels.read(encoded(la, "PNG"), 1).ravel().tolist() == [10, 255]
    assert pixels.read(la.convert("La"), 1).ravel().tolist() == [10, 255]
    assert pixels.read(Image.fromarray(rgba).convert("RGBa"), background=(0, 0, 0))[0, 1].tolist() == [0, 0, 0]


def test_palettes() -> None:
    image = Image.fromarray(np.array([[0, 1, 2]], np.uint8)).convert("P")
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    assert pixels.read(encoded(image, "PNG")).tolist() == [[[10, 20, 30], [40, 50, 60], [70, 80, 90]]]
    for transparency in (1, bytes([255, 0, 255])):
        content = encoded(image, "PNG", transparency=transparency)
        assert pixels.read(content).tolist() == [[[10, 20, 30], [255, 255, 255], [70, 80, 90]]]
        assert pixels.read(content, 4)[0, :, 3].tolist() == [255, 0, 255]
    assert pixels.read(encoded(image, "GIF", transparency=2), background=(1, 2, 3))[0, 2].tolist() == [1, 2, 3]


def test_transparent_colour_of_rgb() -> None:
    content = encoded(Image.fromarray(RGB), "PNG", transparency=tuple(RGB[0, 0].tolist()))
    assert pixels.read(content)[0, 0].tolist() == [255, 255, 255]


def test_one_bit_and_cmyk() -> None:
    bits = Image.fromarray(np.array([[0, 255, 255]], np.uint8)).convert("1")
    for form in ("PNG", "TIFF", "BMP", "PPM"):
        assert pixels.read(encoded(bits, form)).tolist() == [[[0] * 3, [255] * 3, [255] * 3]]
    cmyk = Image.fromarray(np.full((16, 16, 4), (0, 255, 255, 0), np.uint8), "CMYK")
    assert (pixels.read(encoded(cmyk, "TIFF")) == [255, 0, 0]).all()
    assert np.abs(pixels.read(encoded(cmyk, "JPEG", quality=100)).astype(int) - [255, 0, 0]).max() <= 2
    assert pixels.read(cmyk, 1).shape == (16, 16, 1)


@pytest.mark.parametrize("form", ["GIF", "TIFF", "PNG", "WEBP"])
def test_the_first_of_several_frames(form: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if form == "WEBP" else {}
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert (pixels.read(content) == [255, 0, 0]).all()


# --- what is refused ---


def test_too_many_pixels_are_refused_by_the_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    for width, height in [(60000, 60000), (11000, 11000), (8193, 8192)]:
        path.write_bytes(png_header(width, height))
        for act in (pixels.read, pixels.header, pixels.check):
            with pytest.raises(PictureError, match=r"bomb\.png has .*pixels.*make it smaller"):
                act(path)
    assert pixels.header(path, limit=10**8) == (8192, 8193)


def test_the_limit_holds_for_every_kind_of_source() -> None:
    for source in (RGB, Image.fromarray(RGB), encoded(Image.fromarray(RGB), "PNG")):
        with pytest.raises(PictureError, match=r"9 × 6 pixels, over the limit of 53"):
            pixels.read(source, limit=53)
        assert pixels.read(source, limit=54).shape == (6, 9, 3)


def test_pillows_limit_is_left_alone_and_its_warning_stays_inside(tmp_path: Path) -> None:
    before = Image.MAX_IMAGE_PIXELS, warnings.filters[:]
    path = tmp_path / "large.png"
    path.write_bytes(png_header(10000, 9000))  # Pillow warns from 89 megapixels on, and warnings are errors here
    assert pixels.header(path, limit=10**8) == (9000, 10000)
    assert (Image.MAX_IMAGE_PIXELS, warnings.filters) == before


def test_other_warnings_are_heard_while_a_picture_is_open() -> None:
    with pytest.warns(UserWarning, match="mine"), quiet:
        warnings.warn("mine", stacklevel=1)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "AVIF"])
def test_files_cut_short(form: str, tmp_path: Path) -> None:
    content = encoded(Image.fromarray(np.tile(RGB, (8, 8, 1))), form)
    path = tmp_path / "cut.png"
    for share in (0.05, 0.5, 0.9):
        path.write_bytes(content[: int(len(content) * share)])
        for act in (pixels.read, pixels.check):
            with pytest.raises(PictureError, match=r"cut\.png"):
                act(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "is not a picture"), (b"Dear diary,\n", "is not a picture"), (b"\0" * 99, "is not a picture")],
)
def test_files_that_are_no_pictures(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_bytes(content)
    for act in (pixels.read, pixels.header, pixels.check):
        with pytest.raises(PictureError, match=f"text.png {reason}"):
            act(path)


def test_formats_outside_the_list_are_refused() -> None:
    for form in ("ICO", "TGA", "SGI", "PCX"):
        with pytest.raises(PictureError, match="not a picture"):
            pixels.read(encoded(Image.fromarray(RGB), form))


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    cases = {
        tmp_path: "is a folder",
        tmp_path / "none.png": "does not exist",
        tmp_path / "pipe": "not an ordinary file",
    }
    for path, reason in cases.items():
        with pytest.raises(PictureError, match=reason):
            pixels.read(path)
    with pytest.raises(PictureError, match="cannot be read: File name too long"):
        pixels.read("x" * 5000)
    with pytest.raises(PictureError, match="a picture is a path"):
        pixels.read(None)


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 4, 3)), "floating-point"),
        (np.zeros((4, 4, 3), np.int32), "is int32: give uint8 or uint16"),
        (np.zeros((4, 4), bool), "is bool"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((1, 4, 4, 3), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "shape"),
        (np.zeros(4, np.uint8), "shape"),
    ],
)
def test_arrays_that_are_no_pictures(array: np.ndarray, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        pixels.read(array)


def test_damaged_exif_does_not_spoil_the_picture() -> None:
    content = encoded(Image.fromarray(RGB), "JPEG", exif=oriented(6))
    start = content.index(b"Exif\0\0") + 6
    for damage in (b"XX\xff\xff\xff\xff\xff\xff", content[start : start + 4] + b"\xff" * 4):
        damaged = content[:start] + damage + content[start + 8 :]
        assert pixels.read(damaged).shape == (6, 9, 3)


def test_mutated_files_are_read_or_refused() -> None:
    """Whatever a decoder makes of damage, it comes out as pixels or as a PictureError of one line."""
    source = random.Random(0)
    image = Image.fromarray(RGB)
    seeds = [
        encoded(image, "PNG"),
        encoded(image.convert("P"), "PNG", exif=oriented(5), transparency=3),
        encoded(image, "JPEG", exif=oriented(6)),
        encoded(image.convert("CMYK"), "JPEG", progressive=True),
        *(encoded(image, form) for form in ("WEBP", "BMP", "TIFF", "GIF", "PPM", "AVIF")),
    ]
    read, told = 0, []
    for turn in range(1500):
        content = bytearray(seeds[turn % len(seeds)])
        for _ in range(source.choice([1, 2, 8])):
            content[source.randrange(len(content))] = source.randrange(256)
        try:
            array = pixels.read(bytes(content[: source.choice([None, None, source.randrange(1, len(content))])]))
            assert array.dtype == np.uint8
            assert array.ndim == 3
            assert array.shape[2] == 3
            read += 1
        except PictureError as error:
            told.append(str(error))
    assert 100 < read < 1400
    assert all(line and "\n" not in line for line in told)


def test_threads_read_and_leave_the_warnings_as_they_were() -> None:
    content = encoded(Image.fromarray(RGB), "PNG")
    before = warnings.filters[:]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                assert (pixels.read(content) == RGB).all()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert warnings.filters == before


# --- what is written ---


@pytest.mark.parametrize("suffix", sorted(pixels.WRITABLE))
def test_what_is_written_can_be_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    smooth = np.tile(np.arange(0, 240, 10, dtype=np.uint8)[:, None, None], (1, 16, 3))
    pixels.write(smooth, path, quality=100)
    exact = suffix not in (".jpg", ".jpeg", ".webp", ".avif")
    assert np.abs(pixels.read(path).astype(int) - smooth).max() <= (0 if exact else 3)
    pixels.write(smooth[:, :, 0], path)
    pixels.write(smooth[:, :, :1], path)
    assert pixels.read(path, 1).shape == (24, 16, 1)
    assert os.listdir(tmp_path) == [path.name]


def test_quality_and_transparency(tmp_path: Path) -> None:
    big = np.tile(RGB, (10, 10, 1))
    for suffix in (".jpg", ".webp", ".avif"):
        pixels.write(big, tmp_path / f"low{suffix}", quality=10)
        pixels.write(big, tmp_path / f"HIGH{suffix.upper()}", quality=95)
        assert (tmp_path / f"low{suffix}").stat().st_size < (tmp_path / f"HIGH{suffix.upper()}").stat().st_size
    rgba = np.dstack([RGB, RGB[:, :, :1]])
    pixels.write(rgba, tmp_path / "a.png")
    assert (pixels.read(tmp_path / "a.png", 4) == rgba).all()
    with pytest.raises(PictureError, match=r"transparency: write it as \.png"):
        pixels.write(rgba, tmp_path / "a.jpg")


def test_writing_that_fails_says_why_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "taken.png").mkdir()
    cases = {"a.txt": "end its name in one of .png", "a": "end its name", "none/a.png": "create it first"}
    for name, reason in {**cases, "taken.png": "a folder of that name", "x" * 300 + ".png": "name too long"}.items():
        with pytest.raises(PictureError, match=f"(?i){reason}"):
            pixels.write(RGB, tmp_path / name)
    with pytest.raises(PictureError, match="floating-point"):
        pixels.write(np.zeros((2, 2)), tmp_path / "a.png")
    with pytest.raises(PictureError, match=r"JPEG does not take a picture of 1 × 65536 .*write a\.png"):
        pixels.write(np.zeros((65536, 1), np.uint8), tmp_path / "a.jpg")
    assert os.listdir(tmp_path) == ["taken.png"]


def test_a_full_disk_keeps_the_old_picture(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    path = tmp_path / "a.bmp"
    pixels.write(RGB, path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(PictureError, match=r"a\.bmp cannot be written: File too large"):
            pixels.write(RGB, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == ["a.bmp"]
    assert (pixels.read(path) == RGB).all()


def test_a_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    pixels.write(RGB, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode


# --- folders ---


def test_find(tmp_path: Path) -> None:
    for name in ("10.png", "2.PNG", "1.jpeg", ".hidden.png", "notes.txt", "b.gif"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [path.name for path in pixels.find(tmp_path)] == ["1.jpeg", "2.PNG", "10.png", "b.gif"]
    assert pixels.find(tmp_path / "folder.png") == []
    with pytest.raises(DataError, match="does not exist"):
        pixels.find(tmp_path / "none")
    with pytest.raises(DataError, match="is a file"):
        pixels.find(tmp_path / "10.png")


def test_natural_order() -> None:
    names = ["a1b2", "a1b10", "A2", "a010", "a10", "a" + "9" * 5000, "b", "²"]
    mixed = names[::-1]
    mixed.sort(key=pixels.natural)
    assert mixed == names
    assert pixels.natural(Path("x/2.png")) == pixels.natural("x/2.png")


@given(st.lists(st.text()))
def test_natural_order_is_total(names: list[str]) -> None:
    ordered = sorted(names, key=pixels.natural)
    backwards = ordered[::-1]
    backwards.sort(key=pixels.natural)
    assert backwards == ordered
