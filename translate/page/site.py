"""The whole page: which tabs there are, in which order, and serving them."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from translate.page import look
from translate.page.both_ways import both_ways_tab
from translate.page.drawing import drawing_tab
from translate.page.endpoints import endpoint, round_trip_endpoint
from translate.page.picture import picture_tab
from translate.page.shelf import Model, couples, shelf
from translate.page.words import EMPTY, facts, sentence

UPLOAD = "20mb"
"""Size of the largest file that is accepted."""
HINT = "Draw, or drop a picture, and see what becomes of it."


@dataclass(frozen=True)
class Tab:
    """A tab before it is built."""

    title: str
    build: Callable[..., None]
    """Puts what is in it onto the page, given the models."""
    models: tuple[Model, ...]


def build(folder: Path) -> gr.Blocks:
    """The page for the models in `folder`; examples for them are the pictures in `folder/examples/<source>`."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    usable, left_out = shelf(folder)
    pairs = couples(usable)
    page = gr.Blocks(title="translate", analytics_enabled=False, delete_cache=(3600, 3600))
    with page:
        gr.Markdown(f"# Translate pictures\n{HINT if usable else ''}", elem_id="head")
        if not usable:
            gr.Markdown(EMPTY.format(folder=folder))
        _show(tabs(usable, pairs))
        for path, error in left_out:
            gr.Markdown(f"Left out: {sentence(error, path)}", elem_classes="facts")
        for model in usable:
            endpoint(model)
        for there, back in pairs:
            round_trip_endpoint(there, back)
            round_trip_endpoint(back, there)
    page.queue(max_size=32, default_concurrency_limit=2)
    return page


def tabs(usable: Sequence[Model], pairs: Sequence[tuple[Model, Model]]) -> list[Tab]:
    """What can be drawn on comes first, then what goes both ways, then the rest.

    A model in a pair has no tab of its own, unless it takes edges: the pair's tab has no canvas.
    """
    paired = {model.path for pair in pairs for model in pair}
    drawn = [model for model in usable if model.card.source == "edges"]
    alone = [model for model in usable if model.card.source != "edges" and model.path not in paired]
    return [
        *(Tab(model.card.task, drawing_tab, (model,)) for model in drawn),
        *(Tab(f"{pair[0].card.source} ↔ {pair[0].card.target}", both_ways_tab, pair) for pair in pairs),
        *(Tab(model.card.task, picture_tab, (model,)) for model in alone),
    ]


def _show(planned: Sequence[Tab]) -> None:
    """Build the tabs; those of one title are told apart by the files of their models."""
    titles = Counter(tab.title for tab in planned)
    for tab in planned:
        stem = tab.models[0].path.stem
        with gr.Tab(tab.title if titles[tab.title] == 1 else f"{tab.title} ({stem})"):
            tab.build(*tab.models)
            for model in tab.models:
                gr.Markdown(facts(model.card), elem_classes="facts")


def launch(page: gr.Blocks, **options: Any) -> str:
    """Serve the page, and return its address; `options` are those of Gradio's `launch`."""
    options |= {"theme": look.theme(), "css": look.CSS, "js": look.JS, "footer_links": ["api"], "run_history": False}
    return page.launch(max_file_size=UPLOAD, show_error=False, **options)[1]
