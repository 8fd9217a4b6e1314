"""The samples of a layout, however its files lie: in folders, archives, shards, or several that make one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from translate.data.checking.collection import HELD_OUT, Collection, Grouped
from translate.data.checking.looking import Sample


def of_layout(layout: Any, kind: str, section: dict[str, Any], root: Path | str) -> Collection:
    """What a layout is made of, its held-out samples as a split of their own.

    Args:
        layout: a `translate.data.layouts.Layout`, as training has it.
        kind: its name, which is none of shards but of what was packed into them.
        section: the `[data]` section.
        root: what names in findings are relative to.
    """
    collection = Collection(root, section, recognised="as configured", kind=kind, reader=layout.picture)
    kept = set(layout.train_pieces())
    for piece in layout.pieces():
        files, roles = _grouped(layout, kind, piece)
        collection.samples.append(Sample(files, roles, "train" if piece in kept else HELD_OUT))
    return collection


def _grouped(layout: Any, kind: str, piece: Any) -> Grouped:
    """The files of one piece, and the roles of its pictures."""
    roles = tuple(layout.forms)
    match kind:
        case "side_by_side":
            return (piece,), roles if getattr(layout, "source", "left") == "left" else roles[::-1]
        case "two_folders":
            return piece, roles
        case "unpaired" | "labelled" | "arrays":
            file, number = piece
            return (file,), (number if isinstance(number, str) else roles[0],)
        case _:
            return (piece,), (roles[-1],)
