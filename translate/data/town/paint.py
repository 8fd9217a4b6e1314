"""A scene as pictures: one display list, interpreted once a view, so that views are in register by construction."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from translate.data.town import houses, surroundings
from translate.data.town import palette as paints
from translate.data.town.palette import CLASSES
from translate.data.town.sampling import sample
from translate.data.town.scene import Scene
from translate.data.town.shape import Glow, Shape
from translate.data.world.bounds import check
from translate.data.world.canvas import Canvas, Flat, Picture, ink, supersampling

VIEWS = ("day", "night", "labels", "edges", "grey")
PEN = 0.0068  # an outline's width: 2 px at 256
LIGHT_ROWS = 128  # light is soft: it is painted this high whatever the picture's size


def draw(seed: int, height: int, width: int, views: Sequence[str] = VIEWS) -> dict[str, Picture]:
    """The town of `seed` (>= 0) in the views asked for, each uint8 [height, width, 3].

    The same seed is the same scene at any size and whatever views are asked for; the unit is the height, so a wider
    picture shows more of the street. DataError for an unknown view or a size or seed out of range.
    """
    check("town", VIEWS, seed, height, width, views)
    shapes, glows = compose(sample(seed, width / height))
    pictures: dict[str, Picture] = {}
    flat = None if {"day", "grey", "night"}.isdisjoint(views) else _paint(shapes, height, width, night=False)
    if flat is not None:
        pictures["day"] = _day(flat, glows)
    if "grey" in views:
        pictures["grey"] = luminance(pictures["day"])
    if flat is not None and "night" in views:
        pictures["night"] = _night(flat, shapes, glows)
    if "labels" in views:
        pictures["labels"] = _label_colours()[_classes(shapes, height, width)]
    if "edges" in views:
        pictures["edges"] = _edges(shapes, height, width)
    return {view: pictures[view] for view in views}


def classes(seed: int, height: int, width: int) -> Picture:
    """Class indices, uint8 [height, width], as CLASSES numbers them; the `labels` view in numbers."""
    check("town", VIEWS, seed, height, width, ())
    shapes, _ = compose(sample(seed, width / height))
    return _classes(shapes, height, width)


def compose(scene: Scene) -> tuple[list[Shape], list[Glow]]:
    """The scene from back to front, and all its lights."""
    shapes, glows = surroundings.sky(scene)
    far, middle, near = surroundings.land(scene)
    parts = [houses.church(scene)]
    shapes += [*far, *parts[0][0], *middle, *near]
    for item in scene.far:
        shapes += surroundings.plant(item, haze=0.3)
    shapes += surroundings.meadow(scene)
    for item in scene.back:
        shapes += surroundings.plant(item)
    for house in scene.houses:
        parts.append(houses.house(house))
        shapes += parts[-1][0]
    for left, right in scene.fences:
        shapes += surroundings.fence(left, right, scene.ground)
    shapes += surroundings.street(scene)
    for item in scene.front:
        shapes += surroundings.plant(item)
    for x, lamp_height in scene.lamps:
        parts.append(surroundings.lamp(x, lamp_height, scene))
        shapes += parts[-1][0]
    for x, way in scene.cars:
        parts.append(surroundings.car(x, way, scene))
        shapes += parts[-1][0]
    for item in scene.verge:
        shapes += surroundings.plant(item)
    return shapes, [*glows, *(glow for _, lights in parts for glow in lights)]


def luminance(picture: Picture) -> Picture:
    """ITU-R 601 luminance of RGB [H, W, 3], repeated over three channels."""
    grey = np.asarray(Image.fromarray(picture).convert("L"))
    return np.repeat(grey[:, :, None], 3, axis=2)


def _paint(shapes: Sequence[Shape], height: int, width: int, night: bool) -> Flat:
    """Day or night before its lights: flat colours over a sky, antialiased, 0..255."""
    sky = paints.SKY_NIGHT if night else paints.SKY_DAY
    fine = supersampling(height, width)
    canvas = Canvas(height, width, "RGB", fine)
    rows = (np.arange(canvas.size[1]) + 0.5) / canvas.size[1]
    column = np.stack([np.interp(rows, (0.0, 0.25, 0.48), [c[i] for c in sky]) for i in range(3)], axis=1)
    canvas.image.paste(Image.fromarray(np.repeat(np.rint(column).astype(np.uint8)[:, None, :], canvas.size[0], axis=1)))
    for shape in shapes:
        colour = shape.night if night else shape.day
        if colour is None or canvas.outside(shape.points):
            continue
        pen = canvas.tinting if len(colour) == 4 else canvas.pen
        if shape.width:
            pen.line(canvas.place(shape.points), colour, max(1, round(shape.width * canvas.unit)))
        else:
            pen.polygon(canvas.place(shape.points), colour)
    return np.asarray(canvas.image.reduce(fine), np.float32)


def _day(flat: Flat, glows: Sequence[Glow]) -> Picture:
    """Paints as they are, and the sun's haze around it (the first glow is that of sun and moon)."""
    sun = Glow(glows[0].points, paints.SUNLIGHT, 0.2, 1.0)
    return np.rint(flat + (255 - flat) * 0.55 * _light([sun], *flat.shape[:2])).astype(np.uint8)


