"""The record for a terminal: short, since a lent machine returns the end of what is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

GIB = 2**30


def table(record: Mapping[str, Any]) -> str:
    """All that was found, the failures among the checks by name."""
    stages = record["stages"]
    lines = [*_checks(stages.get("checks", {}))]
    for stage in ("speed", "batches", "compile"):
        for name, found in stages.get(stage, {}).items():
            lines += _race(name, found)
    for name, found in stages.get("roofline", {}).items():
        lines += _roofline(name, found)
    for found in stages.get("facades", {}).values():
        lines += _facades(found)
    return "\n".join(lines)


def _checks(found: Mapping[str, Any]) -> Iterator[str]:
    counts: dict[str, int] = {}
    for name, result in found.items():
        counts[result["status"]] = counts.get(result["status"], 0) + 1
        if result["status"] in ("failed", "error"):
            numbers = {key: value for key, value in result.items() if key not in ("status", "seconds")}
            yield f"{result['status'].upper()} {name}: {numbers}"[:300]
    if counts:
        yield "checks: " + ", ".join(f"{count} {status}" for status, count in counts.items())


def _race(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    if "forms" not in found:
        numbers = {key: value for key, value in found.items() if key in ("why", "error", "limit")}
        yield f"{name}: {found['status']} {numbers or ''}"
        return
    for form, facts in found["forms"].items():
        if "seconds" not in facts:
            yield f"{name:<20}{form:<24}{facts['why']}"
            continue
        lower, upper = (1000 * facts["seconds"][quartile] for quartile in ("lower_quartile", "upper_quartile"))
        times = found["times_literal"].get(form)
        yield (
            f"{name:<20}{form:<24}{facts['steps_per_second']:>8.1f} steps/s  {f'{lower:.2f} – {upper:.2f} ms':<20}"
            f"{f'{times:.2f}×' if times else '':>8}"
            + (f"{facts['peak_bytes'] / GIB:>8.2f} GiB" if "peak_bytes" in facts else "")
            + (" NOT RECORDED" if facts["recorded"] is False else "")
        )
    if target := found.get("target"):
        verdict = {None: "not judged here", True: "met", False: "missed"}[target["met"]]
        yield f"{name}: best is {target['best']:.2f}×, target {target['at_least']}×: {verdict}"


def _roofline(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    if "bytes_per_second" in found:
        rates = ", ".join(f"{key} {value:.3g}" for key, value in found.items() if key.endswith(("flops", "second")))
        yield f"ceilings: {rates}"
    if "forms" not in found:
        if "why" in found:
            yield f"roofline {name}: {found['why']}"
        return
    floors = ", ".join(f"{key} {1000 * value:.3f} ms" for key, value in found["floor_seconds"].items())
    yield f"roofline {name}: {found['flops'] / 1e9:.1f} GFLOP a round; floors: {floors}"
    for form, facts in found["forms"].items():
        if "shares" in facts:
            shares = ", ".join(f"{label} {share:.0%}" for label, share in list(facts["shares"].items())[:6])
            yield (
                f"  {form:<9}{1000 * facts['seconds']:.2f} ms, {facts['share_of_bf16_peak']:.1%} of bf16's peak, "
                f"{facts['kernels_a_round']:.0f} kernels, idle {facts['idle']:.0%}; {shares}"
            )


def _facades(found: Mapping[str, Any]) -> Iterator[str]:
    if "scores" not in found:
        yield f"facades: {found['status']} {found.get('why', '')}"
        return
    scores = ", ".join(f"{name} {value:.3f}" for name, value in found["scores"].items())
    yield (
        f"facades: {found['steps']} steps in {found['seconds']:.1f} s ({found['steps_per_second']:.1f} a second); "
        f"the whole schedule of {found['schedule_steps']}: {found['seconds_of_whole_schedule']:.0f} s; {scores}"
    )
