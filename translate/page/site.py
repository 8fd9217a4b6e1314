"""The whole page: chips to choose a model by, and below them the views, of which the one for that model is shown."""

from __future__ import annotations

import os
from typing import Any

import gradio as gr

from translate.page.about import about_view
from translate.page.both_ways import ways_view
from translate.page.desk import Desk
from translate.page.direction import Choice
from translate.page.drawing import drawing_view
from translate.page.draws import Draws
from translate.page.film import film_endpoint, film_view
from translate.page.functions import functions
from translate.page.imagine import imagine_view
from translate.page.many import many_endpoint, many_view
from translate.page.picture import picture_view
from translate.page.refusals import told
from translate.page.shelf import Entry, Shelf
from translate.page.speed import Speeds
from translate.page.view import View
from translate.page.words import EMPTY, sentence

IN_SIGHT = """() => requestAnimationFrame(() =>
  document.querySelector("#chips label.selected")?.scrollIntoView({ inline: "center", block: "nearest" }))"""
"""On a phone the chips are one row that scrolls, and the chosen one may be beyond its end."""
HINT = "Draw, drop a picture, or have a new one drawn, and see what becomes of it."


def build(shelf: Shelf, desk: Desk, draws: Draws, downloads: bool = True) -> gr.Blocks:
    """The page for the models of a folder. It is of one size, however many there are, and follows the folder.

    Args:
        shelf: the models.
        desk: where pictures are translated.
        draws: what draws pictures from noise there.
        downloads: whether the models' files are given out.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    page = gr.Blocks(title="translate", analytics_enabled=False, fill_width=True)
    with page:
        gr.Markdown(f"# Translate pictures\n{HINT}", elem_id="head")
        which = Choice([], label="Model", show_label=False, container=False, elem_id="chips")
        nothing = gr.Markdown(visible=False)
        with gr.Tabs(elem_id="work") as work:
            with gr.Tab("Try it", id="one") as one:
                views = [view(shelf, desk, which) for view in (drawing_view, picture_view, ways_view)]
                views.append(imagine_view())
            with gr.Tab("Many pictures"):
                views.append(many_view(shelf, which, desk.turns, desk.most))
            with gr.Tab("Video"):
                views.append(film_view(shelf, which, desk.turns))
        panel = about_view(shelf, which, Speeds(shelf, lambda: desk.idle), downloads)
        left_out = gr.Markdown(elem_classes="facts")
        again = gr.Button("Look at the folder again", elem_id="again", visible="hidden")
        functions(shelf, desk, draws)
        many_endpoint(shelf, desk.turns, desk.most)
        film_endpoint(shelf, desk.turns)
        _connect(page, shelf, which, views, again, [nothing, panel, left_out], [work, one])
    page.queue(max_size=256, default_concurrency_limit=None)
    return page


def _connect(
    page: gr.Blocks, shelf: Shelf, which: gr.Radio, views: list[View], again: gr.Button, rest: Any, tabs: list[Any]
) -> None:
    """What happens when the page opens, a chip is chosen, and the folder changes."""

    def filled(key: str | None) -> list[Any]:
        """An update for the tabs and for each view's column and parts."""
        with told(shelf.folder):
            entry = shelf.entry(key) if key else None
        updates = _tabs(entry)
        for view in views:
            shown = entry is not None and view.shows(entry)
            updates.append(gr.Column(visible=shown))
            updates += view.show(entry) if shown and entry else [gr.skip()] * len(view.parts)
        return updates

    def around(key: str | None) -> tuple[str | None, list[Any]]:
        """The key to choose, and an update for the chips and what surrounds the views."""
        entries = shelf.entries()
        keys = [entry.key for entry in entries]
        chosen = key if key in keys else next(iter(keys), None)
        chips = gr.Radio([(entry.title, entry.key) for entry in entries], value=chosen, visible=bool(entries))
        left_out = "\n\n".join(f"Left out: {sentence(error, path, shelf.folder)}" for path, error in shelf.left_out())
        nothing = gr.Markdown(EMPTY.format(folder=shelf.folder.name or "."), visible=not entries)
        return chosen, [chips, nothing, gr.Accordion(visible=bool(entries)), gr.Markdown(left_out)]

    def opened(request: gr.Request) -> list[Any]:
        chosen, updates = around(request.query_params.get("model"))
        return [*updates, *filled(chosen)]

    def changed(key: str | None) -> list[Any]:
        # What the visitor is at stays as it is, unless its model is gone.
        chosen, updates = around(key)
        return [*updates, *(filled(chosen) if chosen != key else [gr.skip()] * len(parts))]

    parts = [*tabs, *(part for view in views for part in (view.column, *view.parts))]
    quiet: Any = {"api_visibility": "private", "show_progress": "hidden"}
    page.load(opened, None, [which, *rest, *parts], **quiet).then(None, js=IN_SIGHT, **quiet)
    again.click(changed, which, [which, *rest, *parts], **quiet)
    # Of choices in quick succession the last one counts; otherwise Gradio drops those that come while one is filled.
    which.input(filled, which, parts, trigger_mode="always_last", **quiet)


def _tabs(entry: Entry | None) -> list[Any]:
    """An update for all tabs together and for the first: it alone is for what draws from noise (`page.css`)."""
    if entry is not None and entry.kind == "noise":
        return [gr.Tabs(visible=True, selected="one"), gr.Tab(label="Imagine")]
    return [gr.Tabs(visible=entry is not None), gr.Tab(label="Try it")]
