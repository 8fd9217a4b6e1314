"""Sky, land, plants and street as shapes, and the light of moon and lamps."""

import math

from translate.data.town import palette as paints
from translate.data.town.palette import relight
from translate.data.town.scene import Cloud, Plant, Scene
from translate.data.town.shape import THIN, Glow, Shape, area, tint
from translate.data.world.colours import Colour, mix
from translate.data.world.outlines import Point, blob, box, oval, scallops

Parts = tuple[list[Shape], list[Glow]]


def sky(scene: Scene) -> Parts:
    """Stars, then sun or moon (one disc, so that day tells night where the moon is), then clouds."""
    shapes: list[Shape] = []
    for x, y, bright in scene.stars:
        size = 0.0012 + 0.0016 * bright
        paint = mix((120, 130, 180), (255, 250, 235), bright)
        shapes.append(Shape(((x, y - size), (x + size, y), (x, y + size), (x - size, y)), None, paint))
    x, y, radius = scene.sun
    shapes.append(area(oval(x, y, radius, radius), paints.SUN, "sun", night=paints.MOON))
    for across, down, size in ((-0.35, -0.2, 0.24), (0.3, 0.25, 0.3), (0.2, -0.45, 0.14)):
        crater = oval(x + across * radius, y + down * radius, size * radius, size * radius, 14)
        shapes.append(Shape(crater, None, (214, 212, 204)))
    for item in scene.clouds:
        shapes += _cloud(item)
    return shapes, [Glow(oval(x, y, radius * 1.25, radius * 1.25), paints.MOONLIGHT, 0.35, 0.55)]


def _cloud(item: Cloud) -> list[Shape]:
    """Bumps along half an ellipse over a flat base."""
    half, count = item.width / 2, len(item.lumps)
    anchors: list[Point] = []
    for i in range(count + 1):
        turn = math.pi * (1 - i / count)
        lump = item.lumps[i] if 0 < i < count else 1.0
        anchors.append((item.x + half * math.cos(turn), item.y - half * 0.42 * lump * math.sin(turn)))
    outline = scallops(anchors, 0.36, closed=False)
    base = tuple((x, item.y - (item.y - y) * 0.42) for x, y in outline)
    return [
        area(outline, paints.CLOUD, "cloud", night=paints.CLOUD_NIGHT),
        Shape(base, (196, 214, 234, 120), (36, 42, 84, 120)),
    ]


def land(scene: Scene) -> list[list[Shape]]:
    """The ridges from far to near, each a list of its own so that the church can stand between two."""
    edge = scene.aspect / 2 + 0.05
    steps = max(12, round(2 * edge / 0.02))
    ridges = []
    for ridge, paint in zip(scene.ridges, paints.HILLS, strict=True):
        line = [(-edge + 2 * edge * i / steps, 0.0) for i in range(steps + 1)]
        crest = [(x, ridge.at(x)) for x, _ in line]
        shapes = [area((*crest, (edge, 1.0), (-edge, 1.0)), paint, "hill")]
        for band in (1, 2, 3):  # haze gathers in the valley
            low = [(x, y + 0.028 * band + 0.008 * math.sin(9 * x + band)) for x, y in crest]
            shapes.append(Shape((*low, (edge, 1.0), (-edge, 1.0)), (236, 240, 226, 34), (92, 98, 150, 20)))
        ridges.append(shapes)
    return ridges


def meadow(scene: Scene) -> list[Shape]:
    """Grass from the foot of the hills to the pavement."""
    edge = scene.aspect / 2 + 0.05
    shapes = [area(box(-edge, scene.horizon, edge, scene.ground + 0.01), paints.GRASS, "grass")]
    for band in (1, 2, 3):
        top = scene.horizon + 0.03 * band
        shapes.append(tint(box(-edge, top, edge, scene.ground), (70, 120, 50, 26)))
    return shapes


