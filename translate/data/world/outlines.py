"""The few outlines that things are made of, in unit coordinates.

y runs from 0 (top of the picture) to 1 (bottom); x has the same unit and 0 in the middle, so a picture shows x from
-aspect/2 to aspect/2 and a scene does not depend on the size it is painted at.
"""

import math
from collections.abc import Sequence

Point = tuple[float, float]
Points = tuple[Point, ...]


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
