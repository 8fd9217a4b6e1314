"""Which parts of a picture are read, and which of their pixels are kept. Each axis is cut on its own.

The cuts lie on multiples of what the network needs, so that its strided convolutions keep their phase, and a part that
reaches the picture's border ends there, so that the border is padded as it is in the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Span:
    """Along one axis: pixels from `start` to before `stop` are read, those from `first` to before `last` kept."""

    start: int
    stop: int
    first: int
    last: int


def up(length: int, multiple: int) -> int:
    """The smallest multiple that is not below `length`."""
    return -(-length // multiple) * multiple


def spans(length: int, tile: int, halo: int, multiple: int) -> list[Span]:
    """Spans of at most `tile` pixels that keep every pixel once, with `halo` pixels around what they keep.

    All but the last are of one length, which is the smallest that needs no more of them. Neighbours share exactly
    twice the halo.

    Args:
        length: pixels of the axis.
        tile: most pixels of a span; a multiple of `multiple`, and more than two halos.
        halo: how far an output pixel sees; a multiple of `multiple`.
        multiple: what every start is a multiple of.
    """
    if length <= tile:
        return [Span(0, length, 0, length)]
    count = -(-(length - 2 * halo) // (tile - 2 * halo))
    step = up(-(-(length - 2 * halo) // count), multiple)
    found = []
    for number in range(count):
        start, final = number * step, number == count - 1
        stop = length if final else start + step + 2 * halo
        found.append(Span(start, stop, start + halo if number else 0, length if final else stop - halo))
    return found


def pieces(cut: list[Span]) -> list[tuple[int, int, int]]:
    """(start, stop, sign) of parts that, summed with their signs, count every pixel once and as the whole has it.

    The spans count +1, what neighbours share -1. Near its end a span's values are wrong, for it does not see further;
    what it shares with the next, taken alone, ends there too and is wrong in the same way, and so they cancel. What is
    left of every pixel comes from a span that sees all around it.
    """
    shared = [(after.start, before.stop, -1) for before, after in pairwise(cut)]
    return sorted([(span.start, span.stop, 1) for span in cut] + shared)


def overlapping(length: int, tile: int) -> list[Span]:
    """Spans of exactly `tile` pixels (or one of the whole length), neighbours sharing at least half of them.

    They keep all that they read: what several keep is to be blended.
    """
    if length <= tile:
        return [Span(0, length, 0, length)]
    count = -(-(length - tile) // max(1, tile // 2))
    starts = [round(number * (length - tile) / count) for number in range(count + 1)]
    return [Span(start, start + tile, start, start + tile) for start in starts]
