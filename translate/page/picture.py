"""The tab of a model that takes pictures: a place to drop one, and a slider between before and after."""

from __future__ import annotations

import gradio as gr

from translate import pixels
from translate.page.engine import ONE_QUEUE, translate
from translate.page.results import examples, slider
from translate.page.shelf import Model
from translate.page.uploads import picture_input
from translate.pixels import Pixels


def picture_tab(model: Model) -> None:
    """A place to drop a picture, and a slider between it and the result."""
    card, paths = model.card, model.examples

    def run(source: str | None) -> tuple[tuple[Pixels, Pixels] | None, str]:
        if source is None:
            return None, ""
        before, after, took = translate(model, source)
        return (before, after), took

    with gr.Row(elem_classes=["pair", "low"]):
        upload = picture_input(label=f"Drop a picture: {card.source}", elem_classes="result")
        result = slider(f"{card.source} | {card.target}", 460)
    took = gr.Markdown(elem_classes="time")
    if paths:
        shown = examples(paths, "Pictures to start from")
        shown.click(lambda index: pixels.read(paths[index]), shown, upload, api_visibility="private")
    upload.change(run, upload, [result, took], api_visibility="private", show_progress_on=result, **ONE_QUEUE)
