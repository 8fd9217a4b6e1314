"""Pictures inside of archives: what their names may be, and their bytes under a name that errors give them."""

from __future__ import annotations

import io
import re
from pathlib import PurePath

from translate.pixels.formats import READABLE

MAX_ENTRY = 512 * 2**20
"""Most bytes that one entry may unpack to: twice what the largest picture has as RGBA."""


class Unpacked(io.BytesIO):
    """Bytes with the name that errors give them."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def parts(name: str) -> list[str]:
    """The folders and the file of an entry's name."""
    # Archives made on Windows may have backslashes, which are no part of a name there or here.
    return re.split(r"[/\\]", name)


def is_picture(parts: list[str]) -> bool:
    """By name, as `pixels.find` tells files: not hidden, and not the shadow files that macOS packs."""
    hidden = "__MACOSX" in parts or any(part.startswith(".") and part not in (".", "..") for part in parts)
    return not hidden and PurePath(parts[-1]).suffix.lower() in READABLE


def leads_out(name: str, parts: list[str]) -> bool:
    """Whether the name is more than folders and a file: absolute, upwards, a drive's, or with control characters."""
    steps = any(part in ("", ".", "..") for part in parts)
    return steps or parts[0][1:2] == ":" or any(ord(character) < 32 or character == "\x7f" for character in name)


def amount(size: int) -> str:
    """A number of bytes, for a person."""
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{size / 2**20:,.0f} MiB"
