"""The models for programs: hidden controls, each of which is an address of the page's API."""

from __future__ import annotations

import gradio as gr

from translate.page.engine import ONE_QUEUE, flat, there_and_back, translate
from translate.page.shelf import Model
from translate.page.uploads import picture_input
from translate.pixels import Pixels


def endpoint(model: Model) -> None:
    """One picture in, one picture out, under the name of the model's file."""
    card = model.card
    with gr.Row(visible=False):
        source, result = picture_input(label=card.source), gr.Image(label=card.target, format="png")
        run = gr.Button("Translate").click
    told = f"{card.name}: {card.task}"
    call = lambda picture: translate(model, picture)[1]  # noqa: E731
    run(call, source, result, api_name=model.word, api_description=told, **ONE_QUEUE)


def round_trip_endpoint(there: Model, back: Model) -> None:
    """One picture in; the translated one, the returned one and the error in levels of 255 out: `<file>_and_back`."""
    card = there.card

    def run(picture: str | None) -> tuple[Pixels, Pixels, float]:
        _, trip, _ = there_and_back(there, back, picture)
        return flat(trip.translated), flat(trip.returned), trip.error

    with gr.Row(visible=False):
        source = picture_input(label=card.source)
        results = [
            gr.Image(label=card.target, format="png"),
            gr.Image(label=f"{card.source}, returned", format="png"),
            gr.Number(label="mean absolute difference, in levels of 255"),
        ]
        button = gr.Button("Translate there and back")
    told = f"{card.name}: {card.task} → {card.source}"
    button.click(run, source, results, api_name=f"{there.word}_and_back", api_description=told, **ONE_QUEUE)
