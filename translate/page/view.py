"""A view: the part of the page that is filled for the entry that the visitor chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from translate.page.shelf import Entry

AT_ONCE: Any = {"concurrency_id": "translate", "concurrency_limit": 16}
"""For every event that puts a picture on the desk. Gradio's own queue drops a visitor who leaves while he waits in it,
so not all of it goes to the desk at once."""
EVERY = "every"
"""The kind of a view that shows entries of every kind that takes pictures."""


@dataclass(frozen=True)
class View:
    """What shows the entries of one kind."""

    kind: str
    """Of `Entry.kind`, or `EVERY`."""
    column: gr.Column
    """Shown while an entry of this kind is chosen."""
    parts: list[Any]
    """The components that change with the entry."""
    show: Callable[[Entry], list[Any]]
    """Gives an update for each of the parts."""

    def shows(self, entry: Entry) -> bool:
        """Whether this is where the entry is shown."""
        return self.kind == entry.kind or (self.kind == EVERY and entry.kind != "noise")
