"""Windows and doors as shapes, and the light that they shed by night."""

from translate.data.town import palette as paints
from translate.data.town.scene import House
from translate.data.town.shape import THIN, Glow, Shape, area, stroke, tint
from translate.data.world.colours import Colour, mix
from translate.data.world.outlines import arch, box

Parts = tuple[list[Shape], list[Glow]]


def openings(item: House) -> Parts:
    """Windows in every column of every storey but where the door is, and the door."""
    shapes: list[Shape] = []
    glows: list[Glow] = []
    margin = 0.012
    step = (item.right - item.left - 2 * margin) / item.columns
    for floor in range(item.storeys):
        for column in range(item.columns):
            x = item.left + margin + step * (column + 0.5)
            bottom = item.ground - floor * item.storey - 0.028
            if floor == 0 and column == item.door:
                more, light = _door(item, x)
            elif floor == 0 and item.shop:
                more, light = _shopfront(item, x, step)
            else:
                lit = item.lit[floor * item.columns + column]
                more, light = window(item, x, bottom - item.storey * 0.6, bottom, lit)
            shapes += more
            glows += light
    return shapes, glows


def window(item: House, x: float, top: float, bottom: float, lit: bool, half: float = 0.0) -> Parts:
    """A window. Behind a lit one somebody is at home: blind and curtains, seen by day and drawn, too."""
    outline = arch if item.panes == "arch" else box
    shapes: list[Shape] = []
    wide = not half
    half = half or (0.0205 if item.shutters else 0.0235)
    if item.shutters and wide:
        for side in (-1, 1):
            near, far = x + side * (half + 0.002), x + side * (half + 0.0145)
            shutter = box(min(near, far), top, max(near, far), bottom)
            shapes.append(area(shutter, paints.SHUTTERS[item.kind], pen=THIN))
    shapes.append(area(outline(x - half, top, x + half, bottom), paints.FRAME, "window"))
    inner = 0.0045
    pane = outline(x - half + inner, top + inner, x + half - inner, bottom - inner)
    glows: list[Glow] = []
    if lit:
        shapes.append(area(pane, paints.BLIND, pen=0, night=paints.BLIND_NIGHT))
        shapes += _curtains(x, top + inner, bottom - inner, half - inner)
        glows.append(Glow(pane, paints.WINDOWLIGHT, 0.75, 0.6))
    else:
        shapes.append(area(pane, paints.GLASS, pen=0, night=paints.GLASS_NIGHT))
        shine = ((x - half + inner, bottom - 0.02), (x + half - 0.012, top + inner), (x + half - inner, top + inner))
        shapes.append(tint((*shine, (x - half + inner, bottom - 0.009)), (255, 255, 255, 60)))
    shapes += _bars(item.panes, x, top + inner, bottom - inner, half - inner, 0.0 if lit else THIN)
    sill = box(x - half - 0.004, bottom - 0.002, x + half + 0.004, bottom + 0.004)
    shapes.append(area(sill, mix(paints.FRAME, paints.STONE, 0.5), pen=THIN))
    return shapes, glows


def _curtains(x: float, top: float, bottom: float, half: float) -> list[Shape]:
    shapes = []
    for side in (-1, 1):
        edge = x + side * half
        hem = ((x + side * half * 0.15, top), (x + side * half * 0.72, bottom))
        shapes.append(area(((edge, top), *hem, (edge, bottom)), paints.CURTAIN, pen=0, night=paints.CURTAIN_NIGHT))
        shapes.append(stroke(hem, mix(paints.CURTAIN, (150, 70, 50), 0.4), 0.003, night=paints.CURTAIN_NIGHT))
    return shapes


def _bars(panes: str, x: float, top: float, bottom: float, half: float, pen: float) -> list[Shape]:
    """Glazing bars; not drawn where they would only blacken the window."""
    across = top + (bottom - top) * (0.4 if panes == "arch" else 0.5)
    bars = [stroke(((x - half, across), (x + half, across)), paints.FRAME, 0.004, pen)]
    if panes != "sash":
        bars.append(stroke(((x, top), (x, bottom)), paints.FRAME, 0.004, pen))
    return bars


