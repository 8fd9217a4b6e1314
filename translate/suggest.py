"""«Did you mean …?»: the nearest known word to a misspelt one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def suggestion(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'depth'?` where a known word is near, else `; there are a, b, c`."""
    known = sorted(known)
    # Of a word of two or three letters one may be wrong.
    near = get_close_matches(word, known, n=1, cutoff=0.5 if len(word) <= 3 else 0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; there are {', '.join(known[:12])}{' …' if len(known) > 12 else ''}" if known else ""
