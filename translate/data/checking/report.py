"""A check in words: what the set is, what was found, what to do, and a `[data]` section that fits."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from translate.data.checking.alignment import moved
from translate.data.checking.checkup import Checkup, megapixels
from translate.data.checking.findings import Finding, counted
from translate.data.checking.looking import Array
from translate.data.checking.seen import Seen

SHOWN = 5
"""Cases of a finding that are listed."""
KINDS = {
    "side_by_side": "pairs side by side",
    "two_folders": "pairs in two folders",
    "unpaired": "two unpaired domains",
    "images": "pictures",
    "derived": "pictures of which inputs are derived",
    "labelled": "pictures in a folder a class",
    "arrays": "pictures with labels, in arrays",
}


def text(checkup: Checkup) -> str:
    """All of it, lines for a terminal."""
    collection = checkup.seen.collection
    lines = [title(checkup), f"  {overview(checkup)}", *(f"  {line}" for line in tables(checkup))]
    if checkup.alignment:
        lines.append(f"  {alignment(checkup)}")
    for finding in checkup.findings:
        lines += ["", *_told(finding)]
    if checkup.seen.wanted is None:
        hints = (f"# {hint}" for hint in collection.hints)
        lines += ["", *hints, section(checkup)]
    return "\n".join([*lines, "", verdict(checkup.findings)])


def title(checkup: Checkup) -> str:
    """What the set is, and how that was told."""
    collection = checkup.seen.collection
    told = f" ({collection.recognised})" if collection.recognised else ""
    return f"{collection.root}: {KINDS.get(collection.layout, collection.layout)}{told}"


def overview(checkup: Checkup) -> str:
    """Its numbers, in a line."""
    seen = checkup.seen
    splits = ", ".join(f"{seen.collection.count(split):,} {split}" for split in seen.collection.splits)
    files = [stored for one in seen.looks for stored in one.stored]
    size = sum(stored.length for stored in files)
    return f"{splits}; {len(files):,} files, {_bytes(size)}, {megapixels(seen):,.1f} megapixels"


def tables(checkup: Checkup, most: int = 6) -> list[str]:
    """Sizes, formats and modes, the most frequent first."""
    seen = checkup.seen
    shapes = Counter({f"{width}×{height}": count for (width, height), count in seen.shapes().items()})
    listed = {"sizes": shapes, "formats": seen.formats(), "modes": seen.modes()}
    return [f"{name:8} {_listed(counts, most)}" for name, counts in listed.items() if counts]


def alignment(checkup: Checkup) -> str:
    """What the pairs' edges say of the set as a whole."""
    found = checkup.alignment
    if found is None:
        return ""
    rest = f"median of each pair's own shift: {moved(*found.median)}"
    told = f"register {found.pairs:,} pairs together match best {_where(found.shift)} ({rest})"
    if found.rank is not None:
        told += f"; {found.rank:.1%} of other targets match a source better than its own (50% is chance)"
    return told


def _where(shift: tuple[float, float]) -> str:
    return f"with the target moved by {moved(*shift)}" if any(map(round, shift)) else "where they lie"


def section(checkup: Checkup) -> str:
    """The section of a configuration that fits, as TOML, with the size to train at."""
    seen, collection = checkup.seen, checkup.seen.collection
    data: dict[str, Any] = dict(collection.section)
    for role in seen.roles:
        prefix = "" if role == "image" else f"{role}_"
        key = f"{prefix}channels"
        if arrays := _arrays(seen, role):
            data |= {key: arrays[0].channels, f"{prefix}values": _values(arrays)}
        elif all(one.grey for _, one in seen.of(role)):
            data.setdefault(key, 1)
    if len(collection.splits) == 1:
        data.setdefault("holdout", max(1, min(50, collection.count("train") // 10)))
    return "\n".join(
        [
            "[data]",
            *(f"{key} = {_toml(value)}" for key, value in data.items()),
            "",
            "[transform]",
            f"size = {seen.size}",
        ]
    )


def _arrays(seen: Seen, role: str) -> list[Array]:
    """What the files of a role hold, where they are arrays."""
    looks = [one for one in seen.looks if role in one.measures]
    stored = (one.stored[0 if one.sample.halves else one.sample.roles.index(role)].array for one in looks)
    return [array for array in stored if array]


def _values(arrays: list[Array]) -> dict[str, Any]:
    """A table that takes them all: whole depths as they are, of anything else the range that was seen."""
    (depth, *others) = {one.depth for one in arrays}
    if not others and depth in ("uint8", "uint16"):
        return {"depth": depth}
    return {"depth": "float32", "range": [min(one.low for one in arrays), max(one.high for one in arrays)]}


def verdict(findings: list[Finding]) -> str:
    """How many of each severity."""
    numbers = {severity: count for severity, count in counted(findings).items() if count}
    return ", ".join(f"{count} {severity}{'s' * (count > 1)}" for severity, count in numbers.items()) or "nothing found"


def _told(finding: Finding) -> list[str]:
    lines = [f"{finding.severity}: {finding.heading}"]
    for case in finding.cases[:SHOWN]:
        lines.append("    " + ", ".join(case.files[:4]) + (" …" * (len(case.files) > 4)) + _in_brackets(case.detail))
    if len(finding.cases) > SHOWN:
        lines.append(f"    … and {len(finding.cases) - SHOWN:,} more (--sheet or --json shows them)")
    return [*lines, f"  {finding.advice}"]


def _in_brackets(detail: str) -> str:
    return f" ({detail})" if detail else ""


def _listed(counts: Counter[str], most: int) -> str:
    shown = ", ".join(f"{name} ({count:,})" for name, count in counts.most_common(most))
    more = len(counts) - most
    return f"{shown} and {more:,} others" if more > 0 else shown


def _bytes(size: int) -> str:
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= one:
            return f"{size / one:,.1f} {unit}"
    return f"{size} bytes"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False)  # whose escapes TOML has as well
