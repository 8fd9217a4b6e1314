"""The head itself: neck, ears, skin, eyes, nose, mouth, beard and the lines of age."""

from translate.data.faces.shape import THIN, Shape, area, both, curve, moved, rounded, stroke, tint
from translate.data.faces.traits import Face
from translate.data.world.colours import Colour, mix
from translate.data.world.outlines import Points, oval

TOP = 0.265  # from the head's middle up
SHADE: Colour = (70, 20, 40, 40)
TEETH: Colour = (255, 253, 246)
THROAT: Colour = (92, 16, 30)


def shade(skin: Colour, share: float) -> Colour:
    """Skin in shadow."""
    return mix(skin, (96, 34, 34), share)


def sideways(face: Face) -> float:
    """How far features have moved with a turn of the head."""
    return 0.020 * face.turn


def outline(face: Face, more: float = 0.0) -> Points:
    """The head's edge, `more` outside of it."""
    square = 2.35 + 0.5 * face.jaw if face.man else 1.85 + 0.3 * face.jaw
    wide, chin = face.wide + (0.006 if face.man else 0.0), face.chin + (0.006 if face.man else 0.0)
    return rounded(0, 0, wide + more, TOP + more, chin + more, 2.2, square)


def head(face: Face) -> list[Shape]:
    """Neck, ears and skin."""
    neck = 0.098 if face.man else 0.078
    dark = shade(face.paints.skin, 0.22)
    shapes = [area(((-neck, 0.1), (neck, 0.1), (neck + 0.012, 0.5), (-neck - 0.012, 0.5)), dark)]
    for side in (-1, 1):
        ear = oval(side * face.wide - sideways(face) * 0.5, 0.03, 0.038, 0.054)
        shapes += [area(ear, face.paints.skin), tint(moved(oval(side * face.wide, 0.032, 0.018, 0.030), 0), dark)]
    shapes.append(area(outline(face), face.paints.skin))
    cheek = mix(face.paints.skin, (236, 92, 92), 0.34)
    for points in both(oval(face.wide * 0.60, 0.105, 0.044, 0.032)):
        shapes.append(tint(moved(points, sideways(face)), cheek))
    return shapes


def features(face: Face) -> list[Shape]:
    """What looks at you, from the beard (behind) to the eyes."""
    shapes = [*(_beard(face) if face.man else []), *(_lines(face) if face.old else []), *_mouth(face)]
    x, size = sideways(face) * 1.5, (1.2 if face.man else 0.92) * face.nose
    nose = curve((x - 0.026 * size, 0.082), (x, 0.082 + 0.036 * size), (x + 0.026 * size, 0.082))
    shapes += [
        tint(oval(x, 0.080, 0.028 * size, 0.020 * size), mix(face.paints.skin, (236, 92, 92), 0.22)),
        stroke(nose, shade(face.paints.skin, 0.5), 0.011),
    ]
    return shapes + [shape for side in (-1, 1) for shape in _eye(face, side)]


def _eye(face: Face, side: int) -> list[Shape]:
    x, size = side * face.spacing + sideways(face), face.eye * (0.94 if face.man else 1.06)
    across, down = 0.046 * size, 0.038 * size
    pupil = x + 0.011 * face.gaze
    shapes = [
        area(oval(x, 0, across, down), (255, 255, 252), THIN),
        area(oval(pupil, 0.002, 0.027 * size, 0.029 * size), face.paints.iris, THIN),
        Shape(oval(pupil, 0.002, 0.014 * size, 0.015 * size, 16), (16, 12, 18), inked=True),
        tint(oval(pupil + 0.009, -0.010, 0.0075, 0.0075, 12), (255, 255, 255)),
    ]
    brow = mix(face.paints.hair, (40, 20, 16), 0.12)
    if face.man:
        arch = curve((x - 0.052, -0.066), (x, -0.094), (x + 0.052, -0.066))
        return [
            *shapes,
            stroke(curve((x - across, -0.008), (x, -down * 1.9), (x + across, -0.008)), (60, 36, 36), 0.010),
            stroke(arch, brow, 0.027, 1.0),
        ]
    lid = curve((x - side * across, 0.0), (x - side * across * 0.3, -down * 2.2), (x + side * across * 1.05, -0.010))
    flick = ((x + side * across * 1.02, -0.010), (x + side * across * 1.5, -0.034))
    arch = curve((x - 0.050, -0.070), (x + side * 0.012, -0.108), (x + 0.050, -0.070))
    return [
        *shapes,
        stroke(lid, (26, 16, 28), 0.019, 1.0),
        stroke(flick, (26, 16, 28), 0.013, 1.0),
        stroke(arch, brow, 0.012),
    ]


