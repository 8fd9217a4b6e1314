"""Small charts, drawn with Pillow alone: lines, areas and points on axes that say what they are.

All is drawn three times as large and reduced, so that edges are smooth. The letters are those that come with Pillow, so
that a chart is the same on every machine; they know no Greek, and a hyphen stands for the minus.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from translate.evaluation.drawing import short, ticks

FINE = 3
PAGE, PANEL, INK, SOFT, RULE = "#fafaf8", "#ffffff", "#16181d", "#5c626d", "#e3e3df"
BLUE, ORANGE, TEAL, PURPLE, GOLD, GREY = "#3451c7", "#d9480f", "#087f73", "#a3379f", "#8a6a00", "#8d939c"
"""Those of the reports, for light paper."""

LEFT, RIGHT, TOP, BOTTOM, ROW = 52, 14, 34, 44, 20
"""Room around the axes of a panel, in pixels of the finished picture; a row is that of a legend, or of a label."""


@dataclass(frozen=True)
class Line:
    """A curve through points, in the data's units; what is not finite breaks it."""

    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    colour: str
    label: str = ""
    width: float = 2.0
    dashed: bool = False
    filled: bool = False
    """Whether the area down to the axis is tinted."""


@dataclass(frozen=True)
class Dots:
    """Points, in the data's units."""

    x: Sequence[float] | np.ndarray
    y: Sequence[float] | np.ndarray
    colour: str
    label: str = ""
    radius: float = 2.0
    opacity: float = 1.0
    hollow: bool = False


