"""From measured points to medians, exponents, effects of options and a table: pure functions of numbers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import report
from benchmarks.cost.fit import MEMORY, TIME, fit, verdict
from benchmarks.cost.points import AXES, Grid, Group, Point
from benchmarks.cost.run import Measured
from benchmarks.report import GIB

# Quantity of a record's points → (what its exponents should be, its heading, its unit).
QUANTITIES = {"seconds": (TIME, "ms a step", 1e-3), "training": (MEMORY, "GiB to train", GIB)}

Record = Mapping[str, Any]


def points(measured: Mapping[Point, Measured], kept: Mapping[report.Name, list[bool]]) -> list[dict[str, Any]]:
    """What is written down of every point; `disturbed`: no turn of it was as calm as the others."""
    probes = [turn.probe for of_it in measured.values() for turn in of_it.turns]
    limit = report.PROBE_LIMIT * statistics.median(probes) if probes else 0.0
    found = []
    for point, of_it in measured.items():
        numbers = report.summary(of_it.turns, kept[point.name])
        found.append(
            {
                **point.record(),
                **of_it.facts,
                **numbers,
                "disturbed": min(turn.probe for turn in of_it.turns) > limit,
                "memory": {**of_it.memory, "training": of_it.training},
            }
        )
    return found


def fits(found: Sequence[Record], methods: Sequence[str], grid: Grid) -> list[dict[str, Any]]:
    """The exponents of every method along every axis, of time and of memory."""
    laws = []
    for method in methods:
        for axis in AXES:
            on_axis = line(found, method, axis, grid)
            for quantity, (expected, _, _) in QUANTITIES.items():
                pairs = [(x, value(point, quantity)) for x, point in on_axis.items() if not point["disturbed"]]
                law = fit([pair for pair in pairs if pair[1] > 0])
                laws.append(
                    {
                        **{"method": method, "axis": axis, "quantity": quantity, "expected": list(expected[axis])},
                        **(law._asdict() if law else {"exponent": None}),
                        "verdict": verdict(law, expected[axis]) if law else "too few points",
                    }
                )
    return laws


def effects(found: Sequence[Record], groups: Sequence[Group]) -> list[dict[str, Any]]:
    """What every option does to time and memory: ratios to the plain step that took turns with it."""
    by_name = {(point["method"], point["option"]): point for point in found if point["option"]}
    rows = []
    for group in groups:
        plain, *others = (by_name.get((point.method, point.option)) for point in group.points)
        for other in others:
            if plain and other:
                rows.append(
                    {
                        "method": other["method"],
                        "option": other["option"],
                        "against": plain["option"],
                        "precision": other["precision"],
                        **{name: value(other, name) / max(value(plain, name), 1e-9) for name in QUANTITIES},
                        "disturbed": plain["disturbed"] or other["disturbed"],
                    }
                )
    return rows


def line(found: Sequence[Record], method: str, axis: str, grid: Grid) -> dict[int, Record]:
    """The points of a method along an axis, by their place on it."""
    return {
        point[axis]: point
        for point in found
        if point["method"] == method
        and not point["option"]
        and all(point[rest] == grid.base[rest] for rest in AXES if rest != axis)
    }


def value(point: Record, quantity: str) -> float:
    """Seconds a step, or bytes for training."""
    return float(point["seconds"]["median"] if quantity == "seconds" else point["memory"]["training"])


def table(record: Record, grid: Grid) -> str:
    """The record for a terminal."""
    return "\n".join([*_axes(record, grid), "", *_options(record), "", *_left_out(record)])


def _axes(record: Record, grid: Grid) -> list[str]:
    lines = []
    for law in record["fits"]:
        method, axis, quantity = law["method"], law["axis"], law["quantity"]
        on_axis = line(record["points"], method, axis, grid)
        _, heading, unit = QUANTITIES[quantity]
        if quantity == "seconds":
            places = "".join(f"{x:>10}" for x in grid.axes[axis]) + " " * 10 * (5 - len(grid.axes[axis]))
            lines.append(f"\n{method + ', ' + axis:<18}{places}  exponent    r²  residual  constant  beyond  expected")
        used = law.get("used", [])
        cells = [_cell(on_axis.get(x), quantity, unit, x in used) for x in grid.axes[axis]]
        numbers = "".join(f"{cell:>10}" for cell in cells) + " " * 10 * (5 - len(cells))
        low, high = law["expected"]
        expected = f"{low:g}" if low == high else f"{low:g} – {high:g}"
        lines.append(f"  {heading:<16}{numbers}{_law(law, quantity, unit)}  {expected:>8}  {law['verdict']}")
    return [
        *lines,
        "",
        "In brackets: not in the fit, as constant cost may outweigh what grows, or the machine was busy (*).",
    ]


def _cell(point: Record | None, quantity: str, unit: float, used: bool) -> str:
    if point is None:
        return "–"
    number = value(point, quantity) / unit
    text = f"{number:.1f}" if quantity == "seconds" else f"{number:.2f}"
    text += "*" if point["disturbed"] else ""
    return text if used else f"({text})"


def _law(law: Record, quantity: str, unit: float) -> str:
    if law["exponent"] is None:
        return f"{'–':>10}{'–':>6}{'–':>10}{'–':>10}{'–':>8}"
    r2 = "–" if law["r2"] is None else f"{law['r2']:.3f}"
    residual = "–" if law["residual"] is None else f"{100 * law['residual']:.0f}%"
    constant, beyond = "–", "–"
    if law["growing"] is not None:
        constant = f"{law['constant'] / unit:.{1 if quantity == 'seconds' else 2}f}"
        beyond = f"{law['growing']:.2f}"
    return f"{law['exponent']:>10.2f}{r2:>6}{residual:>10}{constant:>10}{beyond:>8}"


def _options(record: Record) -> list[str]:
    lines = [f"{'option':<18}{'time':>8}{'memory':>8}  {'against':<26}"]
    for row in record["options"]:
        star = "  * the machine was busy" if row["disturbed"] else ""
        against = f"{row['method']}, {row['against']}"
        lines.append(f"{row['option']:<18}{row['seconds']:>8.2f}{row['training']:>8.2f}  {against:<26}{star}")
    return lines


def _left_out(record: Record) -> list[str]:
    rows = record["left_out"]
    return [
        f"left out: {row['method']}, {row['side']}², batch {row['batch']}, width {row['width']}"
        f"{', ' + row['option'] if row['option'] else ''}: {row['why']}"
        for row in rows
    ] or ["Nothing was left out."]
