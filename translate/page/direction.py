"""Which of an entry's models is meant: of one there is no choice, of two that undo each other there is."""

from __future__ import annotations

from typing import Any

import gradio as gr

from translate.page.sent_files import kind_of
from translate.page.shelf import Entry, Model, Shelf

Choice = kind_of(gr.Radio, preprocess=lambda self, value: value)
"""A choice whose value is handed on as it came: Gradio holds it against what it remembers of the visitor, which it does
not do over a restart. Whoever takes it refuses what there is not."""


def direction_input() -> Any:
    """The choice, which hides where there is none."""
    return Choice(label="Direction", choices=[], visible=False)


def directions(entry: Entry) -> Any:
    """The update of the choice for this entry."""
    choices = [(model.card.task, model.name) for model in entry.models]
    return gr.update(choices=choices, value=entry.models[0].name, visible=len(choices) > 1)


def meant(shelf: Shelf, key: str | None, name: str | None) -> Model:
    """The model of this entry that has this name; the first, where none of its models has.

    Raises:
        ModelError: there is no such entry (any more), or its model takes no pictures.
    """
    models = shelf.entry(key or "").models
    return shelf.translating(next((model.name for model in models if model.name == name), models[0].name))
