"""Where things land in a chart: numbers, not looks."""

import numpy as np
import pytest

from translate.learn import charts
from translate.learn.charts import Axis, Dots, Line, Panel


def test_an_axis_places_numbers() -> None:
    assert Axis(-1, 3).share([-1, 1, 3, 5]).tolist() == [0, 0.5, 1, 1.5]
    ratios = Axis(0.01, 100, log=True)
    assert ratios.share([0.01, 1, 100]).tolist() == pytest.approx([0, 0.5, 1])
    assert [words for _, words in ratios.ticks()] == ["0.01", "0.1", "1", "10", "100"]
    assert [words for _, words in Axis(-1, 1).ticks()] == ["-1", "-0.5", "0", "0.5", "1"]
    assert Axis(0, 1, marked=False).ticks() == []


def test_marks_stay_within_the_axes() -> None:
    """A red line far above the chart leaves no red in it; one within does."""

    def red(height: float) -> int:
        panel = Panel("", Axis(0, 1), Axis(0, 1), [Line([0, 1], [height, height], "#ff0000", width=4)])
        pixels = np.asarray(charts.draw([panel], columns=1)).astype(int)
        return int(((pixels[..., 0] > 200) & (pixels[..., 1] < 60)).sum())

    assert red(0.5) > 300
    assert red(7.0) == 0
    assert red(float("nan")) == 0


def test_dots_lie_where_their_numbers_say() -> None:
    size = (300, 300)
    panel = Panel("", Axis(0, 1, marked=False), Axis(0, 1, marked=False), [Dots([0.5], [0.5], "#0000ff", radius=6)])
    pixels = np.asarray(charts.draw([panel], columns=1, size=size)).astype(int)
    rows, columns = np.nonzero((pixels[..., 2] > 200) & (pixels[..., 0] < 60))
    # The panel begins at (10, 10); within it the axes' box is from (16, 34) to (286, 270).
    assert columns.mean() == pytest.approx(10 + (16 + 286) / 2, abs=1)
    assert rows.mean() == pytest.approx(10 + (34 + 270) / 2, abs=1)


def test_the_size_follows_the_panels() -> None:
    panel = Panel("", Axis(0, 1), Axis(0, 1), [])
    assert charts.draw([panel] * 3, columns=2, size=(100, 80)).size == (2 * 100 + 30, 10 + 2 * 90)
