"""Pictures that are streamed: with pyvips, which not every installation has."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.runtime.tiles.test_job import ASSETS, ROOT, drawn, ignore, loaded
from translate import pixels
from translate.errors import PictureError
from translate.runtime.tiles import canvas, source, translate_large

pyvips = pytest.importorskip("pyvips")


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is small enough to be held."""
    monkeypatch.setattr(source, "HELD", 0)
    monkeypatch.setattr(canvas, "HELD", 0)


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "P", "1", "I;16"])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_streamed_part_is_what_reading_gives(tmp_path: Path, mode: str, suffix: str) -> None:
    image = Image.fromarray(drawn(90, 70))
    if mode == "I;16":
        image = Image.fromarray(drawn(90, 70)[:, :, 0].astype(np.uint16) * 257)
    elif mode in ("LA", "RGBA"):
        image = image.convert(mode[:-1])
        image.putalpha(Image.fromarray(drawn(90, 70, seed=3)[:, :, 0]))
    else:
        image = image.convert(mode)
    image.save(tmp_path / f"in{suffix}")
    for channels in (1, 3):
        expected = pixels.read(tmp_path / f"in{suffix}", channels)
        found = source.opened(tmp_path / f"in{suffix}", channels)
        assert (found.height, found.width) == (90, 70)
        assert (found.read(20, 10, 85, 70) == expected[20:85, 10:70]).all()


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("turn", range(1, 9))
def test_it_is_upright(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    Image.fromarray(drawn(90, 70)).save(tmp_path / "in.png", exif=exif)
    expected = pixels.read(tmp_path / "in.png")
    found = source.opened(tmp_path / "in.png", 3)
    assert (found.read(0, 0, found.height, found.width) == expected).all()


@pytest.mark.usefixtures("streamed")
@pytest.mark.parametrize("suffix", [".tif", ".png", ".jpg"])
def test_streamed_through(tmp_path: Path, suffix: str) -> None:
    translator, picture = loaded("invert"), drawn(300, 200)
    pixels.write(picture, tmp_path / "in.tif")
    translate_large(translator, tmp_path / "in.tif", tmp_path / f"out{suffix}", tile=64, report=ignore)
    result = pixels.read(tmp_path / f"out{suffix}").astype(int)
    assert np.abs(result - (255 - picture.astype(int))).mean() < (6 if suffix == ".jpg" else 1e-9)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.tif", f"out{suffix}"]
    if suffix == ".tif":
        with Image.open(tmp_path / "out.tif") as image:
            assert image.tag_v2[322] == image.tag_v2[323] == 256  # type: ignore[attr-defined]


@pytest.mark.usefixtures("streamed")
def test_bad_files_are_one_sentence(tmp_path: Path) -> None:
    pixels.write(drawn(300, 200), tmp_path / "whole.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "whole.png").read_bytes()[:50_000])
    (tmp_path / "text.tif").write_text("not a picture")
    Image.fromarray(drawn(30, 20)).convert("CMYK").save(tmp_path / "print.tif")
    Image.fromarray(drawn(30, 20)).save(tmp_path / "in.bmp")
    Image.fromarray(drawn(30, 20)[:, :, 0].astype(np.float32)).save(tmp_path / "float.tif")
    cases = {"text.tif": "cannot be streamed", "print.tif": "holds cmyk", "in.bmp": "tiled TIFF", "float.tif": "float"}
    for name, message in cases.items():
        with pytest.raises(PictureError, match=message):
            source.opened(tmp_path / name, 3)
    found = source.opened(tmp_path / "cut.png", 3)
    with pytest.raises(PictureError, match="damaged or cut short"):
        found.read(0, 0, found.height, found.width)
    with pytest.raises(PictureError, match="is written as"):
        translate_large(loaded("invert"), tmp_path / "whole.png", tmp_path / "out.webp", report=ignore)


_CHILD = """
import sys
from translate.cli import main
from translate.runtime.tiles import canvas, source
canvas.HELD = source.HELD = 0
status = main(sys.argv[1:])
(peak,) = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(int(peak) // 1024)
sys.exit(status)
"""


def peak(folder: Path, height: int) -> int:
    """MiB that a translation takes, in a process of its own."""
    work = canvas.Canvas(folder / "in.tif", height, 512, 3)
    for top in range(0, height, 256):
        work.write(top, 0, np.tile(drawn(256, 256, seed=top), (1, 2, 1)))
    work._stream()
    work.remove()
    words = ["run", ASSETS / "resnet_running.onnx", folder / "in.tif", "-o", folder / "out.tif", "--threads", "1"]
    command = [sys.executable, "-c", _CHILD, *map(str, words), "--tile", "256"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1])


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read where Linux tells it")
def test_memory_does_not_grow_with_the_picture(tmp_path: Path) -> None:
    """The larger one is 25 MB, read and written: held in memory once it would show."""
    (tmp_path / "small").mkdir()
    small, large = peak(tmp_path / "small", 1024), peak(tmp_path, 16384)
    assert large < 250
    assert large - small < 20