def plant(item: Plant, haze: float = 0.0) -> list[Shape]:
    """A tree or a bush; `haze` (0..1) pales it with distance."""
    if item.form == "bush":
        return _bush(item)
    paint = mix(paints.TREES[item.form], (190, 210, 200), haze)
    pen = 1.0 if haze == 0 else THIN
    half = max(0.0035, item.width * 0.055)
    trunk = box(item.x - half, item.y - item.height * 0.35, item.x + half, item.y)
    shapes = [area(trunk, mix(paints.TRUNK, (190, 210, 200), haze), "tree", pen)]
    if item.form == "conifer":
        return shapes + _conifer(item, paint, pen)
    middle, down = item.y - item.height * 0.61, item.height * 0.39
    across = item.width * 0.5
    shapes.append(area(blob(item.x, middle, across, down, item.lumps), paint, "tree", pen))
    inner = blob(item.x - across * 0.14, middle - down * 0.16, across * 0.72, down * 0.70, item.lumps)
    shapes.append(tint(inner, (236, 240, 140, 44)))
    spot = blob(item.x - across * 0.28, middle - down * 0.34, across * 0.36, down * 0.36, item.lumps[:7])
    shapes.append(tint(spot, (240, 244, 160, 44)))
    return shapes


def _conifer(item: Plant, paint: Colour, pen: float) -> list[Shape]:
    """Three skirts, each wider than the one above."""
    x, top, bottom = item.x, item.y - item.height, item.y - item.height * 0.14
    right: list[Point] = [(x, top)]
    for i in (1, 2, 3):
        y, half = top + (bottom - top) * i / 3, item.width * 0.5 * (0.46 + 0.18 * i)
        right += [(x + half, y)] if i == 3 else [(x + half, y), (x + half * 0.52, y - item.height * 0.02)]
    left = [(2 * x - a, b) for a, b in reversed(right[1:])]
    dark = [(x, top), *right[1:], (x + item.width * 0.1, bottom)]
    return [area((*right, *left), paint, "tree", pen), tint(dark, (20, 40, 70, 46))]


def _bush(item: Plant) -> list[Shape]:
    half, count = item.width / 2, 5
    anchors = []
    for i in range(count + 1):
        turn = math.pi * (1 - i / count)
        anchors.append((item.x + half * math.cos(turn), item.y - item.height * item.lumps[i] * 0.8 * math.sin(turn)))
    outline = scallops(anchors, 0.32, closed=False)
    bright = tuple((item.x - half * 0.1 + (x - item.x) * 0.7, item.y - (item.y - y) * 0.86 - 0.004) for x, y in outline)
    return [area(outline, paints.BUSH, "bush"), tint(bright, (236, 240, 140, 40))]


def fence(left: float, right: float, ground: float) -> list[Shape]:
    """White pickets on two rails."""
    shapes = [
        area(box(left, y, right, y + 0.007), paints.FRAME, "fence", THIN) for y in (ground - 0.036, ground - 0.016)
    ]
    count = max(2, round((right - left) / 0.021))
    for i in range(count):
        x = left + (right - left) * (i + 0.5) / count
        picket = ((x - 0.005, ground), (x - 0.005, ground - 0.042), (x, ground - 0.05), (x + 0.005, ground - 0.042))
        shapes.append(area((*picket, (x + 0.005, ground)), paints.FRAME, "fence", THIN))
    return shapes


def street(scene: Scene) -> list[Shape]:
    """Pavement with slabs, kerb, road with dashes and perhaps a zebra crossing, and the verge in front."""
    edge, (top, bottom) = scene.aspect / 2 + 0.05, scene.road
    shapes = [
        area(box(-edge, scene.ground, edge, top), paints.PAVEMENT, "pavement"),
        tint(box(-edge, scene.ground, edge, scene.ground + 0.008), paints.SHADE),
        area(box(-edge, top - 0.008, edge, top), paints.KERB, pen=0),
        area(box(-edge, top, edge, bottom), paints.ROAD, "road"),
        tint(box(-edge, top, edge, top + 0.012), paints.SHADE),
    ]
    for i in range(-round(edge / 0.09), round(edge / 0.09) + 1):
        x = i * 0.09
        seam = ((x, scene.ground + 0.002), (x - 0.012, top - 0.008))
        shapes.append(Shape(seam, (150, 138, 128, 150), (34, 38, 62, 150), width=0.003))
    middle = (top + bottom) / 2
    for i in range(-round(edge / 0.16), round(edge / 0.16) + 1):
        x = i * 0.16 + 0.03
        if scene.crossing is None or abs(x - scene.crossing) > 0.13:
            dash = ((x - 0.036, middle - 0.005), (x + 0.040, middle - 0.005), (x + 0.036, middle + 0.005))
            shapes.append(area((*dash, (x - 0.040, middle + 0.005)), paints.MARKING, "marking", THIN))
    if scene.crossing is not None:
        for i in range(5):
            x = scene.crossing + (i - 2) * 0.034
            bar = ((x - 0.004, top + 0.014), (x + 0.014, top + 0.014), (x + 0.004, bottom - 0.014))
            shapes.append(area((*bar, (x - 0.014, bottom - 0.014)), paints.MARKING, "marking", THIN))
    shapes.append(area(box(-edge, bottom, edge, 1.05), mix(paints.GRASS, (60, 120, 60), 0.25), "grass"))
    shapes.append(area(box(-edge, bottom, edge, bottom + 0.01), paints.KERB, "pavement"))
    return shapes


