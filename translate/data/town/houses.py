"""Houses and the church as shapes: walls, roofs, chimneys; openings.py cuts the windows and doors."""

from translate.data.town import palette as paints
from translate.data.town.openings import Parts, attic, dormers, openings
from translate.data.town.scene import House, Scene
from translate.data.town.shape import THIN, Glow, Shape, area, stroke, tint
from translate.data.world.colours import Colour, mix
from translate.data.world.outlines import Points, box


def house(item: House) -> Parts:
    """One house, from the chimney (behind) to the doorstep (in front)."""
    wall = paints.WALLS[item.kind][item.finish]
    roof = paints.ROOFS[item.kind][item.finish]
    eaves = item.ground - item.storeys * item.storey - 0.016
    shapes: list[Shape] = []
    glows: list[Glow] = []
    if item.chimney is not None:
        shapes += _chimney(item, eaves)
    shapes += FRONTS[item.kind](item, eaves, wall, roof)
    parts = [openings(item), dormers(item, eaves, wall, roof), attic(item, eaves)]
    for more, light in parts:
        shapes += more
        glows += light
    return shapes, glows


def _wall(item: House, outline: Points, eaves: float, wall: Colour) -> list[Shape]:
    """The front: light from the left, so its right side lies in shade, and a plinth of stone."""
    left, right, ground = item.left, item.right, item.ground
    shapes = [
        area(outline, wall, "wall"),
        tint(box(right - 0.018, eaves, right, ground), paints.SHADE),
        tint(box(left, eaves, left + 0.008, ground), paints.LIGHT),
    ]
    if item.kind == "stepped":
        shapes += _bricks(left, eaves, right, ground)
    shapes.append(area(box(left, ground - 0.014, right, ground), mix(wall, (150, 140, 136), 0.6), pen=THIN))
    return shapes


def _bricks(left: float, top: float, right: float, bottom: float) -> list[Shape]:
    """Courses, scattered: enough to say brick."""
    shapes: list[Shape] = []
    for row in range(int((bottom - top) / 0.012)):
        for column in range(3):
            # A fixed pattern (no dice): bricks are texture, not information.
            x = left + 0.004 + ((row * 37 + column * 61) % 97) / 97 * (right - left - 0.028)
            y = top + row * 0.012
            shapes.append(tint(box(x, y, x + 0.018, y + 0.005), (110, 40, 40, 52)))
    return shapes


def _tiles(left: float, right: float, top: float, bottom: float, lean: float) -> list[Shape]:
    """Rows of roof tiles on a slope that narrows by `lean` on either side from bottom to top, and shade below."""
    shapes = []
    rows = max(2, round((bottom - top) / 0.021))
    for row in range(1, rows):
        share = row / rows
        y, inset = top + (bottom - top) * share, lean * (1 - share)
        line = ((left + inset + 0.004, y), (right - inset - 0.004, y))
        shapes.append(Shape(line, (60, 20, 30, 46), (10, 8, 30, 70), width=0.0032))
    middle = (left + right) / 2
    shapes.append(
        tint(
            ((middle, top), (right - lean, top), (right, bottom), (middle + 0.2 * (right - left), bottom)), paints.SHADE
        )
    )
    return shapes


def _pitched(item: House, eaves: float, wall: Colour, roof: Colour) -> list[Shape]:
    """Cottage (roof with upright gables) and villa (hipped roof): a slope towards the street."""
    over, lean = 0.014, 0.022 if item.kind == "cottage" else 0.075
    left, right, top = item.left - over, item.right + over, eaves - item.roof
    slope = ((left + lean, top), (right - lean, top), (right, eaves + 0.006), (left, eaves + 0.006))
    shapes = _wall(item, box(item.left, eaves, item.right, item.ground), eaves, wall)
    shapes.append(tint(box(item.left, eaves, item.right, eaves + 0.018), paints.SHADE))
    shapes.append(area(slope, roof, "roof"))
    shapes += _tiles(left, right, top, eaves, lean)
    shapes.append(stroke(((left, eaves + 0.006), (right, eaves + 0.006)), mix(roof, (60, 40, 50), 0.4), 0.005, pen=0))
    return shapes


def _gabled(item: House, eaves: float, wall: Colour, roof: Colour) -> list[Shape]:
    """A gable towards the street: the roof is a thick chevron over a five-cornered wall."""
    left, right, middle, top = item.left, item.right, (item.left + item.right) / 2, eaves - item.roof
    pentagon = ((left, item.ground), (left, eaves), (middle, top), (right, eaves), (right, item.ground))
    over, thick = 0.018, 0.03
    drop = over * item.roof / (middle - left)
    chevron = (
        (left - over, eaves + drop),
        (middle, top),
        (right + over, eaves + drop),
        (right + over, eaves + drop - thick),
        (middle, top - thick),
        (left - over, eaves + drop - thick),
    )
    shade = tuple((x, y + 0.016) for x, y in ((left, eaves), (middle, top), (right, eaves)))
    beams = _beams(item, eaves) if item.timber else []
    return [
        *_wall(item, pentagon, eaves, wall),
        *beams,
        tint(((left, eaves), (middle, top), (right, eaves), *reversed(shade)), paints.SHADE),
        area(chevron, roof, "roof"),
        tint(((middle, top - thick), chevron[3], chevron[2], (middle, top)), paints.SHADE),
    ]


