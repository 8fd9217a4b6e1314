"""One picture through standard input and output."""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate import pixels
from translate.cli import main
from translate.runtime.streams import standard

MODEL = str(Path(__file__).parents[1] / "assets" / "invert.onnx")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (16, 8), (10, 20, 30)).save(tmp_path / "in.png")
    return tmp_path / "in.png"


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch):
    """Puts bytes on standard input."""
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_pipe_from_end_to_end(picture: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "translate", "run", MODEL, "-", "-o", "-"],
        input=picture.read_bytes(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    with Image.open(io.BytesIO(done.stdout)) as made:
        assert made.format == "PNG"
        assert (np.asarray(made) == (245, 235, 225)).all()
    # Nothing but the picture: encoded again it is the same bytes.
    assert done.stdout == pixels.encode(pixels.read(done.stdout), ".png")


def test_formats(picture: Path, given, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    sizes = []
    for quality in ("10", "100"):
        given(picture.read_bytes())
        assert main(["run", MODEL, "-", "-o", "-", "--suffix", "jpg", "--quality", quality]) == 0
        made = capsysbinary.readouterr().out
        with Image.open(io.BytesIO(made)) as image:
            assert image.format == "JPEG"
        sizes.append(len(made))
    assert sizes[0] < sizes[1]


def test_half_a_pipe(picture: Path, given, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    given(picture.read_bytes())
    assert main(["run", MODEL, "-", "-o", str(tmp_path / "out.bmp")]) == 0
    assert (pixels.read(tmp_path / "out.bmp") == (245, 235, 225)).all()
    assert main(["run", MODEL, str(picture), "-o", "-"]) == 0
    assert (pixels.read(capsysbinary.readouterr().out) == (245, 235, 225)).all()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["-", "in.png", "-o", "-"], "take one picture: give one input"),
        (["in.png", "other.png", "-o", "-"], "take one picture: give one input"),
        (["-", "-o", "out"], "out is not the name of a picture: choose from .png"),
        (["-", "-o", "-", "--suffix", "gif"], "cannot be written as gif: choose from .png"),
        (["-", "-o", "-", "--name", "{stem}{suffix}"], "--name is not for one picture"),
        (["-", "-o", "-", "--blend", "0.5"], "--blend is not for one picture"),
        (["-", "-o", "-", "--quality", "0"], "quality 0: give 1 to 100"),
        (["-", "-o", "-"], "standard input is not a picture"),
    ],
)
def test_mistakes(words: list[str], reason: str, given, capsys: pytest.CaptureFixture[str]) -> None:
    given(
        b"a text" if reason.startswith("standard input is not") else pixels.encode(np.zeros((4, 4), np.uint8), ".png")
    )
    assert main(["run", MODEL, *words]) == 1
    said = capsys.readouterr()
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_too_much(given, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard, "MAX_ENTRY", 2**20)
    given(bytes(2**20 + 1))
    assert main(["run", MODEL, "-", "-o", "-"]) == 1
    assert "standard input holds more than 1 MiB" in capsys.readouterr().err


def test_a_terminal_is_no_picture(given, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given(b"")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    assert main(["run", MODEL, "-", "-o", "-"]) == 1
    assert "standard input is a terminal" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert main(["run", MODEL, "-", "-o", "-"]) == 1
    assert "standard output is a terminal" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe that is closed")
def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)  # more than a pipe holds
    Image.fromarray(noise).save(tmp_path / "noise.png")
    command = [sys.executable, "-m", "translate", "run", MODEL, str(tmp_path / "noise.png"), "-o", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 1
    assert said == ("translate: the result could not be handed on: whoever read standard output has closed it\n")
