"""Errors that a visitor can mend, as the one sentence that he reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from translate.errors import TranslateError
from translate.page.words import sentence


@contextmanager
def told(*paths: Path | str | None) -> Iterator[None]:
    """Make such an error Gradio's; where the files `paths` lie on this machine is not for visitors."""
    try:
        yield
    except TranslateError as error:
        raise gr.Error(sentence(error, *(Path(path) for path in paths if path)), print_exception=False) from None