def _door(item: House, x: float) -> Parts:
    """A door under a fanlight that always shines by night, with a step before it."""
    half, top, bottom = 0.021, item.ground - item.storey * 0.80, item.ground - 0.006
    outline = arch if item.panes == "arch" else box
    paint = paints.DOORS[item.kind]
    fan = box(x - half + 0.005, top + 0.008, x + half - 0.005, top + 0.018)
    shapes = [
        area(outline(x - half - 0.005, top - 0.005, x + half + 0.005, bottom), paints.FRAME, pen=0),
        area(outline(x - half, top, x + half, bottom), paint, "door"),
        area(fan, paints.BLIND, pen=THIN, night=paints.BLIND_NIGHT),
        tint(box(x - half + 0.006, top + 0.026, x - 0.002, bottom - 0.008), paints.SHADE),
        tint(box(x + 0.003, top + 0.026, x + half - 0.005, bottom - 0.008), paints.SHADE),
        area(box(x + half - 0.010, bottom - 0.032, x + half - 0.005, bottom - 0.027), (240, 206, 110), pen=0),
        area(box(x - half - 0.009, bottom, x + half + 0.009, item.ground + 0.006), paints.STONE, "pavement"),
    ]
    return shapes, [Glow(fan, paints.WINDOWLIGHT, 0.6, 0.5)]


def _shopfront(item: House, x: float, step: float) -> Parts:
    """A display window under a striped awning; lit by night."""
    half, bottom = step * 0.40, item.ground - 0.018
    top = item.ground - item.storey * 0.78
    pane = box(x - half + 0.005, top, x + half - 0.005, bottom - 0.005)
    shapes = [
        area(box(x - half, top, x + half, bottom), paints.FRAME, "window"),
        area(pane, paints.BLIND, pen=0, night=paints.BLIND_NIGHT),
        area(box(x - half + 0.008, bottom - 0.02, x + half - 0.008, bottom - 0.005), paints.CURTAIN, pen=THIN),
    ]
    stripes = 4
    for i in range(stripes):
        a, b = (x + (2 * (i + k) / stripes - 1) * (half + 0.004) for k in (0, 1))
        paint = (206, 84, 76) if i % 2 else (250, 242, 228)
        shapes.append(
            area(((a, top - 0.012), (b, top - 0.012), (b, top + 0.016), (a, top + 0.016)), paint, "roof", THIN)
        )
    return shapes, [Glow(pane, paints.WINDOWLIGHT, 0.8, 0.8)]


def dormers(item: House, eaves: float, wall: Colour, roof: Colour) -> Parts:
    """Little gables in the slope of the roof."""
    shapes: list[Shape] = []
    glows: list[Glow] = []
    for i in range(item.dormers):
        x = item.left + (item.right - item.left) * (i + 1) / (item.dormers + 1)
        top, bottom = eaves - item.roof * 0.60, eaves - item.roof * 0.12
        shapes.append(area(box(x - 0.021, top, x + 0.021, bottom), wall, "wall"))
        shapes.append(area(((x - 0.03, top + 0.004), (x, top - 0.03), (x + 0.03, top + 0.004)), roof, "roof"))
        lit = item.lit[item.storeys * item.columns + i]
        more, light = window(item, x, top + 0.008, bottom - 0.006, lit, half=0.0145)
        shapes += more
        glows += light
    return shapes, glows


def attic(item: House, eaves: float) -> Parts:
    """The window in a gable."""
    if item.kind not in ("gable", "stepped"):
        return [], []
    middle, lit = (item.left + item.right) / 2, item.lit[item.storeys * item.columns]
    top = eaves - item.roof * 0.42
    return window(item, middle, top, top + 0.042, lit, half=0.0165)
