"""A town from a seed.

The street has no end: lots follow each other from the middle to both sides, each with dice of its own, so a wider
picture shows more of the same town.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

from translate.data.town.scene import Cloud, House, Plant, Ridge, Scene
from translate.data.world.dice import Dice

KINDS = ("cottage", "gable", "stepped", "villa", "block")
REACH = 0.5  # nothing is wider, so what stands this far outside the picture cannot be seen in it


# One stream a purpose: what one part draws never shifts another's.
SKY, LAND, LOTS, LAMPS, CARS, VERGE = range(6)


def sample(seed: int, aspect: float) -> Scene:
    """The town of `seed` as far as a picture of this aspect (width / height) shows it."""
    dice = Dice(seed, LAND)
    ground = dice.between(0.755, 0.785)
    scene = Scene(
        aspect=aspect,
        sun=(dice.between(-0.40, 0.40), dice.between(0.10, 0.19), dice.between(0.042, 0.052)),
        horizon=ground - dice.between(0.13, 0.17),
        ground=ground,
        road=(ground + 0.05, ground + 0.178),
        ridges=_ridges(dice, ground),
        church=(dice.between(-0.42, 0.42), dice.between(0.85, 1.1)) if dice.chance(0.6) else None,
        crossing=dice.between(-0.4, 0.4) if dice.chance(0.3) else None,
    )
    _sky(scene, seed)
    for side in (-1, 1):
        _lots(scene, seed, side, dice.between(0.0, 0.02))
    _street(scene, seed)
    return scene


def _ridges(dice: Dice, ground: float) -> tuple[Ridge, ...]:
    """Three, from far to near: each lower and gentler than the one behind it."""
    ridges = []
    for level, height, rate in ((0.40, 0.050, 5.5), (0.31, 0.042, 4.2), (0.235, 0.030, 3.4)):
        waves = tuple(
            (height * share, rate * pace * dice.between(0.85, 1.15), dice.between(0, 6.28))
            for share, pace in ((1.0, 1.0), (0.45, 2.3), (0.12, 5.1))
        )
        ridges.append(Ridge(ground - level, waves))
    return tuple(ridges)


def _cells(aspect: float, size: float) -> Iterator[int]:
    """Indices of the cells of the x axis, `size` wide, that a picture of this aspect can see."""
    reach = math.ceil((aspect / 2 + REACH) / size)
    return iter(range(-reach, reach + 1))


def _key(cell: int) -> int:
    """A cell's index as a number that a seed may contain: not negative."""
    return 2 * cell if cell >= 0 else -2 * cell - 1


def _sky(scene: Scene, seed: int) -> None:
    for cell in _cells(scene.aspect, 0.42):
        dice = Dice(seed, SKY, _key(cell))
        if dice.chance(0.75):
            x, y, width = cell * 0.42 + dice.between(-0.12, 0.12), dice.between(0.07, 0.28), dice.between(0.16, 0.27)
            scene.clouds.append(Cloud(x, y, width, dice.lumps(dice.whole(4, 6), 0.6)))
        for _ in range(11):
            x, y = (cell + dice.between(-0.5, 0.5)) * 0.42, dice.between(0.0, 0.42)
            scene.stars.append((x, y, dice.between(0.25, 1.0)))


def _lots(scene: Scene, seed: int, side: int, start: float) -> None:
    """Lots one after the other from the middle to the left (side -1) or right (1)."""
    edge, index, garden = start, 0, False
    while edge < scene.aspect / 2 + 0.02:
        dice = Dice(seed, LOTS, side + 1, index)
        garden = not garden and dice.chance(0.22 if index else 0.12)
        width = dice.between(0.16, 0.24) if garden else 0.0
        house = None if garden else _house(dice, scene.ground)
        if house is not None:
            width = house.right - house.left
        left = edge if side > 0 else -edge - width
        if house is None:
            _garden(scene, dice, left, left + width)
        else:
            _plot(scene, dice, replace(house, left=left, right=left + width))
        edge += width + (dice.between(0.004, 0.012) if dice.chance(0.35) else dice.between(0.03, 0.07))
        index += 1


