"""The view of a model that draws from noise: one picture and its sliders, the way between pictures, sums of pictures.

What is seen is an element of our own (`static/imagine.js`), which asks the server for each picture by itself, as the
drawing sheet does; Python tells it of the model alone.
"""

from __future__ import annotations

from typing import Any

import gradio as gr

from translate.card import Card
from translate.page.principal import COUNT
from translate.page.shelf import Entry
from translate.page.view import View
from translate.page.words import short

ELEMENT = "<latent-space><p>The pictures are on their way. If they do not come, reload the page.</p></latent-space>"

LOADED = """
const space = element.querySelector('latent-space');
const defined = import(new URL('page/imagine.js', document.baseURI).href);
const fill = () => defined.then(() => { space.entry = props.value; });
watch('value', fill);
fill();
"""

_NAMED, _UNNAMED = 2.0, 3.0  # how far a slider goes: twice the whole attribute, or three standard deviations


def imagine_view() -> View:
    """The element in its column."""
    with gr.Column(visible=False) as column:
        space = gr.HTML(
            html_template=ELEMENT, js_on_load=LOADED, apply_default_css=False, elem_id="imagine", elem_classes="drawing"
        )
    return View("noise", column, [space], lambda entry: [gr.update(value=told(entry))])


def told(entry: Entry) -> dict[str, Any]:
    """What the element needs to know of an entry of kind `noise`, as plain data.

    Returns:
        `key`, `target` in words, `size` (side of its pictures in pixels), `classes` (names of labels), `sliders`
        (`name`, `low` and `high`, what its ends are called, `far`, where they are, and `note`, in words).
    """
    card = entry.models[0].card
    return {
        "key": entry.key,
        "target": short(card.target),
        "size": card.size,
        "classes": card.classes,
        "sliders": _sliders(card),
    }


def _sliders(card: Card) -> list[dict[str, Any]]:
    named = card.attributes
    if not named:
        return [
            {"name": f"direction {place + 1}", "low": "", "high": "", "far": _UNNAMED, "note": ""}
            for place in range(min(COUNT, card.latent))
        ]
    return [
        {
            "name": name,
            "low": known.get("low", ""),
            "high": known.get("high", ""),
            "far": _NAMED,
            "note": _measured(known.get("lands")),
        }
        for name, known in named.items()
    ]


def _measured(lands: float | None) -> str:
    return "" if lands is None else f"one step lands on it {100 * lands:.0f} times in a hundred"
