import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from translate.runtime.tiles.blend import Band, weights
from translate.runtime.tiles.grid import overlapping


@given(st.integers(1, 400), st.integers(8, 100))
def test_weights_sum_to_one(length: int, tile: int) -> None:
    total = np.zeros(length)
    cut = overlapping(length, tile)
    for span, weight in zip(cut, weights(cut, length), strict=True):
        assert (weight > 0).all()
        total[span.start : span.stop] += weight
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_weights_fall_to_the_edges_as_a_raised_cosine() -> None:
    """Halves that overlap: sin² and cos² sum to one by themselves."""
    cut = overlapping(24, 16)
    first, second = weights(cut, 24)
    np.testing.assert_allclose(second[:8], np.sin(np.pi * (np.arange(8) + 0.5) / 16) ** 2, atol=1e-6)
    np.testing.assert_allclose(first[8:], second[:8][::-1], atol=1e-6)
    assert (first[:8] == 1).all()  # where it is alone


def blended(parts: list[np.ndarray], length: int, tile: int, begin: int) -> np.ndarray:
    """Rows from `begin` on, of parts laid below each other in one column of the picture's width."""
    rows, (columns,) = overlapping(length, tile), overlapping(parts[0].shape[1], 1000)
    down, (across,) = weights(rows, length), weights([columns], columns.stop)
    band, found = Band(columns.stop, 1, begin), []
    for number, (span, part) in enumerate(zip(rows, parts, strict=True)):
        if span.stop <= begin:
            continue
        band.add(part, span, columns, down[number], across)
        bottom = span.stop if number + 1 == len(rows) else rows[number + 1].start
        if bottom > band.top:
            found.append(band.finish(bottom))
    return np.concatenate(found)


def test_bands_are_the_weighted_mean_and_may_begin_anywhere() -> None:
    length, tile, width = 53, 16, 5
    draw = np.random.default_rng(0)
    rows = overlapping(length, tile)
    parts = [draw.integers(0, 256, (tile, width, 1), np.uint8) for _ in rows]
    expected = np.zeros((length, width, 1))
    for span, part, weight in zip(rows, parts, weights(rows, length), strict=True):
        expected[span.start : span.stop] += part * weight[:, None, None]
    whole = blended(parts, length, tile, 0)
    assert whole.shape == (length, width, 1)
    assert np.abs(whole - expected).max() <= 0.501
    for span in rows[1:]:
        assert (blended(parts, length, tile, span.start) == whole[span.start :]).all()
