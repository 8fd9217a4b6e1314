"""What the page shows of pictures: results, sliders between before and after, and examples to start from."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from translate import pixels
from translate.errors import TranslateError
from translate.page.shelf import LIMIT, word
from translate.pixels import Pixels

EXAMPLES = 12  # shown under a view
BUTTONS: Any = ["download", "fullscreen"]
SHOWN = 2048
"""Longest side in pixels of what is shown; the file to download has them all."""
_THUMBNAIL = 192


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
        buttons=["fullscreen"],
    )


def examples() -> gr.Gallery:
    """Thumbnails to start from; which of them was chosen is the event's `index`."""
    return gr.Gallery(
        label="Pictures to start from",
        elem_classes="examples",
        format="png",
        columns=EXAMPLES // 2,
        height="auto",
        object_fit="cover",
        allow_preview=False,
        interactive=False,
        buttons=[],
    )


def thumbnails(paths: Sequence[Path], label: str) -> gr.Gallery:
    """The update that shows these pictures as examples; without any there is nothing to see."""
    small = [_thumbnail(path, path.stat().st_mtime_ns) for path in paths[:EXAMPLES] if path.is_file()]
    shown = [picture for picture in small if picture is not None]
    return gr.Gallery(value=shown, label=label, visible=bool(shown))


def example(paths: Sequence[Path], index: int) -> Pixels:
    """The example with that index among the thumbnails."""
    readable = [path for path in paths[:EXAMPLES] if path.is_file() and _thumbnail(path, path.stat().st_mtime_ns)]
    if not 0 <= index < len(readable):
        raise gr.Error("This example is gone: reload the page.", print_exception=False)
    return pixels.read(readable[index], limit=LIMIT)


def flat(picture: Pixels) -> Pixels:
    """The picture as Gradio shows it: grey is `[H, W]`, and one that is larger than any screen is made smaller."""
    height, width, channels = picture.shape
    picture = picture[..., 0] if channels == 1 else picture
    if max(height, width) <= SHOWN:
        return picture
    scale = SHOWN / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))


def png(picture: Pixels) -> bytes:
    """A picture `[H, W, C]` as a PNG, packed quickly rather than well."""
    content = io.BytesIO()
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(content, "PNG", compress_level=1)
    return content.getvalue()


def kept(picture: Pixels, name: str) -> str:
    """Write a result where Gradio gives out files, as `name.png`, and return its path."""
    path = Path(tempfile.mkdtemp(dir=gr.utils.get_upload_folder())) / f"{name}.png"
    path.write_bytes(png(picture))
    return str(path)


def name_of(source: str, target: str) -> str:
    """What a result is called, after the visitor's file and the target domain, short enough for any disk."""
    stem = Path(source).stem.encode("utf-8", "ignore")[:120].decode("utf-8", "ignore")
    return f"{stem}_{word(target)[:40]}"


@lru_cache(maxsize=512)
def _thumbnail(path: Path, written: int) -> Image.Image | None:
    """A small copy of an example, or none where it cannot be read; `written` is when the file was."""
    try:
        picture = pixels.read(path, limit=LIMIT)
    except TranslateError:
        return None
    image = Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture)
    image.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.LANCZOS)
    return image
