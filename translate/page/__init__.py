"""The web page: every exported model in a folder gets a tab, by what its card says.

A model whose source is `edges` gets a canvas to draw on; every other a place to drop a picture, and a slider between
before and after; two that undo each other share a tab, with both ways side by side. The page knows the runtime and
Gradio, never torch. It calls no other host, and decodes pictures itself (`translate.pixels`, with a limit), because
Gradio decodes whatever it is sent. Needs the extra `app`.
"""

from translate.page.site import build, launch

__all__ = ["build", "launch"]
