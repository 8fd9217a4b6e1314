"""Hair: a cap that everybody has, and long hair behind and beside the face."""

import math

from translate.data.faces.head import TOP
from translate.data.faces.shape import Shape, area, tint
from translate.data.faces.traits import Face
from translate.data.world.outlines import Points

LIGHT = (255, 255, 255, 34)
DUSK = (30, 0, 30, 44)


def behind(face: Face) -> list[Shape]:
    """Long hair as it falls behind neck and shoulders."""
    if not face.long_hair:
        return []
    wide, steps = face.wide + 0.050 + face.volume * 0.6, 14
    right = []
    for i in range(steps + 1):
        y = -0.05 + (face.length + 0.05) * i / steps
        ripple = 0.012 * face.wave * math.sin(9.5 * i / steps)
        right.append((wide + 0.030 * i / steps + ripple, y))
    crown = [(wide * math.cos(turn), -0.05 - (TOP - 0.05 + face.volume) * math.sin(turn)) for turn in _turns(24)]
    hem = [(wide + 0.01, face.length + 0.02), (wide * 0.5, face.length + 0.03)]
    points = (
        *reversed(crown),
        *right,
        *hem,
        *((-x, y) for x, y in reversed(hem)),
        *((-x, y) for x, y in reversed(right)),
    )
    inner = tuple((x * 0.80, y + 0.02) for x, y in points)
    return [area(points, face.paints.hair), tint(inner, DUSK)]


def before(face: Face) -> list[Shape]:
    """The cap on top, with its parting, and long locks that hide the ears."""
    low = -0.005 if face.long_hair else 0.030 if face.man else 0.055
    wide, top = face.wide + 0.016 + face.volume * 0.35, TOP + face.volume
    crown = [(wide * math.cos(turn), -top * math.sin(turn)) for turn in _turns(32)]
    cap = [(wide, low), *crown, (-wide, low), *_hairline(face, low)]
    shine = [(x * 0.62 - 0.03, y * 0.5 - 0.135) for x, y in crown[8:-8]]
    shapes = []
    if face.long_hair:
        for side in (-1, 1):
            shapes.append(area(_lock(face, side), face.paints.hair))
    gleam = (*shine, *((x, y + 0.018) for x, y in reversed(shine)))
    return [*shapes, area(cap, face.paints.hair), tint(gleam, LIGHT)]


def _turns(count: int) -> list[float]:
    """Angles from the right ear over the top to the left one."""
    return [math.pi * i / count for i in range(count + 1)]


def _hairline(face: Face, low: float) -> Points:
    """From the left temple to the right one, highest at the parting."""
    inner, points = face.wide * 0.93, []
    for i in range(25):
        x = -inner + 2 * inner * i / 24
        reach = inner - face.parting if x > face.parting else inner + face.parting
        away = abs(x - face.parting) / reach
        points.append(
            (x, -face.hairline + (face.hairline - 0.085) * away**1.3 + 0.085 * max(0.0, (away - 0.72) / 0.28) ** 1.6)
        )
    return ((-inner, low), *points, (inner, low))


def _lock(face: Face, side: int) -> Points:
    """From the temple down, outside of the cheek."""
    steps, outer, inner = 12, [], []
    for i in range(steps + 1):
        share = i / steps
        y = -0.14 + (face.length + 0.10) * share
        ripple = 0.012 * face.wave * math.sin(9.5 * share)
        full = 0.012 + face.volume * 0.35 + (0.034 + face.volume * 0.25) * min(1.0, 3 * share)  # it leaves the cap here
        outer.append((side * (face.wide + full + 0.026 * share + ripple), y))
        inner.append((side * (face.wide * (0.90 - 0.06 * math.sin(math.pi * share)) + 0.03 * share + ripple * 0.7), y))
    tip = (side * (face.wide + 0.03), face.length + 0.02)
    return (*outer, tip, *reversed(inner))