@dataclass(frozen=True)
class Axis:
    """One of a panel's two."""

    low: float
    high: float
    label: str = ""
    log: bool = False
    """Whether equal steps are equal ratios; both ends are above 0 then."""
    marked: bool = True
    """Whether numbers stand at it."""

    def share(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Where values are on the axis, 0 to 1 from end to end; outside beyond."""
        given = np.asarray(values, dtype=np.float64)
        low, high = self.low, self.high
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                given, low, high = np.log10(given), math.log10(low), math.log10(high)
        found: np.ndarray = (given - low) / (high - low)
        return found

    def ticks(self) -> list[tuple[float, str]]:
        """Round numbers on it, with what is written there."""
        if not self.marked:
            return []
        if not self.log:
            return [(at, short(at).replace("−", "-")) for at in ticks(self.low, self.high)]
        first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
        step = max(1, math.ceil((last - first) / 5))
        return [(10.0**power, _power(power)) for power in range(first, last + 1, step)]


@dataclass(frozen=True)
class Panel:
    """One chart."""

    title: str
    x: Axis
    y: Axis
    marks: Sequence[Line | Dots]
    note: str = ""
    """A line within the chart, at its top."""


@dataclass
class _Sheet:
    """What is drawn on, three times as large."""

    image: Image.Image
    pen: ImageDraw.ImageDraw = field(init=False)

    def __post_init__(self) -> None:
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    def text(self, at: tuple[float, float], words: str, size: int, colour: str, anchor: str = "la") -> None:
        self.pen.text((at[0] * FINE, at[1] * FINE), words, font=_font(size * FINE), fill=colour, anchor=anchor)


def draw(panels: Sequence[Panel], columns: int = 2, size: tuple[int, int] = (420, 300), title: str = "") -> Image.Image:
    """The panels row by row, as one picture.

    Args:
        panels: charts.
        columns: of them side by side.
        size: of each, in pixels.
        title: over them all.
    """
    gap, head = 10, 40 if title else 10
    rows = math.ceil(len(panels) / columns)
    width, height = columns * size[0] + (columns + 1) * gap, head + rows * (size[1] + gap)
    sheet = _Sheet(Image.new("RGB", (width * FINE, height * FINE), PAGE))
    if title:
        sheet.text((gap + 6, 21), title, 17, INK, "lm")
    for number, panel in enumerate(panels):
        row, column = divmod(number, columns)
        _panel(sheet, panel, (gap + column * (size[0] + gap), head + row * (size[1] + gap)), size)
    return sheet.image.reduce(FINE)


def _panel(sheet: _Sheet, panel: Panel, at: tuple[int, int], size: tuple[int, int]) -> None:
    """One chart at its place."""
    (x, y), (width, height) = at, size
    sheet.pen.rounded_rectangle([v * FINE for v in (x, y, x + width, y + height)], 8 * FINE, PANEL, RULE, FINE)
    named = [mark for mark in panel.marks if mark.label]
    rows = [bool(named), bool(panel.y.label)]
    left, top = x + (LEFT if panel.y.marked else 16), y + TOP + ROW * sum(rows)
    right, bottom = x + width - RIGHT, y + height - (BOTTOM if panel.x.marked else 30)
    sheet.text((x + 14, y + 18), panel.title, 14, INK, "lm")
    _axes(sheet, panel, (left, top, right, bottom))
    # Marks are drawn apart and cut to the axes: what is beyond them is not shown.
    inner = Image.new("RGBA", ((right - left) * FINE, (bottom - top) * FINE), (255, 255, 255, 0))
    for mark in panel.marks:
        layer = Image.new("RGBA", inner.size, (255, 255, 255, 0))
        across = panel.x.share(mark.x) * inner.width
        up = (1 - panel.y.share(mark.y)) * inner.height
        (_line if isinstance(mark, Line) else _dots)(layer, mark, across, up)  # type: ignore[arg-type]
        inner.alpha_composite(layer)
    sheet.image.paste(inner, (left * FINE, top * FINE), inner)
    _legend(sheet, named, (x + 14, y + TOP + 6))
    if panel.note:
        sheet.text((right - 4, y + 18), panel.note, 13, SOFT, "rm")


def _axes(sheet: _Sheet, panel: Panel, box: tuple[int, int, int, int]) -> None:
    left, top, right, bottom = box
    for value, words in panel.y.ticks():
        at = bottom - float(panel.y.share([value])[0]) * (bottom - top)
        sheet.pen.line([left * FINE, at * FINE, right * FINE, at * FINE], RULE, FINE)
        sheet.text((left - 7, at), words, 12, SOFT, "rm")
    for value, words in panel.x.ticks():
        at = left + float(panel.x.share([value])[0]) * (right - left)
        sheet.pen.line([at * FINE, bottom * FINE, at * FINE, (bottom + 4) * FINE], SOFT, FINE)
        sheet.text((at, bottom + 7), words, 12, SOFT, "ma")
    if panel.x.marked:
        sheet.pen.line([left * FINE, bottom * FINE, right * FINE, bottom * FINE], SOFT, FINE)
    sheet.text(((left + right) / 2, bottom + (32 if panel.x.marked else 16)), panel.x.label, 13, INK, "mm")
    if panel.y.label:
        sheet.text((left, top - 12), panel.y.label, 12, SOFT, "lm")


def _line(layer: Image.Image, line: Line, across: np.ndarray, up: np.ndarray) -> None:
    pen = ImageDraw.Draw(layer)
    # Far outside is far enough: the pen counts in whole numbers.
    up = np.clip(up, -layer.height, 2 * layer.height)
    for run in _runs(across, up):
        if line.filled:
            ends = [(run[-1][0], layer.height), (run[0][0], layer.height)]
            pen.polygon([*run, *ends], fill=(*_rgb(line.colour), 40))
        for part in _dashes(run) if line.dashed else [run]:
            pen.line(part, fill=line.colour, width=round(line.width * FINE), joint="curve")


def _dots(layer: Image.Image, dots: Dots, across: np.ndarray, up: np.ndarray) -> None:
    pen, radius = ImageDraw.Draw(layer), dots.radius * FINE
    colour = (*_rgb(dots.colour), round(255 * dots.opacity))
    for x, y in zip(across, up, strict=True):
        if math.isfinite(x) and math.isfinite(y):
            box = [x - radius, y - radius, x + radius, y + radius]
            if dots.hollow:
                pen.ellipse(box, outline=colour, width=round(1.2 * FINE))
            else:
                pen.ellipse(box, fill=colour)


def _legend(sheet: _Sheet, marks: Sequence[Line | Dots], at: tuple[float, float]) -> None:
    """What each mark is, in a row that begins at this place."""
    left, y = at
    for mark in marks:
        if isinstance(mark, Line):
            run = [(left * FINE, y * FINE), ((left + 18) * FINE, y * FINE)]
            for part in _dashes(run) if mark.dashed else [run]:
                sheet.pen.line(part, fill=mark.colour, width=round(max(2.0, mark.width) * FINE))
        else:
            corners = [v * FINE for v in (left + 8, y - 4, left + 16, y + 4)]
            sheet.pen.ellipse(corners, None if mark.hollow else mark.colour, mark.colour, FINE)
        sheet.text((left + 23, y), mark.label, 12, INK, "lm")
        left += 23 + _font(12 * FINE).getlength(mark.label) / FINE + 14


def _runs(across: np.ndarray, up: np.ndarray) -> list[list[tuple[float, float]]]:
    """The stretches of a curve between points that are not finite."""
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in zip(across.tolist(), up.tolist(), strict=True):
        if math.isfinite(x) and math.isfinite(y):
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _dashes(run: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """A curve as dashes along its length."""
    on, off = 6 * FINE, 4 * FINE
    places = np.asarray(run)
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(places, axis=0).T))])
    starts = np.arange(0, length[-1], on + off)
    found = []
    for start in starts:
        end = min(start + on, length[-1])
        along = np.concatenate([[start], length[(length > start) & (length < end)], [end]])
        found.append(list(zip(*(np.interp(along, length, places[:, axis]).tolist() for axis in (0, 1)), strict=True)))
    return found


def _power(power: int) -> str:
    return f"{10.0**power:g}" if -3 <= power <= 3 else f"1e{power}"


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
