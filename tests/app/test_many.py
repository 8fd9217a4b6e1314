"""Many pictures at once: a zip with the exact pixels, sentences on what cannot be used, and an end when one leaves."""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("gradio", reason="the page needs the extra `app`")
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from tests.app.parts import ASSETS, Served, serve, until
from translate.errors import DataError
from translate.page import batch, jobs
from translate.page.batch import Batch
from translate.page.jobs import Job
from translate.page.reports import report
from translate.page.turns import Turns
from translate.runtime import Translator


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("many"), "invert", "there", "back", "grey_to_colour", "heavy") as served:
        yield served
        # A defect of ours leaves a traceback there, whatever the visitor was told. Gradio's own refusals do as well.
        assert "translate/page" not in served.log.read_text()


@pytest.fixture(scope="module")
def client(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(served.address, verbose=False, download_files=str(tmp_path_factory.mktemp("results")))


def noise(seed: int, height: int = 24, width: int = 31) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def saved(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


def png(picture: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return content.getvalue()


def results(path: str | Path) -> dict[str, np.ndarray]:
    """Every picture of a zip that anybody can unpack."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            assert info.compress_type == zipfile.ZIP_STORED
            assert info.external_attr >> 16 == 0o644
            with Image.open(io.BytesIO(archive.read(info))) as image:
                assert image.format == "PNG"
                found[info.filename] = np.asarray(image)
    return found


def sent(*paths: Path) -> list[Any]:
    return [handle_file(str(path)) for path in paths]


def test_every_result_is_what_the_picture_alone_would_be(client: Client, served: Served, tmp_path: Path) -> None:
    pictures = {
        name: noise(seed, 20 + seed) for seed, name in enumerate(("one", "two", "other/one", "zip/one", "zip/3"))
    }
    given = [saved(tmp_path / f"{name}.png", pictures[name]) for name in ("one", "two", "other/one")]
    saved(tmp_path / "two.bmp", pictures["two"])
    (tmp_path / "story.jpg").write_bytes(b"once upon a time")
    with zipfile.ZipFile(tmp_path / "more.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("one", "3"):
            archive.writestr(f"rome/{name}.png", png(pictures[f"zip/{name}"]))
        archive.writestr("../../up.png", png(pictures["one"]))
        archive.writestr("rome/cut.png", png(pictures["one"])[:200])
        archive.writestr("rome/notes.txt", "rain")
    given += [tmp_path / "two.bmp", tmp_path / "story.jpg", tmp_path / "more.zip"]
    made, said = client.predict("invert", sent(*given), api_name="/translate_many")
    assert Path(made).name == "invert.zip"
    wanted = {
        "one": "one",
        "two": "two",
        "one (2)": "other/one",
        "two (2)": "two",
        "rome/one": "zip/one",
        "rome/3": "zip/3",
    }
    found = results(made)
    assert sorted(found) == sorted(f"{name}.png" for name in wanted)
    for name, source in wanted.items():
        np.testing.assert_array_equal(found[f"{name}.png"], 255 - pictures[source])
    first, *refused = said.splitlines()
    assert first == "6 of 9 pictures translated"
    assert [line.split(" ")[0] for line in refused] == ["story.jpg", "more.zip", "more.zip/rome/cut.png"]
    assert "is not a picture" in refused[0]
    assert "leads out of its folder: left out" in refused[1]
    assert "is damaged or cut short" in refused[2]
    assert str(served.cache) not in said


def test_grey_in_colour_out(client: Client, tmp_path: Path) -> None:
    grey = noise(3)[..., 0]
    made, _ = client.predict("grey_to_colour", sent(saved(tmp_path / "grey.png", grey)), api_name="/translate_many")
    np.testing.assert_array_equal(results(made)["grey.png"], np.stack([grey, 255 - grey, grey], -1))


def packed(path: Path, count: int, content: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(count):
            archive.writestr(f"{number:06}.png", content)
    return path


def test_limits_are_told_in_a_sentence(client: Client, served: Served, tmp_path: Path) -> None:
    saved(tmp_path / "large.png", np.zeros((5001, 5000), np.uint8))
    hostile = [
        (
            packed(tmp_path / "201.zip", 201, b""),
            "These are 201 pictures, over the limit of 200 at once: send them in parts",
        ),
        (packed(tmp_path / "listed.zip", 20_000, b""), "listed.zip has too many entries"),
        (packed(tmp_path / "bomb.zip", 3, bytes(80 * 2**20)), "bomb.zip unpacks to 240 MiB, over the limit of 191 MiB"),
        (packed(tmp_path / "empty.zip", 0, b""), "There are no pictures in the zip"),
        (tmp_path / "large.png", "over the limit of 25,000,000"),
    ]
    before = served.folders()
    for path, reason in hostile:
        try:
            made, said = client.predict("invert", sent(path), api_name="/translate_many")
            assert made is None
        except AppError as refused:
            said = str(refused)
        assert reason in said
        assert str(served.cache) not in said
    assert all(not list(folder.iterdir()) for folder in served.folders() - before), "nothing is kept of them"
    with pytest.raises(AppError, match="nothing to translate"):
        client.predict("invert", [], api_name="/translate_many")
    with pytest.raises(AppError, match="there is no model 'inverse' here"):
        client.predict("inverse", sent(tmp_path / "large.png"), api_name="/translate_many")


def called(address: str, name: str, *data: Any) -> Any:
    """What the page answers to a call, as a stream of lines."""
    headers = {"Content-Type": "application/json"}
    body = json.dumps({"data": data}).encode()
    asked = urllib.request.Request(f"{address}/gradio_api/call/{name}", body, headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        event = json.load(answer)["event_id"]
    return urllib.request.urlopen(f"{address}/gradio_api/call/{name}/{event}", timeout=30)


META = {"meta": {"_type": "gradio.FileData"}}


@pytest.mark.parametrize("meta", [META, {}], ids=["file", "bare"])
def test_what_was_not_uploaded_is_out_of_reach(served: Served, meta: dict[str, Any]) -> None:
    own = served.log.parent / "models" / "invert.onnx"
    asked: list[str] = []
    for path in (str(own), str(served.cache), str(served.cache / "none.png")):
        with called(served.address, "translate_many", "invert", [{"path": path, **meta}]) as answer:
            asked.append(answer.read().decode())
    assert all("event: error" in told for told in asked)
    assert all(str(served.log.parent) not in told for told in asked)

    # The door knows an address when it sees one.
    with pytest.raises(HTTPError, match="400"):
        called(served.address, "translate_many", "invert", [{"path": "https://192.0.2.1/picture.png", **meta}])


@pytest.fixture
def slow(tmp_path: Path) -> list[Path]:
    """Pictures that take the heavy model a minute."""
    return [saved(tmp_path / f"{seed}.png", noise(seed, 64, 64)) for seed in range(100)]


def test_cancel_stops_and_leaves_nothing(client: Client, served: Served, slow: list[Path], tmp_path: Path) -> None:
    before = served.folders()
    job = client.submit("heavy", sent(*slow), api_name="/translate_many")
    until(lambda: bool(job.outputs()) and job.outputs()[-1][1].startswith(("1", "2", "3")), 30)
    assert len(served.folders() - before) == 1
    job.cancel()
    assert until(lambda: served.folders() == before, 20) < 15  # of a minute
    # And the model is free for others.
    made, _ = client.predict("invert", sent(saved(tmp_path / "one.png", noise(1))), api_name="/translate_many")
    np.testing.assert_array_equal(results(made)["one.png"], 255 - noise(1))


def test_a_visitor_who_leaves_stops_it_too(client: Client, served: Served, slow: list[Path]) -> None:
    before = served.folders()
    boundary = "0123456789"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{path.name}"\r\n'
        f"Content-Type: image/png\r\n\r\n".encode()
        + path.read_bytes()
        + b"\r\n"
        for path in slow
    ]
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{served.address}/gradio_api/upload", body, headers), timeout=30
    ) as answer:
        paths = json.load(answer)
    stream = called(served.address, "translate_many", "heavy", [{"path": path, **META} for path in paths])
    while b" of 100 pictures" not in stream.readline():
        pass
    assert len(served.folders() - before) == 1
    stream.close()
    assert until(lambda: served.folders() == before, 20) < 15


def test_who_waits_for_one_picture_comes_first() -> None:
    turns = Turns()
    order: list[str] = []

    def long_work() -> None:
        turns.give_way(10)
        order.append("long")

    with turns.first(), turns.first():
        worker = threading.Thread(target=long_work)
        worker.start()
        start = time.monotonic()
        turns.give_way(0.05)  # nobody waits for ever
        assert 0.04 < time.monotonic() - start < 5
        order.append("one picture")
    worker.join(5)
    assert order == ["one picture", "long"]


def test_long_work_gives_way_for_as_long_as_it_worked_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, waited = Turns(), list[float]()
    monkeypatch.setattr(turns, "give_way", waited.append)
    with turns.long(job(Path())) as work:
        for seconds in (0.05, 0.2, 0.01):
            with work.turn(100):
                assert turns.busy
                time.sleep(seconds)
        work._took = 60
        with work.turn(100):
            pass
    assert not turns.busy
    assert waited[0] == 0
    assert 0.05 <= waited[1] < waited[2]
    assert 0.2 <= waited[2] < 1.5
    assert waited[3] == 2


def test_what_a_job_waits_for_others_is_not_of_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    long = Job(lambda job: None, tmp_path, threading.Semaphore())
    long._until = 60 * jobs.MINUTES

    def waited(minutes: float) -> None:
        with long.waiting():
            clock[0] += 60 * minutes

    # 1,800 frames of 0.9 s each, and as long before each: 54 minutes.
    for _ in range(1800):
        waited(0.9 / 60)
        clock[0] += 0.9
        long.check()
    clock[0] += 4 * 60
    with pytest.raises(DataError, match="longer than 30 minutes"):
        long.check()
    waited(2)
    waited(10)  # of that it is thirty minutes at most
    with pytest.raises(DataError, match="longer than 30 minutes"):
        long.check()


def test_large_pictures_are_worked_on_one_at_a_time_in_the_order_of_asking() -> None:
    turns, order = Turns(), list[str]()
    first, second = (lambda: order.append("first")), (lambda: order.append("second"))

    def gone() -> None:
        raise DataError("nobody waits any more")

    turns.ask_large(first)
    turns.ask_large(second)
    with pytest.raises(DataError), turns.large(gone):
        pass
    worker = threading.Thread(target=lambda: turns.large().__enter__())
    worker.start()
    until(lambda: len(turns._asking) == 3, 5)
    assert order == ["first"]
    turns.end_large(second)  # no longer wanted
    assert worker.is_alive()
    turns.end_large(first)
    worker.join(5)
    assert not worker.is_alive()
    assert order == ["first"]


def test_a_model_is_opened_by_the_job(tmp_path: Path) -> None:
    opened: list[str] = []

    def opening() -> Translator:
        opened.append(threading.current_thread().name)
        return Translator(ASSETS / "invert.onnx")

    one = Batch(opening, [saved(tmp_path / "one.png", noise(1))], "one", Turns())
    assert opened == []
    with Job(one.run, tmp_path, threading.Semaphore()) as work:
        work._thread.join(20)
    assert opened == ["job"]
    assert one.made == ["one.png"]


def test_one_picture_has_no_more_bytes_than_a_single_one_may(tmp_path: Path) -> None:
    negative = Translator(ASSETS / "invert.onnx")
    small, large = saved(tmp_path / "small.png", noise(1, 8, 8)), saved(tmp_path / "large.png", noise(2, 60, 60))
    work = Batch(lambda: negative, [large, small], "some", Turns(), most=2000)
    work.run(job(tmp_path / "some"))
    assert work.made == ["small.png"]
    assert len(work.failed) == 1
    assert work.failed[0].startswith("large.png ")
    assert "2,000" in work.failed[0]


def job(folder: Path) -> Any:
    folder.mkdir(exist_ok=True)
    return SimpleNamespace(folder=folder, check=lambda: None, waiting=nullcontext)


def test_limits_on_bytes_and_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    negative, turns = Translator(ASSETS / "invert.onnx"), Turns()
    paths = [saved(tmp_path / f"{seed}.png", noise(seed)) for seed in range(20)]
    monkeypatch.setattr(batch, "ROOM", 5000)
    some = Batch(lambda: negative, paths, "some", turns)
    some.run(job(tmp_path / "some"))
    assert some.total == some.done == 20
    assert 2 <= len(some.made) <= 8
    assert some.failed[-1] == "19.png is left out, as the results have 0 MB already: send it on its own"
    monkeypatch.setattr(batch, "BYTES", 20_000)
    with pytest.raises(DataError, match="over the limit of 0 MB: send them in parts"):
        Batch(lambda: negative, paths, "many", turns)
    monkeypatch.setattr(batch, "PICTURES", 19)
    with pytest.raises(DataError, match="These are 20 pictures, over the limit of 19 at once"):
        Batch(lambda: negative, paths, "many", turns)


def test_thumbnails_are_small(tmp_path: Path) -> None:
    negative = Translator(ASSETS / "invert.onnx")
    flat = np.full((900, 1200, 3), (10, 120, 230), np.uint8)
    one = Batch(lambda: negative, [saved(tmp_path / "flat.png", flat)], "one", Turns())
    one.run(job(tmp_path / "one"))
    ((thumbnail, name),) = one.shown
    assert name == "flat.png"
    with Image.open(thumbnail) as image:
        assert image.size == (384, 288)
        assert np.abs(np.asarray(image.convert("RGB")).astype(int) - (245, 135, 25)).max() <= 4
    np.testing.assert_array_equal(results(tmp_path / "one" / "one.zip")["flat.png"], 255 - flat)


def test_a_report_is_text_and_never_markup() -> None:
    made = report("1 of 2 <b>", ["${alert(1)}.png", "{{x}}", *map(str, range(40))], 1, 2)
    assert made.startswith('<progress max="2" value="1" aria-label="progress"></progress><p>1 of 2 &lt;b&gt;</p>')
    assert not set(made) & set("${}")
    assert made.endswith("<li>17</li><li>and 22 more</li></ul>")
