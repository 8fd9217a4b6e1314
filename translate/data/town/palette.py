"""Colours of the town: its semantic classes, its paints by day, and what the night makes of a paint.

Walls and roofs have few paints, tied to the kind of house, so that a network can guess them from a drawing.
"""

from translate.data.world.colours import Colour

CLASSES: dict[str, tuple[int, tuple[int, int, int]]] = {
    "sky": (0, (135, 206, 235)),
    "sun": (1, (255, 225, 80)),
    "cloud": (2, (235, 240, 250)),
    "hill": (3, (110, 140, 160)),
    "grass": (4, (124, 200, 80)),
    "tree": (5, (30, 110, 50)),
    "bush": (6, (70, 150, 90)),
    "wall": (7, (230, 180, 130)),
    "roof": (8, (190, 70, 50)),
    "chimney": (9, (120, 50, 60)),
    "window": (10, (60, 90, 220)),
    "door": (11, (130, 70, 20)),
    "fence": (12, (255, 255, 255)),
    "pavement": (13, (190, 160, 200)),
    "road": (14, (90, 90, 100)),
    "marking": (15, (250, 250, 170)),
    "lamp": (16, (255, 120, 0)),
    "car": (17, (200, 0, 140)),
}
"""Class name -> (index, RGB in the `labels` view)."""

# Paints, by kind of house and finish (see scene.House): what tells two finishes apart can be seen in the drawing.
WALLS: dict[str, tuple[Colour, ...]] = {
    "cottage": ((248, 236, 208), (246, 214, 190)),
    "gable": ((240, 196, 174), (248, 238, 216)),
    "stepped": ((194, 108, 86), (194, 108, 86)),
    "villa": ((216, 228, 232), (222, 212, 230)),
    "block": ((240, 206, 130), (170, 202, 190)),
}
ROOFS: dict[str, tuple[Colour, ...]] = {
    "cottage": ((206, 98, 66), (190, 86, 62)),
    "gable": ((176, 80, 62), (140, 84, 66)),
    "stepped": ((240, 230, 214), (240, 230, 214)),
    "villa": ((88, 104, 128), (92, 98, 124)),
    "block": ((150, 112, 92), (108, 116, 118)),
}
DOORS: dict[str, Colour] = {
    "cottage": (70, 132, 134),
    "gable": (122, 76, 52),
    "stepped": (46, 88, 84),
    "villa": (178, 66, 58),
    "block": (60, 84, 120),
}
SHUTTERS: dict[str, Colour] = {
    "cottage": (98, 156, 148),
    "gable": (150, 96, 70),
    "stepped": (46, 88, 84),
    "villa": (104, 128, 150),
    "block": (110, 130, 110),
}

SKY_DAY = ((96, 168, 222), (176, 217, 238), (248, 240, 222))
"""Top, middle and horizon."""
SKY_NIGHT = ((10, 15, 40), (27, 36, 82), (78, 76, 128))

FRAME: Colour = (252, 250, 244)
GLASS: Colour = (116, 158, 186)
GLASS_NIGHT: Colour = (26, 34, 62)
BLIND: Colour = (252, 225, 158)
BLIND_NIGHT: Colour = (255, 218, 120)
CURTAIN: Colour = (226, 138, 92)
CURTAIN_NIGHT: Colour = (244, 156, 62)
STONE: Colour = (214, 206, 196)
BRICK: Colour = (164, 92, 74)
IRON: Colour = (58, 66, 78)
TIMBER: Colour = (128, 84, 62)
TRUNK: Colour = (118, 86, 64)
SHADE: Colour = (30, 30, 70, 38)
LIGHT: Colour = (255, 252, 230, 48)

HILLS: tuple[Colour, ...] = ((168, 190, 212), (140, 176, 178), (128, 178, 128))
"""From the far ridge, in haze, to the near one."""
GRASS: Colour = (136, 188, 92)
TREES: dict[str, Colour] = {"round": (92, 156, 80), "conifer": (56, 118, 88), "poplar": (112, 164, 74)}
BUSH: Colour = (82, 144, 84)
PAVEMENT: Colour = (216, 206, 192)
KERB: Colour = (186, 176, 166)
ROAD: Colour = (112, 116, 128)
MARKING: Colour = (246, 240, 222)
SUN: Colour = (255, 236, 160)
MOON: Colour = (244, 242, 222)
CLOUD: Colour = (255, 253, 248)
CLOUD_NIGHT: Colour = (50, 58, 104)
CAR: Colour = (212, 78, 70)

LAMPLIGHT = (255, 190, 92)
WINDOWLIGHT = (255, 162, 64)
MOONLIGHT = (130, 150, 220)
SUNLIGHT = (255, 236, 190)


def relight(day: Colour) -> Colour:
    """What a paint looks like by moonlight: a third of its saturation lost, dim and blue. Alpha stays."""
    grey = 0.30 * day[0] + 0.59 * day[1] + 0.11 * day[2]
    moon = ((0.23, 4), (0.27, 8), (0.42, 22))
    dim = tuple(round((0.67 * c + 0.33 * grey) * gain + lift) for c, (gain, lift) in zip(day[:3], moon, strict=True))
    return dim + tuple(day[3:])
