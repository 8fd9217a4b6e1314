"""A video at a time: the frames that the runtime makes, limits in sentences, and an end when one cancels or leaves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")
pytest.importorskip("av", reason="videos need the extra `video`")
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.app.parts import ASSETS, ROOT, Served, serve, until
from tests.runtime import videos
from translate.errors import ModelError, VideoError
from translate.page import film
from translate.page import turns as page_turns
from translate.page.film import FilmJob
from translate.page.turns import Turns
from translate.runtime import Translator
from translate.runtime.streams.video import translate_video


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("film"), "invert", "heavy") as served:
        yield served
        # A defect of ours leaves a traceback there, whatever the visitor was told.
        assert "translate/page" not in served.log.read_text()


@pytest.fixture(scope="module")
def client(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(served.address, verbose=False, download_files=str(tmp_path_factory.mktemp("results")))


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Minutes of work for the heavy model."""
    return videos.make(tmp_path_factory.mktemp("videos") / "long.mp4", times=range(1400), sound=None)


@pytest.mark.parametrize("blend", [0.0, 0.5])
def test_frames_and_sound_are_those_of_the_runtime(client: Client, tmp_path: Path, blend: float) -> None:
    path = videos.make(tmp_path / "holiday.mp4")
    made, said = client.predict("invert", handle_file(str(path)), blend, api_name="/translate_video")
    assert Path(made).name == "holiday.mp4"
    assert said == "20 of 20 frames"
    translate_video(Translator(ASSETS / "invert.onnx"), path, tmp_path / "wanted.mp4", blend=blend)
    found, wanted = videos.look(Path(made)), videos.look(tmp_path / "wanted.mp4")
    assert (found.codec, found.times, found.packets) == ("h264", wanted.times, wanted.packets)
    assert len(found.frames) == len(wanted.frames) == 20
    for frame, other in zip(found.frames, wanted.frames, strict=True):
        np.testing.assert_array_equal(frame, other)
    assert np.abs(found.frames[0][2, 2].astype(int) - 255 + np.array(videos.RED)).max() < 8


def test_sound_that_is_lost_is_told_without_what_a_visitor_cannot_do(client: Client, tmp_path: Path) -> None:
    path = videos.make(tmp_path / "old.avi", sound="pcm_u8")
    _, said = client.predict("invert", handle_file(str(path)), 0.0, api_name="/translate_video")
    assert said.splitlines() == ["20 of 20 frames", "old.mp4 is without its pcm_u8 sound, which .mp4 cannot hold"]


def test_limits_are_told_in_a_sentence(client: Client, served: Served, tmp_path: Path) -> None:
    (tmp_path / "story.mp4").write_bytes(b"once upon a time")
    refused = [
        (
            videos.make(tmp_path / "long.mp4", times=(0, 1600), sound=None),
            0.0,
            r"long\.mp4 is 64 s long, over the limit",
        ),
        (videos.make(tmp_path / "large.mp4", (1084, 1922), range(2), sound=None), 0.0, r"frames of 1922 × 1084 pixels"),
        (videos.make(tmp_path / "good.mp4", times=range(2), sound=None), 1.5, "the blend is 1.5: give 0 .* to 0.9"),
        (tmp_path / "story.mp4", 0.0, r"^story\.mp4 is not a video"),
    ]
    before = served.folders()
    for path, blend, reason in refused:
        with pytest.raises(AppError, match=reason) as told:
            client.predict("invert", handle_file(str(path)), blend, api_name="/translate_video")
        assert str(served.cache) not in str(told.value)
    with pytest.raises(AppError, match="There is no video to translate"):
        client.predict("invert", None, 0.0, api_name="/translate_video")
    with pytest.raises(AppError, match="there is no model 'inverse' here"):
        client.predict("inverse", handle_file(str(tmp_path / "good.mp4")), 0.0, api_name="/translate_video")
    assert served.folders() == before


