"""The display list that every view is painted from, and the few outlines that things are made of.

Unit coordinates: y runs from 0 (top of the picture) to 1 (bottom); x has the same unit and 0 in the middle, so
a picture shows x from -aspect/2 to aspect/2 and a scene does not depend on the size it is painted at.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from translate.data.town.palette import Colour, relight

Point = tuple[float, float]
Points = tuple[Point, ...]

THIN = 0.62
"""Pen width of details (panes, planks), as a share of that of outlines."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One flat area or stroke, and what it is in each view; later shapes hide earlier ones."""

    points: Points
    day: Colour | None  # None: not there by day
    night: Colour | None
    kind: str | None = None  # a name in CLASSES; None: a detail of what lies beneath
    pen: float = 0.0  # width of its line in the drawing (1: an outline); 0: not drawn
    width: float = 0.0  # a stroke along `points` this wide (unit coordinates); 0: a filled polygon
    inked: bool = False  # in the drawing, filled with ink: too thin to have an inside


@dataclass(frozen=True, slots=True)
class Glow:
    """An area that shines by night: its light spills `near` (halo) and `far` (pool), both 0..1."""

    points: Points
    colour: tuple[int, int, int]
    near: float
    far: float


def area(
    points: Sequence[Point], day: Colour, kind: str | None = None, pen: float = 1.0, night: Colour | None = None
) -> Shape:
    """A filled polygon; by night its paint is relit unless `night` says otherwise."""
    return Shape(tuple(points), day, relight(day) if night is None else night, kind, pen)


def tint(points: Sequence[Point], colour: Colour) -> Shape:
    """A translucent polygon by day and night: shade or light on what lies beneath; not drawn, no class."""
    faint = colour if max(colour[:3]) < 128 else (*relight(colour[:3]), *colour[3:])
    return Shape(tuple(points), colour, faint)


def stroke(points: Sequence[Point], day: Colour, width: float, pen: float = THIN, night: Colour | None = None) -> Shape:
    """A line of paint `width` wide (unit coordinates)."""
    return Shape(tuple(points), day, relight(day) if night is None else night, None, pen, width)


def box(left: float, top: float, right: float, bottom: float) -> Points:
    """The four corners, clockwise."""
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def oval(x: float, y: float, across: float, down: float, count: int = 28) -> Points:
    """An ellipse with radii `across` and `down`, clockwise, as `count` points."""
    turn = 2 * math.pi / count
    return tuple((x + across * math.cos(i * turn), y + down * math.sin(i * turn)) for i in range(count))


def arch(left: float, top: float, right: float, bottom: float) -> Points:
    """A box whose top is half an ellipse, a third as high as it is wide."""
    middle, across, down = (left + right) / 2, (right - left) / 2, (right - left) / 3
    turn = math.pi / 8
    crown = tuple((middle - across * math.cos(i * turn), top + down - down * math.sin(i * turn)) for i in range(9))
    return (*crown, (right, bottom), (left, bottom))


def scallops(anchors: Sequence[Point], bulge: float, closed: bool = True) -> Points:
    """Bumps from anchor to anchor (clockwise), each `bulge` times as high as it is long: leaves, clouds."""
    ends = [*anchors[1:], anchors[0]] if closed else list(anchors[1:])
    outline: list[Point] = []
    for (x0, y0), (x1, y1) in zip(anchors, ends, strict=False):
        across, down = x1 - x0, y1 - y0
        for t in (0.0, 0.17, 0.34, 0.5, 0.66, 0.83):
            rise = bulge * math.sin(math.pi * t)
            outline.append((x0 + across * t + down * rise, y0 + down * t - across * rise))
    if not closed:
        outline.append(anchors[-1])
    return tuple(outline)


def blob(x: float, y: float, across: float, down: float, lumps: Sequence[float], bulge: float = 0.34) -> Points:
    """A scalloped ellipse: one bump a lump; a lump is that anchor's share of the radius."""
    turn = 2 * math.pi / len(lumps)
    anchors = [
        (x + across * lump * math.cos(i * turn), y + down * lump * math.sin(i * turn)) for i, lump in enumerate(lumps)
    ]
    return scallops(anchors, bulge)
