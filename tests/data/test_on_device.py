"""Augmentation on the device: geometry is shared, photometry is the source's, chance is the step's and everyone's."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.tiny import configuration, ignore
from translate import config, shares
from translate.batches import Images, Labelled, Pair
from translate.data.on_device import OnDevice
from translate.errors import ConfigError
from translate.training import checkpoint
from translate.training.run import Run

# Values say where a pixel came from, and no two are the same.
PLACES = torch.linspace(-1, 1, 32 * 32).reshape(1, 1, 32, 32)
FLIP = [{"name": "RandomHorizontalFlip"}]
AFFINE = [{"name": "RandomAffine", "degrees": 20.0, "translate": [0.1, 0.1], "p": 1.0}]
JITTER = [{"name": "ColorJitter", "brightness": 0.3, "contrast": 0.3, "saturation": 0.3, "hue": 0.1, "p": 0.8}]
NOISE = [{"name": "RandomGaussianNoise", "std": 0.5, "p": 1.0}]


def pair(count: int = 8) -> Pair:
    target = PLACES.repeat(count, 3, 1, 1)
    return Pair(PLACES.repeat(count, 1, 1, 1), target)


def photos(count: int, side: int = 32) -> Images:
    return Images(torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(count)) * 2 - 1)


def drawn(augment: OnDevice, batch, seed: int):
    torch.manual_seed(seed)
    return augment(batch)


@contextmanager
def process(monkeypatch: pytest.MonkeyPatch, rank: int, count: int) -> Iterator[None]:
    """As if this were process `rank` of `count`."""
    with monkeypatch.context() as patch:
        patch.setattr(shares, "count", lambda: count)
        patch.setattr(shares, "mine", lambda whole: whole.chunk(count)[rank])
        yield


def test_nothing_asked_for_changes_nothing() -> None:
    batch = pair()
    same = OnDevice()(batch)
    assert torch.equal(same.source, batch.source)
    assert torch.equal(same.target, batch.target)
    never = OnDevice([{**FLIP[0], "p": 0.0}])(batch)
    torch.testing.assert_close(never.source, batch.source, atol=1e-6, rtol=0)


def test_pictures_in_register_are_flipped_together() -> None:
    batch = pair(64)
    source, target = drawn(OnDevice(FLIP), batch, 0)
    flips = 0
    for mine, theirs in zip(source, target, strict=True):
        flipped = bool(mine[0, 0, 0] > mine[0, 0, -1])
        expected = PLACES[0].flip(2) if flipped else PLACES[0]
        torch.testing.assert_close(mine, expected, atol=1e-6, rtol=0)
        torch.testing.assert_close(theirs, expected.repeat(3, 1, 1), atol=1e-6, rtol=0)
        flips += flipped
    assert 16 < flips < 48


@pytest.mark.parametrize("entry", [AFFINE[0], {"name": "RandomElasticTransform", "p": 1.0}])
def test_pictures_in_register_are_bent_together(entry: dict) -> None:
    source, target = drawn(OnDevice([entry]), pair(), 1)
    torch.testing.assert_close(source.repeat(1, 3, 1, 1), target, atol=1e-6, rtol=0)
    assert (source - PLACES).abs().amax((1, 2, 3)).min() > 1e-3  # every one is changed
    assert (source[0] - source[1]).abs().max() > 0.01  # each otherwise


def test_pictures_that_are_not_in_register_are_moved_apart() -> None:
    source, target = drawn(OnDevice(FLIP, aligned=False), pair(200), 0)
    flips = [picture[:, 0, 0, 0] > picture[:, 0, 0, -1] for picture in (source, target)]
    assert 60 < int((flips[0] == flips[1]).sum()) < 140


def test_what_a_rotation_leaves_empty_is_black() -> None:
    entry = {"name": "RandomRotation", "degrees": [45.0, 45.0], "p": 1.0}
    (image,) = OnDevice([entry])(Images(torch.ones(1, 3, 33, 33)))
    assert image[0, :, 0, 0].tolist() == [-1, -1, -1]
    assert image[0, :, 16, 16].tolist() == [1, 1, 1]


def test_photometry_leaves_the_target_alone() -> None:
    batch = Pair(photos(4).image, photos(4).image)
    source, target = drawn(OnDevice(photometric=JITTER), batch, 0)
    assert target is batch.target
    assert not torch.equal(source, batch.source)


def test_photometry_is_in_levels_from_0_to_1() -> None:
    """Half as bright is half as far from black, -1."""
    entry = {"name": "RandomBrightness", "brightness": [0.5, 0.5], "p": 1.0}
    inverted = OnDevice(photometric=[{"name": "RandomInvert", "p": 1.0}])(pair())
    torch.testing.assert_close(inverted.source, -pair().source, atol=1e-6, rtol=0)
    darker = OnDevice(photometric=[entry])(photos(2)).image
    torch.testing.assert_close(darker, (photos(2).image / 2 + 0.5 - 0.5).clamp(0, 1) * 2 - 1, atol=1e-6, rtol=0)


def test_pictures_without_a_partner_get_both() -> None:
    batch = Labelled(photos(4).image, torch.arange(4))
    changed = drawn(OnDevice(AFFINE, JITTER), batch, 0)
    assert changed.label is batch.label
    assert not torch.equal(changed.image, batch.image)
    assert torch.equal(changed.image, drawn(OnDevice(AFFINE, JITTER), photos(4), 0).image)


def test_values_stay_in_range() -> None:
    bicubic = {**AFFINE[0], "resample": "bicubic"}
    augment = OnDevice([bicubic], [*NOISE, {"name": "Normalize", "mean": 0.1, "std": 0.1}])
    for seed in range(3):
        (image,) = drawn(augment, photos(4), seed)
        assert (image.min(), image.max()) == (-1, 1)


def test_the_seed_decides() -> None:
    augment = OnDevice(AFFINE, JITTER + NOISE)
    one, other = drawn(augment, photos(2), 1).image, drawn(augment, photos(2), 2).image
    assert not torch.equal(one, other)
    assert torch.equal(drawn(OnDevice(AFFINE, JITTER + NOISE), photos(2), 1).image, one)


def test_batches_are_left_as_they_were() -> None:
    batch = photos(2)
    OnDevice(AFFINE, JITTER)(batch)
    assert torch.equal(batch.image, photos(2).image)


@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize("side", [4, 32])
def test_processes_change_what_one_would_have_changed(count: int, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a batch has as many rows as kornia has colour changes to bring into an order, or pixels a side."""
    blur = {"name": "RandomMotionBlur", "kernel_size": [3, 5], "angle": 30.0, "direction": 0.5}
    augment = OnDevice([*FLIP, *AFFINE], [*JITTER, *NOISE, *([blur] if side > 4 else [])])
    batch = photos(4, side)
    whole = drawn(augment, batch, 7)
    after = torch.get_rng_state()
    parts: list[Tensor] = []
    for rank in range(count):
        with process(monkeypatch, rank, count):
            parts.append(drawn(augment, Images(batch.image.chunk(count)[rank]), 7).image)
        # What the method draws next is the same in every process.
        assert torch.equal(torch.get_rng_state(), after)
    torch.testing.assert_close(torch.cat(parts), whole.image, atol=1e-5, rtol=0)


