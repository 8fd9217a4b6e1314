"""Videos that cannot be, results that cannot be written: one sentence, and nothing half-done."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from translate.cli import main
from translate.errors import ModelError, VideoError
from translate.runtime import Translator
from translate.runtime.streams.video import Progress, translate_video

pytest.importorskip("av")
from tests.runtime import videos

MODEL = str(Path(__file__).parents[1] / "assets" / "invert.onnx")


def stop(_: Progress) -> None:
    raise KeyboardInterrupt


def fail(_: np.ndarray, seconds: float | None) -> np.ndarray:
    raise ModelError("invert failed: out of memory")


def test_nothing_is_left_when_it_does_not_end_well(
    negative: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, out = videos.make(tmp_path / "in.mp4"), tmp_path / "out.mp4"
    out.write_text("an older result")
    with pytest.raises(KeyboardInterrupt):
        translate_video(negative, path, out, progress=stop)
    monkeypatch.setattr(negative, "array", fail)
    with pytest.raises(ModelError, match="out of memory"):
        translate_video(negative, path, out)
    assert out.read_text() == "an older result"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in.mp4", "out.mp4"]


def test_a_folder_is_made_where_it_can_be(negative: Translator, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "in.mp4", sound=None)
    translate_video(negative, path, tmp_path / "new" / "deep" / "out.mp4")
    assert len(videos.look(tmp_path / "new" / "deep" / "out.mp4").frames) == 20
    with pytest.raises(VideoError, match=r"in.mp4/out\.mp4 cannot be written: "):
        translate_video(negative, path, path / "out.mp4")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    path = videos.make(tmp_path / "in.mp4", (240, 320))
    limit = "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000)); "
    limit += "from translate.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", limit, "run", MODEL, str(path), "-o", str(tmp_path / "out.mp4"), "--crf", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"translate: {tmp_path / 'out.mp4'} cannot be written: File too large\n"
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


def text(path: Path) -> None:
    path.write_text("not a video")


def playlist(path: Path) -> None:
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{path.with_name('good.mp4')}\n#EXT-X-ENDLIST\n")


def joined(path: Path) -> None:
    path.write_text("ffconcat version 1.0\nfile 'good.mp4'\n")


def cut(path: Path) -> None:
    path.write_bytes(path.with_name("good.mp4").read_bytes()[:6000])


def sound_alone(path: Path) -> None:
    import av

    with av.open(str(path), "w") as file, av.open(str(path.with_name("good.mp4"))) as good:
        track = file.add_stream_from_template(good.streams.audio[0])
        for packet in good.demux(audio=0):
            if packet.size:
                packet.stream = track
                file.mux(packet)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (text, "is not a video, or it is damaged"),
        (playlist, "is not a video, or it is damaged"),
        (joined, "is not a video, or it is damaged"),
        (cut, "is not a video, or it is damaged"),
        (sound_alone, "has no video track"),
        (Path.touch, "is not a video, or it is damaged"),
        (Path.mkdir, "is not a file"),
        (lambda _: None, "does not exist"),
    ],
)
def test_what_is_no_video(negative: Translator, tmp_path: Path, damage: Callable[[Path], None], words: str) -> None:
    videos.make(tmp_path / "good.mp4")
    damage(tmp_path / "bad.mp4")
    with pytest.raises(VideoError, match=words):
        translate_video(negative, tmp_path / "bad.mp4", tmp_path / "out.mp4")
    assert {p.name for p in tmp_path.iterdir()} <= {"good.mp4", "bad.mp4"}


def test_a_video_that_is_cut_short_says_so(negative: Translator, tmp_path: Path) -> None:
    translate_video(negative, videos.make(tmp_path / "in.mp4"), tmp_path / "whole.mp4", crf=1)
    raw = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(raw[: len(raw) * 3 // 4])
    made = translate_video(negative, tmp_path / "cut.mp4", tmp_path / "out.mp4")
    assert made.frames < 20
    assert f"announces 20 frames, {made.frames} are there: it may be cut short" in made.notes[0]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["in.mp4", "-o", "out.gif"], "out.gif is not the name of a video: end it in one of .mp4"),
        (["in.mp4", "-o", "in.mp4"], "is the video itself and would be replaced"),
        (["in.mp4", "-o", "folder.mp4"], "is a folder"),
        (["in.mp4", "in.mp4", "-o", "out.mp4"], "one input"),
        (["in.mp4", "-o", "out.mp4", "--crf", "52"], "the rate factor is 52"),
        (["in.mp4", "-o", "out.mp4", "--blend", "0.95"], "the blend is 0.95: give 0 (none) to 0.9"),
        (["in.mp4", "-o", "out.mp4", "--blend", "nan"], "the blend is nan"),
        (["in.mp4", "-o", "out.mp4", "--quality", "5"], "--quality is not for a video"),
        (["in.mp4", "-o", "out.mp4", "--skip-existing"], "--skip-existing is not for a video"),
        (["in.png", "-o", "out", "--crf", "5"], "--crf is not for pictures"),
    ],
)
def test_mistakes(
    words: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    assert main(["run", MODEL, *words]) == 1
    said = capsys.readouterr().err
    assert reason in said
    assert said.count("\n") == 1


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.mp4").touch()
    for module in [name for name in sys.modules if name.startswith("translate.runtime.streams.video_")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "av", None)
    assert main(["run", MODEL, str(tmp_path / "in.mp4"), "-o", str(tmp_path / "out.mp4")]) == 1
    assert "av is not installed: pip install 'translate-gan[video]'" in capsys.readouterr().err
