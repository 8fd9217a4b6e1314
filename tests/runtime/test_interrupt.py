"""Ctrl-C as a terminal sends it: the command ends with 130, says nothing more, and leaves nothing half-done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from translate import pixels

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends SIGINT to one process")
MODEL = str(Path(__file__).parents[1] / "assets" / "invert.onnx")


# What a shell starts in the background, tests too, ignores Ctrl-C, and so would whatever that starts.
HEARS = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
HEARS += "from translate.cli import main; sys.exit(main(sys.argv[1:]))"


def interrupted(begun, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command, interrupt it once `begun()` holds, and wait for it."""
    command = [sys.executable, "-c", HEARS, "run", MODEL, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not begun() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    return subprocess.CompletedProcess(command, process.returncode, out, error)


def test_a_folder(tmp_path: Path) -> None:
    day, night = tmp_path / "day", tmp_path / "night"
    day.mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    Image.fromarray(noise).save(day / "0.png", compress_level=0)
    for number in range(1, 300):
        (day / f"{number}.png").hardlink_to(day / "0.png")
    done = interrupted(lambda: night.is_dir() and any(night.glob("*.png")), str(day), "-o", str(night))
    assert (done.returncode, done.stderr) == (130, "")
    left = list(night.iterdir())
    assert 0 < len(left) < 300
    for path in left:
        pixels.check(path)
    assert "translated" not in done.stdout


def test_a_video(tmp_path: Path) -> None:
    pytest.importorskip("av")
    from tests.runtime import videos

    videos.make(tmp_path / "in.mp4", (240, 320), times=range(1000), sound=None)
    out = tmp_path / "out"
    out.mkdir()
    done = interrupted(lambda: any(out.iterdir()), str(tmp_path / "in.mp4"), "-o", str(out / "out.mp4"))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
    assert list(out.iterdir()) == []