def lamp(x: float, height: float, scene: Scene) -> Parts:
    """A lantern on a post; by night a halo, a cone of light and a pool on the ground."""
    foot = scene.ground + 0.032
    top = foot - height
    glass = ((x - 0.013, top), (x + 0.013, top), (x + 0.009, top + 0.03), (x - 0.009, top + 0.03))
    cap = ((x - 0.018, top + 0.001), (x - 0.006, top - 0.012), (x + 0.006, top - 0.012), (x + 0.018, top + 0.001))
    iron, iron_night = paints.IRON, relight(paints.IRON)
    post = box(x - 0.004, top + 0.03, x + 0.004, foot)
    shapes = [
        Shape(post, iron, iron_night, "lamp", inked=True),
        area(box(x - 0.010, foot - 0.016, x + 0.010, foot), iron, "lamp"),
        area(glass, (250, 240, 206), "lamp", night=(255, 240, 190)),
        Shape(cap, iron, iron_night, "lamp", inked=True),
    ]
    cone = ((x - 0.01, top + 0.03), (x + 0.01, top + 0.03), (x + 0.085, foot + 0.01), (x - 0.085, foot + 0.01))
    return shapes, [
        Glow(oval(x, top + 0.014, 0.02, 0.022, 16), paints.LAMPLIGHT, 1.0, 1.0),
        Glow(oval(x, top + 0.014, 0.05, 0.05, 24), paints.LAMPLIGHT, 0.26, 0.9),
        Glow(cone, paints.LAMPLIGHT, 0.20, 0.32),
        Glow(oval(x, foot + 0.012, 0.12, 0.028, 24), paints.LAMPLIGHT, 0.42, 0.95),
    ]


def car(x: float, way: int, scene: Scene) -> Parts:
    """A small car on the near lane, with head lights."""
    ground = scene.road[1] - 0.02

    def at(*points: Point) -> tuple[Point, ...]:
        return tuple((x + way * a, ground - b) for a, b in points)

    body = at(
        (-0.085, 0.012),
        (-0.085, 0.04),
        (-0.06, 0.046),
        (-0.042, 0.075),
        (0.018, 0.075),
        (0.044, 0.046),
        (0.08, 0.04),
        (0.086, 0.012),
    )
    shapes = [
        tint(oval(x, ground, 0.095, 0.008, 20), (20, 20, 50, 90)),
        area(body, paints.CAR, "car"),
        tint(at((-0.085, 0.012), (-0.085, 0.024), (0.086, 0.024), (0.086, 0.012)), paints.SHADE),
        area(at((-0.048, 0.048), (-0.036, 0.068), (-0.014, 0.068), (-0.014, 0.048)), paints.GLASS, "window", THIN),
        area(at((-0.008, 0.048), (-0.008, 0.068), (0.014, 0.068), (0.032, 0.048)), paints.GLASS, "window", THIN),
        area(
            at((0.074, 0.026), (0.074, 0.036), (0.085, 0.034), (0.086, 0.026)),
            (255, 246, 204),
            pen=0,
            night=(255, 244, 200),
        ),
    ]
    for wheel in (-0.052, 0.052):
        shapes.append(area(oval(x + way * wheel, ground - 0.012, 0.017, 0.017, 20), (52, 54, 64), "car"))
        shapes.append(area(oval(x + way * wheel, ground - 0.012, 0.007, 0.007, 12), (200, 200, 204), pen=0))
    beam = at((0.086, 0.034), (0.24, 0.03), (0.24, -0.01), (0.086, 0.02))
    return shapes, [
        Glow(beam, paints.LAMPLIGHT, 0.4, 0.6),
        Glow(oval(x + way * 0.084, ground - 0.03, 0.008, 0.008, 10), paints.LAMPLIGHT, 1.0, 0.4),
    ]
