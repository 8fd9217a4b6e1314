"""Every engine that works here gives the same, to any number of callers, and ends when told to."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from translate.card import Card
from translate.errors import ModelError
from translate.runtime import Translator, engines, opening
from translate.runtime.engines import ENGINES, Settings, cuda, openvino, session, tensorrt

ASSETS = Path(__file__).parents[1] / "assets"
ROOT = ASSETS.parents[1]
INVERT, HEAVY, STATISTICS = (ASSETS / f"{name}.onnx" for name in ("invert", "heavy", "statistics"))
# TensorRT builds for minutes.
HERE = [name for name, engine in ENGINES.items() if name != "tensorrt" and not engine.why_not()]


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("engine", HERE)
def test_every_engine_gives_the_same(engine: str) -> None:
    model = Translator(INVERT, engine=engine.upper(), threads=1)
    assert model.engine == engine
    for shape in ((1, 1), (33, 47), (64, 64)):
        assert (model.array(picture(*shape)) == 255 - picture(*shape)).all()
    batch = np.stack([picture(5, 7, seed) for seed in range(3)])
    assert (model.array(batch) == 255 - batch).all()
    # The caller's own: a later run does not write over it.
    first = model.array(batch)
    model.array(255 - batch)
    assert (first == 255 - batch).all()
    first[:] = 0


@pytest.mark.parametrize("threads", [0, 1])
@pytest.mark.parametrize("engine", HERE)
def test_eight_threads_share_one_translator(engine: str, threads: int) -> None:
    # With real arithmetic: sums in another order would show.
    model = Translator(STATISTICS, engine=engine, threads=threads)
    pictures = [picture(8 + turn, 40 - turn, turn) for turn in range(8)]
    expected = [model.array(each).tobytes() for each in pictures]
    results: dict[int, set[bytes]] = {}
    together = threading.Barrier(8)

    def work(turn: int) -> None:
        together.wait()
        results[turn] = {model.array(pictures[turn]).tobytes() for _ in range(40)}

    callers = [threading.Thread(target=work, args=(turn,)) for turn in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(set(expected)) == 8
    assert results == {turn: {each} for turn, each in enumerate(expected)}


@pytest.mark.parametrize("engine", HERE)
def test_a_large_picture_gives_its_memory_back(engine: str) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux")
    # A process of its own: what tests before this one have freed is taken and kept again.
    script = f"""
import os
from pathlib import Path
import numpy as np
from translate.runtime import Translator
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20
model = Translator({str(INVERT)!r}, engine={engine!r}, warm=True)
before = resident()
assert model.array(np.zeros((2048, 2048, 3), np.uint8)).min() == 255
print(resident() - before)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert int(done.stdout) < 80, done.stderr  # it takes 100 MB more on the way, which without asking would stay


@pytest.mark.skipif("openvino" not in HERE, reason="needs OpenVINO")
def test_openvino_tells_nobody_that_it_is_used() -> None:
    script = f"""
import socket, sys
asked = []
socket.getaddrinfo = lambda host, *_: asked.append(host) or (_ for _ in ()).throw(OSError("no network"))
from translate.runtime import Translator
Translator({str(INVERT)!r}, engine="openvino")
import time
time.sleep(0.5)
print(asked, "openvino_telemetry" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "[] False\n"), done.stderr


@pytest.mark.skipif("openvino" not in HERE or sys.platform != "linux", reason="needs OpenVINO on Linux")
def test_signals_survive_models_that_come_and_go() -> None:
    """In an order in which each would put back the stack of one that is gone."""
    script = f"""
import faulthandler, gc, os, signal
faulthandler.enable()
from translate.runtime import Translator
heard = []
signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
one, two = (Translator({str(INVERT)!r}, engine="openvino") for _ in range(2))
for gone in (1, 2):
    del one
    gc.collect()
    os.kill(os.getpid(), signal.SIGUSR1)
    one = two
    two = None
print(len(heard))
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


