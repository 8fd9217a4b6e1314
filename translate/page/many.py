"""Many pictures at once on the page: files or a zip of them in, a gallery that grows and a zip of the results out."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import gradio as gr

from translate.page.batch import PICTURES, Batch
from translate.page.direction import direction_input, directions, meant
from translate.page.jobs import Job
from translate.page.refusals import told
from translate.page.reports import report, report_output, time_left
from translate.page.sent_files import SentFiles
from translate.page.shelf import Shelf
from translate.page.starting import connect, start_and_stop
from translate.page.turns import Turns
from translate.page.view import EVERY, View
from translate.pixels import READABLE

AT_ONCE = 2
"""Batches that run at the same time. With one, five pictures would wait behind two hundred; with many, each would have
its decoded pictures in memory, up to 0.6 GB, and none would be done sooner, as they share the cores."""
QUEUE: Any = {"concurrency_id": "many", "concurrency_limit": AT_ONCE}

_SLOTS = threading.BoundedSemaphore(AT_ONCE)


def many_view(shelf: Shelf, which: gr.Radio, turns: Turns, most: int) -> View:
    """The part of the page for many pictures, for entries of every kind.

    Args:
        shelf: what is there.
        which: the entry that is chosen; its value is the entry's key.
        turns: whom it gives way to.
        most: bytes that one picture's file may have.
    """
    with gr.Column(elem_classes="many") as column:
        direction = direction_input()
        files = SentFiles(
            label=f"Up to {PICTURES} pictures, or a zip",
            file_count="multiple",
            file_types=[*sorted(READABLE), ".zip"],
            height=220,
        )
        buttons = start_and_stop("Translate all")
        said = report_output()
        gallery = gr.Gallery(
            label="Results",
            show_label=False,
            elem_classes="grown",
            columns=5,
            height="auto",
            object_fit="contain",
            buttons=["fullscreen"],
        )
        download = gr.DownloadButton("Download all as zip", visible=False)

    async def run(key: str | None, name: str | None, sent: list[Path]) -> AsyncGenerator[Any, None]:
        shown = -1
        model = meant(shelf, key, name)
        batch = Batch(lambda: shelf.translator(model), sent, model.name, turns, most=most)
        with Job(batch.run, files.GRADIO_CACHE, _SLOTS) as job:
            async for _ in job.beats():
                # All of the gallery goes to the browser again when one is added.
                growing = gr.skip() if shown == len(batch.shown) else list(batch.shown)
                shown = len(batch.shown)
                yield _how_far(batch), growing, gr.update(visible=False)
            yield _outcome(batch), batch.shown, _zip(batch)

    outputs = [said, gallery, download, buttons[1]]
    nothing = [[], gr.update(visible=False)]
    connect(buttons, run, [which, direction, files], outputs, nothing, shelf.folder, QUEUE)
    return View(EVERY, column, [direction], lambda entry: [directions(entry)])


def many_endpoint(shelf: Shelf, turns: Turns, most: int) -> None:
    """`/translate_many` for programs: the name of a model and pictures in, a zip and a report in sentences out."""

    async def run(model: str, files: list[Path]) -> AsyncIterator[tuple[str | None, str]]:
        with told(shelf.folder, *(path.parent for path in files)):
            chosen = shelf.translating(model)
            batch = Batch(lambda: shelf.translator(chosen), files, model, turns, most=most, thumbnails=False)
            with Job(batch.run, sent.GRADIO_CACHE, _SLOTS) as job:
                async for _ in job.beats():
                    yield None, _counted(batch)
                result = str(batch.archive) if batch.archive else None
                yield result, "\n".join([_counted(batch), *batch.failed])

    with gr.Row(visible=False):
        name = gr.Textbox(label="model")
        sent = SentFiles(label="files", file_count="multiple")
        archive, said = gr.File(label="zip"), gr.Textbox(label="report")
        button = gr.Button("Translate all")
    button.click(
        run,
        [name, sent],
        [archive, said],
        api_name="translate_many",
        api_description="Pictures, or zip files of them, through the model of this name, into a zip of PNG files",
        **QUEUE,
    )


def _counted(batch: Batch) -> str:
    return f"{len(batch.made)} of {batch.total} pictures translated"


def _how_far(batch: Batch) -> str:
    if not batch.total:
        return report("Looking at the files …")
    left = time_left(batch.done, batch.total, batch.seconds)
    return report(f"{batch.done} of {batch.total} pictures{left}", batch.failed, batch.done, batch.total)


def _outcome(batch: Batch) -> str:
    took = f" in {batch.seconds:,.1f} s"
    refused = f"; {len(batch.failed)} could not be used:" if batch.failed else "."
    return report(f"{_counted(batch)}{took}{refused}", batch.failed)


def _zip(batch: Batch) -> Any:
    return gr.update(value=batch.archive and str(batch.archive), visible=batch.archive is not None)
