"""A canvas that antialiases: everything is painted a few times too large, and reduced."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from translate.data.world.outlines import Point

Picture = NDArray[np.uint8]
Flat = NDArray[np.float32]


class Canvas:
    """An image `fine` times as large as the picture, and the way from unit coordinates to its pixels."""

    def __init__(self, height: int, width: int, mode: str, fine: int) -> None:
        self.size = (width * fine, height * fine)
        self.image = Image.new(mode, self.size)
        self.pen = ImageDraw.Draw(self.image)
        self.unit, self.middle = height * fine, width * fine / 2
        self.tinting = ImageDraw.Draw(self.image, "RGBA") if mode == "RGB" else self.pen

    def place(self, points: Sequence[Point]) -> list[Point]:
        # ImageDraw paints the pixel a coordinate falls on; half a pixel back puts areas where they belong.
        unit, middle = self.unit, self.middle - 0.5
        return [(x * unit + middle, y * unit - 0.5) for x, y in points]

    def outside(self, points: Sequence[Point]) -> bool:
        edge = self.middle / self.unit + 0.01
        return all(x < -edge for x, _ in points) or all(x > edge for x, _ in points)


def supersampling(height: int, width: int) -> int:
    """How often a pixel is split, each way: 3, more where pixels are few, 2 where they are many enough."""
    return 5 if height < 64 else 4 if height < 160 else 3 if height <= 320 else 2


def ink(canvas: Canvas, points: list[Point], thick: int) -> None:
    """A line with round corners."""
    canvas.pen.line(points, 0, thick)
    if thick > 2:
        half = thick / 2 - 0.5
        for x, y in points:
            canvas.pen.ellipse((x - half, y - half, x + half, y + half), 0)
