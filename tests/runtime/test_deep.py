"""Beyond 8-bit RGB, without torch: files of any depth, hostile ones too, and models that take and give them."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.runtime import models
from translate import pixels
from translate.errors import DataError, ModelError, PictureError
from translate.forms import Form
from translate.runtime import Translator, translate_files, translate_video
from translate.runtime.streams import command
from translate.runtime.tiles import translate_large

DEEP = {"depth": "uint16"}
random = np.random.default_rng(0)


def values(depth: str, channels: int) -> np.ndarray:
    shape = (7, 9, channels)
    if depth == "float32":
        return random.normal(0, 1000, shape).astype(np.float32)
    return random.integers(0, np.iinfo(depth).max + 1, shape).astype(depth)


def form(depth: str, channels: int) -> Form:
    return Form.declared(channels, {"depth": depth, **({"range": [-1, 1]} if depth == "float32" else {})})


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 13])
@pytest.mark.parametrize("depth", ["uint8", "uint16", "float32"])
def test_what_is_written_is_read(depth: str, channels: int, tmp_path: Path) -> None:
    """In every lossless format that holds it, from a path, from bytes and from an open file."""
    made, of = values(depth, channels), form(depth, channels)
    for suffix in {".png", ".tif", ".npy"} & set(pixels.suffixes(of)):
        if suffix != ".npy" and channels > 1:
            pytest.importorskip("pyvips")
        path = tmp_path / f"x{suffix}"
        pixels.write(made, path)
        for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes())):
            found = pixels.stored(source, of)
            assert (found.dtype, found.shape) == (made.dtype, made.shape)
            assert (found == made).all()


def test_other_numbers_that_fit(tmp_path: Path) -> None:
    """NumPy's own types are taken where nothing is lost by it; heights are often signed."""
    levels = np.array([[0, 1, 300], [4, 5, 65535]])
    np.save(tmp_path / "long.npy", levels)
    assert (pixels.stored(tmp_path / "long.npy", form("uint16", 1))[:, :, 0] == levels).all()
    np.save(tmp_path / "columns.npy", np.asfortranarray(levels.astype(">u2")))
    assert (pixels.stored(tmp_path / "columns.npy", form("uint16", 1))[:, :, 0] == levels).all()
    Image.fromarray((levels - 1000).clip(max=30000).astype(np.int32)).save(tmp_path / "signed.tif")
    pytest.importorskip("pyvips")
    assert pixels.stored(tmp_path / "signed.tif", form("float32", 1)).min() == -1000


@pytest.mark.parametrize("mode", ["P", "L", "1"])
def test_indices_of_classes(mode: str, tmp_path: Path) -> None:
    """Of a palette its numbers count, not its colours; 255 is no class."""
    indices = np.array([[0, 1], [1, 0]], np.uint8)
    image = Image.new(mode, (2, 2))
    if mode == "P":
        image.putpalette([200, 10, 10, 10, 200, 10])
    image.putdata((indices * (255 if mode == "1" else 1)).reshape(-1).tolist())
    image.save(tmp_path / "x.png")
    labels = Form.declared(1, {"classes": 2})
    assert (pixels.stored(tmp_path / "x.png", labels)[:, :, 0] == indices).all()
    pixels.write(np.array([[[0], [255]]], np.uint8), tmp_path / "none.png")
    assert pixels.stored(tmp_path / "none.png", labels).max() == 255
    pixels.write(np.array([[[0], [2]]], np.uint8), tmp_path / "third.png")
    with pytest.raises(PictureError, match="class 2 where 2 are declared"):
        pixels.stored(tmp_path / "third.png", labels)