def test_what_cannot_be_shared_is_refused_by_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    augment = OnDevice(photometric=[{"name": "RandomChannelDropout", "p": 1.0}])
    augment(photos(2))
    for _ in range(2):
        with (
            process(monkeypatch, 1, 2),
            pytest.raises(ConfigError, match="RandomChannelDropout draws for a whole batch"),
        ):
            augment(photos(2))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"geometry": [{"name": "RandomRotatio"}]}, "did you mean 'RandomRotation'"),
        ({"geometry": JITTER}, "kornia's geometry has no 'ColorJitter'"),
        ({"photometric": FLIP}, "kornia's photometry has no 'RandomHorizontalFlip'"),
        ({"geometry": [{"name": "RandomRotation"}]}, "RandomRotation: .*degrees"),
        ({"geometry": [{"name": "RandomRotation", "degrees": 10.0, "often": 1}]}, "often"),
        ({"photometric": ["ColorJitter"]}, "write it as"),
    ],
)
def test_what_cannot_be(wrong: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        OnDevice(**wrong)


def section(method: str, town: Path, **train) -> dict:
    made = configuration(method, town, **train)
    made["transform"] |= {"device_geometry": AFFINE, "device_photometric": NOISE}
    return made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"device_geometry": [{"name": "RandomCrop", "size": [16, 16]}]}, r"RandomCrop makes \[16, 16\] of \[32, 32\]"),
        ({"device_geometry": [{"name": "Resize", "size": [64, 64]}]}, "Resize makes"),
        ({"device_photometric": JITTER}, r"ColorJitter: .*3, H, W"),  # of a grey source
    ],
)
def test_what_does_not_fit_is_found_before_training(changes: dict, words: str, town: Path) -> None:
    made = configuration("pix2pix", town)
    made["transform"] |= changes
    made["data"]["source_channels"] = 1
    before = torch.get_rng_state()
    with pytest.raises(ConfigError, match=words):
        config.plan(made)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_plan_says_what_is_done_on_the_device(town: Path, tmp_path: Path) -> None:
    assert config.plan(configuration("pix2pix", town)).entrance.augment is None
    for method, aligned in (("pix2pix", True), ("cyclegan", False), ("cgan", True)):
        made = config.plan(section(method, town))
        augment = made.entrance.augment
        assert augment is not None
        assert augment.aligned == aligned
    config.write(tmp_path / "config.toml", made.resolved)
    assert config.plan(config.read(tmp_path / "config.toml")).resolved == made.resolved


