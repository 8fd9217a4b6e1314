"""From timed turns to medians, ratios and verdicts: pure functions of numbers."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

PROBE_LIMIT = 1.3
"""A turn counts if its probe took at most so many times the median probe."""
GIB = 2**30

# What is promised of a step at the papers' size on a CPU in bfloat16: (this, over that, at most).
TARGETS = (
    (("cyclegan", "ours"), ("cyclegan", "literal"), 0.45),
    (("fastcut", "ours"), ("cyclegan", "ours"), 0.5),
    (("pix2pix", "ours"), ("pix2pix", "literal"), 0.6),
)

Name = tuple[str, str]
"""(method, kind)"""


class Turn(NamedTuple):
    """Some steps of a candidate in one go."""

    seconds: float
    """Of all steps together."""
    steps: int
    probe: float
    """Seconds of the fixed piece of work, the slower of before and after."""


def calm(turns: Mapping[Name, Sequence[Turn]]) -> dict[Name, list[bool]]:
    """Which turns count: those at a usual speed of the machine. Of a candidate without any, the calmest."""
    limit = PROBE_LIMIT * statistics.median(turn.probe for of_one in turns.values() for turn in of_one)
    verdicts = {}
    for name, of_one in turns.items():
        least = min(turn.probe for turn in of_one)
        verdicts[name] = [turn.probe <= max(limit, least) for turn in of_one]
    return verdicts


def summary(turns: Sequence[Turn], kept: Sequence[bool]) -> dict[str, Any]:
    """Seconds a step over the turns that count, and every turn."""
    seconds = [turn.seconds / turn.steps for turn, counts in zip(turns, kept, strict=True) if counts]
    lower, median, upper = statistics.quantiles(seconds, n=4, method="inclusive") if len(seconds) > 1 else seconds * 3
    return {
        "seconds": {"median": median, "lower_quartile": lower, "upper_quartile": upper},
        "counted": len(seconds),
        "dropped": len(turns) - len(seconds),
        "turns": [{**turn._asdict(), "counts": counts} for turn, counts in zip(turns, kept, strict=True)],
    }


def ratios(candidates: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Ours over literal for every method, and FastCUT over CycleGAN, both ours."""
    found = {method: _ratio(candidates, (method, "ours"), (method, "literal")) for method in candidates}
    if {"fastcut", "cyclegan"} <= set(candidates):
        found["fastcut/cyclegan"] = _ratio(candidates, ("fastcut", "ours"), ("cyclegan", "ours"))
    return found


def targets(candidates: Mapping[str, Mapping[str, Any]], judged: bool) -> list[dict[str, Any]]:
    """What was promised of the methods at hand, what was measured, and whether it was `met` (None: not `judged`)."""
    verdicts = []
    for above, below, limit in TARGETS:
        if {above[0], below[0]} <= set(candidates):
            measured = _ratio(candidates, above, below)
            met = measured <= limit if judged else None
            what = f"{' '.join(above)} / {' '.join(below)}"
            verdicts.append({"what": what, "at_most": limit, "measured": measured, "met": met})
    return verdicts


def on_cpu_in_bf16(candidates: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether every one of ours ran where something is promised of it."""
    ours = [kinds["ours"] for kinds in candidates.values()]
    return all(found["device"] == "cpu" and found["precision"] == "bfloat16" for found in ours)


def table(record: Mapping[str, Any]) -> str:
    """The record for a terminal."""
    lines = [f"{'':<18}{'ms a step':>10}  {'quartiles':<15}{'turns':>6}{'dropped':>8}{'peak':>10}{'for training':>14}"]
    for method, kinds in record["candidates"].items():
        for kind, found in kinds.items():
            middle, lower, upper = (1000 * found["seconds"][q] for q in ("median", "lower_quartile", "upper_quartile"))
            memory = found["memory"]
            lines.append(
                f"{method:<10}{kind:<8}{middle:>10.1f}  {f'{lower:.1f} – {upper:.1f}':<15}{found['counted']:>6}"
                f"{found['dropped']:>8}{memory['peak'] / GIB:>6.2f} GiB"
                f"{(memory['peak'] - memory['before']) / GIB:>10.2f} GiB"
            )
        lines.append(f"{'':<10}ours / literal = {record['ratios'][method]:.3f}")
    lines += [
        f"target: {target['what']} ≤ {target['at_most']}: {target['measured']:.3f}, {_verdict(target['met'])}"
        for target in record["targets"]
    ]
    return "\n".join(lines)


def _ratio(candidates: Mapping[str, Mapping[str, Any]], above: Name, below: Name) -> float:
    seconds = [float(candidates[method][kind]["seconds"]["median"]) for method, kind in (above, below)]
    return seconds[0] / seconds[1]


def _verdict(met: bool | None) -> str:
    return "not judged here" if met is None else "met" if met else "missed"
