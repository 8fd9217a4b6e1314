"""What the page shows of pictures: results, sliders between before and after, and examples to start from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

EXAMPLES = 12  # shown under a tab
BUTTONS: Any = ["download", "fullscreen"]


def picture_result(label: str) -> gr.Image:
    """A picture that a model made."""
    return gr.Image(label=label, elem_classes="result", format="png", interactive=False, buttons=BUTTONS)


def slider(label: str, height: int) -> gr.ImageSlider:
    """Two pictures, one over the other, and a line between them that the visitor moves."""
    return gr.ImageSlider(
        label=label,
        elem_classes="slider-block",
        format="png",
        max_height=height,
        interactive=False,
        buttons=BUTTONS,
    )


def examples(paths: Sequence[Path], label: str) -> gr.Dataset:
    """Thumbnails that hand on the index of the one that is chosen."""
    samples = [[str(path)] for path in paths[:EXAMPLES]]
    shown = gr.Image(render=False, format="png")
    return gr.Dataset(components=[shown], samples=samples, label=label, type="index", samples_per_page=EXAMPLES)
