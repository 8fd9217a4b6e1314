"""The view of two models that undo each other: both ways side by side, and on each the way back home."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np

from translate.page.desk import Desk, blended
from translate.page.refusals import told
from translate.page.results import example, examples, flat, kept, picture_result, slider, thumbnails
from translate.page.shelf import Entry, Shelf
from translate.page.uploads import picture_input
from translate.page.view import View
from translate.page.words import took, way_home


@dataclass(frozen=True)
class Way:
    """The components of one way."""

    upload: gr.Image
    result: gr.ImageSlider
    home: gr.Image
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
                thumbnails(model.examples, f"Pictures to start from: {source}"),
            ]
        return updates

    parts = [part for way in ways for part in (way.upload, way.result, way.home, way.shown)]
    return View("ways", column, parts, show)


def _way(shelf: Shelf, desk: Desk, which: gr.Radio, direction: int) -> Way:
    """A place to drop a picture, a slider between it and the result, and what the way back makes of the result."""

    async def run(key: str, source: str | None, strength: float) -> tuple[Any, ...]:
        if source is None:
            return None, None, "", gr.DownloadButton(visible=False)
        with told(source, shelf.folder):
            entry = shelf.entry(key)
            there = await desk.translate(entry.models[direction], source)
            back = await desk.translate(entry.models[1 - direction], there.after)
            after = blended(there, strength / 100) if there.before.shape == there.after.shape else there.after
        error = float(np.abs(there.before.astype(np.int16) - back.after).mean())
        file = gr.DownloadButton(value=kept(after, source, entry.models[direction].card.target), visible=True)
        return (flat(there.before), flat(after)), flat(back.after), f"{took(there)}<br>{way_home(error)}", file

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
    )
    shown.select(start_from, which, upload, api_visibility="private")
    return Way(upload, result, home, shown)