def _house(dice: Dice, ground: float) -> House:
    """A house with its left wall at x = 0."""
    kind = dice.pick(KINDS)
    columns = {"cottage": dice.whole(2, 3), "gable": dice.whole(2, 3), "stepped": 2}.get(kind, dice.whole(3, 4))
    storeys = {"cottage": 1, "stepped": 3, "villa": 2}.get(kind, dice.whole(2, 3))
    if kind == "cottage" and columns == 3:
        storeys = dice.whole(1, 2)
    storey = dice.between(0.092, 0.102)
    width = columns * dice.between(0.074, 0.084) + 0.024
    roof = {"cottage": 0.105, "gable": width * 0.52, "stepped": width * 0.48, "villa": 0.10}.get(kind, 0.03)
    return House(
        left=0.0,
        right=width,
        ground=ground,
        kind=kind,
        storeys=storeys,
        columns=columns,
        storey=storey,
        roof=roof * dice.between(0.9, 1.1),
        finish=dice.whole(0, 1),
        door=dice.whole(0, columns - 1),
        panes={"stepped": "arch", "villa": "sash", "block": "sash"}.get(kind, "cross"),
        chimney=dice.pick((0.18, 0.3, 0.7, 0.82)) if kind != "stepped" and dice.chance(0.75) else None,
        dormers=dice.whole(0, columns - 1) if kind in ("cottage", "villa") else 0,
        lit=tuple(dice.chance(0.58) for _ in range((storeys + 1) * columns)),
    )


def _plant(dice: Dice, form: str, x: float, y: float, grow: float = 1.0) -> Plant:
    low, high, slim = {
        "round": (0.20, 0.27, 0.62),
        "conifer": (0.22, 0.32, 0.42),
        "poplar": (0.27, 0.35, 0.27),
        "bush": (0.036, 0.052, 1.75),
    }[form]
    height = dice.between(low, high) * grow
    width = height * slim * dice.between(0.92, 1.08)
    return Plant(form, x, y, height, width, dice.lumps(dice.whole(9, 11)))


def _garden(scene: Scene, dice: Dice, left: float, right: float) -> None:
    """A lot without a house: one or two trees behind a fence or a row of bushes."""
    count = 2 if right - left > 0.19 else 1
    for i in range(count):
        x = left + (right - left) * (i + 0.5) / count + dice.between(-0.015, 0.015)
        form = dice.pick(("round", "round", "conifer", "poplar"))
        scene.back.append(_plant(dice, form, x, scene.ground - 0.012, 1.0 - 0.12 * i))
    if dice.chance(0.7):
        scene.fences.append((left - 0.012, right + 0.012))
    else:
        steps = round((right - left) / 0.075)
        for i in range(steps):
            scene.front.append(_plant(dice, "bush", left + (right - left) * (i + 0.5) / steps, scene.ground))


def _plot(scene: Scene, dice: Dice, house: House) -> None:
    """The house, perhaps a tree looking over its roof, perhaps bushes at the corners away from the door."""
    scene.houses.append(house)
    if dice.chance(0.5):
        form = dice.pick(("round", "conifer", "poplar"))
        x = dice.pick((house.left, house.right)) + dice.between(-0.03, 0.03)
        scene.back.append(_plant(dice, form, x, scene.ground - 0.03, 1.1))
    if house.shop:
        return
    step = (house.right - house.left) / house.columns
    for column in range(house.columns):
        if column != house.door and dice.chance(0.45):
            scene.front.append(_plant(dice, "bush", house.left + step * (column + 0.5), house.ground))


def _street(scene: Scene, seed: int) -> None:
    offset = Dice(seed, LAMPS).between(0.0, 0.4)
    for cell in _cells(scene.aspect, 0.42):
        dice = Dice(seed, LAMPS, _key(cell))
        scene.lamps.append((cell * 0.42 + offset + dice.between(-0.03, 0.03), dice.between(0.235, 0.25)))
    for cell in _cells(scene.aspect, 0.9):
        dice = Dice(seed, CARS, _key(cell))
        x = cell * 0.9 + dice.between(-0.3, 0.3)
        if dice.chance(0.5) and (scene.crossing is None or abs(x - scene.crossing) > 0.19):
            scene.cars.append((x, dice.pick((-1, 1))))
    for cell in _cells(scene.aspect, 0.3):
        dice = Dice(seed, VERGE, _key(cell))
        if dice.chance(0.5):
            scene.verge.append(_plant(dice, "bush", cell * 0.3 + dice.between(-0.1, 0.1), 1.015, 1.25))
        if dice.chance(0.6):
            x = cell * 0.3 + dice.between(-0.12, 0.12)
            form = dice.pick(("conifer", "round"))
            scene.far.append(_plant(dice, form, x, scene.ridges[-1].at(x) + 0.012, 0.32))