@pytest.mark.skipif("openvino" not in HERE, reason="needs OpenVINO")
def test_first_pictures_at_the_same_time_do_not_wait_for_each_other() -> None:
    """OpenVINO makes a table at the first use, by calls of Python: two threads in that were a standstill."""
    script = f"""
import faulthandler, sys, threading
faulthandler.dump_traceback_later(60, exit=True)
import numpy as np
from translate.runtime import Translator
model = Translator({str(INVERT)!r}, engine="openvino")
sys.setswitchinterval(1e-6)
together = threading.Barrier(4)
def first():
    together.wait()
    assert model.array(np.full((8, 8, 3), 7, np.uint8)).min() == 248
threads = [threading.Thread(target=first) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("done")
"""
    for _ in range(3):  # without the table, two of three stood still
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100)
        assert done.stdout == "done\n", done.stderr


@pytest.mark.skipif("openvino" not in HERE, reason="needs OpenVINO")
def test_memory_is_given_back_beside_others_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino, "large", lambda feeds: feeds["image"].shape[1] == 9)
    model = Translator(STATISTICS, engine="openvino", threads=1)
    pictures = [picture(8 + turn % 2, 40, turn) for turn in range(4)]
    expected = [model.array(each).tobytes() for each in pictures]
    with ThreadPoolExecutor(4) as pool:
        found = pool.map(lambda turn: model.array(pictures[turn % 4]).tobytes(), range(400))
    assert [each == expected[turn % 4] for turn, each in enumerate(found)] == [True] * 400


@pytest.mark.parametrize("engine", HERE)
def test_what_takes_too_long_is_stopped(engine: str) -> None:
    model = Translator(HEAVY, engine=engine, threads=1, seconds=0.3)
    for call, limit in ((model.array, 0.3), (lambda batch: model.array(batch, seconds=0.2), 0.2)):
        start = time.perf_counter()
        with pytest.raises(ModelError, match=rf"heavy was stopped on \[1, 512, 512, 3\] after {limit} s: give a small"):
            call(np.zeros((512, 512, 3), np.uint8))
        # A whole run takes one core seconds (`heavy` is 800 GFLOP at that size). Room for machines that are busy.
        assert limit <= time.perf_counter() - start < limit + 1.5
    # It is as good as before, and one that has the time comes to its end.
    assert model.array(np.zeros((2, 2, 3), np.uint8), seconds=60).shape == (2, 2, 3)


def test_limits_that_are_none() -> None:
    for seconds in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ModelError, match=r"seconds is .*: give a number above 0"):
            Translator(INVERT, seconds=seconds)
        with pytest.raises(ModelError, match="seconds is"):
            Translator(INVERT, engine="cpu").array(picture(2, 2), seconds=seconds)


