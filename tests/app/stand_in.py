"""Serves the page and what its drawing part asks for: `python stand_in.py FOLDER PORT`."""

from __future__ import annotations

import sys
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from translate import pixels
from translate.errors import TranslateError
from translate.page import look
from translate.page.desk import Desk
from translate.page.shelf import Shelf
from translate.page.site import build


def main(folder: Path, port: int) -> None:
    """Serve until interrupted."""
    shelf = Shelf(folder)
    desk = Desk(shelf)
    app = FastAPI()
    app.mount("/page", StaticFiles(directory=look.STATIC))

    @app.get("/api/models")
    def models() -> dict[str, str]:
        return {"stamp": shelf.stamp}

    @app.post("/api/translate/{name}")
    async def translate(name: str, request: Request) -> Response:
        try:
            made = await desk.translate(shelf.model(name), await request.body())
        except TranslateError as error:
            return Response(f'{{"error": "{error}"}}', 400, media_type="application/json")
        took = {"X-Translate-Milliseconds": f"{made.milliseconds:.1f}"}
        return Response(pixels.encode(made.after, ".png"), headers=took, media_type="image/png")

    gr.mount_gradio_app(app, build(shelf, desk), "/", **look.options())
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
