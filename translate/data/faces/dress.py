"""What a face wears: a shirt, perhaps a hat, glasses, ear rings."""

import math

from translate.data.faces.head import TOP, sideways
from translate.data.faces.shape import THIN, Shape, area, curve, rounded, stroke, tint
from translate.data.faces.traits import Face
from translate.data.world.colours import Colour, mix
from translate.data.world.outlines import oval

GOLD: Colour = (250, 206, 72)
LENS: Colour = (220, 240, 255, 70)


def shirt(face: Face) -> list[Shape]:
    """Shoulders and a neckline."""
    wide = 0.40 if face.man else 0.33
    top = 0.345
    shoulders = (
        *curve((-wide, 0.75), (-wide, top + 0.02), (-0.13, top)),
        *curve((0.13, top), (wide, top + 0.02), (wide, 0.75)),
    )
    collar = curve((-0.130, top), (0.0, top + (0.085 if face.man else 0.150)), (0.130, top))
    neckline = mix(face.paints.skin, (96, 34, 34), 0.12)
    edge = mix(face.paints.shirt, (255, 255, 255), 0.45)
    return [area(shoulders, face.paints.shirt), area(collar, neckline, THIN), stroke(collar, edge, 0.018, 0)]


def rings(face: Face) -> list[Shape]:
    """Ear rings, of women."""
    if face.man:
        return []
    return [area(oval(side * (face.wide + 0.012), 0.102, 0.019, 0.021, 16), GOLD, THIN) for side in (-1, 1)]


def glasses(face: Face) -> list[Shape]:
    """Two lenses, a bridge and temples."""
    shapes, x = [], sideways(face)
    power = 2.0 if face.round_glasses else 3.6
    radius = min(0.074, face.spacing - 0.014)
    for side in (-1, 1):
        lens = rounded(x + side * face.spacing, 0.004, radius, radius * 0.86, radius * 0.9, power, power)
        shapes += [tint(lens, LENS), stroke((*lens, lens[0]), face.paints.frame, 0.018, 1.0)]
        hinge = x + side * (face.spacing + radius)
        shapes.append(stroke(((hinge, -0.014), (side * (face.wide + 0.006), -0.022)), face.paints.frame, 0.016, 1.0))
    inner = face.spacing - radius
    shapes.append(stroke(curve((x - inner, -0.006), (x, -0.022), (x + inner, -0.006)), face.paints.frame, 0.016, 1.0))
    return shapes


def hat(face: Face) -> list[Shape]:
    """A beanie with its bobble, a cap with its peak, or a hat with a brim all around."""
    wide, line = face.wide + 0.026 + face.volume * 0.35, -0.125
    top = TOP + face.volume + 0.030
    high = [
        (wide * math.cos(t), line - (top + line) * math.sin(t) ** 0.9) for t in (math.pi * i / 32 for i in range(33))
    ]
    pale, deep = mix(face.paints.hat, (255, 255, 255), 0.35), mix(face.paints.hat, (20, 10, 40), 0.35)
    if face.hat_kind == 0:
        band = rounded(0, line, wide + 0.014, 0.040, 0.034, 4, 4)
        return [area(oval(0, -top - 0.016, 0.046, 0.044), pale), area(high, face.paints.hat), area(band, pale)]
    if face.hat_kind == 1:
        side = 1 if face.turn >= 0 else -1
        peak = rounded(side * 0.07, line + 0.006, wide * 0.98, 0.020, 0.036, 2.6, 2.6)
        seam = curve((0, -top), (side * 0.05, line - 0.08), (side * 0.06, line))
        return [
            area(high, face.paints.hat),
            stroke(seam, deep, 0.010),
            area(oval(0, -top, 0.018, 0.012, 14), deep, THIN),
            area(peak, deep),
        ]
    crown = [(x * 0.90, y - 0.012) for x, y in high]
    ribbon = [(-wide * 0.9, line), (-wide * 0.885, line - 0.062), (wide * 0.885, line - 0.062), (wide * 0.9, line)]
    brim = rounded(0, line, wide + 0.085, 0.026, 0.030, 2.2, 2.2)
    return [
        area(crown, face.paints.hat),
        area(ribbon, pale, THIN),
        area(brim, face.paints.hat),
        tint(rounded(0, line + 0.006, wide + 0.085, 0.004, 0.024, 2.2, 2.2), (20, 10, 40, 44)),
    ]
