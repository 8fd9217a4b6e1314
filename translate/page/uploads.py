"""Taking pictures from visitors: as files, and none but those that were uploaded.

Gradio decodes whatever it is sent, without a limit, and does not always look whether it was sent at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from translate.page.sent_files import kind_of


def uploaded(file: Any, block: Any) -> str | None:
    """The path of an uploaded file. Gradio does not look whether it is one when a request leaves out `meta`.

    Raises:
        gr.Error: it lies elsewhere on this machine.
    """
    if file is None:
        return None
    if not file.path or not Path(file.path).resolve().is_relative_to(Path(block.GRADIO_CACHE).resolve()):
        raise gr.Error("The picture was not uploaded.", print_exception=False)
    return str(file.path)


Picture = kind_of(gr.Image, preprocess=lambda self, payload: uploaded(payload, self))
"""A picture that is handed on as the path of its file."""


def picture_input(webcam: bool = False, **options: Any) -> gr.Image:
    """A picture to upload, or to take, handed on as the path of its file: Gradio would decode it first, without limit.

    Every event that takes it is asked for a picture that the visitor gave; one that he took away is None.
    """
    sources: Any = ["upload", *(["webcam"] if webcam else []), "clipboard"]
    image: gr.Image = Picture(type="filepath", image_mode=None, format="png", sources=sources, **options)
    return image
