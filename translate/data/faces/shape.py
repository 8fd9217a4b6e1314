"""The display list of a face: areas and strokes from back to front, in unit coordinates around the head's middle."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from translate.data.world.colours import Colour
from translate.data.world.outlines import Point, Points

THIN = 0.7
"""Pen width of details in the drawing, as a share of that of outlines."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One flat area or stroke; later shapes hide earlier ones."""

    points: Points
    paint: Colour
    pen: float = 0.0  # width of its line in the drawing (1: an outline); 0: not drawn
    width: float = 0.0  # a stroke along `points` this wide (unit coordinates); 0: a filled polygon
    inked: bool = False  # in the drawing, filled with ink: too small to have an inside


def area(points: Sequence[Point], paint: Colour, pen: float = 1.0) -> Shape:
    """A filled polygon with an outline in the drawing."""
    return Shape(tuple(points), paint, pen)


def tint(points: Sequence[Point], paint: Colour) -> Shape:
    """A polygon that is not drawn, perhaps translucent: shade, light, colour on what lies beneath."""
    return Shape(tuple(points), paint)


def stroke(points: Sequence[Point], paint: Colour, width: float, pen: float = THIN) -> Shape:
    """A line of paint with round ends."""
    return Shape(tuple(points), paint, pen, width)


def rounded(
    x: float, y: float, across: float, up: float, down: float, above: float = 2.0, below: float = 2.0, count: int = 48
) -> Points:
    """An oval with an upper radius `up` and a lower one `down`, superellipses with exponents `above` and `below`."""
    outline = []
    for i in range(count):
        turn = 2 * math.pi * i / count
        c, s = math.cos(turn), math.sin(turn)
        power, radius = (2 / below, down) if s >= 0 else (2 / above, up)
        outline.append((x + across * math.copysign(abs(c) ** power, c), y + radius * math.copysign(abs(s) ** power, s)))
    return tuple(outline)


def curve(start: Point, control: Point, end: Point, count: int = 12) -> Points:
    """A quadratic Bézier curve."""
    steps = [i / count for i in range(count + 1)]
    return tuple(
        (
            (1 - t) ** 2 * start[0] + 2 * t * (1 - t) * control[0] + t * t * end[0],
            (1 - t) ** 2 * start[1] + 2 * t * (1 - t) * control[1] + t * t * end[1],
        )
        for t in steps
    )


def both(points: Sequence[Point]) -> tuple[Points, Points]:
    """These points and their mirror image, left and right of the nose."""
    return tuple(points), tuple((-x, y) for x, y in points)


def moved(points: Sequence[Point], x: float, y: float = 0.0) -> Points:
    """Shifted points."""
    return tuple((a + x, b + y) for a, b in points)
