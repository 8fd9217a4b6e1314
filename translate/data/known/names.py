"""Names that come from elsewhere: only those that mean the same file, inside their folder, on every system."""

from __future__ import annotations

import re
import unicodedata

DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))}
"""Names that are a device on Windows, whatever comes behind a dot."""


def plain(name: str) -> str:
    """What is wrong with a relative path of `/`-separated parts, as the end of a sentence; empty if nothing is."""
    if not name:
        return "is empty"
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        return "is an absolute path"
    if not name.isprintable():
        return "has letters that cannot be printed"
    if bad := sorted(set(name) & set('\\:*?"<>|')):
        return f"has {bad[0]} in it, which means something else on other systems"
    parts = name.split("/")
    if ".." in parts:
        return "leads out of its folder"
    if "" in parts or "." in parts:
        return "has an empty part"
    for part in parts:
        if part[-1] in ". ":
            return "has a part that ends in a dot or a space, which Windows drops"
        if part.partition(".")[0].rstrip().lower() in DEVICES:
            return "has a part that is a device on Windows"
        if len(part.encode()) > 200:
            return "has a part that is too long"
    return "is too deep" if len(parts) > 16 else ""


def key(name: str) -> str:
    """The same for names that some file system takes for one: letters' case and composition do not count."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
