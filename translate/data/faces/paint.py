"""A face as pictures: one display list, interpreted once a view, so that views are in register by construction."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from translate.data.faces import dress, hair
from translate.data.faces.head import features, head
from translate.data.faces.shape import Shape, tint
from translate.data.faces.traits import Face, sample
from translate.data.world.bounds import check
from translate.data.world.canvas import Canvas, Picture, ink, supersampling
from translate.data.world.colours import mix
from translate.data.world.outlines import Point, Points, oval

VIEWS = ("face", "edges")
PEN = 0.0085  # an outline's width in the drawing: 2 px at 256
MIDDLE = 0.535  # where the head's middle usually is, from the top


def draw(
    seed: int, height: int, width: int, views: Sequence[str] = VIEWS, changed: Mapping[str, bool] | None = None
) -> dict[str, Picture]:
    """The face of `seed` (>= 0) in the views asked for, each uint8 [height, width, 3].

    The same seed is the same face at any size and whatever views are asked for; the unit is the height, so a wider
    picture shows more of the wall behind.

    Args:
        seed: whose face.
        height: in pixels.
        width: in pixels.
        views: of VIEWS.
        changed: attributes that are to differ from those of the seed; all else stays.

    Raises:
        DataError: an unknown view or attribute, a size or seed out of range.
    """
    check("face", VIEWS, seed, height, width, views)
    shapes = compose(sample(seed, changed))
    painters = {"face": _paint, "edges": _edges}
    return {view: painters[view](shapes, height, width) for view in views}


def compose(face: Face) -> list[Shape]:
    """The picture from back to front: the wall, then the person, moved and tilted."""
    neck, *rest = head(face)
    person = [*hair.behind(face), neck, *dress.shirt(face), *rest, *features(face), *hair.before(face)]
    person += [
        *dress.rings(face),
        *(dress.hat(face) if face.hat else []),
        *(dress.glasses(face) if face.glasses else []),
    ]
    wall = [
        tint(((-99, -1), (99, -1), (99, 2), (-99, 2)), face.paints.ground),
        tint(oval(0, 0.44, 0.43, 0.43, 64), mix(face.paints.ground, (255, 255, 255), 0.32)),
    ]
    return [
        *wall,
        *(
            Shape(_place(shape.points, face), shape.paint, shape.pen, shape.width * face.scale, shape.inked)
            for shape in person
        ),
    ]


def _place(points: Sequence[Point], face: Face) -> Points:
    """From around the head's middle to where the head is; it tilts about the neck, the shoulders less than the top."""
    placed = []
    for x, y in points:
        # The shoulders stay where they are.
        lean = face.tilt * min(1.0, max(0.0, (0.50 - y) / 0.25))
        c, s = math.cos(lean), math.sin(lean)
        up = y - 0.34
        placed.append((face.x + face.scale * (x * c - up * s), MIDDLE + face.y + face.scale * (x * s + up * c + 0.34)))
    return tuple(placed)


def _paint(shapes: Sequence[Shape], height: int, width: int) -> Picture:
    fine = supersampling(height, width)
    canvas = Canvas(height, width, "RGB", fine)
    for shape in shapes:
        pen = canvas.tinting if len(shape.paint) == 4 else canvas.pen
        points = canvas.place(shape.points)
        if not shape.width:
            pen.polygon(points, shape.paint)
            continue
        thick = max(1, round(shape.width * canvas.unit))
        pen.line(points, shape.paint, thick, joint="curve")
        half = thick / 2 - 0.5
        for x, y in (points[0], points[-1]):
            pen.ellipse((x - half, y - half, x + half, y + half), shape.paint)
    return np.asarray(canvas.image.reduce(fine))


def _edges(shapes: Sequence[Shape], height: int, width: int) -> Picture:
    """A pen drawing: everything white, outlined in black; what stands in front hides what is behind."""
    fine = supersampling(height, width)
    canvas = Canvas(height, width, "L", fine)
    canvas.pen.rectangle((0, 0, *canvas.size), 255)
    for shape in shapes:
        if not shape.pen and not shape.inked:
            continue
        points = canvas.place(shape.points)
        if not shape.width:
            canvas.pen.polygon(points, 0 if shape.inked else 255)
            points = [*points, points[0]]
        if shape.pen:
            ink(canvas, points, max(1, round(PEN * shape.pen * canvas.unit)))
    grey = np.asarray(canvas.image.reduce(fine))
    return np.repeat(grey[:, :, None], 3, axis=2)
