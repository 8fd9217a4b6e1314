"""The web page: every exported model in a folder can be tried on it, by what its card says.

A model whose source is `edges`, or whose card has a palette, gets a sheet to draw on; every other a place to drop a
picture, and a slider between before and after; two that undo each other share a place, with both ways side by side.
The page knows the runtime and Gradio, never torch. It calls no other host, and decodes pictures itself
(`translate.pixels`, with a limit), because Gradio decodes whatever it is sent. Needs the extra `app`.
"""

from translate.page.limits import Limits
from translate.page.server import LOCAL, serve
from translate.page.site import build

__all__ = ["LOCAL", "Limits", "build", "serve"]
