"""The view of what can be drawn: a sheet, and what becomes of the drawing beside it.

The sheet is an element of our own (`static/drawing.js`), which asks the server for each picture by itself; Python tells
it of the model alone. The page must serve the folder `static` under `page/`.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image, ImageOps

from translate import pixels
from translate.errors import PictureError
from translate.page.desk import Desk
from translate.page.shelf import LIMIT, Entry, Shelf, Stamp, stamp_of
from translate.page.view import View

LARGEST = 1024
"""Side in pixels of the largest sheet: a model of any size takes smaller pictures too."""
STARTERS = 8
"""So many example pictures at most are sketches to start from."""

# Without parts that change, so that Gradio never renders it again: the element keeps its drawing.
ELEMENT = "<drawing-sheet><p>The sheet is on its way. If it does not come, reload the page.</p></drawing-sheet>"

# A script in `head` would not be loaded as a module.
LOADED = """
const sheet = element.querySelector('drawing-sheet');
const defined = import(new URL('page/drawing.js', document.baseURI).href);
const fill = () => defined.then(() => { sheet.entry = props.value; });
watch('value', fill);
fill();
"""


def drawing_view(shelf: Shelf, desk: Desk, which: gr.Radio) -> View:
    """The sheet in its column. It needs none of what views are given: its element asks the server by itself."""
    with gr.Column(visible=False) as column:
        sheet = gr.HTML(
            html_template=ELEMENT, js_on_load=LOADED, apply_default_css=False, elem_id="drawing", elem_classes="drawing"
        )
    return View("draw", column, [sheet], lambda entry: [gr.update(value=told(entry))])


def told(entry: Entry) -> dict[str, Any]:
    """What the element needs to know of an entry of kind `draw`, as plain data.

    Returns:
        `key`, `source`, `target`; `size` (side of the sheet in the model's pixels); `palette` (class name to `#rrggbb`,
        `None` for edges); `derived` (what can be made of a photo for the sheet, in words, or nothing); `starters` (data
        URLs of square PNGs of that size).
    """
    (model, *_) = entry.models
    card = model.card
    size = min(card.size, LARGEST)
    starters = (_starter(path, stamp_of(path), size, not card.palette) for path in model.examples[:STARTERS])
    return {
        "key": entry.key,
        "source": card.source,
        "target": card.target,
        "size": size,
        "palette": card.palette or None,
        "derived": card.derived.get("does", ""),
        "starters": [starter for starter in starters if starter],
    }


@lru_cache(maxsize=256)
def _starter(path: Path, when: Stamp, size: int, edges: bool) -> str | None:
    """A picture as the data URL of a square PNG; `None` where it cannot be read. `when` tells its versions apart."""
    try:
        picture = pixels.read(path, 1 if edges else 3, limit=LIMIT)
    except PictureError:
        return None
    image = Image.fromarray(picture[..., 0] if edges else picture)
    # Between two colours of labels there is none.
    resized = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS if edges else Image.Resampling.NEAREST)
    content = pixels.encode(np.asarray(resized), ".png")
    return "data:image/png;base64," + base64.b64encode(content).decode()
