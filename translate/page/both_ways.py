"""The tab of two models that undo each other: both ways side by side, and on each the way back home."""

from __future__ import annotations

import gradio as gr

from translate import pixels
from translate.page.engine import ONE_QUEUE, flat, there_and_back
from translate.page.results import examples, picture_result, slider
from translate.page.shelf import Model
from translate.page.uploads import picture_input
from translate.page.words import way_home
from translate.pixels import Pixels


def both_ways_tab(there: Model, back: Model) -> None:
    """A column for each way; on a narrow screen the second is below the first."""
    with gr.Row(elem_classes="ways"):
        for model, undoing in ((there, back), (back, there)):
            with gr.Column(elem_classes="way"):
                _way(model, undoing)


def _way(there: Model, back: Model) -> None:
    """A place to drop a picture, a slider between it and the result, and what the way back makes of the result."""
    card, paths = there.card, there.examples

    def run(source: str | None) -> tuple[tuple[Pixels, Pixels] | None, Pixels | None, str]:
        if source is None:
            return None, None, ""
        before, trip, took = there_and_back(there, back, source)
        return (
            (flat(before), flat(trip.translated)),
            flat(trip.returned),
            f"{way_home(trip.error)}<br>{took}, both ways",
        )

    upload = picture_input(label=f"Drop a picture: {card.source}", elem_classes=["result", "drop"])
    result = slider(f"{card.source} | {card.target}", 360)
    home = picture_result(f"{card.source} → {card.target} → {card.source}")
    told = gr.Markdown(elem_classes="time")
    if paths:
        shown = examples(paths, f"Pictures to start from: {card.source}")
        shown.click(lambda index: pixels.read(paths[index]), shown, upload, api_visibility="private")
    shown_on = [result, home]
    upload.change(run, upload, [*shown_on, told], api_visibility="private", show_progress_on=shown_on, **ONE_QUEUE)
