"""Pictures kept in memory: the same to the bit, read once, told in advance, shared by processes that are forked."""

import itertools
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import configuration, ignore, plan
from translate import config, pixels
from translate.config import Plan
from translate.data import cache, resources
from translate.data.cache import Cache
from translate.data.layouts import LAYOUTS
from translate.data.loading import Order, Pictures, loader
from translate.data.transforms import Transform
from translate.errors import ConfigError, DataError
from translate.training import checkpoint
from translate.training.run import Run

METHODS = ("pix2pix", "cyclegan", "cgan", "dcgan")  # of pairs, of domains without pairs, of labels, of pictures


def pictures(made: Plan, kept: bool) -> Pictures:
    found = Pictures(made.layout, made.transform)
    if kept:
        found.keep(ignore)
    return found


def batches(of: Pictures, workers: int) -> list:
    return list(loader(of, Order(len(of), 2, 3, 5, 20), workers, False))


def tiny(method: str, town: Path, **transform) -> Plan:
    section = configuration(method, town)
    section["transform"] |= transform
    return config.plan(section)


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    """Pictures that a test may break: two folders of six, of several sizes."""
    draw = np.random.default_rng(0)
    for view in ("edges", "day"):
        for number in range(6):
            levels = draw.integers(0, 256, (40 + number, 48 + 3 * number, 3), np.uint8)
            (tmp_path / view).mkdir(exist_ok=True)
            pixels.write(levels, tmp_path / view / f"{number}.png")
    return tmp_path


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("method", METHODS)
def test_batches_are_the_same_to_the_bit(method: str, workers: int, town: Path) -> None:
    changes = {
        "geometry": [{"name": "Rotate", "limit": 20}],
        "photometric": [{"name": "RandomBrightnessContrast", "p": 0.9}],
    }
    made = tiny(method, town, **changes)
    read, kept = (batches(pictures(made, kept), workers) for kept in (False, True))
    assert len(read) == 15
    for one, other in zip(read, kept, strict=True):
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize("resize", ["cover", "stretch"])
def test_pictures_of_all_sizes_and_both_halves_of_one(resize: str, scenes: Path) -> None:
    transform = Transform(32, 36, resize)
    layout = LAYOUTS["side_by_side"](root=str(scenes / "day"), holdout=1, source_channels=1)
    for path in scenes.glob("day/*"):  # halves of one picture: its width must be even
        levels = pixels.read(path)
        pixels.write(levels[:, : levels.shape[1] // 2 * 2], path)
    read, kept = Pictures(layout, transform), Pictures(layout, transform)
    kept.keep(ignore)
    for one, other in zip(batches(read, 0), batches(kept, 0), strict=True):
        assert one.source.shape == (2, 1, 32, 32)
        assert torch.equal(one.source, other.source)
        assert torch.equal(one.target, other.target)


def test_files_are_read_once_by_one_process(scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = LAYOUTS["unpaired"](source=str(scenes / "day"), target=str(scenes / "edges"), holdout=2)
    seen = []
    stored = pixels.stored
    monkeypatch.setattr(pixels, "stored", lambda path, form: (seen.append(path), stored(path, form))[1])
    monkeypatch.setattr(Cache, "_expected", lambda self, pieces: 0)  # reads a few of them before
    kept = Pictures(made, Transform(32))
    kept.keep(ignore, check=True)
    assert sorted(seen) == sorted(scenes.glob("*/*.png"))
    for path in seen:
        path.unlink()
    # Each sees all, and the files are gone: these come from memory, in processes that were not there when it was read.
    assert len(batches(kept, 2)) == 15


def test_a_piece_is_kept_once(scenes: Path) -> None:
    layout = LAYOUTS["unpaired"](source=str(scenes / "day"), target=str(scenes / "edges"), holdout=2, target_channels=1)
    kept = Cache(layout, Transform(16, resize="stretch"))
    said: list[str] = []
    kept.fill(said.append)
    assert kept.size == 4 * 16 * 16 * 3 + 4 * 16 * 16 * 1
    assert "about 0 MiB into memory" in said[0]


def test_what_is_read_is_the_callers_own(town: Path) -> None:
    made = plan("pix2pix", town)
    kept = Cache(made.layout, made.transform)
    kept.fill(ignore)
    sample = made.layout.train[0]
    (source, target), _ = kept.read(sample, 0)
    before = source.copy()
    source[:] = 0
    target[:] = 0
    assert (kept.read(sample, 0)[0][0] == before).all()
    assert before.any()


def test_pictures_lie_one_after_the_other(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a picture no longer fits into what was taken so far, or is larger than what is usually taken."""
    made = plan("pix2pix", town)
    for slab in (1000, 10_000, 3 * 36 * 36 * 3):
        monkeypatch.setattr(cache, "SLAB", slab)
        kept = Cache(made.layout, made.transform)
        kept.fill(ignore)
        for sample in made.layout.train:
            read = made.transform.resized(made.layout.read(sample, 0)[0])
            assert all((one == other).all() for one, other in zip(kept.read(sample, 0)[0], read, strict=True))


@pytest.mark.parametrize("told", [True, False], ids=["in advance", "as soon as it is clear"])
def test_too_little_memory_is_told(told: bool, scenes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = LAYOUTS["images"](root=str(scenes / "day"))
    monkeypatch.setattr(resources, "memory", lambda: 2**20)
    taken = Cache._take
    count = itertools.count()
    monkeypatch.setattr(Cache, "_take", lambda *given: (next(count), taken(*given)))
    if not told:
        monkeypatch.setattr(Cache, "_expected", lambda self, pieces: 0)
    kept = Pictures(layout, Transform(256, resize="stretch"))  # 6 × 256 × 256 × 3 bytes = 1.13 MiB
    with pytest.raises(ConfigError, match=r"1 MiB may be used here .*set train.cache = false"):
        kept.keep(ignore)
    assert (next(count) == 0) == told
    monkeypatch.setattr(resources, "memory", lambda: 2 * 2**20)
    kept.keep(ignore)


def test_damaged_files_are_named(scenes: Path) -> None:
    layout = LAYOUTS["two_folders"](source=str(scenes / "edges"), target=str(scenes / "day"), holdout=1)
    for name in ("1.png", "5.png"):  # the fifth is held out
        (scenes / "day" / name).write_bytes((scenes / "day" / name).read_bytes()[:200])
    for check, count in ((False, "1 of 5"), (True, "2 of 6")):
        with pytest.raises(DataError, match=rf"{count} cannot be used: .*1\.png is damaged") as caught:
            Pictures(layout, Transform(32)).keep(ignore, check)
        assert ("5.png" in str(caught.value)) == check


def test_progress_is_told(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "PAUSE", -1.0)
    said: list[str] = []
    Pictures(made := plan("pix2pix", town).layout, Transform(32)).keep(said.append)
    assert len(said) == 1 + len(made.train)
    assert "50% read" in said[3]
    assert "100% read" in said[-1]


def test_processes_that_are_spawned_get_no_copy(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SLAB", 2**20)
    made = tiny("pix2pix", town, load=300)
    kept = Cache(made.layout, made.transform)
    kept.fill(ignore)
    assert kept.size > 3_000_000
    assert len(ForkingPickler.dumps(kept)) < 100_000


def test_a_run_learns_the_same_and_may_go_on_without(town: Path, tmp_path: Path) -> None:
    weights = []
    for kept in (False, True):
        run = Run(plan("cyclegan", town, cache=kept, steps=4), tmp_path / str(kept), ignore)
        run.train(resume=False)
        weights.append(checkpoint.load(checkpoint.found(run.checkpoints)[-1])["method"])
    torch.testing.assert_close(weights[0], weights[1], rtol=0, atol=0)
    longer = Run(plan("cyclegan", town, cache=True, steps=5), tmp_path / "False", ignore)
    assert longer.train(resume=True).step == 5


def test_a_run_does_not_read_twice_and_names_what_it_cannot(scenes: Path, tmp_path: Path) -> None:
    made = configuration("pix2pix", scenes, cache=True)
    (scenes / "day" / "5.png").write_bytes(b"no picture")  # held out
    with pytest.raises(DataError, match=r"1 of 6 cannot be used: .*5\.png"):
        Run(config.plan(made), tmp_path / "runs", ignore).train(resume=False)
