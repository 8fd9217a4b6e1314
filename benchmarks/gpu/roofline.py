"""The gap to what the device could do: its measured ceilings, what a round must do, and where its time goes."""

from __future__ import annotations

import statistics
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu.item import Clock, Result, Task
from benchmarks.gpu.kernels import account, trace
from benchmarks.gpu.speed import Contestant, once
from translate.training import precision
from translate.training.trainer import Trainer

FORMS: dict[str, dict[str, Any] | None] = {"literal": None, "eager": {}, "graphs": {"graphs": True}}
# Bytes a weight that an optimiser's step must move: weight, gradient and two moments read, weight and moments written;
# and for an averaged one: weight and average read, average written.
ADAM, AVERAGE = 28, 12


def ceilings(task: Task, clock: Clock) -> Result:
    """The device's rates as they are here: matrix products of random numbers, and a large copy.

    A copy counts what is read and what is written.
    """
    device = precision.device("auto")
    side, count = (256, 2**20) if task.quick else (8192, 2**30)
    found: dict[str, float] = {}
    for dtype in (torch.bfloat16, torch.float32):
        a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
        name = str(dtype).removeprefix("torch.")
        found[f"{name}_flops"] = 2 * side**3 / once(partial(torch.mm, a, b))
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        found["tf32_flops"] = 2 * side**3 / once(partial(torch.mm, a, b))
        torch.backends.cuda.matmul.allow_tf32 = False
    source = torch.empty(count, dtype=torch.uint8, device=device).random_()
    found["bytes_per_second"] = 2 * count / once(partial(torch.empty_like(source).copy_, source))
    return {"status": "measured", **found}


def round_of(method: str, task: Task, clock: Clock) -> Result:
    """A method's round at batch 1: floors by arithmetic and by bytes, and the time of each form by kind of kernel."""
    ceiling = ceilings(task, clock)
    work = demands(method, task.quick)
    floors = {
        "arithmetic": work["flops"] / ceiling["bfloat16_flops"],
        "optimiser_bytes": work["optimiser_bytes"] / ceiling["bytes_per_second"],
        "operator_bytes": work["operator_bytes"] / ceiling["bytes_per_second"],
    }
    forms: dict[str, Any] = {}
    for form, settings in FORMS.items():
        if settings and not torch.cuda.is_available():
            forms[form] = {"why": "no GPU"}
        elif clock.left() < 3:
            forms[form] = {"why": "no time"}
        else:
            forms[form] = profiled(Contestant(method, settings, 1, task.quick))
            seconds = forms[form]["seconds"]
            forms[form]["times_floor"] = {name: seconds / floor for name, floor in floors.items()}
            forms[form]["share_of_bf16_peak"] = floors["arithmetic"] / seconds
    return {"status": "measured", **work, "floor_seconds": floors, "forms": forms}


def profiled(contestant: Contestant) -> Result:
    """Seconds a round without the profiler, and then where they go, with it."""
    steps = contestant.warm_up()
    seconds = statistics.median(contestant.block(steps) for _ in range(3)) / steps
    rounds = min(steps, 10)
    return account(trace(partial(contestant.block, rounds)), rounds, seconds) | {"recorded": contestant.recorded}


def demands(method: str, tiny: bool) -> Result:
    """What one eager round of ours asks for: operations of convolutions and products, forward and backward, and bytes.

    `operator_bytes` is what all operators read and write one by one: fusing them would need less, so it is the floor
    of this list of operators, not of the method. `optimiser_bytes` is Adam's and the average's alone, which no fusion
    saves.
    """
    contestant = Contestant(method, {}, 1, tiny)
    contestant.block(1)
    with FlopCounterMode(display=False) as operations:
        contestant.block(1)
    with ByteCounter() as moved:
        contestant.block(1)
    trainer = contestant.trainer
    assert trainer is not None
    return {
        "flops": operations.get_total_flops(),
        "operator_bytes": moved.bytes,
        "operators": moved.operators,
        "optimiser_bytes": optimiser_bytes(trainer),
    }


def optimiser_bytes(trainer: Trainer) -> int:
    """Of one step of every player, and of the average."""
    weights = sum(weight.numel() for of_one in trainer.parameters.values() for weight in of_one)
    kept = sum(weight.numel() for network in trainer.average.networks.values() for weight in network.parameters())
    return ADAM * weights + AVERAGE * kept


class ByteCounter(TorchDispatchMode):
    """Counts the bytes of tensors that go into and come out of operators; views move none."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes, self.operators = 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operator and count."""
        out = func(*args, **(kwargs or {}))
        if not func.is_view and func._schema.name not in ("aten::empty", "aten::detach", "aten::empty_like"):
            leaves, _ = torch.utils._pytree.tree_flatten((args, kwargs, out))
            self.bytes += sum(leaf.numel() * leaf.element_size() for leaf in leaves if isinstance(leaf, Tensor))
            self.operators += 1
        return out
