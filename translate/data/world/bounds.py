"""What no drawn world can be asked for."""

from collections.abc import Sequence

from translate.errors import DataError

SMALLEST, LARGEST = 16, 8192


def check(world: str, known: Sequence[str], seed: int, height: int, width: int, views: Sequence[str]) -> None:
    """DataError, in one sentence, for what cannot be drawn of a `world`, such as a town, whose views are `known`."""
    unknown = [view for view in views if view not in known]
    if unknown:
        raise DataError(f"A {world} has no view {unknown[0]!r}; its views are {', '.join(known)}.")
    if not (SMALLEST <= height <= LARGEST and SMALLEST <= width <= LARGEST):
        raise DataError(f"A {world} is drawn {SMALLEST} to {LARGEST} pixels high and wide, not {height} x {width}.")
    if seed < 0:
        raise DataError(f"A {world}'s seed is a whole number from 0 up, not {seed}.")
