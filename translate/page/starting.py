"""What begins and ends the work of minutes on the page: a button that starts it, and one that cancels it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component

from translate.errors import TranslateError
from translate.page.reports import report
from translate.page.words import sentence


def start_and_stop(start: str) -> tuple[gr.Button, gr.Button]:
    """The two buttons, side by side."""
    with gr.Row():
        return gr.Button(start, variant="primary"), gr.Button("Cancel", interactive=False)


def connect(
    buttons: tuple[gr.Button, gr.Button],
    run: Callable[..., AsyncGenerator[Any, None]],
    inputs: list[Component],
    outputs: list[Component],
    nothing: list[Any],
    folder: Path,
    queue: dict[str, Any],
) -> None:
    """Make the buttons work.

    Args:
        buttons: to start and to cancel.
        run: is given the inputs, of which the third are the files that were sent, and yields updates of the outputs
            but the last.
        inputs: its.
        outputs: the report, where the result is shown, and the button to cancel.
        nothing: updates for where the result is shown, when there is none.
        folder: of the models, which visitors are not told.
        queue: how many run at once.
    """
    start, stop = buttons
    on, off = gr.update(interactive=True), gr.update(interactive=False)

    async def guarded(key: str | None, name: str | None, files: list[Path], *more: Any) -> AsyncIterator[Any]:
        try:
            # Closed as soon as this is, which is when the visitor has gone: else the work would go on.
            async with aclosing(run(key, name, files, *more)) as updates:
                async for update in updates:
                    yield [*update, on]
            yield [*([gr.skip()] * len(outputs[:-1])), off]
        except TranslateError as error:
            yield [report(sentence(error, folder, *(path.parent for path in files))), *nothing, off]

    quiet: Any = {"api_visibility": "private"}
    running = start.click(guarded, inputs, outputs, show_progress_on=outputs[0], **quiet, **queue)
    stopped = stop.click(None, cancels=[running], **quiet)
    stopped.then(lambda: [report("Stopped."), *nothing, off], None, outputs, **quiet)
