"""Which steps are timed to see how cost grows: one axis at a time around the papers' size, and one option at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

METHODS = ("pix2pix", "fastcut", "cyclegan")
AXES = ("side", "batch", "width")
# The U-Net ends in 1×1 up to this depth, the papers'; larger pictures keep it and end in 2×2, 4×4.
DEEPEST = 8
TINY_DEPTH = 5
# Batch and parts of `accumulate`, and the batch at which `recompute` is tried: there, activations outweigh the weights.
PARTS = 4

Setting = tuple[str, Any]
"""A field of the point or of [train], and its value."""


@dataclass(frozen=True)
class Grid:
    """The values along each axis; the others stand at `base` meanwhile."""

    base: dict[str, int]
    axes: dict[str, tuple[int, ...]]
    tiny: bool = False

    def at(self, method: str) -> Point:
        """The base of a method."""
        return Point(method, self.base["side"], self.base["batch"], self.base["width"])


GRID = Grid(
    {"side": 256, "batch": 1, "width": 64},
    {"side": (64, 128, 256, 512, 1024), "batch": (1, 2, 4, 8, 16), "width": (16, 32, 64, 128)},
)
TINY_GRID = Grid(
    {"side": 32, "batch": 1, "width": 4},
    {"side": (32, 64), "batch": (1,), "width": (4,)},
    tiny=True,
)


@dataclass(frozen=True)
class Point:
    """A step that is timed: `batch` pictures of each domain, `side`² pixels, networks of `width`."""

    method: str
    side: int
    batch: int
    width: int
    option: str = ""
    """Its name in the table of options; empty: a point of an axis, with default settings."""
    settings: tuple[Setting, ...] = ()

    @property
    def name(self) -> tuple[str, str]:
        """Method, and what sets the point apart from others of it."""
        return self.method, f"{self.side}² batch {self.batch} width {self.width} {self.option}".strip()

    def record(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "settings": dict(self.settings)}


@dataclass(frozen=True)
class Group:
    """Points that are measured at once, in turns, each in a process of its own; of options the first is the measure."""

    points: tuple[Point, ...]
    warmup: int = 1
    building: float = 0.0
    """Seconds that building it may take beside what any other takes: a compiler's."""


def sizes(point: Point, tiny: bool) -> dict[str, dict[str, Any]]:
    """Arguments of the networks that are not the usual ones: all grow in width, the U-Net alone has to fit the side."""
    depth = TINY_DEPTH if tiny else min(DEEPEST, int(math.log2(point.side)))
    return {
        "resnet": {"width": point.width},
        "unet": {"width": point.width, "depth": depth},
        "patchgan": {"width": point.width},
    }


def plan(methods: Sequence[str], grid: Grid, other: str, cuda: bool) -> list[Group]:
    """All that is measured, what matters most first: the base, the ends of every axis, options, what lies between.

    Args:
        methods: in the order of their cost.
        grid: the axes.
        other: the precision that is not the default here, `fp32` or `bf16`.
        cuda: whether there are CUDA graphs.
    """
    bases = [grid.at(method) for method in methods]
    low, high, middle = _along(grid)

    def moved(places: list[Setting]) -> list[Group]:
        # Method by method: where time runs out, what is missing is missing of all.
        return [Group((replace(base, **{axis: value}),)) for axis, value in places for base in bases]

    quick, slow = [], []
    for base in bases:
        quick += _options(base, other, grid.tiny)
        if grid.tiny:  # Most of the time is starting: all at once.
            quick[-1] = Group((*quick[-1].points, *(replace(base, **{axis: value}) for axis, value in high)))
        else:
            slow += _slow_options(base, cuda)
    if grid.tiny:
        return [*(Group((base,)) for base in bases), *quick]
    return [*(Group((base,)) for base in bases), *moved(low), *moved(high), *quick, *slow, *moved(middle)]


def _along(grid: Grid) -> tuple[list[Setting], list[Setting], list[Setting]]:
    """Places beside the base: the lower ends, the upper ends, and the middles, the upper ones first."""
    low, high, middle = [], [], []
    for axis, values in grid.axes.items():
        low += [(axis, values[0])] if values[0] < grid.base[axis] else []
        high += [(axis, values[-1])] if values[-1] > grid.base[axis] else []
        middle += [(axis, value) for value in values[1:-1] if value != grid.base[axis]]
    # By how far up their axis they are: the fit needs those most.
    middle.sort(key=lambda place: place[1] / grid.axes[place[0]][-1], reverse=True)
    return low, high, middle


def _options(base: Point, other: str, tiny: bool) -> list[Group]:
    plain: tuple[Setting, ...] = (("channels_last", "off"),)
    large = replace(base, batch=PARTS)
    precision = (
        replace(base, option="plain", settings=plain),
        replace(base, option=other, settings=(*plain, ("precision", other))),
        replace(base, option="channels_last", settings=(("channels_last", "on"),)),
    )
    memory = (
        replace(large, option=f"plain, batch {PARTS}", settings=plain),
        replace(large, option="recompute", settings=(*plain, ("recompute", True))),
        replace(large, option=f"accumulate {PARTS}", settings=(*plain, ("accumulate", PARTS))),
    )
    # One pair will do to see that it works.
    return [Group(memory[::2])] if tiny else [Group(precision), Group(memory)]


def _slow_options(base: Point, cuda: bool) -> list[Group]:
    """Those that take a while to start."""
    plain: tuple[Setting, ...] = (("channels_last", "off"),)

    def pair(option: str) -> tuple[Point, ...]:
        beside = replace(base, option=f"plain, beside {option}", settings=plain)
        return beside, replace(base, option=option, settings=(*plain, (option, True)))

    graphs = [Group(pair("graphs"), warmup=4, building=30.0)] if cuda else []
    return [*graphs, Group(pair("compile"), warmup=2, building=150.0)]