def _beams(item: House, eaves: float) -> list[Shape]:
    """Timber framing: posts, a beam a storey, a brace in either half of the gable."""
    left, right, middle = item.left + 0.005, item.right - 0.005, (item.left + item.right) / 2
    floors = [item.ground - 0.008 - item.storey * (i + 1) for i in range(item.storeys)]
    step = (item.right - item.left - 0.024) / item.columns
    lines = [((left, y), (right, y)) for y in floors]
    lines += [((x, eaves), (x, item.ground - 0.014)) for x in (left, right)]
    for i in range(1, item.columns):
        x = item.left + 0.012 + step * i
        lines.append(((x, floors[0]), (x, floors[-1])))
    for side in (-1, 1):
        foot, head = middle + side * step * 0.95, middle + side * 0.034
        lines.append(((foot, floors[-1]), (head, floors[-1] - item.roof * 0.48)))
    return [stroke(line, paints.TIMBER, 0.0075) for line in lines]


def _stepped(item: House, eaves: float, wall: Colour, roof: Colour) -> list[Shape]:
    """A gable in steps, brick, each step under a coping of stone."""
    steps = 4
    half, rise = (item.right - item.left) / 2, item.roof / steps
    tread = half * 0.8 / steps
    rising = [(item.left, item.ground)]
    for i in range(steps + 1):
        x, y = item.left + i * tread, eaves - i * rise
        rising += [(x, y + (rise if i else 0)), (x, y)]
    flipped = [(item.left + item.right - x, y) for x, y in reversed(rising)]
    outline = (*rising, *flipped)
    shapes = _wall(item, outline, eaves - item.roof * 0.2, wall)
    for i in range(steps + 1):
        y, end = eaves - i * rise, item.left + (i + 1) * tread
        ends = [(item.left + i * tread, end), (item.left + item.right - end, item.right - i * tread)]
        if i == steps:
            ends = [(item.left + i * tread, item.right - i * tread)]
        shapes += [area(box(a - 0.003, y - 0.007, b + 0.003, y + 0.003), roof, "roof", THIN) for a, b in ends]
    return shapes


def _flat(item: House, eaves: float, wall: Colour, roof: Colour) -> list[Shape]:
    """A flat roof behind a cornice, and a belt of stone over the ground floor."""
    left, right, top = item.left, item.right, eaves - item.roof
    belt = item.ground - item.storey - 0.004
    return [
        *_wall(item, box(left, top, right, item.ground), top, wall),
        tint(box(left, eaves, right, eaves + 0.012), paints.SHADE),
        area(box(left - 0.01, top - 0.006, right + 0.01, top + 0.016), roof, "roof"),
        area(box(left - 0.004, eaves - 0.006, right + 0.004, eaves), mix(wall, (255, 255, 255), 0.5), pen=THIN),
        area(box(left, belt - 0.003, right, belt + 0.003), mix(wall, (255, 255, 255), 0.5), pen=THIN),
    ]


FRONTS = {"cottage": _pitched, "villa": _pitched, "gable": _gabled, "stepped": _stepped, "block": _flat}


def _chimney(item: House, eaves: float) -> list[Shape]:
    assert item.chimney is not None
    x = item.left + (item.right - item.left) * item.chimney
    slope = 2 * min(item.chimney, 1 - item.chimney) if item.kind == "gable" else 1.0
    top = eaves - item.roof * slope - (0.05 if item.kind == "gable" else 0.035)
    return [
        area(box(x - 0.013, top, x + 0.013, eaves), paints.BRICK, "chimney"),
        tint(box(x + 0.003, top, x + 0.013, eaves), paints.SHADE),
        area(box(x - 0.018, top - 0.008, x + 0.018, top + 0.004), mix(paints.BRICK, (90, 60, 60), 0.5), "chimney"),
    ]


def church(scene: Scene) -> Parts:
    """A village church on the middle ridge, far enough to be pale."""
    if scene.church is None:
        return [], []
    x, size = scene.church
    ground = scene.ridges[1].at(x) + 0.03
    wall, roof = (232, 226, 216), (146, 112, 116)
    tower, top = 0.017 * size, ground - 0.11 * size
    nave = ground - 0.055 * size
    far = x + 0.075 * size
    slit = box(x - 0.004, top + 0.014, x + 0.004, top + 0.034)
    shapes = [
        area(box(x, nave, far, ground), wall, "wall", THIN),
        area(
            ((x, nave), (x + 0.012, nave - 0.032 * size), (far - 0.008, nave - 0.032 * size), (far + 0.004, nave)),
            roof,
            "roof",
            THIN,
        ),
        area(box(x - tower, top, x + tower, ground), wall, "wall", THIN),
        tint(box(x + tower * 0.4, top, x + tower, ground), paints.SHADE),
        area(((x - tower - 0.004, top), (x, top - 0.075 * size), (x + tower + 0.004, top)), roof, "roof", THIN),
        area(slit, paints.GLASS, "window", THIN, night=paints.BLIND_NIGHT),
    ]
    return shapes, [Glow(slit, paints.WINDOWLIGHT, 0.6, 0.25)]