def _night(flat: Flat, shapes: Sequence[Shape], glows: Sequence[Glow]) -> Picture:
    """Paints by moonlight; lamps and windows bring out the day's colours of what they shine on, and have a halo."""
    height, width = flat.shape[:2]
    base = _paint(shapes, height, width, night=True)
    light = _light(glows, height, width)
    # Screened, not added: what shines already is not washed out by its own glow.
    lit = base + (1 - base / 255) * light * (0.9 * flat + 50)
    return np.rint(np.minimum(lit, 255)).astype(np.uint8)


def _light(glows: Sequence[Glow], height: int, width: int) -> NDArray[np.float32]:
    """How much light falls where, float32 [height, width, 3] in 0..1."""
    across = max(1, round(LIGHT_ROWS * width / height))
    total = np.zeros((LIGHT_ROWS, across, 3), np.float32)
    for name, spread in (("near", 0.014), ("far", 0.055)):
        canvas = Canvas(LIGHT_ROWS, across, "RGB", 1)
        for glow in sorted(glows, key=lambda glow: getattr(glow, name)):
            share = getattr(glow, name)
            canvas.pen.polygon(canvas.place(glow.points), tuple(round(c * share) for c in glow.colour))
        soft = canvas.image.filter(ImageFilter.GaussianBlur(spread * LIGHT_ROWS))
        total += np.asarray(soft, np.float32) * (0.5 if name == "near" else 0.9)
    image = Image.fromarray(np.minimum(total, 255).astype(np.uint8))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC), np.float32) / np.float32(255)


def _classes(shapes: Sequence[Shape], height: int, width: int) -> Picture:
    """One class a pixel: that at its middle, so nothing is mixed."""
    fine = supersampling(height, width)
    canvas = Canvas(height, width, "L", fine)
    for shape in shapes:
        if shape.kind is not None and not canvas.outside(shape.points):
            canvas.pen.polygon(canvas.place(shape.points), CLASSES[shape.kind][0])
    return np.asarray(canvas.image)[fine // 2 :: fine, fine // 2 :: fine].copy()


@lru_cache(maxsize=1)
def _label_colours() -> Picture:
    return np.array([colour for _, colour in sorted(CLASSES.values())], np.uint8)


def _edges(shapes: Sequence[Shape], height: int, width: int) -> Picture:
    """A pen drawing: everything white, outlined in black; what stands in front hides what is behind."""
    fine = supersampling(height, width)
    canvas = Canvas(height, width, "L", fine)
    canvas.pen.rectangle((0, 0, *canvas.size), 255)
    for shape in shapes:
        if (shape.kind is None and not shape.pen) or canvas.outside(shape.points):
            continue
        points = canvas.place(shape.points)
        if not shape.width:
            canvas.pen.polygon(points, 0 if shape.inked else 255)
            points = [*points, points[0]]
        if shape.pen:
            ink(canvas, points, max(1, round(PEN * shape.pen * canvas.unit)))
    grey = np.asarray(canvas.image.reduce(fine))
    return np.repeat(grey[:, :, None], 3, axis=2)
