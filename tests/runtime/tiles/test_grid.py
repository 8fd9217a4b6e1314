import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from translate.runtime.tiles.grid import Span, overlapping, pieces, spans, up

halos = st.integers(1, 12)
multiples = st.sampled_from([1, 2, 4, 8])


@given(st.integers(1, 700), halos, multiples, st.integers(1, 20))
def test_every_pixel_is_kept_once_and_seen_with_its_halo(length: int, reach: int, multiple: int, room: int) -> None:
    halo = up(reach, multiple)
    tile = 2 * halo + room * multiple
    cut = spans(length, tile, halo, multiple)
    assert [pixel for span in cut for pixel in range(span.first, span.last)] == list(range(length))
    for span in cut:
        assert span.start % multiple == 0
        assert span.stop - span.start <= tile
        assert span.start <= max(0, span.first - halo)
        assert span.stop >= min(length, span.last + halo)
    # One shape is one plan of memory: only the last may be smaller.
    assert len({span.stop - span.start for span in cut[:-1]}) <= 1


def test_spans_by_hand() -> None:
    assert spans(100, 40, 8, 4) == [
        Span(0, 40, 0, 32),
        Span(24, 64, 32, 56),
        Span(48, 88, 56, 80),
        Span(72, 100, 80, 100),
    ]
    assert spans(40, 40, 8, 4) == [Span(0, 40, 0, 40)]
    # No larger than it takes for as many.
    assert spans(42, 40, 8, 4) == [Span(0, 32, 0, 24), Span(16, 42, 24, 42)]


@given(st.integers(1, 700), halos, multiples, st.integers(1, 20))
def test_pieces_count_every_pixel_once(length: int, reach: int, multiple: int, room: int) -> None:
    halo = up(reach, multiple)
    count = np.zeros(length, int)
    for start, stop, sign in pieces(spans(length, 2 * halo + room * multiple, halo, multiple)):
        count[start:stop] += sign
    assert (count == 1).all()


@given(st.integers(1, 700), st.integers(8, 200))
def test_overlapping_spans_cover_all_and_share_a_half(length: int, tile: int) -> None:
    cut = overlapping(length, tile)
    assert (cut[0].start, cut[-1].stop) == (0, length)
    assert {span.stop - span.start for span in cut} == {min(tile, length)}
    for before, after in itertools.pairwise(cut):
        assert before.start < after.start
        assert before.stop - after.start >= tile // 2


@pytest.mark.parametrize(("length", "multiple", "expected"), [(0, 4, 0), (1, 4, 4), (8, 4, 8), (9, 8, 16), (5, 1, 5)])
def test_up(length: int, multiple: int, expected: int) -> None:
    assert up(length, multiple) == expected
