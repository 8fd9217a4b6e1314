"""What the page says of work that takes minutes: how far it is, how long it goes on, what could not be used."""

from __future__ import annotations

import html
from collections.abc import Sequence

import gradio as gr

SHOWN = 20
"""So many sentences on what could not be used are shown; the rest is counted."""

CSS = """
progress { width: 100%; height: .6rem; accent-color: var(--color-accent) }
p { margin: .3rem 0; overflow-wrap: anywhere }
ul { margin: .3rem 0 .3rem 1.2rem; list-style: disc; font-size: .9rem }
li { overflow-wrap: anywhere }
"""


def report_output() -> gr.HTML:
    """Where the report stands; while one waits for others, the place in the queue does."""
    return gr.HTML(elem_classes="report", css_template=CSS, min_height=64)


def report(said: str, notes: Sequence[str] = (), done: int = 0, total: int = 0) -> str:
    """A report as HTML.

    Args:
        said: one line of text.
        notes: one line of text each.
        done: of the whole, for a bar; there is none where nothing is known of the whole.
        total: the whole.
    """
    bar = f'<progress max="{total}" value="{min(done, total)}" aria-label="progress"></progress>' if total else ""
    left = len(notes) - SHOWN
    lines = [*notes[:SHOWN], *([f"and {left:,} more"] if left > 0 else [])]
    listed = f"<ul>{''.join(f'<li>{_text(line)}</li>' for line in lines)}</ul>" if lines else ""
    return f"{bar}<p>{_text(said)}</p>{listed}"


def time_left(done: int, total: int, seconds: float) -> str:
    """How long it will go on at the pace so far, in words that end a line; nothing while that cannot be told."""
    if not 0 < done < total:
        return ""
    left = seconds / done * (total - done)
    return f", {left / 60:.0f} min left" if left >= 100 else f", {max(1, left):.0f} s left"


def _text(line: str) -> str:
    # What Gradio's templates are made of is text here as well: names of files may hold anything.
    escaped = html.escape(line)
    return "".join(f"&#{ord(letter)};" if letter in "${}`\\" else letter for letter in escaped)
