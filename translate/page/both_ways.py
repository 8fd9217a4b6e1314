"""The view of two models that undo each other: both ways side by side, and on each the way back home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from translate.page.blending import blended
from translate.page.desk import Desk, Translated
from translate.page.picture import mixable
from translate.page.refusals import told
from translate.page.results import example, examples, flat, kept, name_of, picture_result, slider, thumbnails
from translate.page.shelf import Entry, Shelf
from translate.page.trips import returned
from translate.page.uploads import picture_input
from translate.page.view import AT_ONCE, View
from translate.page.words import took, way_home


@dataclass(frozen=True)
class Way:
    """The components of one way."""

    upload: gr.Image
    result: gr.ImageSlider
    home: gr.Image
    strength: gr.Slider
    shown: gr.Gallery


def ways_view(shelf: Shelf, desk: Desk, which: gr.Radio) -> View:
    """A column for each way; on a narrow screen the second is below the first."""
    ways = []
    with gr.Column(visible=False) as column, gr.Row(elem_classes="ways"):
        for direction in (0, 1):
            with gr.Column(elem_classes="way"):
                ways.append(_way(shelf, desk, which, direction))

    def show(entry: Entry) -> list[Any]:
        updates: list[Any] = []
        for direction in (0, 1):
            model = entry.models[direction]
            source, target = model.card.source, model.card.target
            updates += [
                gr.Image(value=None, label=f"Drop a picture: {source}"),
                gr.ImageSlider(value=None, label=f"{source} | {target}"),
                gr.Image(value=None, label=f"{source} → {target} → {source}"),
                gr.Slider(value=100, visible=mixable(model.card)),
                thumbnails(model.examples, f"Pictures to start from: {source}"),
            ]
        return updates

    parts = [part for way in ways for part in (way.upload, way.result, way.home, way.strength, way.shown)]
    return View("ways", column, parts, show)


def _way(shelf: Shelf, desk: Desk, which: gr.Radio, direction: int) -> Way:
    """A place to drop a picture, a slider between it and the result, and what the way back makes of the result."""

    async def run(key: str, source: str | None, strength: float) -> tuple[Any, ...]:
        if source is None:
            return None, None, "", gr.DownloadButton(visible=False)
        with told(source, shelf.folder):
            models = shelf.entry(key).models
            there, back = models[direction], models[1 - direction]

            def finish(made: Translated) -> tuple[Any, ...]:
                home = returned(shelf, back, made)
                after = blended(made, strength / 100) if mixable(there.card) else made.after
                file = gr.DownloadButton(value=kept(after, name_of(source, there.card.target)), visible=True)
                line = f"{took(made)}<br>{way_home(home.error)}"
                return (flat(made.before), flat(after)), flat(home.picture), line, file

            return await desk.translate(there, source, finish)

    def start_from(key: str, event: gr.SelectData) -> Any:
        with told(shelf.folder):
            return example(shelf.entry(key).models[direction].examples, int(event.index))

    upload = picture_input(webcam=True, label="Drop a picture", elem_classes=["result", "drop"])
    result = slider("Before | after", 360)
    with gr.Row(elem_classes="under"):
        strength = gr.Slider(0, 100, 100, step=1, label="Strength, %", elem_classes="strength", min_width=180)
        download = gr.DownloadButton("Download", visible=False, size="sm", min_width=110)
    line = gr.Markdown(elem_classes="time", min_height=48)
    home = picture_result("There and back")
    shown = examples()
    outputs = [result, home, line, download]
    gr.on(
        [upload.change, strength.release],
        run,
        [which, upload, strength],
        outputs,
        api_visibility="private",
        show_progress_on=[result, home],
        **AT_ONCE,
    )
    shown.select(start_from, which, upload, api_visibility="private")
    return Way(upload, result, home, strength, shown)
