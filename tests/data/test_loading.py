"""A step is a function of (seed, step): order and augmentation too."""

import gc
import multiprocessing
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import plan
from translate import pixels
from translate.batches import Labelled, Pair, to_bytes, to_device
from translate.data import loading
from translate.data.layouts import ImageFolder
from translate.data.loading import Order, Pictures, loader
from translate.data.transforms import Transform
from translate.errors import PictureError

ROOT = Path(__file__).resolve().parents[2]


def places(count: int, batch: int, seed: int, start: int, stop: int) -> list:
    return list(Order(count, batch, seed, start, stop))


def test_an_epoch_shows_every_sample_once() -> None:
    seen = Counter(place.sample for step in places(10, 2, 0, 0, 15) for place in step)
    assert seen == dict.fromkeys(range(10), 3)


def test_epochs_differ_and_so_do_seeds() -> None:
    orders = [
        [p.sample for s in places(50, 1, seed, 50 * epoch, 50 * epoch + 50) for p in s]
        for seed, epoch in ((0, 0), (0, 1), (1, 0))
    ]
    assert orders[0] != orders[1]
    assert orders[0] != orders[2]
    assert orders[0] != sorted(orders[0])


def test_batches_run_on_across_epochs() -> None:
    assert all(len(step) == 3 for step in places(10, 3, 0, 0, 20))


def test_starting_in_the_middle_is_the_same() -> None:
    assert places(7, 2, 4, 0, 30)[11:] == places(7, 2, 4, 11, 30)


def test_every_sight_of_a_sample_is_augmented_anew() -> None:
    seeds = [place.seed for step in places(3, 1, 0, 0, 300) for place in step]
    assert len(set(seeds)) == 300


@pytest.mark.parametrize("piped", [0, loading.PIPED], ids=["shared", "piped"])
@pytest.mark.parametrize("start", [0, 5])
def test_worker_processes_change_nothing(town: Path, start: int, piped: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "PIPED", piped)
    made = plan("pix2pix", town)
    pictures = Pictures(made.layout, made.transform)
    runs = [list(loader(pictures, Order(len(pictures), 2, 0, start, 8), workers, False)) for workers in (0, 2)]
    for alone, together in zip(*runs, strict=True):
        assert torch.equal(alone.source, together.source)
        assert torch.equal(alone.target, together.target)


@pytest.mark.parametrize("piped", [0, loading.PIPED], ids=["shared", "piped"])
def test_workers_hand_over_what_one_process_has(town: Path, piped: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels too; writable, of the same types and shapes."""
    monkeypatch.setattr(loading, "PIPED", piped)
    made = plan("cgan", town)
    pictures = Pictures(made.layout, made.transform)
    alone, together = (next(iter(loader(pictures, Order(len(pictures), 3, 0, 0, 2), n, False))) for n in (0, 1))
    assert type(alone) is type(together) is Labelled
    for one, other in zip(alone, together, strict=True):
        assert (one.dtype, one.shape) == (other.dtype, other.shape)
        assert torch.equal(one, other)
        other.add_(1)


@pytest.mark.parametrize(
    ("side", "samples", "piped"), [(256, 1, True), (256, 2, True), (256, 16, False), (1024, 1, False)]
)
def test_small_batches_need_no_shared_memory(side: int, samples: int, piped: bool, town: Path) -> None:
    pictures = Pictures(plan("pix2pix", town).layout, Transform(side))
    batches = loader(pictures, Order(len(pictures), samples, 0, 0, 2), 1, False)
    assert isinstance(batches, map) == piped


def test_damaged_files_are_named_by_workers(tmp_path: Path) -> None:
    for number in range(3):
        pixels.write(np.zeros((32, 32, 3), np.uint8), tmp_path / f"{number}.png")
    pictures = Pictures(ImageFolder(str(tmp_path)), Transform(32))
    (tmp_path / "1.png").write_bytes(b"no picture")
    with pytest.raises(PictureError, match=r"1\.png is not a picture"):
        list(loader(pictures, Order(3, 1, 0, 0, 3), 1, False))
    gc.collect()
    assert not multiprocessing.active_children(), "the exception's frames kept the loader; it ends as garbage"


def test_python_ends_with_its_workers(town: Path) -> None:
    """Whatever still holds the batches, and though workers leave the signals of a group to the trainer."""
    script = """
from pathlib import Path
from tests.tiny import plan
from translate.data.loading import Order, Pictures, loader
made = plan("pix2pix", Path(TOWN))
batches = loader(Pictures(made.layout, made.transform), Order(6, 1, 0, 0, 1000), 2, False)
next(batches)
raise SystemExit(7)
""".replace("TOWN", repr(str(town)))
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 7, done.stderr


def test_loading_leaves_the_global_generator_alone(town: Path) -> None:
    made = plan("pix2pix", town)
    pictures = Pictures(made.layout, made.transform)
    before = torch.get_rng_state()
    list(loader(pictures, Order(len(pictures), 1, 0, 0, 3), 0, False))
    assert torch.equal(torch.get_rng_state(), before)


def test_bytes_to_the_range_and_back() -> None:
    levels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    batch = to_device(Pair(levels, levels.to(torch.int32).mul(257).to(torch.uint16)), torch.device("cpu"))
    assert (batch.source.min(), batch.source.max()) == (-1, 1)
    torch.testing.assert_close(batch.source, batch.target, atol=1e-6, rtol=0)
    assert torch.equal(to_bytes(batch.source), levels)
    assert to_bytes(torch.tensor([[-1.5, 1.5]])).tolist() == [[0, 255]]


def test_fixed_samples_are_held_out_ones(town: Path) -> None:
    made = plan("pix2pix", town)
    fixed = Pictures(made.layout, made.transform).fixed(6)
    assert len(fixed.source) == 2
    (source, _), _ = made.layout.read(made.layout.held_out[0], 0)
    assert (fixed.source[0].permute(1, 2, 0).numpy() == source).all()
