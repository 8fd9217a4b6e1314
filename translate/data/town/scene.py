"""What stands where in a town: pure data in unit coordinates (see shape.py); sampling.py fills it from a seed."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class House:
    """A front seen straight on. `lit` has one entry a window, storey by storey from the ground, left to right."""

    left: float
    right: float
    ground: float
    kind: str
    storeys: int
    columns: int
    storey: float  # height of one
    roof: float  # height of the roof
    finish: int  # 0 or 1: shutters (cottage, villa), timber (gable) or a shop (block), and the paint that goes with it
    door: int  # its column
    panes: str  # cross, sash or arch
    chimney: float | None  # where along the roof, 0..1
    dormers: int
    lit: tuple[bool, ...]

    @property
    def shutters(self) -> bool:
        return self.kind in ("cottage", "villa") and self.finish == 0

    @property
    def shop(self) -> bool:
        return self.kind == "block" and self.finish == 0

    @property
    def timber(self) -> bool:
        return self.kind == "gable" and self.finish == 1


@dataclass(frozen=True, slots=True)
class Plant:
    """A tree (round, conifer, poplar) or a bush, standing on (x, y)."""

    form: str
    x: float
    y: float
    height: float
    width: float
    lumps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ridge:
    """A chain of hills: y = level - sum of height * sin(rate * x + phase)."""

    level: float
    waves: tuple[tuple[float, float, float], ...]

    def at(self, x: float) -> float:
        return self.level - sum(height * math.sin(rate * x + phase) for height, rate, phase in self.waves)


@dataclass(frozen=True, slots=True)
class Cloud:
    """Bumps over a flat base: the middle of the base is (x, y); a lump is a bump's share of the full height."""

    x: float
    y: float
    width: float
    lumps: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything in a picture `aspect` wide and 1 high."""

    aspect: float
    sun: tuple[float, float, float]  # x, y, radius; by night it is the moon
    horizon: float  # where meadow meets hills
    ground: float  # where houses stand
    road: tuple[float, float]  # top and bottom
    ridges: tuple[Ridge, ...]
    church: tuple[float, float] | None  # x and size
    clouds: list[Cloud] = field(default_factory=list)
    stars: list[tuple[float, float, float]] = field(default_factory=list)  # x, y, brightness 0..1
    far: list[Plant] = field(default_factory=list)  # on the near ridge
    back: list[Plant] = field(default_factory=list)  # behind the houses
    houses: list[House] = field(default_factory=list)
    fences: list[tuple[float, float]] = field(default_factory=list)  # left, right
    front: list[Plant] = field(default_factory=list)  # before the houses and fences
    lamps: list[tuple[float, float]] = field(default_factory=list)  # x, height
    cars: list[tuple[float, int]] = field(default_factory=list)  # x, direction -1 or 1
    verge: list[Plant] = field(default_factory=list)  # in front of the road
    crossing: float | None = None
