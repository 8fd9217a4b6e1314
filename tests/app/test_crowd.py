"""Many visitors at once: each gets what becomes of his own picture, nobody waits for one who has left."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("gradio", reason="the page needs the extra `app`")

from tests.app.serving import (
    Server,
    called,
    decoded,
    encoded,
    limited,
    random_picture,
    sent_file,
    served,
    until,
    uploaded,
)
from translate.errors import ModelError, PictureError
from translate.page import desk as desks
from translate.page import turns
from translate.page.desk import BusyError, Desk
from translate.page.shelf import Model, Shelf
from translate.runtime.tiles import translate_array

ASSETS = Path(__file__).parents[1] / "assets"
VISITORS = 200


@pytest.fixture
def heavy(models_folder: Path, tmp_path: Path) -> Iterator[Server]:
    """A server with a model that takes its time."""
    for name in ("heavy", "invert"):
        (tmp_path / f"{name}.onnx").symlink_to(ASSETS / f"{name}.onnx")
    with limited(tmp_path, tmp_path / "log.txt") as server:
        yield server


@pytest.mark.parametrize("way", ["posted", "called"])
def test_each_of_two_hundred_visitors_gets_his_own_picture(server: Server, way: str) -> None:
    start = threading.Barrier(VISITORS)

    def visit(seed: int) -> bool:
        # Some pictures are of one size, and go through the model together; the others are not.
        picture = random_picture(seed, 16 + seed % 3, 24)
        start.wait(60)
        if way == "posted":
            answer = server.post("/api/translate/invert", encoded(picture))
            assert answer.status == 200, answer.body
            return bool((decoded(answer.body) == 255 - picture).all())
        event, data = called(server, "translate", "invert", sent_file(uploaded(server, encoded(picture))))
        assert event == "complete", data
        result = server.ask("GET", f"/gradio_api/file={data[0]['path']}")
        return bool((decoded(result.body) == 255 - picture).all())

    with ThreadPoolExecutor(VISITORS) as pool:
        assert list(pool.map(visit, range(VISITORS))) == [True] * VISITORS
    assert server.ask("GET", "/health").json["waiting"] == 0


def waiting(server: Server) -> int:
    return int(server.ask("GET", "/health").json["waiting"])


def test_one_who_leaves_frees_his_place_and_is_not_worked_for(heavy: Server) -> None:
    content = encoded(random_picture(1, 256, 256))
    head = f"POST /api/translate/heavy HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    visitors = [heavy.connect() for _ in range(40)]
    for visitor in visitors:
        visitor.sendall(head + content)
    until(lambda: waiting(heavy) == 40)
    for visitor in visitors:
        visitor.close()
    until(lambda: waiting(heavy) == 0, 5)
    # Those two runs that had begun end; the others would have taken a minute.
    start = time.monotonic()
    picture = random_picture(2)
    assert (decoded(heavy.post("/api/translate/invert", encoded(picture)).body) == 255 - picture).all()
    assert time.monotonic() - start < 40


# The desk by itself


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    for name in ("heavy", "invert", "resnet", "wrong_names"):
        (tmp_path / f"{name}.onnx").symlink_to(ASSETS / f"{name}.onnx")
    desk = Desk(Shelf(tmp_path), waiting=20, seconds=60)
    yield desk
    desk.close()


def model(desk: Desk, name: str) -> Model:
    return desk._shelf.model(name)


def runs(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str = "invert") -> list[tuple[int, ...]]:
    """The shapes that the model is given from now on."""
    translator, seen = desk._shelf.translator(model(desk, name)), list[tuple[int, ...]]()
    run = translator.array

    def noted(batch: np.ndarray, seconds: float | None = None) -> np.ndarray:
        seen.append(batch.shape)
        return run(batch, seconds)

    monkeypatch.setattr(translator, "array", noted)
    return seen


def test_small_pictures_of_one_size_share_a_run(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, invert = runs(desk, monkeypatch), model(desk, "invert")
    gate, begun = threading.Event(), list[int]()

    def held(done: object) -> None:
        begun.append(1)
        gate.wait(20)

    async def crowd() -> list[np.ndarray]:
        holding = [asyncio.create_task(desk.translate(invert, random_picture(0, 8, 8 + n), held)) for n in range(2)]
        while len(begun) < 2:
            await asyncio.sleep(0.01)
        jobs = [asyncio.create_task(desk.translate(invert, random_picture(seed, 20, 30))) for seed in range(12)]
        while len(desk._jobs) < 12:
            await asyncio.sleep(0.01)
        gate.set()
        await asyncio.gather(*holding)
        return [done.after for done in await asyncio.gather(*jobs)]

    results = asyncio.run(crowd())
    for seed, after in enumerate(results):
        np.testing.assert_array_equal(after, 255 - random_picture(seed, 20, 30))
    assert sorted(shape[0] for shape in seen if len(shape) == 4) == [4, 8]


def test_a_picture_that_is_none_is_not_the_others_fault(desk: Desk) -> None:
    invert, sound = model(desk, "invert"), encoded(random_picture(1))
    broken = sound[: len(sound) - 40]

    async def crowd() -> list[object]:
        sent = [sound, broken, sound, b"no picture", broken, sound]
        return await asyncio.gather(*(desk.translate(invert, one) for one in sent), return_exceptions=True)

    results = asyncio.run(crowd())
    for number in (0, 2, 5):
        np.testing.assert_array_equal(results[number].after, 255 - random_picture(1))
    for number in (1, 3, 4):
        assert isinstance(results[number], PictureError)
        assert str(results[number]).startswith("the picture ")
    assert desk.waiting == 0


def test_a_model_that_does_not_open_is_an_error_for_each(desk: Desk) -> None:
    async def crowd() -> list[object]:
        sent = [desk.translate(model(desk, "wrong_names"), random_picture(n)) for n in range(3)]
        return await asyncio.gather(*sent, return_exceptions=True)

    for error in asyncio.run(crowd()):
        assert isinstance(error, ModelError)
        assert str(error).startswith("wrong_names.onnx has input")


def test_there_are_so_many_places_and_no_more(desk: Desk) -> None:
    heavy = model(desk, "heavy")

    async def crowd() -> list[object]:
        jobs = [asyncio.create_task(desk.translate(heavy, random_picture(n, 40, 40 + n))) for n in range(21)]
        done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        assert desk.waiting == 20
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        return [job.exception() for job in done if not job.cancelled()]

    assert [type(error) for error in asyncio.run(crowd())] == [BusyError]
    assert desk.waiting == 0


def test_one_who_gives_up_is_passed_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, invert, gate = runs(desk, monkeypatch), model(desk, "invert"), threading.Event()

    async def crowd() -> None:
        holding = [
            asyncio.create_task(desk.translate(invert, random_picture(0, 8, 8 + n), lambda done: gate.wait(20)))
            for n in range(2)
        ]
        while len(seen) < 2:
            await asyncio.sleep(0.01)
        leaving = asyncio.create_task(desk.translate(invert, random_picture(1, 10, 11)))
        staying = asyncio.create_task(desk.translate(invert, random_picture(1, 10, 12)))
        while len(desk._jobs) < 2:
            await asyncio.sleep(0.01)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        gate.set()
        await asyncio.gather(*holding, staying)

    asyncio.run(crowd())
    assert (10, 12, 3) in seen
    assert (10, 11, 3) not in seen


def test_large_pictures_are_worked_on_one_at_a_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LARGE", 1000)
    invert, lock, most, now = model(desk, "invert"), threading.Lock(), 0, 0

    def finish(done: object) -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.05)
        with lock:
            now -= 1

    async def crowd() -> None:
        await asyncio.gather(*(desk.translate(invert, random_picture(n, 40, 50), finish) for n in range(6)))

    asyncio.run(crowd())
    assert most == 1


def test_small_pictures_go_on_while_large_ones_wait_for_long_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "LARGE", 1000)
    invert = model(desk, "invert")

    async def crowd() -> None:
        with desk.turns.large():  # as a video has it
            large = [asyncio.create_task(desk.translate(invert, random_picture(n, 40, 50))) for n in range(5)]
            leaving = asyncio.create_task(desk.translate(invert, random_picture(9, 40, 50)))
            while len(desk._jobs) < 6:
                await asyncio.sleep(0.01)
            for n in range(5):
                done = await asyncio.wait_for(desk.translate(invert, random_picture(n, 8, 8)), 20)
                np.testing.assert_array_equal(done.after, 255 - random_picture(n, 8, 8))
            leaving.cancel()
            assert not any(job.done() for job in large)
            assert not desk.idle
            # Of this desk one turn is asked for, however many wait: so they do not shut out the video.
            assert len(desk.turns._asking) == 2
        for n, done in enumerate(await asyncio.wait_for(asyncio.gather(*large), 20)):
            np.testing.assert_array_equal(done.after, 255 - random_picture(n, 40, 50))

    asyncio.run(crowd())
    until(lambda: not desk.turns._asking, 5)
    assert desk.idle


def test_a_very_large_picture_is_translated_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    picture, resnet = random_picture(3, 150, 170), model(desk, "resnet")
    whole = asyncio.run(desk.translate(resnet, picture)).after
    monkeypatch.setattr(desks, "WHOLE", 10_000)
    monkeypatch.setattr(desks, "translate_array", lambda *given, **options: translate_array(*given, **options, tile=96))
    seen = runs(desk, monkeypatch, "resnet")
    after = asyncio.run(desk.translate(resnet, picture)).after
    assert not seen, "it went through the model whole"
    assert after.shape == whole.shape
    assert abs(after.astype(int) - whole).max() <= 1


def test_work_in_parts_ends_when_its_time_is_over(desk: Desk) -> None:
    translator = desk._shelf.translator(model(desk, "heavy"))
    with pytest.raises(ModelError, match=r"heavy was stopped on \[300, 300, 3\] after 0\.01 s: give a smaller picture"):
        translate_array(translator, random_picture(1, 300, 300), tile=16, seconds=0.01)


def test_a_server_that_is_full_says_so(tmp_path: Path) -> None:
    (tmp_path / "heavy.onnx").symlink_to(ASSETS / "heavy.onnx")
    script = (
        "import pathlib, sys\n"
        "from translate.page import build, serve, server\n"
        "desk = server.Desk\n"
        "server.Desk = lambda shelf, **options: desk(shelf, waiting=3, **options)\n"
        "serve(build, pathlib.Path(sys.argv[1]), port=0, report=lambda told: print(told, flush=True))\n"
    )
    content = encoded(random_picture(1, 256, 256))
    with served(["-c", script, str(tmp_path)], tmp_path / "log.txt") as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.post("/api/translate/heavy", content), range(8)))
        refused = [answer for answer in answers if answer.status == 503]
        assert {answer.status for answer in answers} == {200, 503}
        assert len(refused) == 5
        for answer in refused:
            assert answer.headers["Retry-After"] == "5"
            assert "too many pictures are waiting" in json.loads(answer.body)["error"]
