"""The tab of a model that takes edges: a canvas, and what becomes of the drawing beside it."""

from __future__ import annotations

import random
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from translate import pixels
from translate.page.canvas import canvas_input, on_canvas
from translate.page.engine import ONE_QUEUE, translate
from translate.page.results import examples, picture_result
from translate.page.shelf import Model
from translate.page.uploads import picture_input
from translate.pixels import Pixels


def drawing_tab(model: Model) -> None:
    """A canvas, the result beside it as one draws, and a place for a picture of edges made elsewhere."""
    size, paths = model.card.size, model.examples
    scale = -(-512 // size)

    def run(source: Any, shrink: int = 1) -> tuple[Pixels | None, str]:
        if source is None:
            return None, ""
        before, after, took = translate(model, source, shrink)
        return (after, took) if before.min() < 255 else (None, "")  # an empty sheet, after "Clear canvas"

    def start_from(index: int) -> tuple[dict[str, Any], Pixels | None, str]:
        # Setting the canvas does not always count as a change of it, so the result comes along.
        sheet = Image.fromarray(pixels.read(paths[index], 1)[..., 0])
        grey = np.asarray(sheet.resize((size, size), Image.Resampling.LANCZOS))
        return on_canvas(grey, scale), *run(grey)

    with gr.Row(elem_classes="pair"):
        canvas = canvas_input(size, scale)
        result = picture_result(model.card.target.capitalize())
    took = gr.Markdown(elem_classes="time")
    outputs = [result, took]
    quiet = ONE_QUEUE | {"api_visibility": "private", "show_progress": "minimal", "show_progress_on": result}
    with gr.Row():
        button = gr.Button("Translate", variant="primary")
        chance = gr.Button("Random sketch", visible=bool(paths))
    if paths:
        shown = examples(paths, "Sketches to start from")
        shown.click(start_from, shown, [canvas, *outputs], **quiet)
        chance.click(lambda: start_from(random.randrange(len(paths))), None, [canvas, *outputs], **quiet)
    with gr.Accordion("Upload a picture of edges instead", open=False):
        upload = picture_input(label="Dark edges on white", height=260)
    drawn = [canvas.change, button.click]
    gr.on(drawn, lambda drawing: run(drawing, scale), canvas, outputs, trigger_mode="always_last", **quiet)
    upload.change(run, upload, outputs, **quiet)