def _mouth(face: Face) -> list[Shape]:
    """Smiling or not, open or not: a crescent, a bow, an O, a line."""
    x, y, half = sideways(face), 0.172, 0.088 * face.mouth
    paint = (
        face.paints.lips if not face.man else mix(face.paints.skin, (222, 84, 84), 0.55)
    )  # to be seen in a beard of any colour
    lip = 0.019 if not face.man else 0.014
    if face.smile and face.open_mouth:
        top = curve((x - half, y - 0.022), (x, y - 0.004), (x + half, y - 0.022))
        bottom = curve((x + half, y - 0.022), (x, y + 0.130), (x - half, y - 0.022))
        teeth = (*top, *curve((x + half * 0.86, y - 0.002), (x, y + 0.030), (x - half * 0.86, y - 0.002)))
        tongue = oval(x, y + 0.040, half * 0.42, 0.013, 20)
        return [
            area((*top, *bottom), THROAT),
            tint(tongue, (224, 92, 98)),
            area(teeth, TEETH, THIN),
            stroke((*top, *bottom), paint, lip),
        ]
    if face.open_mouth:
        hole = oval(x, y + 0.012, half * 0.52, 0.046)
        return [
            area(hole, THROAT),
            tint(oval(x, y + 0.036, half * 0.32, 0.016, 20), (224, 92, 98)),
            stroke((*hole, hole[0]), paint, lip),
        ]
    if face.smile:
        bow = curve((x - half, y - 0.024), (x, y + 0.078), (x + half, y - 0.024))
        ends = [
            stroke((a, b), shade(face.paints.skin, 0.45), 0.010)
            for a, b in (
                ((x - half - 0.012, y - 0.016), (x - half + 0.004, y - 0.036)),
                ((x + half + 0.012, y - 0.016), (x + half - 0.004, y - 0.036)),
            )
        ]
        return [stroke(bow, paint, lip + 0.007, 1.0), *ends]
    flat = curve((x - half * 0.62, y + 0.016), (x, y + 0.000), (x + half * 0.62, y + 0.016))
    return [stroke(flat, paint, lip + 0.007, 1.0)]


def _beard(face: Face) -> list[Shape]:
    """A full beard with its moustache: the lower edge of the head and a little more."""
    edge = [point for point in outline(face, 0.006) if point[1] > 0.02]
    low = [(x * (1 + 0.1 * face.beard), y + face.beard * max(0.0, y / face.chin) ** 2) for x, y in edge]
    x = sideways(face)
    left = curve((-face.wide * 0.90, 0.03), (-face.wide * 0.80, 0.14), (x - 0.052, 0.118))
    right = curve((x + 0.052, 0.118), (face.wide * 0.80, 0.14), (face.wide * 0.90, 0.03))
    return [area((*low, *left, (x, 0.126), *right), mix(face.paints.hair, (40, 20, 16), 0.08))]


def _lines(face: Face) -> list[Shape]:
    """Forehead, eyes and cheeks of somebody old."""
    paint, x = shade(face.paints.skin, 0.42), sideways(face)
    lines = [curve((x - 0.085, y), (x, y - 0.014), (x + 0.085, y)) for y in (-0.118, -0.146)]
    for side in (-1, 1):
        eye = x + side * face.spacing
        lines.append(curve((eye - 0.040, 0.050), (eye, 0.072), (eye + 0.040, 0.050)))
        lines.append(curve((x + side * 0.052, 0.090), (x + side * 0.112, 0.112), (x + side * 0.118, 0.172)))
        corner = eye + side * 0.060
        lines += [((corner, 0.004), (corner + side * 0.026, y)) for y in (-0.014, 0.022)]
    return [stroke(line, paint, 0.010) for line in lines]
