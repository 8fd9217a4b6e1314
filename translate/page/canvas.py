"""A sheet to draw on: from the visitor's strokes to a picture, and from a sketch to strokes."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from translate.page.uploads import uploaded


def canvas_input(size: int, scale: int) -> gr.ImageEditor:
    """A square sheet with a black pen, handed on as the drawing's file or its content, `None` while it is empty.

    It is finer than the model by `scale`, so that strokes become smooth, and the pen a few of the model's pixels wide.
    """
    side = scale * size
    canvas = gr.ImageEditor(
        label="Draw here",
        elem_classes="canvas",
        canvas_size=(side, side),
        fixed_canvas=True,
        sources=(),
        transforms=(),
        layers=False,
        brush=gr.Brush(default_size=max(scale, side // 170), colors=["#000000"], color_mode="fixed"),
        eraser=gr.Eraser(default_size=side // 16),
        buttons=["fullscreen"],
        format="png",
    )

    def drawing(payload: Any) -> Any:
        if payload is None or payload.id is None:
            return payload and uploaded(payload.composite, canvas)
        sent = canvas.blob_storage.pop(payload.id, None)
        return sent and sent.composite

    canvas.preprocess = drawing  # type: ignore[method-assign]
    return canvas


def on_canvas(grey: np.ndarray, scale: int) -> dict[str, Any]:
    """A sketch as the canvas takes it: ink on a layer of its own, so that the eraser works on it as on a drawing."""
    grey = grey.repeat(scale, 0).repeat(scale, 1)
    ink = np.zeros((*grey.shape, 4), np.uint8)
    ink[..., 3] = 255 - grey
    return {"background": np.full_like(grey, 255), "layers": [ink], "composite": grey}
