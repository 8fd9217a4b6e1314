"""What a check finds: how bad it is, which files, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SEVERITIES = ("error", "warning", "note")
"""An error spoils training or its scores; a warning probably does; a note is good to know."""


@dataclass(frozen=True)
class Case:
    """One instance of a finding: the files that are in it together, and what is particular to it."""

    files: tuple[str, ...]
    """Names, from the folder that was checked."""
    detail: str = ""


@dataclass(frozen=True)
class Finding:
    """Everything of one kind that was found."""

    kind: str
    """A stable name for machines, such as `leakage`."""
    severity: str
    title: str
    """What it is, in a few words, without the number."""
    advice: str
    """What to do, a sentence."""
    cases: tuple[Case, ...] = ()
    """None where it is about the set as a whole."""

    @property
    def heading(self) -> str:
        """The title, after the number of cases where it is about some."""
        return f"{len(self.cases):,} {self.title}" if self.cases else self.title

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "title": self.title,
            "advice": self.advice,
            "cases": [{"files": list(case.files), "detail": case.detail} for case in self.cases],
        }


def some(
    kind: str, severity: str, titles: tuple[str, str], advice: str, cases: Iterable[Case] | Sequence[Case]
) -> list[Finding]:
    """A finding about these cases, or nothing where there are none. `titles`: of one, of several."""
    cases = tuple(cases)
    return [Finding(kind, severity, titles[len(cases) > 1], advice, cases)] if cases else []


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first; of equals the order stays."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def counted(findings: Sequence[Finding]) -> dict[str, int]:
    """How many there are of each severity."""
    return {severity: sum(finding.severity == severity for finding in findings) for severity in SEVERITIES}


def status(findings: Sequence[Finding], strict: bool) -> int:
    """The exit status: 1 where there are errors (`strict`: or warnings), else 0."""
    numbers = counted(findings)
    return int(bool(numbers["error"] or (strict and numbers["warning"])))
