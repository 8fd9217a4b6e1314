"""How the page looks: its colours and fonts; its style sheet and script are files beside it, in `static`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

STATIC = Path(__file__).parent / "static"
INK = gr.themes.Color(
    *("#eefaf7", "#d3f2ea", "#a8e4d6", "#72cfbc", "#3fb19d", "#1f8f7e", "#17776a", "#155f56", "#144c46", "#133f3a"),
    c950="#05241f",
    name="ink",
)
FONTS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif")
"""Of the visitor's machine: a font from elsewhere would be a call to another host."""


def options() -> dict[str, Any]:
    """The page's looks, as `gradio.mount_gradio_app` and `Blocks.launch` take them."""
    return {
        "theme": theme(),
        "css": (STATIC / "page.css").read_text(encoding="utf-8"),
        "js": (STATIC / "page.js").read_text(encoding="utf-8"),
        "footer_links": ["api"],
    }


def theme() -> gr.themes.Base:
    """The page's colours and fonts: ink on paper."""
    soft = gr.themes.Soft(primary_hue=INK, secondary_hue=INK, neutral_hue="stone", font=FONTS, font_mono="monospace")
    return soft.set(
        body_background_fill="#faf8f4",
        body_background_fill_dark="#171513",
        # Soft's is too pale to be read on paper: 2.5 to 1.
        body_text_color_subdued="*neutral_600",
        block_background_fill_dark="#211e1b",
        block_border_width="1px",
        block_shadow="none",
        block_label_background_fill="*block_background_fill",
        block_label_background_fill_dark="*block_background_fill",
        block_label_text_color="*body_text_color_subdued",
        block_title_background_fill="none",
        block_title_text_color="*body_text_color",
        block_title_padding="0",
        # In the dark, Soft gives both kinds of button one colour.
        button_secondary_background_fill_dark="*neutral_700",
        button_secondary_background_fill_hover_dark="*neutral_600",
    )