@pytest.mark.parametrize(
    ("array", "of", "words"),
    [
        (values("uint8", 2), form("uint16", 2), "8 bits where 16 are declared"),
        (values("float32", 2), form("uint16", 2), "say depth = 'float32'"),
        (np.full((4, 4), -1), form("uint16", 1), "from -1 to -1"),
        (np.full((4, 4), 70000), form("uint16", 1), "to 70000"),
        (np.full((4, 4), np.nan), form("float32", 1), "no finite numbers"),
        (np.full((4, 4), 1e300), form("float32", 1), "no finite numbers"),
        (values("uint16", 2), form("uint16", 3), r"give \[H, W, 3\]"),
        (values("uint16", 2).transpose(2, 0, 1), form("uint16", 2), "channels come last"),
        (np.zeros((2, 2, 2, 2), np.uint16), form("uint16", 2), r"give \[H, W, 2\]"),
        (np.zeros((0, 2), np.uint16), form("uint16", 1), r"give \[H, W, 1\]"),
        (np.array([["a"]]), form("uint16", 1), "no levels of a picture"),
        (np.zeros((2, 2), [("x", "<f4")]), form("float32", 1), "no levels of a picture"),
        (np.zeros((2, 2), complex), form("float32", 1), "no levels of a picture"),
    ],
)
def test_arrays_that_do_not_fit(array: np.ndarray, of: Form, words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    for source in (tmp_path / "x.npy", array):
        with pytest.raises(PictureError, match=words):
            pixels.stored(source, of)


def npy(header: str, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    text = header.encode()
    length = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return b"\x93NUMPY" + bytes(version) + length + text + content


PICKLE = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x0atouch oops\x85R."


@pytest.mark.parametrize(
    "content",
    [
        npy("{'descr': '<u2', 'fortran_order': False, 'shape': (1000000, 1000000, 2), }\n"),
        npy("{'descr': '<u2', 'fortran_order': False, 'shape': (4, 4, 1000000000000), }\n"),
        npy("{'descr': '<u2', 'fortran_order': False, 'shape': (4, 4, 2), }\n", b"\0" * 63),
        npy("{'descr': '<u2', 'fortran_order': False, 'shape': (4, 4, 2), }\n", b"\0" * 65),
        npy("{'descr': '<u2', 'fortran_order': False, 'shape': (-4, -4, 2), }\n", b"\0" * 64),
        npy("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1), }\n", PICKLE),
        npy("{'descr': ('<u2', (100000, 100000)), 'fortran_order': False, 'shape': (4, 4), }\n"),
        npy("{'descr': '<u2', 'fortran_order': False, 'shape': " + "(" * 5000 + ")" * 4000 + ", }\n"),
        npy("-" * 9000 + "1"),
        npy("__import__('os').system('touch oops')"),
        npy("{" * 60000),
        npy("{'descr': '<u2'}" + " " * 100000, version=(2, 0)),
        npy("", version=(9, 9)),
        b"\x93NUMPY",
        b"\x93NUMPY\1\0\xff\xff",
    ],
    ids=range(15),
)
def test_hostile_arrays(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that names the file, and neither memory nor a program that the file asks for."""
    monkeypatch.chdir(tmp_path)
    Path("evil.npy").write_bytes(content)
    for of in (form("uint16", 2), form("uint16", 1), Form.plain(3)):
        with pytest.raises(PictureError, match=r"evil\.npy") as told:
            pixels.stored(Path("evil.npy"), of)
        assert str(told.value).isprintable()
    assert not Path("oops").exists()


def tiff(*tags: tuple[int, int, int, int], content: bytes = b"\0" * 64) -> bytes:
    entries = b"".join(struct.pack("<HHLL", *tag) for tag in sorted(tags))
    start = 8 + 2 + len(entries) + 4
    entries = entries.replace(struct.pack("<L", 0xABCD), struct.pack("<L", start))
    return b"II*\0" + struct.pack("<LH", 8, len(tags)) + entries + bytes(4) + content


def sized(width: int, height: int, channels: int = 2, *more: tuple[int, int, int, int]) -> bytes:
    return tiff(
        *((256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1)),
        *((273, 4, 1, 0xABCD), (277, 3, 1, channels), (278, 4, 1, height), (279, 4, 1, 64), *more),
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (sized(10**6, 10**6), "over the limit"),
        (sized(4, 4, 60000), "60000 channels where 2 are declared"),
        (sized(4, 4, 3), "3 channels where 2 are declared"),
        (sized(4, 4, 2, (322, 4, 1, 2**20), (323, 4, 1, 2**20)), "over the limit"),
        (sized(400, 400), "damaged or cut short"),
        (tiff(*((65000, 2, 60, 8) for _ in range(60000)), content=b""), "claim the same bytes|"),
        (tiff(), "channels where 2|damaged"),
        (b"II*\0", "channels where 2|damaged"),
        (b"MM\0*" + b"\xff" * 40, "channels where 2|damaged"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "evil"),
        (b"GIF89a" + b"\0" * 40, "neither NPY, TIFF nor PNG"),
        (b"", "neither NPY, TIFF nor PNG"),
    ],
    ids=range(12),
)
def test_hostile_files(content: bytes, words: str, tmp_path: Path) -> None:
    pytest.importorskip("pyvips")
    (tmp_path / "evil.tif").write_bytes(content)
    with pytest.raises(PictureError, match=words) as told:
        pixels.stored(tmp_path / "evil.tif", form("uint16", 2))
    assert "evil.tif" in str(told.value)


def test_damage_never_ends_otherwise_than_in_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pyvips")
    made = values("uint16", 2)
    for suffix in (".tif", ".npy"):
        sound = pixels.encode(made, suffix)
        for seed in range(150):
            chance = np.random.default_rng(seed)
            broken = bytearray(sound[: chance.integers(1, len(sound) + 1)] if seed % 3 == 0 else sound)
            for _ in range(int(chance.integers(1, 6))):
                broken[chance.integers(0, min(len(broken), 300))] = chance.integers(0, 256)
            try:
                found = pixels.stored(bytes(broken), form("uint16", 2), limit=10_000)
            except PictureError:
                continue
            assert found.dtype == np.uint16


def test_too_many_pixels_for_the_limit(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", values("uint16", 2))
    with pytest.raises(PictureError, match="over the limit of 62"):
        pixels.stored(tmp_path / "x.npy", form("uint16", 2), limit=62)


def test_formats_that_cannot_hold_it(tmp_path: Path) -> None:
    for suffix in (".png", ".jpg"):
        with pytest.raises(PictureError, match=r"cannot hold 2 channels of uint16: end its name in one of .tif"):
            pixels.write(values("uint16", 2), tmp_path / f"x{suffix}")
    assert not list(tmp_path.iterdir())


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(PictureError, match=r"need pip install 'translate-gan\[large\]'; NPY does without"):
        pixels.write(values("uint16", 2), tmp_path / "x.tif")


def test_shown_and_measured() -> None:
    ramp = np.array([[0, 5000, 10000, 20000]], np.uint16)[:, :, None]
    of = Form.declared(1, {**DEEP, "range": [0, 10000]})
    assert pixels.shown(ramp, of)[0, :, 0].tolist() == [0, 128, 255, 255]
    assert pixels.levels(ramp, of)[0, :, 0].tolist() == [0, 127.5, 255, 255]
    plain = values("uint8", 3)
    assert (pixels.shown(plain, Form.plain(3)) == plain).all()
    assert pixels.levels(plain, Form.plain(3)) is plain
    two = values("uint8", 2)
    assert (pixels.shown(two, Form.plain(2)) == two[:, :, [0, 1, 1]]).all()
    colours = pixels.shown(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), Form.declared(1, {"classes": 200}))
    assert len(np.unique(colours.reshape(-1, 3), axis=0)) > 150
    assert (colours[-1, -1] == 0).all()  # no class


@pytest.fixture
def two(tmp_path: Path) -> Translator:
    return Translator(models.copying(tmp_path / "two.onnx", form("uint16", 2), form("uint16", 2)), engine="cpu")


def test_a_model_of_16_bits(two: Translator, tmp_path: Path) -> None:
    picture = values("uint16", 2)
    assert (two.array(picture) == picture).all()
    with pytest.raises(PictureError, match=r"copy takes uint16 \[N, H, W, 2\], not uint8"):
        two.array(picture.astype(np.uint8))
    with pytest.raises(ModelError, match=r"which no PIL image holds: translate arrays with Translator.array"):
        two(picture)
    two.warm_up()
    one = Translator(models.copying(tmp_path / "one.onnx", form("uint16", 1), form("uint16", 1)), engine="cpu")
    image = one(picture[:, :, :1])
    assert (image.mode, (np.asarray(image) == picture[:, :, 0]).all()) == ("I;16", True)


def test_a_graph_of_another_depth_than_its_card(tmp_path: Path) -> None:
    models.copying(tmp_path / "m.onnx", form("uint16", 2), form("uint16", 2), models.UINT8)
    with pytest.raises(ModelError, match=r"uint8 .* instead of uint16 \[N, H, W, 2\]"):
        Translator(tmp_path / "m.onnx", engine="cpu")


def test_files(two: Translator, tmp_path: Path) -> None:
    """Each keeps its format where that holds the result, else gets one that does."""
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    pictures = {f"{number}{suffix}": values("uint16", 2) for number, suffix in enumerate((".npy", ".npy"))}
    for name, picture in pictures.items():
        pixels.write(picture, folder / name)
    pixels.write(values("uint8", 3), folder / "other.png")
    lines: list[str] = []
    outcome = translate_files(two, [folder], out, report=lines.append)
    assert (outcome.done, len(outcome.failed)) == (2, 1)
    assert "other.png has 3 channels where 2 are declared: it is for another model, or" in outcome.failed[0][1]
    for name, picture in pictures.items():
        assert (pixels.stored(out / name, two.card.gives) == picture).all()
    with pytest.raises(DataError, match=r"cannot be written as \.jpg: choose from \.(tif|npy)"):
        translate_files(two, [folder], out, suffix=".jpg")
    with pytest.raises(DataError, match=r"cannot be written as \.png"):
        translate_files(two, [folder / "0.npy"], tmp_path / "x.png")


def test_several_inputs(tmp_path: Path) -> None:
    """Colour of 8 bits and one channel of 16: put together by name, or given as one file of both."""
    takes = Form.declared([3, 1], [{}, DEEP], 2)
    model = Translator(models.copying(tmp_path / "m.onnx", takes, form("uint16", 4)), engine="cpu")
    colour, depth = values("uint8", 3), values("uint16", 1)
    for name, picture in (("photos/1.png", colour), ("depth/1.png", depth), ("photos/2.png", colour)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pixels.write(picture, tmp_path / name)
    both = np.concatenate([colour, depth], axis=2)
    words = [str(tmp_path / "photos")], str(tmp_path / "out")
    options = command.Options(suffix=".npy", others=[str(tmp_path / "depth")])
    lines: list[str] = []
    assert command.run(model, *words, options, lines.append) == 1
    assert "has no partner in" in lines[1]
    assert (np.load(tmp_path / "out/1.npy") == both).all()
    with pytest.raises(DataError, match="give --with 1 times"):
        command.run(model, *words, command.Options(others=[str(tmp_path / "depth")] * 2), lines.append)
    pixels.write(both, tmp_path / "both.npy")
    assert (model.read(tmp_path / "both.npy") == both).all()
    pixels.write(values("uint16", 1)[:3], tmp_path / "small.png")
    with pytest.raises(PictureError, match="channels of one picture have one size"):
        model.read(tmp_path / "photos/1.png", tmp_path / "small.png")


def test_what_deep_models_do_not_do(two: Translator, tmp_path: Path) -> None:
    pixels.write(values("uint16", 2), tmp_path / "x.npy")
    for attempt in (
        lambda: translate_video(two, tmp_path / "a.mp4", tmp_path / "b.mp4"),
        lambda: translate_large(two, tmp_path / "x.npy", tmp_path / "y.tif"),
    ):
        with pytest.raises(ModelError, match=r"copy takes 2 channels of uint16 .* 8-bit grey and RGB alone"):
            attempt()
    with pytest.raises(DataError, match="--with is not for a video"):
        command.run(two, ["a.mp4"], "b.mp4", command.Options(others=["x"]), print)


def test_plain_models_take_arrays_too(tmp_path: Path) -> None:
    from translate.runtime import metadata

    invert = Path(__file__).parents[1] / "assets" / "invert.onnx"
    picture = values("uint8", metadata.card(invert).source_channels)
    np.save(tmp_path / "x.npy", picture)
    translate_files(Translator(invert, engine="cpu"), [tmp_path / "x.npy"], tmp_path / "out", report=str)
    assert (np.load(tmp_path / "out/x.npy") == 255 - picture).all()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(tmp_path / "x.npy", "x.npy")
    outcome = translate_files(Translator(invert, engine="cpu"), [tmp_path / "a.zip"], tmp_path / "zipped", report=str)
    assert (outcome.done, outcome.failed) == (1, [])
    assert (np.load(tmp_path / "zipped/x.npy") == 255 - picture).all()


def test_one_file_is_not_filled_up_to_be_several(tmp_path: Path) -> None:
    """RGB and an index make a picture of four channels: RGB alone must not become RGBA."""
    form = Form.declared([3, 1], {}, files=2)
    picture = random.integers(0, 256, (7, 9, 4), dtype=np.uint8)
    Image.fromarray(picture[:, :, :3]).save(tmp_path / "rgb.png")
    Image.fromarray(picture[:, :, :3]).save(tmp_path / "rgb.jpg")
    Image.fromarray(picture[:, :, 3]).save(tmp_path / "index.png")
    np.save(tmp_path / "both.npy", picture)
    for alone in ("rgb.png", "rgb.jpg"):
        with pytest.raises(PictureError, match=alone):
            pixels.stored(tmp_path / alone, form)
    assert np.array_equal(pixels.stored(tmp_path / "rgb.png", form, tmp_path / "index.png"), picture)
    assert np.array_equal(pixels.stored(tmp_path / "both.npy", form), picture)
