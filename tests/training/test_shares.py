"""Many processes that share a batch play the round that one process plays."""

import multiprocessing
import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.contract.test_methods import first_batches
from tests.tiny import TINY, plan
from translate import config, shares
from translate.config import Plan
from translate.errors import ConfigError
from translate.networks.dropout import Dropout
from translate.training import together
from translate.training.trainer import Trainer

ROUNDS, BATCH = 3, 4

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(["translate.training.trainer", "translate.config", "torch._dynamo", "pytest"])


def played(made: Plan, batches: list[Any]) -> dict[str, Any]:
    """The state after a few rounds on this process's shares, and the last losses, in float64, noise included."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(0)
        trainer = Trainer(config.build_method(made.resolved), made.settings, total=10, seed=1)
        for batch in batches:
            losses = trainer.play(type(batch)(*(shares.mine(member) for member in batch)))
    finally:
        torch.set_default_dtype(before)
    return {**trainer.state(), "losses": losses}


def share(rank: int, count: int, made: Plan, batches: list[Any], folder: Path) -> None:
    torch.set_num_threads(1)
    meeting = (folder / "meeting").as_uri()
    torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=count)
    torch.save(played(made, batches), folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


def doubles(made: Plan) -> list[Any]:
    """Batches as the loader gives them, in float64 and in [-1, 1] already."""
    whole = [
        type(batch)(*(member.double() / 127.5 - 1 if member.dtype == torch.uint8 else member for member in batch))
        for batch in first_batches(made, ROUNDS)
    ]
    assert all(len(member) == BATCH for batch in whole for member in batch)
    return whole


@pytest.mark.skipif(not torch.distributed.is_available(), reason="needs torch.distributed")
@pytest.mark.parametrize(
    ("method", "count", "more"),
    [*((method, count, {}) for method in TINY for count in (2, 4)), ("pix2pix", 2, {"recompute": True})],
)
def test_shares_make_up_the_whole(method: str, count: int, more: dict[str, Any], town: Path, tmp_path: Path) -> None:
    make_up_the_whole(plan(method, town, batch=BATCH, **more), count, tmp_path)


def make_up_the_whole(made: Plan, count: int, folder: Path) -> None:
    """So many processes, which share batches, play what one plays."""
    batches = doubles(made)
    processes = [context.Process(target=share, args=(rank, count, made, batches, folder)) for rank in range(count)]
    for process in processes:
        process.start()
    expected = played(made, batches)
    for process in processes:
        process.join()
        assert process.exitcode == 0
    for rank in range(count):
        assert_close(expected, torch.load(folder / f"{rank}.pt", weights_only=True), idle(made))


def idle(made: Plan) -> set[str]:
    """The biases of convolutions right before an InstanceNorm, whose mean is taken away again."""
    method = config.build_method(made.resolved)
    return {
        f"{name}.{place}.bias"
        for name, layers in method.named_modules()
        if isinstance(layers, nn.Sequential)
        for (place, _), (_, following) in pairwise(layers.named_children())
        if isinstance(following, nn.InstanceNorm2d)
    }


def assert_close(mine: Any, theirs: Any, idle: set[str], where: str = "") -> None:
    """`idle` weights may differ: biases before InstanceNorm have no true gradient, and Adam makes steps of rounding."""
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys(), where
        for key in mine:
            assert_close(mine[key], theirs[key], idle, f"{where}.{key}")
    elif isinstance(mine, list | tuple):
        assert len(mine) == len(theirs), where
        for number, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            assert_close(one, other, idle, f"{where}.{number}")
    elif isinstance(mine, torch.Tensor) and mine.is_floating_point():
        if where.partition(".")[2].partition(".")[2] in idle:
            return
        # What is told beside the losses is a mean in float32.
        tolerance = 1e-6 if mine.dtype == torch.float32 else 1e-9
        torch.testing.assert_close(theirs, mine, rtol=1e-9, atol=tolerance, msg=lambda text: f"{where}: {text}")
    else:
        assert mine == theirs, where


def test_a_batch_that_cannot_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "count", lambda: 3)
    with pytest.raises(ConfigError, match="4 cannot be shared by 3 processes"):
        together.check(torch.device("cpu"), 4)


def test_a_gpu_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "count", lambda: 2)
    monkeypatch.setitem(os.environ, "LOCAL_RANK", "1")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ConfigError, match='"cuda:0" is one GPU for several processes'):
        together.check(torch.device("cuda:0"), 4)
    with pytest.raises(ConfigError, match="process 2 of this machine has no GPU, there are 1"):
        together.check(torch.device("cuda:1"), 4)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_one_mask_of_dropout(kind: torch.dtype, layout: torch.memory_format, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = torch.rand(4, 6, 5, 3).to(kind).contiguous(memory_format=layout)
    torch.manual_seed(3)
    expected, parts = Dropout(0.5)(whole), []
    monkeypatch.setattr(shares, "count", lambda: 2)
    for rank in range(2):
        monkeypatch.setattr(shares, "mine", lambda tensor, rank=rank: tensor.chunk(2)[rank])
        torch.manual_seed(3)
        parts.append(Dropout(0.5)(whole.chunk(2)[rank]))
    assert torch.equal(torch.cat(parts), expected)
