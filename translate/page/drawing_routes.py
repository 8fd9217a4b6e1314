"""The server's route to models that draw pictures from noise.

POST /api/draw/{model}            what to draw, as JSON (`translate.page.recipes`); the answer is a PNG, or a film
"""

from __future__ import annotations

import asyncio
import json

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from translate.errors import LatentError, ModelError, TranslateError
from translate.page.draws import Draws, encoded
from translate.page.recipes import recipe
from translate.page.refusal import RefusalError
from translate.page.routes import answered, awaited, refused
from translate.page.shelf import Shelf
from translate.page.words import sentence


class DrawingRoutes:
    """What answers at the address above.

    Args:
        shelf: the models.
        draws: draws.
    """

    def __init__(self, shelf: Shelf, draws: Draws) -> None:
        self._shelf, self._draws = shelf, draws

    def add_to(self, app: FastAPI) -> None:
        """Put it into an application."""
        app.add_route("/api/draw/{name}", self._draw, ["POST"])

    async def _draw(self, request: Request) -> Response:
        try:
            model = await asyncio.to_thread(self._shelf.drawing, request.path_params["name"])
        except ModelError as error:
            raise RefusalError(404, sentence(error)) from None
        body = await request.body()
        try:
            asked = recipe(json.loads(body or b"{}"), model.card)
            work = asyncio.ensure_future(self._draws(model, asked))
            if not await awaited(request, work):
                return Response(status_code=499)  # nobody reads it
            drawn = work.result()
            content, kind = await asyncio.to_thread(encoded, drawn, asked)
            return Response(content, headers=answered(drawn.milliseconds, drawn.device), media_type=kind)
        except LatentError as error:
            raise RefusalError(400, sentence(error)) from None
        except TranslateError as error:
            raise refused(error, self._shelf.folder) from None
