"""What the page says about a model: its card in words, how fast it is here, how it learnt, and how to run it elsewhere.

Cards come from strangers: whatever is on one is text here, never markup, and never a link.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from translate import pixels
from translate.card import Card
from translate.errors import ModelError
from translate.page.refusals import told
from translate.page.shelf import Entry, Model, Shelf
from translate.page.speed import Speeds
from translate.page.words import facts, precision, scores, sentence, short, took_here
from translate.pixels import Pixels
from translate.runtime.history import History, history

MEASURING = "is being measured …"
BUSY = "is not measured while the machine works for others: open this again later."

_LICENCE = 300
"""Letters of a licence that stands in a line; a longer one is folded away."""
_FACT = 4000
"""Letters of a fact in the table of the card."""


def about_view(shelf: Shelf, which: gr.Radio, speeds: Speeds | None = None, downloads: bool = True) -> gr.Accordion:
    """A panel that is filled when it is opened, and follows the choice while it is open.

    Args:
        shelf: where the models are.
        which: what is chosen: the key of an entry, or none.
        speeds: measures them; without it, whether others are waiting for pictures or not.
        downloads: whether the models' files are given out.
    """
    speeds = speeds or Speeds(shelf)
    with gr.Accordion("About this model", open=False, elem_id="about") as panel:
        body = gr.HTML(elem_classes="about", js_on_load=None)
        opened = gr.State(False)

    def expand(key: str | None) -> Iterator[tuple[str, bool]]:
        for text in telling(shelf, speeds, key, downloads):
            yield text, True

    def follow(key: str | None, is_open: bool) -> Iterator[str]:
        yield from telling(shelf, speeds, key if is_open else None, downloads)

    quiet: Any = {"api_visibility": "private", "show_progress": "hidden", "concurrency_id": "about"}
    panel.expand(expand, which, [body, opened], **quiet)
    panel.collapse(lambda: False, None, opened, api_visibility="private", show_progress="hidden")
    which.change(follow, [which, opened], body, trigger_mode="always_last", **quiet)
    return panel


def telling(shelf: Shelf, speeds: Speeds, key: str | None, downloads: bool = True) -> Iterator[str]:
    """What is known of an entry at once, and then again with each speed that is measured; nothing of none.

    Raises:
        gr.Error: there is no entry of that key.
    """
    if not key:
        yield ""
        return
    with told(shelf.folder):
        entry = shelf.entry(key)
        notes = {model.name: MEASURING for model in entry.models if not speeds.known(model)}
        yield about(entry, speeds, notes, downloads)
        for model in (model for model in entry.models if model.name in notes):
            try:
                notes[model.name] = "" if speeds.measure(model) else BUSY
            except ModelError as error:
                notes[model.name] = f"could not be measured: {sentence(error, model.path, shelf.folder)}"
            yield about(entry, speeds, notes, downloads)


def about(entry: Entry, speeds: Speeds, notes: dict[str, str] | None = None, downloads: bool = True) -> str:
    """The models of an entry, one below the other, as HTML.

    Args:
        entry: what was chosen.
        speeds: what has been measured of them.
        notes: name of a model → what to say instead of its speed.
        downloads: whether there is a link to the models' files.
    """
    text = "".join(_model(model, speeds, (notes or {}).get(model.name, ""), downloads) for model in entry.models)
    return text.encode("utf-8", "replace").decode()  # half a surrogate in a card would keep it from being sent


def _model(model: Model, speeds: Speeds, note: str, downloads: bool) -> str:
    card, speed = model.card, speeds.known(model)
    file = escape(short(model.path.name))
    if downloads:
        file = f'<a href="api/models/{quote(model.name, safe="")}.onnx" download>{file}</a>'
    lines = {
        "Speed": escape(took_here(speed) if speed else f"Its speed {note or 'has not been measured yet.'}"),
        "File": file + _size(model.path),
        "From a photo": escape(short(card.derived.get("does", ""))),
        "Precision": escape(precision(card)),
        "Held-out scores": escape(scores(card)),
        "Licence": _licence(card.license),
    }
    shown = "".join(f"<dt>{name}</dt><dd>{line}</dd>" for name, line in lines.items() if line)
    return (
        f"<section><h3>{escape(short(card.task))}</h3><p>{escape(facts(card))}</p><dl>{shown}</dl>"
        + _over_time(history(model.path), card)
        + f"<h4>To run it elsewhere</h4><pre><code>{escape(_lines(model))}</code></pre>"
        + f"<details><summary>Its card, for engineers</summary><table>{_table(card)}</table></details></section>"
    )


def _size(path: Path) -> str:
    try:
        size = path.stat().st_size
    except OSError:  # taken away just now
        return ""
    return f", {size / 1e6:,.1f} MB" if size >= 1e6 else f", {size / 1e3:,.1f} kB"


def _lines(model: Model) -> str:
    use = 'translator("picture.png").save("result.png")'
    if model.card.draws:
        labels = ", labels=[0]" if model.card.classes else ""
        use = f"pictures = translator.draw(translator.noise(seeds=[0]){labels})  # uint8 [N, H, W, C]"
    name = json.dumps(model.path.name, ensure_ascii=False)
    return f"from translate.runtime import Translator\ntranslator = Translator({name})\n{use}"


def _licence(text: str) -> str:
    if not text.strip():
        return "Not stated: ask whoever trained it before you use it for more than a look."
    if len(text) <= _LICENCE:
        return escape(text)
    return f"<details><summary>{escape(short(text.strip(), 60))}</summary><pre>{escape(text)}</pre></details>"


def _over_time(found: History | None, card: Card) -> str:
    """What the model made of the same inputs while it was trained."""
    if found is None:
        return ""
    columns = [(found.source, "given", f"What the model was given: {short(card.source)}")]
    for step, made in found.results.items():
        columns.append((made, f"step {step:,}", f"What it made of that after {step:,} steps of training"))
    if found.target is not None:
        columns.append((found.target, "truth", f"What it should have made of that: {short(card.target)}"))
    figures = "".join(
        f'<figure><img src="{_data(picture)}" alt="{escape(told)}" title="{escape(told)}" loading="lazy">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for picture, caption, told in columns
    )
    return f'<h4>While it learnt</h4><div class="over-time">{figures}</div>'


def _data(picture: Pixels) -> str:
    # Encoded anew: of a file's own bytes nothing reaches a visitor.
    return f"data:image/jpeg;base64,{base64.b64encode(pixels.encode(picture, '.jpg', 85)).decode()}"


def _table(card: Card) -> str:
    rows = ((field.name, getattr(card, field.name)) for field in fields(card))
    return "".join(f"<tr><th>{name}</th><td>{_cell(name, value)}</td></tr>" for name, value in rows)


def _cell(name: str, value: Any) -> str:
    if name == "palette":
        return " ".join(
            f'<span class="class"><i style="background:{escape(colour)}"></i>{escape(label)}</span>'
            for label, colour in value.items()
        )
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        text = "…"
    return escape(short(text, _FACT))