def test_without_kornia_it_says_what_to_install(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "kornia"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "kornia", None)
    config.plan(configuration("pix2pix", town))  # which does not ask for it
    with pytest.raises(ConfigError, match=r"need kornia: pip install 'translate-gan\[train\]'"):
        config.plan(section("pix2pix", town))


def trained(made: dict, runs: Path, resume: bool = False) -> dict:
    run = Run(config.plan(made), runs, ignore)
    run.train(resume)
    return checkpoint.load(checkpoint.found(run.checkpoints)[-1])["method"]


@pytest.mark.parametrize("method", ["pix2pix", "cyclegan"])
def test_a_run_that_went_on_is_as_if_it_had_not_stopped(method: str, town: Path, tmp_path: Path) -> None:
    constant = {"decay": 0.0}  # the learning rate, which otherwise knows how long the run is
    whole = trained(section(method, town, steps=5, **constant), tmp_path / "whole")
    trained(section(method, town, steps=3, **constant), tmp_path / "parts")
    parts = trained(section(method, town, steps=5, **constant), tmp_path / "parts", resume=True)
    torch.testing.assert_close(parts, whole, atol=0, rtol=0)
    plain = trained(configuration(method, town, steps=5, **constant), tmp_path / "plain")
    assert any(not torch.equal(plain[name], value) for name, value in whole.items() if isinstance(value, Tensor))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_changes_what_a_cpu_changes() -> None:
    augment, device = OnDevice([*FLIP, *AFFINE], [*JITTER, *NOISE]), torch.device("cuda")
    here = drawn(augment, photos(4), 3).image
    there = drawn(augment, Images(photos(4).image.to(device)), 3).image
    assert there.device.type == "cuda"
    torch.testing.assert_close(there.cpu(), here, atol=1e-3, rtol=0)
