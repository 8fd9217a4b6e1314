"""Photos alone as pairs: the entrance makes the source, after geometry and before colour, the same for everyone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.tiny import configuration, ignore
from translate import config, pixels
from translate.batches import Pair, to_bytes
from translate.config import Plan
from translate.data.derived import derivation
from translate.data.loading import Order, Pictures, loader
from translate.errors import ConfigError
from translate.evaluation.held_out import HeldOut
from translate.exporting import samples
from translate.training import checkpoint
from translate.training.run import Run

CPU = torch.device("cpu")
CANNY = {"name": "canny", "sigma": 1}


def section(town: Path, derive: dict[str, Any], **changes: Any) -> dict[str, Any]:
    base = configuration("pix2pix", town)
    base["data"] = {"layout": "derived", "root": f"{town}/day", "derive": derive, "holdout": 2}
    for key, value in changes.items():
        base[key] = {**base.get(key, {}), **value}
    return base


def plan(town: Path, derive: dict[str, Any] = CANNY, **changes: Any) -> Plan:
    return config.plan(section(town, derive, **changes))


def first(plan: Plan, workers: int = 0, batch: int = 3) -> Pair:
    pictures = Pictures(plan.layout, plan.transform)
    return next(loader(pictures, Order(len(pictures), batch, 1, 0, 2), workers, pin=False))


def test_a_configuration_has_all_arguments(town: Path) -> None:
    made = plan(town)
    expected = {"name": "canny", "low": 0.1, "high": 0.2, "sigma": 1.0, "reach": 32, "invert": False}
    assert made.resolved["data"]["derive"] == expected
    assert config.plan(made.resolved).resolved == made.resolved
    assert made.layout.facts == {"source": 1, "target": 3}
    assert made.resolved["networks"]["G"]["inputs"] == 1
    assert plan(town, {"name": "mask"}).resolved["networks"]["G"]["inputs"] == 4
    assert plan(town, {"name": "jpeg", "qualities": [5, 50]}).resolved["data"]["derive"]["qualities"] == [5, 50]


@pytest.mark.parametrize(
    ("derive", "told"),
    [
        ({"name": "cany"}, "did you mean 'canny'"),
        ({"name": "canny", "lo": 0.1}, r"data.derive: there is no key 'lo'; did you mean 'low'"),
        ({"name": "canny", "low": "much"}, r"data.derive.low = 'much': it must be of type float"),
        ({"low": 0.1}, "data.derive.name is missing"),
        ({"name": "blur", "sigma": 99}, "sigma = 99: give 0.3 to 10"),
    ],
)
def test_mistakes_in_a_configuration_are_told(derive: dict, told: str, town: Path) -> None:
    with pytest.raises(ConfigError, match=told):
        plan(town, derive)


def test_colours_of_a_source_that_is_not_there_yet_are_refused(town: Path) -> None:
    with pytest.raises(ConfigError, match=r"use transform\.device_photometric"):
        plan(town, transform={"photometric": [{"name": "GaussNoise"}]})


@pytest.mark.parametrize("workers", [0, 1])
def test_the_source_is_that_of_the_cropped_photo(town: Path, workers: int) -> None:
    made = plan(town)
    batch = first(made, workers)
    assert batch.source.shape == (3, 0, 32, 32)
    for door in (made.entrance.train, made.entrance.plain):
        pair = door(batch, CPU)
        assert torch.equal(to_bytes(pair.target), batch.target)
        assert torch.equal(pair.source, derivation(CANNY)(pair.target))
    assert (pair.source == -1).any()


def test_from_memory_it_is_the_same(town: Path) -> None:
    made = plan(town)
    pictures = Pictures(made.layout, made.transform)
    before = pictures[Order(len(pictures), 1, 1, 0, 1).place(0)]
    pictures.keep(ignore)
    after = pictures[Order(len(pictures), 1, 1, 0, 1).place(0)]
    assert after.source.shape == (0, 32, 32)
    assert torch.equal(after.target, before.target)


def test_it_comes_after_geometry_and_before_colour(town: Path) -> None:
    turn = [{"name": "RandomRotation", "degrees": [30.0, 30.0], "p": 1.0}]
    dark = [{"name": "RandomBrightness", "brightness": [0.5, 0.5], "p": 1.0}]
    made = plan(town, {"name": "blur"}, transform={"device_geometry": turn, "device_photometric": dark})
    batch = first(made)
    torch.manual_seed(0)
    pair = made.entrance.train(batch, CPU)
    assert not torch.equal(to_bytes(pair.target), batch.target)  # turned
    blurred = (derivation({"name": "blur"})(pair.target) + 1) / 2
    torch.testing.assert_close((pair.source + 1) / 2, (blurred - 0.5).clamp(min=0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("derive", [CANNY, {"name": "mask"}, {"name": "noise"}], ids=lambda derive: derive["name"])
def test_everyone_is_given_the_same_held_out_pairs(derive: dict, town: Path) -> None:
    made = plan(town, derive)
    names = sorted((town / "day").iterdir(), key=lambda path: path.name)[-2:]
    for place, path in enumerate(names):
        photo = pixels.read(path, 3)
        tensor = torch.from_numpy(photo.transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1
        expected = to_bytes(derivation(derive)(tensor))[0].permute(1, 2, 0).numpy()
        source, target = made.pictures(made.layout.read(made.layout.held_out[place], 0)[0])
        assert np.array_equal(source, expected)
        assert np.array_equal(target, photo)
        shown = made.entrance.plain(Pictures(made.layout, made.transform).fixed(2), CPU)
        assert np.array_equal(to_bytes(shown.source)[place].permute(1, 2, 0).numpy(), expected)
    calibrating = samples.of_run(made.resolved, "forward")
    assert np.array_equal(calibrating.judging[-1], expected)
    assert np.array_equal(samples.of_run(made.resolved, "backward").judging[-1], photo)


def test_pairs_to_score_on_have_a_source(town: Path) -> None:
    made = plan(town, section(town, CANNY)["data"]["derive"])
    for sample in HeldOut(made):
        assert (sample.source.shape, sample.target.shape) == ((32, 32, 1), (32, 32, 3))
        assert sample.source.std() > 0


@pytest.mark.parametrize("derive", [CANNY, {"name": "noise"}], ids=lambda derive: derive["name"])
def test_a_run_is_the_seeds_and_goes_on_as_if_it_had_not_stopped(derive: dict, town: Path, tmp_path: Path) -> None:
    def weights(runs: Path, resume: bool = False, **train: Any) -> dict:
        Run(plan(town, derive, train={"sample_every": 4, "best": "L1", **train}), runs, ignore).train(resume)
        return checkpoint.newest(runs / "pix2pix" / "checkpoints", ignore)["method"]

    whole = weights(tmp_path / "a", steps=4, decay=0.0)
    weights(tmp_path / "b", steps=2, decay=0.0)
    gone_on = weights(tmp_path / "b", True, steps=4, decay=0.0)
    from_memory = weights(tmp_path / "c", steps=4, decay=0.0, cache=True)
    for other in (gone_on, from_memory):
        assert all(torch.equal(value, other[name]) for name, value in whole.items())
    assert list((tmp_path / "a" / "pix2pix" / "samples").glob("*.png"))
