"""The models for programs: hidden controls, each of which is an address of the page's API."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from translate.page.desk import Desk, Translated
from translate.page.refusals import told
from translate.page.routes import png
from translate.page.shelf import Model, Shelf
from translate.page.uploads import picture_input
from translate.pixels import Pixels

AT_ONCE: Any = {"concurrency_id": "translate", "concurrency_limit": 16}
"""For every event that runs models. Gradio's own queue drops a visitor who leaves while he waits in it, so not all of
it goes to the desk at once."""


def functions(shelf: Shelf, desk: Desk) -> None:
    """`/models`, `/translate` and `/translate_and_back`, whatever is on the shelf."""

    def models() -> list[dict[str, str]]:
        return [{"name": m.name, "source": m.card.source, "target": m.card.target} for m in shelf.models()]

    async def translate(model: str, picture: str | None) -> str:
        with told(picture, shelf.folder):
            return await desk.translate(shelf.model(model), _given(picture), lambda done: written(done.after))

    async def translate_and_back(model: str, picture: str | None) -> tuple[str, str, float]:
        with told(picture, shelf.folder):
            there = shelf.model(model)
            back = _inverse(shelf, there)
            first = await desk.translate(there, _given(picture))

            def finish(done: Translated) -> tuple[str, str, float]:
                one, other = first.before, done.after
                apart = float((np.maximum(one, other) - np.minimum(one, other)).mean())
                return written(first.after), written(done.after), apart

            return await desk.translate(back, first.after, finish)

    with gr.Row(visible=False):
        name, source = gr.Textbox(label="model"), picture_input(label="picture")
        one, other = (gr.Image(label=label, format="png") for label in ("translated", "returned"))
        apart = gr.Number(label="mean absolute difference, in levels of 255")
        listing = gr.JSON(label="models")
        button = gr.Button("Translate")
    told_of = "A picture through a model, by the name of the model's file."
    button.click(translate, [name, source], one, api_name="translate", api_description=told_of, **AT_ONCE)
    told_of = "A picture through a model and through the one that undoes it."
    button.click(
        translate_and_back,
        [name, source],
        [one, other, apart],
        api_name="translate_and_back",
        api_description=told_of,
        **AT_ONCE,
    )
    button.click(models, None, listing, api_name="models", api_description="The models' names and domains.")


def written(picture: Pixels) -> str:
    """Write a result where Gradio gives out files, and return its path."""
    folder = Path(tempfile.mkdtemp(dir=gr.utils.get_upload_folder()))
    path = folder / "translated.png"
    path.write_bytes(png(picture))
    return str(path)


def _given(picture: str | None) -> str:
    if picture is None:
        raise gr.Error("There is no picture to translate.", print_exception=False)
    return picture


def _inverse(shelf: Shelf, there: Model) -> Model:
    """The model that undoes another."""
    for entry in shelf.entries():
        if entry.kind == "ways" and there in entry.models:
            return entry.models[1 - entry.models.index(there)]
    raise gr.Error(f"No model here undoes {there.name}.", print_exception=False)
