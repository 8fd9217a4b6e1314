"""Finds the statistics of a picture in parts: passes over all of it until they no longer change, then on."""

from __future__ import annotations

from collections.abc import Callable

from translate.runtime.tiles.blended import Blended
from translate.runtime.tiles.engine import Engine
from translate.runtime.tiles.exact import Exact
from translate.runtime.tiles.journal import Notes, packed, unpacked
from translate.runtime.tiles.progress import Progress
from translate.runtime.tiles.statistics import Correction, Layout, Pool, Row, distance, pooled, solve

SETTLED = 0.01
"""Passes end once one changes no norm by more than this (see `distance`), which is the last correction's size: what is
left after it is a small part of it."""


def settle(
    engine: Engine, parts: Exact | Blended, journal: Notes, passes: int | None, report: Callable[[str], None]
) -> Row:
    """The statistics of the whole picture.

    Args:
        engine: the model, which has norms that measure.
        parts: the picture.
        journal: where it goes on, and what it adds to.
        passes: how many over the picture; None: until settled. Never more than there are norms, when all is exact.
        report: is given lines of progress.
    """
    layout, squares = engine.layout(), parts.sample()

    def sample(given: Row | None) -> Row:
        return pooled(layout, (engine.measure(square, given) for square in squares))

    most = len(layout.channels) if passes is None else min(passes, len(layout.channels))
    settled = journal.last("given")
    if settled is None:
        given = sample(None)
        # One part's own statistics already are what it measures when it is given them; those of several are not.
        given = given if len(squares) == 1 else solve(layout, sample, given)
        settled = {"given": packed(given), "passes": 0, "apart": float("inf")}
        journal.add(**settled)
    while settled["passes"] < most and settled["apart"] > SETTLED:
        number, given = settled["passes"] + 1, unpacked(settled["given"])
        whole = _survey(layout, parts, journal, number, given, report)
        apart = distance(layout, whole, given)
        given = solve(layout, sample, given, Correction.between(layout, whole, sample(given)))
        settled = {"given": packed(given), "passes": number, "apart": apart}
        journal.add(**settled)
        report(f"statistics, pass {number}: norms were off by up to {apart:.2g} deviations")
    return unpacked(settled["given"])


def _survey(
    layout: Layout, parts: Exact | Blended, journal: Notes, number: int, given: Row, report: Callable[[str], None]
) -> Row:
    """What the norms measure of the whole picture with `given`."""
    begun = journal.last("survey")
    if begun is not None and begun["survey"] != number:
        begun = None
    pool, done = (Pool(layout, unpacked(begun["total"])), begun["step"]) if begun else (Pool(layout), 0)
    progress = Progress(f"statistics, pass {number}", done, parts.steps, report)
    for step in range(done, parts.steps):
        parts.survey(step, given, pool)
        journal.add(survey=number, step=step + 1, total=packed(pool.total))
        progress(step + 1)
    return pool.row()
