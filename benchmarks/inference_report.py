"""A record of `benchmarks.inference`: what was promised of it, the record for a terminal, and the name of its file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.record import named
from translate.exporting.precision import LEAST_SSIM, MOST_LEVELS

NETWORKS = ("unet", "resnet")
SIDES = (256, 512)

# Network, side, kind, and the most of eager torch's seconds that it takes.
RATIOS = (
    ("unet", 256, "cpu", 0.33),
    ("unet", 512, "cpu", 0.6),
    ("unet", 256, "cpu-int8", 0.13),
    ("unet", 512, "cpu-int8", 0.26),
    ("unet", 256, "openvino-int8", 0.09),
    ("unet", 512, "openvino-int8", 0.18),
    ("resnet", 256, "cpu-int8", 0.45),
    ("resnet", 256, "openvino-bf16", 0.4),
    ("resnet", 256, "openvino-int8", 0.27),
)
OVERHEAD, IMPORT, CALLERS = 1.03, 0.15, 1.2
"""`Translator.array` over a bare session, at most; seconds of the import, at most; pictures a second of several callers
over those of one, at least."""


def targets(record: Mapping[str, Any], judged: bool) -> list[dict[str, Any]]:
    """What was promised, what was measured, and whether it was `met` (None: not `judged`)."""
    found: list[tuple[str, str, float, float]] = []
    for network, side, kind, most in RATIOS:
        ways = record["pictures"].get(f"{network} {side}", {})
        if {kind, "eager"} <= set(ways):
            ratio = seconds(ways[kind]) / seconds(ways["eager"])
            found.append((f"{network} {side}: {kind} / eager", "at_most", most, ratio))
    for network, facts in record["networks"].items():
        for kind, distance in facts["from_torch"].items():
            found.append(
                (f"{network}: {kind}, mean levels from torch", "at_most", MOST_LEVELS, distance["mean_levels"])
            )
            found.append((f"{network}: {kind}, SSIM to torch", "at_least", LEAST_SSIM, distance["ssim"]))
    for where, ways in record["overhead"].items():
        found.append(
            (f"{where}: ours / bare session", "at_most", OVERHEAD, seconds(ways["ours"]) / seconds(ways["bare"]))
        )
    found.append(("import translate.runtime, seconds", "at_most", IMPORT, record["import_seconds"]))
    for where, ways in record["callers"].items():
        one, several = (seconds(ways[kind]) for kind in ways if kind.startswith("cpu, "))
        found.append((f"{where}: pictures a second, several callers / one", "at_least", CALLERS, one / several))
    return [
        {
            "what": what,
            bound: limit,
            "measured": measured,
            "met": (measured <= limit if bound == "at_most" else measured >= limit) if judged else None,
        }
        for what, bound, limit, measured in found
    ]


def seconds(found: Mapping[str, Any]) -> float:
    """The median of one way."""
    return float(found["seconds"]["median"])


def table(record: Mapping[str, Any]) -> str:
    """The record for a terminal."""
    lines = [f"{'':<40}{'ms a picture':>14}  {'quartiles':<18}{'turns':>6}{'dropped':>8}{'/ first':>9}"]
    for part in ("pictures", "callers", "overhead"):
        for where, ways in record[part].items():
            first = seconds(next(iter(ways.values())))
            for kind, found in ways.items():
                middle, lower, upper = (
                    1000 * found["seconds"][quartile] for quartile in ("median", "lower_quartile", "upper_quartile")
                )
                lines.append(
                    f"{where:<14}{kind:<26}{middle:>14.2f}  {f'{lower:.2f} – {upper:.2f}':<18}{found['counted']:>6}"
                    f"{found['dropped']:>8}{seconds(found) / first:>9.2f}"
                )
    for network, facts in record["networks"].items():
        lines += [f"{network}: {precision} was refused: {why}" for precision, why in facts.get("refused", {}).items()]
    for target in record["targets"]:
        sign, limit = ("≤", target["at_most"]) if "at_most" in target else ("≥", target["at_least"])
        verdict = {None: "not judged here", True: "met", False: "missed"}[target["met"]]
        lines.append(f"target: {target['what']} {sign} {limit}: {target['measured']:.3f}, {verdict}")
    return "\n".join(lines)


def file_name(record: dict[str, Any]) -> str:
    """Date and machine, and what sets it apart from a full record, which it must not replace."""
    settings = record["settings"]
    parts = ["quick"] if settings["quick"] else []
    if list(settings["networks"]) != list(NETWORKS):
        parts += settings["networks"]
    if not settings["quick"] and list(settings["sides"]) != list(SIDES):
        parts += ["side", *map(str, settings["sides"])]
    return named(record, "inference", *parts, *(["trained", *settings["trained"]] if settings["trained"] else []))
