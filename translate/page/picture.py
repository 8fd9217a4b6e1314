"""The view of a model that takes pictures: a place to drop one, and a slider between before and after."""

from __future__ import annotations

from typing import Any

import gradio as gr

from translate.card import Card
from translate.page.blending import blended
from translate.page.desk import Desk, Translated
from translate.page.refusals import told
from translate.page.results import example, examples, flat, kept, name_of, slider, thumbnails
from translate.page.shelf import Entry, Shelf
from translate.page.uploads import picture_input
from translate.page.view import AT_ONCE, View
from translate.page.words import short, took


def picture_view(shelf: Shelf, desk: Desk, which: gr.Radio) -> View:
    """A place to drop a picture, a slider between it and the result, and how strongly it is changed."""

    async def run(key: str, source: str | None, strength: float, photo: bool) -> tuple[Any, ...]:
        if source is None:
            return None, "", gr.DownloadButton(visible=False)
        with told(source, shelf.folder):
            model = shelf.entry(key).models[0]

            def finish(made: Translated) -> tuple[Any, ...]:
                after = blended(made, strength / 100) if mixable(model.card) else made.after
                file = kept(after, name_of(source, model.card.target))
                return (flat(made.before), flat(after)), took(made), gr.DownloadButton(value=file, visible=True)

            return await desk.translate(model, source, finish, photo and bool(model.card.derived))

    def start_from(key: str, event: gr.SelectData) -> Any:
        with told(shelf.folder):
            return example(shelf.entry(key).models[0].examples, int(event.index)), False  # it is no photo

    with gr.Column(visible=False) as column:
        with gr.Row(elem_classes=["pair", "low"]):
            upload = picture_input(webcam=True, label="Drop a picture", elem_classes="result")
            result = slider("Before | after", 460)
        with gr.Row(elem_classes="under"):
            line = gr.Markdown(elem_classes="time", min_height=28)
            photo = gr.Checkbox(False, label="From a photo", visible=False, container=False, elem_classes="from-photo")
            strength = gr.Slider(0, 100, 100, step=1, label="Strength, %", elem_classes="strength", min_width=220)
            download = gr.DownloadButton("Download", visible=False, size="sm", min_width=120)
        shown = examples()
    gr.on(
        [upload.change, strength.release, photo.input],
        run,
        [which, upload, strength, photo],
        [result, line, download],
        api_visibility="private",
        show_progress_on=result,
        **AT_ONCE,
    )
    shown.select(start_from, which, [upload, photo], api_visibility="private")

    def show(entry: Entry) -> list[Any]:
        card = entry.models[0].card
        return [
            gr.Image(value=None, label=f"Drop a picture: {card.source}"),
            gr.ImageSlider(value=None, label=f"{card.source} | {card.target}"),
            gr.Slider(value=100, visible=mixable(card)),
            gr.Checkbox(value=False, visible=bool(card.derived), label=from_a_photo(card)),
            thumbnails(entry.models[0].examples, f"Pictures to start from: {card.source}"),
        ]

    return View("picture", column, [upload, result, strength, photo, shown], show)


def from_a_photo(card: Card) -> str:
    """What is asked of a visitor where the model's input can be made of a photo."""
    return f"It is a photo: make the {short(card.source)} of it first" if card.derived else ""


def mixable(card: Card) -> bool:
    """Whether a result can be laid over its picture: both are of as many channels."""
    return card.source_channels == card.target_channels
