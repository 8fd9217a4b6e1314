"""What a result is called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath
from string import Formatter

from translate import pixels
from translate.errors import DataError

FIELDS = ("stem", "suffix", "number")


class Naming:
    """Names results after their sources.

    Args:
        suffix: the format of every result, for example `.png`. Without it each keeps its source's, where that can be
            written, else becomes the first of `fitting`.
        pattern: the name, with the fields `{stem}` (the source's name without suffix), `{suffix}` (the result's, with
            its dot) and `{number}` (the source's place, from 1; `{number:04}` has four digits).

        fitting: suffixes of formats that hold the results, the best choice first.

    Raises:
        DataError: the suffix cannot be written, or the pattern is not such a pattern.
    """

    def __init__(
        self,
        suffix: str | None = None,
        pattern: str | None = None,
        fitting: Sequence[str] = tuple(pixels.WRITABLE),
    ) -> None:
        self._fitting = fitting
        self._suffix = None if suffix is None else "." + suffix.lstrip(".").lower()
        if self._suffix is not None and self._suffix not in fitting:
            raise DataError(f"pictures cannot be written as {suffix}: choose from {', '.join(fitting)}")
        self._pattern = "{stem}{suffix}" if pattern is None else pattern
        self._check()

    def __call__(self, source: PurePath, number: int = 1) -> str:
        """The name of the result of this source."""
        suffix = self._suffix or (source.suffix if source.suffix.lower() in self._fitting else self._fitting[0])
        return self._pattern.format(stem=source.stem, suffix=suffix, number=number)

    def _check(self) -> None:
        told = f"the name pattern {self._pattern!r}"
        if any(mark in self._pattern for mark in "/\\\0"):
            raise DataError(f"{told} has a path in it: give a name alone, and the folder as the output")
        try:
            unknown = [field for field in _fields(self._pattern) if field not in FIELDS]
            if not unknown:
                name = self(PurePath("a.png"))
        except (ValueError, TypeError, LookupError) as error:
            raise DataError(f"{told} cannot be used ({error}): write it as '{{stem}}_new{{suffix}}'") from None
        if unknown:
            known = ", ".join(f"{{{field}}}" for field in FIELDS)
            raise DataError(f"{told} has the unknown field {{{unknown[0]}}}: choose from {known}")
        if Path(name).suffix.lower() not in self._fitting:
            raise DataError(f"{told} does not end in {{suffix}} or one of {', '.join(self._fitting)}: add it")


def _fields(pattern: str) -> Iterator[str]:
    """Names of the fields, also of those inside a field's format."""
    for _, field, form, _ in Formatter().parse(pattern):
        if field is not None:
            yield field
            yield from _fields(form or "")
