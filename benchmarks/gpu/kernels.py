"""What a GPU did, by kind: kernels' names sorted into what a step consists of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch

# The first kind that fits is a kernel's. On a CPU the names are torch's operators (`aten::…`).
KINDS = (
    ("optimiser and average", r"multi_tensor|adam|_foreach|lerp"),
    ("normalisation", r"batch_?norm|instance_?norm|welford|bn_(fw|bw)|native_norm|rowwisemoments|bn_.*nhwc"),
    ("padding", r"_pad|pad2d"),
    ("layout", r"nchwtonhwc|nhwctonchw|nchw_to_nhwc|nhwc_to_nchw|transpose_?kernel|tensortransform|convert_tensor"),
    (
        "copy",
        r"memcpy|memset|direct_copy|bfloat16_copy|copy_kernel|catarray|aten::(copy_|_to_copy|clone|cat|zero_|fill_)",
    ),
    ("convolution", r"conv|fprop|dgrad|wgrad|winograd|implicit|xmma|cudnn"),
    ("matrix product", r"gemm|cublas|cutlass|nvjet|aten::(mm|bmm|addmm|linear|matmul)"),
    ("random numbers", r"distribution|philox|random|dropout|bernoulli|randperm|radix_?sort|sort"),
    ("reduction", r"reduce|aten::(sum|mean)"),
    ("elementwise", r"elementwise|vectorized|unrolled|triton_|pointwise|index|gather|scatter|where|aten::"),
)


class Kernel(NamedTuple):
    """Something that ran: its name, when it began and how long it took, in microseconds."""

    name: str
    begin: float
    length: float


def kind(name: str) -> str:
    """What a kernel is for, by its name."""
    return next((label for label, pattern in KINDS if re.search(pattern, name.lower())), "other")


def trace(play: Callable[[], Any]) -> list[Kernel]:
    """All kernels that `play` ran: on a GPU what it recorded, elsewhere operators, less those that they called."""
    from torch.profiler import ProfilerActivity, profile

    on_gpu = torch.cuda.is_available()
    activities = [ProfilerActivity.CUDA] if on_gpu else [ProfilerActivity.CPU]
    with profile(activities=activities) as profiler:
        play()
        if on_gpu:
            torch.cuda.synchronize()
    events: Iterable[Any] = profiler.events() or []
    if not on_gpu:
        return [Kernel(event.name, event.time_range.start, event.self_cpu_time_total) for event in events]
    return [
        Kernel(event.name, event.time_range.start, event.time_range.elapsed_us())
        for event in events
        # Not spans of time that somebody named, such as an optimiser's step: they hold kernels, and are none.
        if event.device_type == torch.autograd.DeviceType.CUDA and not getattr(event, "is_user_annotation", False)
    ]


def busy(kernels: Iterable[Kernel]) -> float:
    """Microseconds in which at least one of them ran."""
    total, reached = 0.0, float("-inf")
    for kernel in sorted(kernels, key=lambda one: one.begin):
        end = kernel.begin + kernel.length
        total += max(0.0, end - max(reached, kernel.begin))
        reached = max(reached, end)
    return total


def account(kernels: list[Kernel], rounds: int, seconds: float) -> dict[str, Any]:
    """Where a round's `seconds`, measured without the profiler, go: shares by kind, idle, and the ten longest kernels.

    Kernels are as long with the profiler as without; the gaps between them are not, so idle is what is left of the
    measured time.
    """
    by_kind: dict[str, float] = {}
    by_name: dict[str, list[float]] = {}
    for kernel in kernels:
        by_kind[kind(kernel.name)] = by_kind.get(kind(kernel.name), 0.0) + kernel.length
        by_name.setdefault(kernel.name, []).append(kernel.length)
    whole = 1e6 * seconds * rounds
    top = sorted(by_name.items(), key=lambda entry: -sum(entry[1]))[:10]
    return {
        "seconds": seconds,
        "kernels_a_round": len(kernels) / rounds,
        "busy_seconds": busy(kernels) / 1e6 / rounds,
        "idle": max(0.0, 1 - busy(kernels) / whole),
        "shares": {label: length / whole for label, length in sorted(by_kind.items(), key=lambda entry: -entry[1])},
        "top": [
            {"name": name[:120], "kind": kind(name), "a_round": len(lengths) / rounds,
             "share": sum(lengths) / whole, "mean_us": sum(lengths) / len(lengths)}
            for name, lengths in top
        ],
    }  # fmt: skip
