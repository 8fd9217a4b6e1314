"""A video through a model: every frame at its time, the sound as it was, and nothing half-done."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from translate.cli import main
from translate.runtime import Translator
from translate.runtime.streams.video import Progress, translate_video

pytest.importorskip("av")
from tests.runtime import videos

MODEL = str(Path(__file__).parents[1] / "assets" / "invert.onnx")
LEVELS = 8
"""What H.264 at crf 5 and 4:2:0 may move a colour in the middle of its patch: two encodings and two conversions."""


def corners(frame: np.ndarray) -> list[np.ndarray]:
    """Colours in the middle of the four quarters: upper left, upper right, lower left, lower right."""
    height, width, _ = frame.shape
    return [
        frame[y - 2 : y + 2, x - 2 : x + 2].mean((0, 1))
        for y in (height // 4, 3 * height // 4)
        for x in (width // 4, 3 * width // 4)
    ]


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    for one, other in zip(corners(found), corners(expected), strict=True):
        assert np.abs(one - other).max() <= LEVELS, (one, other)


@pytest.mark.parametrize(("source", "result"), [("in.mp4", "out.mp4"), ("in.mkv", "out.mkv"), ("in.mp4", "out.mov")])
def test_every_frame_at_its_time_and_the_sound_as_it_was(
    negative: Translator, tmp_path: Path, source: str, result: str
) -> None:
    path, out = videos.make(tmp_path / source), tmp_path / result
    made = translate_video(negative, path, out, crf=5)
    before, after = videos.look(path), videos.look(out)
    assert (made.frames, made.notes) == (20, [])
    assert (after.codec, after.pixel_format) == ("h264", "yuv420p")
    assert after.times == before.times == pytest.approx([number / 25 for number in range(20)], abs=1e-9)
    assert len(before.packets) > 30
    assert after.packets == before.packets
    assert after.duration == pytest.approx(before.duration, abs=0.021)
    for number, frame in enumerate(after.frames):
        assert frame.shape == (48, 64, 3)
        assert_close(frame, 255 - videos.scene(48, 64, number))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([source, result])


def test_a_variable_rate(negative: Translator, tmp_path: Path) -> None:
    times = [0, 13, 80, 81, 120, 300, 301, 333, 700, 1000]
    path = videos.make(tmp_path / "in.mkv", times=times, time_base=Fraction(1, 1000))
    translate_video(negative, path, tmp_path / "out.mkv")
    assert videos.look(tmp_path / "out.mkv").times == [time / 1000 for time in times]
    translate_video(negative, path, tmp_path / "out.mp4")
    assert videos.look(tmp_path / "out.mp4").times == pytest.approx([time / 1000 for time in times], abs=1e-6)


def test_the_last_frame_stays_as_long(negative: Translator, tmp_path: Path) -> None:
    slides = {"times": [0, 1000, 1500], "time_base": Fraction(1, 1000), "last": 3000}
    path = videos.make(tmp_path / "in.mp4", codec="mjpeg", pixel_format="yuvj420p", sound=None, **slides)
    assert videos.look(path).duration == pytest.approx(4.5, abs=0.01)
    for name in ("out.mp4", "out.mkv"):
        translate_video(negative, path, tmp_path / name)
        assert videos.look(tmp_path / name).duration == pytest.approx(4.5, abs=0.01)
        assert videos.look(tmp_path / name).times == pytest.approx([0, 1, 1.5], abs=0.001)


def test_a_broadcast_begins_at_nought(negative: Translator, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "in.ts", codec="mpeg2video", sound="mp2")
    translate_video(negative, path, tmp_path / "out.mkv")
    before, after = videos.look(path), videos.look(tmp_path / "out.mkv")
    begin = min(before.times[0], float(before.packets[0][0]))
    assert begin > 0.01
    assert after.times == pytest.approx([time - begin for time in before.times], abs=0.001)
    assert [content for _, content in after.packets] == [content for _, content in before.packets]
    moved = [float(time) - begin for time, _ in before.packets]
    assert [float(time) for time, _ in after.packets] == pytest.approx(moved, abs=0.001)


@pytest.mark.parametrize("size", [(47, 64), (48, 63), (47, 63), (1, 1)])
def test_odd_sizes(negative: Translator, tmp_path: Path, size: tuple[int, int]) -> None:
    path = videos.make(tmp_path / "in.avi", size, codec="mjpeg", pixel_format="yuvj444p", sound=None)
    translate_video(negative, path, tmp_path / "out.mp4", crf=5)
    height, width = size
    found = videos.look(tmp_path / "out.mp4").frames
    assert len(found) == 20
    assert found[0].shape == (height + height % 2, width + width % 2, 3)
    if height > 1:
        assert_close(found[0][:height, :width], 255 - videos.scene(height, width))
        # What was added is the last row and column again.
        assert np.abs(found[0][height - 1, : width // 2].astype(int) - (255 - np.array(videos.BLUE))).max() <= LEVELS


@pytest.mark.parametrize(
    ("matrix", "turns"), [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1), ((1, 0, 0, 1), 0)]
)
def test_rotation(negative: Translator, tmp_path: Path, matrix: tuple[int, ...], turns: int) -> None:
    """The first is a telephone held upright: x to the right becomes y down, a turn clockwise."""
    path = videos.make(tmp_path / "in.mp4")
    videos.turn(path, matrix)
    translate_video(negative, path, tmp_path / "out.mp4", crf=5)
    after = videos.look(tmp_path / "out.mp4")
    assert_close(after.frames[0], 255 - np.rot90(videos.scene(48, 64), turns))
    assert after.frames[0].shape == ((64, 48, 3) if turns % 2 else (48, 64, 3))


@pytest.mark.parametrize(("matrix", "number"), [("ITU709", 1), ("ITU601", 6)])
def test_the_colour_matrix_is_kept(negative: Translator, tmp_path: Path, matrix: str, number: int) -> None:
    path = videos.make(tmp_path / "in.mp4", matrix=matrix)
    translate_video(negative, path, tmp_path / "out.mp4", crf=5)
    after = videos.look(tmp_path / "out.mp4")
    assert after.colorspace == number
    assert_close(after.frames[0], 255 - videos.scene(48, 64))


def test_a_grey_source(tmp_path: Path) -> None:
    model = Translator(Path(MODEL).with_name("grey_to_colour.onnx"), threads=1, engine="cpu")
    path = videos.make(tmp_path / "in.mp4", sound=None)
    translate_video(model, path, tmp_path / "out.mp4", crf=5)
    grey = np.array(videos.scene(48, 64) @ np.array([0.299, 0.587, 0.114]), np.uint8)
    assert_close(videos.look(tmp_path / "out.mp4").frames[0], np.stack([grey, 255 - grey, grey], axis=2))


def test_blend(negative: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = videos.make(tmp_path / "in.mp4", sound=None)
    levels = iter([100, 200, 200, 50] + [50] * 16)
    monkeypatch.setattr(negative, "array", lambda batch, seconds: np.full_like(batch, next(levels)))
    translate_video(negative, path, tmp_path / "out.mp4", crf=1, blend=0.5)
    found = [frame.mean() for frame in videos.look(tmp_path / "out.mp4").frames]
    assert found[:5] == pytest.approx([100, 150, 175, 112.5, 81.25], abs=2)
    # It arrives, which it would not if it were rounded on the way.
    assert found[-1] == pytest.approx(50, abs=1.5)


def test_sound_that_the_container_cannot_hold(negative: Translator, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "in.avi", codec="mjpeg", pixel_format="yuvj420p", sound="pcm_u8")
    made = translate_video(negative, path, tmp_path / "out.mp4")
    (note,) = made.notes
    assert "out.mp4 is without its pcm_u8 sound, which .mp4 cannot hold: write it as .mkv" in note
    assert videos.look(tmp_path / "out.mp4").packets == []
    assert translate_video(negative, path, tmp_path / "out.mkv").notes == []
    assert videos.look(tmp_path / "out.mkv").packets


def test_quality(negative: Translator, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "in.mp4", (96, 128), sound=None)
    sizes = []
    for crf in (1, 20, 45):
        translate_video(negative, path, tmp_path / "out.mp4", crf=crf)
        sizes.append((tmp_path / "out.mp4").stat().st_size)
    assert sizes[0] > sizes[1] > sizes[2]


def test_progress(negative: Translator, tmp_path: Path) -> None:
    told: list[Progress] = []
    translate_video(negative, videos.make(tmp_path / "in.mp4"), tmp_path / "out.mp4", progress=told.append)
    assert [p.done for p in told] == [*range(1, 21), 20]
    assert all(p.total == 20 and p.rate > 0 for p in told)
    assert [p.ended for p in told] == [False] * 20 + [True]
    assert told[9].left == pytest.approx(10 / told[9].rate)
    assert told[-1].left == 0


def test_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    videos.make(Path("plain.mp4")).rename("holi:day.mp4")
    Path("o:ut").mkdir()
    assert main(["run", MODEL, "holi:day.mp4", "-o", "o:ut/a:b.mp4", "--crf", "30", "--blend", "0.3"]) == 0
    said = capfd.readouterr()
    assert said.out.startswith("holi:day.mp4 → o:ut/a:b.mp4: 20 frames in ")
    assert said.err == ""  # nothing from the codecs either
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert main(["run", MODEL, "holi:day.mp4", "-o", "out.mp4"]) == 0
    line = capfd.readouterr().err
    assert "\r20/20 frames, " in line
    assert " a second, 0:00 left" in line
    assert line.endswith("\n")