@pytest.mark.parametrize("engine", HERE)
def test_failures_of_the_first_hour_are_one_sentence(engine: str, tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(INVERT.read_bytes().replace(b"Sub", b"Sux"))
    with pytest.raises(ModelError, match=r"cannot load .*a\.onnx: ") as raised:
        Translator(path, engine=engine)
    assert "\n" not in str(raised.value)


def test_engines_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError, match="there is no engine abacus: choose from auto, cpu, cuda, tensorrt, openvino"):
        Translator(INVERT, engine="abacus")
    with pytest.raises(ModelError, match="threads is -1"):
        Translator(INVERT, threads=-1)
    with pytest.raises(ModelError, match="options are one engine's own: name it as well"):
        Translator(INVERT, options={"a": "b"})
    monkeypatch.setattr(openvino.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        ModelError, match=r"openvino was asked for, but it is not installed: pip install 'translate-gan"
    ):
        Translator(INVERT, engine="openvino")
    monkeypatch.setattr(cuda, "has_gpu", lambda: False)
    for engine, provider in (("cuda", cuda.PROVIDER), ("tensorrt", tensorrt.PROVIDER)):
        there = provider in session.onnxruntime.get_available_providers()
        with pytest.raises(ModelError, match="no GPU answers" if there else "is built without"):
            Translator(INVERT, engine=engine)
    assert Translator(INVERT).engine == "cpu"
    monkeypatch.setattr(session.onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    for engine in ("cuda", "tensorrt"):
        with pytest.raises(ModelError, match=rf"{engine} was asked for, but this ONNX Runtime is built without"):
            Translator(INVERT, engine=engine)


def test_auto_takes_the_first_that_works(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(path: Path, settings: Settings) -> Any:
        raise ModelError("the library is of another version")

    monkeypatch.setattr(openvino, "why_not", lambda: "")
    monkeypatch.setattr(openvino, "start", broken)
    monkeypatch.setattr(cuda, "why_not", lambda: "")
    monkeypatch.setattr(cuda, "load_libraries", lambda: None)
    # What ONNX Runtime does where CUDA's libraries are not there: it goes on without.
    started = session._started
    monkeypatch.setattr(
        session, "_started", lambda path, threads, _, *more: started(path, threads, [session.CPU], *more)
    )
    assert Translator(INVERT).engine == "cpu"
    assert "cuda is there but cannot be used, trying the next engine: CUDAExecutionProvider was asked" in caplog.text
    assert "openvino is there but cannot be used, trying the next engine: the library" in caplog.text
    with pytest.raises(ModelError, match="CUDAExecutionProvider was asked for but does not work here"):
        Translator(INVERT, engine="cuda")


def test_auto_prefers_what_is_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def starting(name: str) -> Callable[[Path, Settings], Any]:
        return lambda path, settings: asked.append(name)

    for name, engine in ENGINES.items():
        monkeypatch.setattr(engine, "start", starting(name))
        monkeypatch.setattr(engine, "why_not", lambda: "")
    engines.start("auto", INVERT, Settings())
    monkeypatch.setattr(cuda, "why_not", lambda: "no GPU answers")
    engines.start("auto", INVERT, Settings())
    monkeypatch.setattr(openvino, "why_not", lambda: "it is not installed")
    engines.start("auto", INVERT, Settings())
    assert asked == ["cuda", "openvino", "cpu"]


def test_bound_arrays_give_the_same() -> None:
    """What CUDA and TensorRT do with a GPU's memory, done with the CPU's."""
    bound = session.Session(STATISTICS, "cuda", "", 1, [session.CPU], [3], "cpu")
    plain = session.Session(STATISTICS, "cpu", "", 1, [session.CPU], [3])
    feeds = {"image": picture(9, 7)[None], "statistics": np.ones((1, 6), np.float32), "frozen": np.ones(1, np.bool_)}
    for given in (feeds, {"image": feeds["image"]}):
        wanted = [value.name for value in plain.outputs]
        assert wanted == ["translated", "measured"]
        for one, other in zip(bound.run(given, wanted), plain.run(given, wanted), strict=True):
            assert (one == other).all()


def test_tensorrt_is_told_the_sizes_and_keeps_what_it_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(cuda, "load_libraries", lambda: None)
    monkeypatch.setattr(tensorrt, "Session", lambda *given, **named: told.update(providers=given[4], bound=given[6]))
    card = Card("n", "a → b", "m", "a", "b", source_channels=1, size=128)
    tensorrt.start(INVERT, Settings(card=card, options={"trt_force_sequential_engine_build": True}))
    names = [name for name, _ in told["providers"]]
    assert names == ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]
    options = told["providers"][0][1]
    assert [options[f"trt_profile_{which}_shapes"] for which in ("min", "opt", "max")] == [
        "image:1x32x32x1",
        "image:1x128x128x1",
        "image:4x512x512x1",
    ]
    folder = Path(options["trt_engine_cache_path"])
    assert folder.is_dir()
    assert folder.is_relative_to(tmp_path)
    assert options["trt_timing_cache_path"] == str(folder)
    assert options["trt_force_sequential_engine_build"] is True
    assert not {"trt_bf16_enable", "trt_fp16_enable"} & set(options)
    assert told["bound"] == "cuda"
    # One that draws from noise has other inputs, and as many at once as a piece has.
    for classes, more in (([], ["", "", ""]), (["a", "b"], [",label:1", ",label:1", ",label:64"])):
        drawing = Card("n", "noise → b", "m", "noise", "b", size=64, latent=100, classes=classes, version=3)
        tensorrt.start(INVERT, Settings(card=drawing))
        options = told["providers"][0][1]
        assert [options[f"trt_profile_{which}_shapes"] for which in ("min", "opt", "max")] == [
            f"noise:{count}x100{label}" for count, label in zip((1, 1, 64), more, strict=True)
        ]
    # ONNX Runtime knows what it has built by names, and not by weights.
    other = tmp_path / INVERT.name
    other.write_bytes(INVERT.read_bytes())
    tensorrt.start(other, Settings(card=replace(card, precision="fp16")))
    assert told["providers"][0][1]["trt_engine_cache_path"] == str(folder)
    assert told["providers"][0][1]["trt_fp16_enable"] is True
    other.write_bytes(STATISTICS.read_bytes())
    tensorrt.start(other, Settings(card=card))
    assert told["providers"][0][1]["trt_engine_cache_path"] != str(folder)
    with pytest.raises(ModelError, match="int8, which is for CPUs"):
        tensorrt.start(other, Settings(card=replace(card, precision="int8")))


def test_openvino_counts_in_float32_and_shares_the_cores() -> None:
    properties = openvino._properties(Settings())
    assert properties == {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert openvino._properties(Settings(threads=1))["NUM_STREAMS"] == str(cores)
    assert openvino._properties(Settings(threads=10 * cores))["NUM_STREAMS"] == "1"


@pytest.mark.parametrize("engine", HERE)
def test_statistics_are_told_and_taken(engine: str) -> None:
    model = Translator(STATISTICS, engine=engine)
    batch = np.stack([picture(30, 20, 1), picture(30, 20, 2) // 2])
    translated, own = model.with_statistics(batch)
    assert own is not None
    assert own.dtype == np.float32
    assert own == pytest.approx(np.hstack([batch.mean((1, 2)), batch.var((1, 2))]), rel=1e-4)
    # A plain call neither asks for them nor is changed by them; given its own, a picture stays as it was.
    assert np.abs(model.array(batch).astype(int) - translated).max() <= 1
    again, measured = model.with_statistics(batch[0], own[:1])
    assert (again == translated[0]).all()
    assert measured == pytest.approx(own[:1], rel=1e-5)
    # The first one's for both, then a part of the first picture as the whole has it.
    both, measured = model.with_statistics(batch, own[:1])
    assert (both[0] == translated[0]).all()
    assert (both[1] != translated[1]).mean() > 0.5
    assert measured == pytest.approx(own, rel=1e-4), "what is told is measured, whatever was given"
    part, _ = model.with_statistics(batch[0, :10, :10], own[:1])
    assert (part == translated[0, :10, :10]).all()
    assert (model.array(batch[0, :10, :10]) != part).any()
    for wrong in (own[0], own[:1, :5], own[:1].astype(np.float64), own):
        with pytest.raises(ModelError, match=r"takes statistics float32 \[1, 6\], not float"):
            model.with_statistics(batch, wrong)


@pytest.mark.parametrize("engine", HERE)
def test_graphs_without_statistics(engine: str) -> None:
    model = Translator(INVERT, engine=engine)
    translated, statistics = model.with_statistics(picture(4, 5))
    assert (translated == 255 - picture(4, 5)).all()
    assert statistics is None
    with pytest.raises(ModelError, match="invert takes no statistics: give none"):
        model.with_statistics(picture(4, 5), np.ones((1, 6), np.float32))


@pytest.mark.parametrize("engine", HERE)
def test_warming_up(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    array = Translator.array
    monkeypatch.setattr(Translator, "array", lambda self, batch: shapes.append(batch.shape) or array(self, batch))
    model = Translator(INVERT, engine=engine)
    assert shapes == []
    Translator(INVERT, engine=engine, warm=True)
    model.warm_up(8, 16)
    assert shapes == [(1, 64, 64, 3), (1, 8, 16, 3)]


@pytest.mark.gpu
@pytest.mark.skipif(bool(cuda.why_not()), reason="needs a GPU")
def test_a_gpu_is_taken_where_there_is_one() -> None:
    assert Translator(INVERT).engine == "cuda"


@pytest.mark.parametrize("norms", [[], [1], [4], [65536], [3, 3]])
def test_a_card_that_tells_of_other_norms_is_found_out(norms: list[int]) -> None:
    with pytest.raises(ValueError, match="other norms than its card says"):
        opening.opened(STATISTICS.read_bytes(), norms)
    with pytest.raises(ModelError, match="other norms than its card says: export it again"):
        session.Session(STATISTICS, "cpu", "", 1, [session.CPU], norms or [5])


@pytest.mark.parametrize("engine", HERE)
def test_eight_threads_open_one_model(engine: str) -> None:
    model, batch = Translator(STATISTICS, engine=engine), picture(20, 30, 1)
    expected, row = Translator(STATISTICS, engine=engine).with_statistics(batch)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: model.with_statistics(batch, row), range(40)))
    assert all((each == expected).all() for each, _ in found)
