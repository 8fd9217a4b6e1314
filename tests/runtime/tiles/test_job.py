import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from translate import cli, pixels
from translate.errors import ConfigError, DataError, ModelError, PictureError
from translate.runtime import Translator
from translate.runtime.tiles import job, source, translate_large, translate_large_files
from translate.runtime.tiles.exact import Exact
from translate.runtime.tiles.grid import pieces, spans

ASSETS = Path(__file__).parents[2] / "assets"
ROOT = Path(__file__).parents[3]


def loaded(name: str) -> Translator:
    return Translator(ASSETS / f"{name}.onnx", engine="cpu", threads=1)


@pytest.fixture(scope="module")
def resnet() -> Translator:
    return loaded("resnet")


def ignore(line: str) -> None:
    """A listener who does not listen."""


def drawn(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Noise over slopes, darker to the right: no two parts have the same statistics."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    slopes = np.stack([np.sin(x / 31 + y / 77), np.cos(y / 19), np.sin(x * y / 9000)], 2) * 60 + 128
    return ((slopes + draw.normal(0, 20, slopes.shape)).clip(0, 255) * np.linspace(1, 0.4, width)[:, None]).astype(
        np.uint8
    )


def away(translator: Translator, picture: np.ndarray, folder: Path, **settings: Any) -> tuple[int, float]:
    """The largest and the mean difference between parts and the whole."""
    pixels.write(picture, folder / "in.png")
    translate_large(translator, folder / "in.png", folder / "out.png", report=ignore, **settings)
    assert sorted(path.name for path in folder.iterdir()) == ["in.png", "out.png"]
    difference = np.abs(pixels.read(folder / "out.png") - translator.array(picture).astype(int))
    return int(difference.max()), float(difference.mean())


@pytest.mark.parametrize("size", [(128, 160), (123, 181), (163, 61)])
def test_parts_equal_the_whole(resnet: Translator, tmp_path: Path, size: tuple[int, int]) -> None:
    """At sizes that are multiples of what the network needs, and at others: the graph pads those by reflection."""
    worst, mean = away(resnet, drawn(*size), tmp_path, tile=96)
    assert worst <= 1
    assert mean < 0.05


def test_without_passes_they_do_not(resnet: Translator, tmp_path: Path) -> None:
    """The tests above can fail: a sample alone is not enough here."""
    worst, _ = away(resnet, drawn(123, 181), tmp_path, tile=96, passes=0)
    assert worst > 1


@pytest.mark.parametrize(("size", "tile"), [((120, 160), 56), ((131, 157), 96)])
def test_frozen_norms_need_no_statistics(tmp_path: Path, size: tuple[int, int], tile: int) -> None:
    worst, _ = away(loaded("resnet_running"), drawn(*size), tmp_path, tile=tile)
    assert worst <= 1


def test_too_small_a_halo_is_seen(resnet: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The card's halo is no larger than it must be by much: half of it shows."""
    monkeypatch.setitem(resnet.card.__dict__, "halo", resnet.card.halo // 2)
    worst, _ = away(resnet, drawn(123, 181), tmp_path, tile=96, passes=7)
    assert worst > 1


def test_a_pass_measures_what_the_whole_would(resnet: Translator) -> None:
    """With any statistics given: bands summed with their signs are the whole's measurement."""
    from translate.runtime.tiles.engine import Engine
    from translate.runtime.tiles.statistics import Pool, distance

    engine, picture = Engine(resnet), drawn(203, 301)
    layout = engine.layout()
    assert layout.channels == (6, 12, 24, 24, 24, 24, 24, 12, 6)
    given = engine.measure(drawn(64, 64, seed=1), None)
    parts, pool = Exact(engine, source.Held(picture), 96), Pool(layout)
    for step in range(parts.steps):
        parts.survey(step, given, pool)
    assert distance(layout, pool.row(), engine.measure(picture, given)) < 1e-4


def test_what_fits_goes_through_at_once(resnet: Translator, tmp_path: Path) -> None:
    assert away(resnet, drawn(123, 181), tmp_path) == (0, 0.0)


def test_networks_that_see_everything_are_blended(tmp_path: Path) -> None:
    translator, picture = loaded("unet"), drawn(100, 150)
    pixels.write(picture, tmp_path / "in.png")
    translate_large(translator, tmp_path / "in.png", tmp_path / "out.png", tile=64, report=ignore)
    result = pixels.read(tmp_path / "out.png").astype(int)
    assert result.shape == picture.shape
    # No seam: across the edges of parts neighbours differ no more than elsewhere.
    steps = np.abs(np.diff(result, axis=1)).mean((0, 2))
    edges = [span - 1 for span in (29, 64, 93)]
    assert steps[edges].max() < 1.5 * np.median(steps)


def test_a_pointwise_model_is_blended_to_itself(tmp_path: Path) -> None:
    translator, picture = loaded("invert"), drawn(75, 133)
    assert away(translator, picture, tmp_path, tile=32) == (0, 0.0)


def until_killed(moment: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Journal and canvas work for `moment` steps, and then not at all."""
    left = [moment]
    original = job.Journal.add

    def add(self: job.Journal, **record: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        original(self, **record)

    monkeypatch.setattr(job.Journal, "add", add)
    return lambda: monkeypatch.setattr(job.Journal, "add", original)


@pytest.mark.parametrize(("name", "tile"), [("resnet", 96), ("unet", 64)])
def test_interrupted_at_any_step_it_goes_on_to_the_same_bytes(
    name: str, tile: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    translator = loaded(name)
    pixels.write(drawn(131, 100), tmp_path / "in.png")

    def run(out: str) -> None:
        translate_large(translator, tmp_path / "in.png", tmp_path / out, tile=tile, passes=1, report=ignore)

    run("whole.png")
    for moment in (0, 2, 5, 6):
        mend = until_killed(moment, monkeypatch)
        with pytest.raises(KeyboardInterrupt):
            run("out.png")
        assert not (tmp_path / "out.png").exists()
        mend()
        run("out.png")
        assert (tmp_path / "out.png").read_bytes() == (tmp_path / "whole.png").read_bytes()
        (tmp_path / "out.png").unlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "whole.png"]


# Of 131 rows in parts of 96, with one pass: one for the sample, some for its bands, one for what it gives.
ALL_BUT_ROWS = 1 + len(pieces(spans(131, 96, 32, 4))) + 1


def test_what_is_done_is_not_done_again(resnet: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels.write(drawn(131, 100), tmp_path / "in.png")
    settings: dict[str, Any] = {"tile": 96, "passes": 1, "report": ignore}
    mend = until_killed(ALL_BUT_ROWS + 1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        translate_large(resnet, tmp_path / "in.png", tmp_path / "out.png", **settings)
    mend()
    begun: list[tuple[str, int]] = []
    monkeypatch.setattr(Exact, "survey", lambda self, step, given, pool: begun.append(("survey", step)))
    original = Exact.render

    def render(self: Exact, paper: Any, done: int, given: Any) -> Any:
        begun.append(("render", done))
        return original(self, paper, done, given)

    monkeypatch.setattr(Exact, "render", render)
    translate_large(resnet, tmp_path / "in.png", tmp_path / "out.png", **settings)
    ((kind, done),) = begun
    assert kind == "render"
    assert 0 < done < 131


def test_another_input_begins_anew(resnet: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels.write(drawn(131, 100), tmp_path / "in.png")
    mend = until_killed(3, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        translate_large(resnet, tmp_path / "in.png", tmp_path / "out.png", tile=96, passes=1, report=ignore)
    mend()
    lines: list[str] = []
    pixels.write(drawn(131, 100, seed=5), tmp_path / "in.png")
    translate_large(resnet, tmp_path / "in.png", tmp_path / "out.png", tile=96, passes=1, report=lines.append)
    assert "beginning anew" in lines[0]
    translate_large(resnet, tmp_path / "in.png", tmp_path / "fresh.png", tile=96, passes=1, report=ignore)
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "fresh.png").read_bytes()


def test_a_lost_canvas_is_drawn_again(resnet: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels.write(drawn(131, 100), tmp_path / "in.png")
    mend = until_killed(ALL_BUT_ROWS + 1, monkeypatch)
    with pytest.raises(KeyboardInterrupt):
        translate_large(resnet, tmp_path / "in.png", tmp_path / "out.png", tile=96, passes=1, report=ignore)
    mend()
    (tmp_path / ".out.png.part").unlink()
    translate_large(resnet, tmp_path / "in.png", tmp_path / "out.png", tile=96, passes=1, report=ignore)
    translate_large(resnet, tmp_path / "in.png", tmp_path / "fresh.png", tile=96, passes=1, report=ignore)
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "fresh.png").read_bytes()


def test_killed_at_any_moment(resnet: Translator, tmp_path: Path) -> None:
    """By SIGKILL, in a process of its own."""
    pixels.write(drawn(320, 300), tmp_path / "in.png")
    translate_large(resnet, tmp_path / "in.png", tmp_path / "whole.png", tile=96, passes=1, report=ignore)
    words = ["run", ASSETS / "resnet.onnx", tmp_path / "in.png", "-o", tmp_path / "out.png", "--threads", "1"]
    command = [sys.executable, "-m", "translate", *map(str, words), "--tile", "96", "--passes", "1"]
    kills = 0
    for number in range(4):
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        journal = tmp_path / ".out.png.journal"
        before = journal.stat().st_size if journal.exists() else 0
        while child.poll() is None and not (journal.exists() and journal.stat().st_size > before):
            time.sleep(0.002)
        time.sleep(0.01 * number)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            kills += 1
        if child.wait() == 0:
            break
    else:
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    assert kills >= 2
    assert (tmp_path / "out.png").read_bytes() == (tmp_path / "whole.png").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.png", "out.png", "whole.png"]


def test_mistakes_are_one_sentence(resnet: Translator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = tmp_path / "in.png"
    pixels.write(drawn(100, 120), picture)
    cases: list[tuple[type[Exception], str, str, dict[str, Any]]] = [
        (ConfigError, "no room around a halo", "out.png", {"tile": 64}),
        (ConfigError, "give a tile of 1 or more", "out.png", {"tile": -1}),
        (ConfigError, "0 passes or more", "out.png", {"passes": -1}),
        (PictureError, "is the input", "in.png", {}),
        (PictureError, "end its name in .tif", "out.gif", {}),
        (PictureError, "give a folder that exists", "nowhere/out.png", {}),
    ]
    for kind, message, out, settings in cases:
        with pytest.raises(kind, match=message):
            translate_large(resnet, picture, tmp_path / out, report=ignore, **settings)
    with pytest.raises(PictureError, match="does not exist"):
        translate_large(resnet, tmp_path / "none.png", tmp_path / "out.png", report=ignore)
    old = loaded("invert")
    monkeypatch.setitem(old.card.__dict__, "statistics", "image")
    with pytest.raises(ModelError, match="export it again"):
        translate_large(old, picture, tmp_path / "out.png", report=ignore)
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_a_folder_of_which_one_is_bad(resnet: Translator, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Image.fromarray(drawn(100, 120)).save(tmp_path / "in" / "1.png")
    (tmp_path / "in" / "2.png").write_text("not a picture")
    outcome = translate_large_files(resnet, [tmp_path / "in"], tmp_path / "out", tile=96, report=ignore)
    assert (outcome.done, [path.name for path, _ in outcome.failed]) == (1, ["2.png"])
    with pytest.raises(DataError, match="folder of the inputs"):
        translate_large_files(resnet, [tmp_path / "in"], tmp_path / "in", report=ignore)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels.write(drawn(131, 157), tmp_path / "in.png")
    words = ["run", ASSETS / "resnet_running.onnx", tmp_path / "in.png", "-o", tmp_path / "out.png", "--tile"]
    assert cli.main([*map(str, words), "96"]) == 0
    assert "1 translated, 0 failed" in capsys.readouterr().out
    parts = pixels.read(tmp_path / "out.png").astype(int)
    assert cli.main([*map(str, words)]) == 0
    assert np.abs(pixels.read(tmp_path / "out.png") - parts).max() <= 1
    assert cli.main([*map(str, words), "40"]) == 1
    assert "no room around a halo" in capsys.readouterr().out
    assert cli.main([*map(str, words), "96", "--crf", "3"]) == 1
    assert "--crf is not for pictures in parts" in capsys.readouterr().err
