"""Pictures inside of archives: what their names may be, and their bytes under a name that errors give them."""

from __future__ import annotations

import io
import os
import re

from translate.pixels.formats import LISTED

MAX_ENTRY = 512 * 2**20
"""Most bytes that one entry may unpack to: twice what the largest picture has as RGBA."""


_SEPARATOR, _CONTROL = re.compile(r"[/\\]"), re.compile(r"[\x00-\x1f\x7f]")
_STEPS = frozenset(("", ".", ".."))


class Unpacked(io.BytesIO):
    """Bytes with the name that errors give them."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def parts(name: str) -> list[str]:
    """The folders and the file of an entry's name."""
    # Archives made on Windows may have backslashes, which are no part of a name there or here.
    return _SEPARATOR.split(name)


def is_picture(parts: list[str]) -> bool:
    """By name, as `pixels.find` tells files: not hidden, and not the shadow files that macOS packs."""
    hidden = "__MACOSX" in parts or any(part[:1] == "." and part not in (".", "..") for part in parts)
    return not hidden and os.path.splitext(parts[-1])[1].lower() in LISTED  # noqa: PTH122: a fifth of pathlib's time


def leads_out(name: str, parts: list[str]) -> bool:
    """Whether the name is more than folders and a file: absolute, upwards, a drive's, or with control characters."""
    return not _STEPS.isdisjoint(parts) or parts[0][1:2] == ":" or bool(_CONTROL.search(name))


def amount(size: int) -> str:
    """A number of bytes, for a person."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{size / 2**20:,.0f} MiB"
