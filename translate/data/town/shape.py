"""The display list that every view is painted from, in unit coordinates (`translate.data.world.outlines`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from translate.data.town.palette import relight
from translate.data.world.colours import Colour
from translate.data.world.outlines import Point, Points

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