def test_one_at_a_time_and_cancel_leaves_nothing(client: Client, served: Served, long: Path, tmp_path: Path) -> None:
    before = served.folders()
    first = client.submit("heavy", handle_file(str(long)), 0.0, api_name="/translate_video")
    until(lambda: bool(first.outputs()) and not first.outputs()[-1][1].startswith("0 "), 30)
    short = videos.make(tmp_path / "short.mp4", times=range(5), sound=None)
    second = client.submit("invert", handle_file(str(short)), 0.0, api_name="/translate_video")
    until(lambda: second.status().rank == 0, 10)
    assert not second.done()
    (folder,) = served.folders() - before
    first.cancel()
    assert until(lambda: not folder.exists(), 20) < 15  # of minutes
    made, said = second.result(30)
    assert (Path(made).name, said) == ("short.mp4", "5 of 5 frames")
    assert len(served.folders() - before) == 1, "that of the second"


def test_frames_are_counted_whatever_the_file_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = videos.make(tmp_path / "many.mp4", sound=None)
    monkeypatch.setattr(film, "FRAMES", 10)
    job = SimpleNamespace(folder=tmp_path / "out", check=lambda: None, waiting=nullcontext)
    negative = Translator(ASSETS / "invert.onnx")
    work = FilmJob(lambda: negative, [path], 0.0, Turns())
    with pytest.raises(VideoError, match=r"has 20 frames, over the limit of 10: cut it"):
        work.run(job)
    monkeypatch.setattr(work, "_judge", lambda: None)
    with pytest.raises(VideoError, match=r"has more than 10 frames: cut it"):
        work.run(job)
    assert not list(job.folder.iterdir())
    monkeypatch.setattr(film, "FRAMES", 100)
    monkeypatch.setattr(film, "ROOM", 500)
    with pytest.raises(VideoError, match=r"becomes a video of more than 0 MB: cut it"):
        work.run(job)
    assert work.out is None
    monkeypatch.setattr(film, "BYTES", 100)
    with pytest.raises(Exception, match="over the limit of 0 MB: cut it, or make it smaller"):
        FilmJob(lambda: negative, [path], 0.0, Turns())


def test_a_frame_takes_no_longer_than_it_may_and_a_large_one_is_worked_on_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = videos.make(tmp_path / "two.mp4", times=range(2), sound=None)
    negative, turns, given = Translator(ASSETS / "invert.onnx"), Turns(), list[tuple[float | None, int]]()
    run = negative.array

    def noted(frame: np.ndarray, seconds: float | None = None) -> np.ndarray:
        given.append((seconds, len(turns._asking)))
        return run(frame, seconds)

    monkeypatch.setattr(negative, "array", noted)
    job = SimpleNamespace(folder=tmp_path / "out", check=lambda: None, waiting=nullcontext)
    FilmJob(lambda: negative, [path], 0.0, turns).run(job)
    monkeypatch.setattr(page_turns, "LARGE", 100)
    FilmJob(lambda: negative, [path], 0.0, turns).run(job)
    assert given == [(120.0, 0)] * 2 + [(120.0, 1)] * 2
    assert not turns.busy
    assert not turns._asking
    monkeypatch.setattr(film.desk, "SECONDS", 1e-6)
    heavy = Translator(ASSETS / "heavy.onnx")
    with pytest.raises(ModelError, match="was stopped"):
        FilmJob(lambda: heavy, [path], 0.0, turns).run(job)


def test_without_pyav_the_page_says_how_to_get_it() -> None:
    build = (
        "import sys; sys.modules['av'] = None\n"
        "import gradio as gr, json, pathlib\n"
        "from translate.page import film, shelf, turns\n"
        "with gr.Blocks(analytics_enabled=False) as page:\n"
        "    view = film.film_view(shelf.Shelf(pathlib.Path('none')), gr.Radio([]), turns.Turns())\n"
        "blocks = page.get_config_file()['components']\n"
        "print(json.dumps([block['props'].get('value') for block in blocks], default=str))\n"
        "assert view.parts == [] == view.show(None)\n"
    )
    made = subprocess.run(
        [sys.executable, "-c", build], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert "pip install 'translate-gan[video]'" in made.stdout
