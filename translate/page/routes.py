"""The server's own routes: models and translations for programs, and what a balancer asks.

GET  /health                      whether there is anything to translate with
GET  /api/models                  what there is, as JSON
POST /api/translate/{model}       a picture's bytes, or a form with one; the answer is a PNG
POST /api/derive/{model}          a photo, likewise; the answer is the input that the model's training made of such
POST /api/draw/{model}            in `drawing_routes`
GET  /api/models/{model}.onnx     the file of a model
GET  /page/{file}                 scripts and styles of the page
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import mimetypes
import tempfile
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

import translate
from translate.errors import ModelError, PictureError, TranslateError
from translate.page.blending import blended
from translate.page.desk import BusyError, Desk, Translated
from translate.page.limits import Limits
from translate.page.look import STATIC
from translate.page.refusal import RefusalError
from translate.page.results import png
from translate.page.shelf import LIMIT, Model, Shelf
from translate.page.words import sentence

_HELD = 1_000_000  # bytes of a picture that are held in memory while it waits, or its result is taken
_PIECE = 65_536


class Routes:
    """What answers at the addresses above.

    Args:
        shelf: the models.
        desk: where pictures are translated.
        limits: how large pictures may be, and whether models are given out.
        files: a folder for pictures on their way.
    """

    def __init__(self, shelf: Shelf, desk: Desk, limits: Limits, files: Path) -> None:
        self._shelf, self._desk, self._limits, self._files = shelf, desk, limits, files
        self._static = {path.name: path.read_bytes() for path in STATIC.iterdir() if path.is_file()}

    def add_to(self, app: FastAPI) -> None:
        """Put them into an application."""
        app.add_route("/health", self._health)
        app.add_route("/api/models", self._models)
        app.add_route("/api/models/{name}.onnx", self._file)
        app.add_route("/api/translate/{name}", self._translate, ["POST"])
        app.add_route("/api/derive/{name}", self._derive, ["POST"])
        app.add_route("/page/{name}", self._page)

    async def _health(self, request: Request) -> Response:
        usable, left_out = await asyncio.to_thread(lambda: (self._shelf.models(), self._shelf.left_out()))
        told = {
            "status": "ok" if usable else "no models",
            "models": len(usable),
            "left_out": len(left_out),
            "waiting": self._desk.waiting,
            "version": translate.__version__,
        }
        return JSONResponse(told, 200 if usable else 503, {"Cache-Control": "no-store"})

    async def _models(self, request: Request) -> Response:
        return _unchanged_or(request, await asyncio.to_thread(self._listing), "application/json", "no-cache")

    def _listing(self) -> bytes:
        shelf, limits = self._shelf, self._limits
        told = {
            "stamp": shelf.stamp,
            "entries": [
                {"key": e.key, "title": e.title, "kind": e.kind, "models": [model.name for model in e.models]}
                for e in shelf.entries()
            ],
            "models": [self._told(model) for model in shelf.models()],
            "left_out": [
                {"file": path.name, "why": sentence(error, path, shelf.folder)} for path, error in shelf.left_out()
            ],
            "limits": {"bytes": limits.upload, "pixels": LIMIT},
        }
        return json.dumps(told, ensure_ascii=False).encode()

    def _told(self, model: Model) -> dict[str, Any]:
        return {"name": model.name, "file": self._limits.downloads, "card": json.loads(model.card.to_json())}

    async def _file(self, request: Request) -> Response:
        if not self._limits.downloads:
            raise RefusalError(403, "The models' files are not given out here.")
        model = await self._model(request)
        headers = {"Cache-Control": "no-cache"}
        return FileResponse(
            model.path, headers=headers, media_type="application/octet-stream", filename=model.path.name
        )

    async def _page(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._static:
            raise RefusalError(404, "The page has no file of this name.")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return _unchanged_or(request, self._static[name], kind, "no-cache")

    async def _model(self, request: Request, find: Callable[[str], Model] | None = None) -> Model:
        try:
            return await asyncio.to_thread(find or self._shelf.model, request.path_params["name"])
        except ModelError as error:
            raise RefusalError(404, sentence(error)) from None

    async def _translate(self, request: Request) -> Response:
        model = await self._model(request, self._shelf.translating)
        strength = _strength(request)
        source = await self._picture(request)
        result = _Result(strength, self._put)
        try:
            with ExitStack() as undo:
                undo.callback(result.drop)
                work = asyncio.ensure_future(self._desk.translate(model, source, result.finish))
                if not await awaited(request, work):
                    return Response(status_code=499)  # nobody reads it
                answer = _answer(*work.result(), result.drop)
                undo.pop_all()  # the answer drops it now
                return answer
        except TranslateError as error:
            raise refused(error, self._shelf.folder) from None
        finally:
            if isinstance(source, Path):
                source.unlink(missing_ok=True)

    async def _derive(self, request: Request) -> Response:
        model = await self._model(request, self._shelf.translating)
        source = await self._picture(request)
        try:
            work = asyncio.ensure_future(self._desk.derive(model, source))
            if not await awaited(request, work):
                return Response(status_code=499)  # nobody reads it
            content = await asyncio.to_thread(png, work.result())
            return Response(content, headers={"Cache-Control": "no-store"}, media_type="image/png")
        except TranslateError as error:
            raise refused(error, self._shelf.folder) from None
        finally:
            if isinstance(source, Path):
                source.unlink(missing_ok=True)

    async def _picture(self, request: Request) -> bytes | Path:
        """The picture that is sent, on disk where it is large."""
        if not request.headers.get("content-type", "").startswith("multipart/form-data"):
            return await self._taken(request.stream())
        try:
            async with request.form(max_files=1, max_fields=8) as form:
                file = next((value for value in form.values() if isinstance(value, UploadFile)), None)
                if file is None:
                    raise RefusalError(400, "The form holds no file: send the picture as one, or as the whole body.")
                return await self._taken(_read(file))
        except MultiPartException:
            raise RefusalError(400, "The form cannot be read: send the picture as the whole body instead.") from None

    async def _taken(self, pieces: AsyncIterator[bytes]) -> bytes | Path:
        content, path = bytearray(), None
        try:
            size = 0
            async for piece in pieces:
                size += len(piece)
                if size > self._limits.upload:
                    limit = f"{self._limits.upload:,}"
                    raise RefusalError(
                        413, f"The picture has more than the {limit} bytes that are taken: make it smaller."
                    )
                content += piece
                if len(content) > _HELD:
                    path = await asyncio.to_thread(self._put, content, path)
                    content = bytearray()
            if path is not None:
                return await asyncio.to_thread(self._put, content, path)
        except BaseException:
            if path is not None:
                path.unlink(missing_ok=True)
            raise
        if not content:
            raise RefusalError(400, "There is no picture to translate: send one as the body of the request.")
        return bytes(content)

    def _put(self, content: bytes | bytearray, path: Path | None = None) -> Path:
        """Write to a file of its own, or add to it."""
        if path is None:
            with tempfile.NamedTemporaryFile(dir=self._files, delete=False) as file:
                file.write(content)
                return Path(file.name)
        with path.open("ab") as file:
            file.write(content)
        return path


class _Result:
    """What becomes of one picture: a PNG, on disk where it is large, and there no longer than somebody wants it.

    Args:
        strength: of the result over the picture.
        put: writes to a file of its own.
    """

    def __init__(self, strength: float, put: Callable[[bytes], Path]) -> None:
        self._strength, self._put = strength, put
        self._lock = threading.Lock()
        self._wanted = True
        self._path: Path | None = None

    def finish(self, done: Translated) -> tuple[bytes | Path, Translated]:
        """The PNG, and what else there is to tell; by a thread of the desk's, who cannot be called back."""
        content = png(blended(done, self._strength))
        told = Translated(done.before[:0], done.after[:0], done.milliseconds, done.device)
        if len(content) <= _HELD:
            return content, told
        path = self._put(content)
        with self._lock:
            self._path = path
            if not self._wanted:
                path.unlink(missing_ok=True)
        return path, told

    def drop(self) -> None:
        """Nobody wants it any more: delete it, now or as soon as it is there."""
        with self._lock:
            self._wanted = False
            if self._path is not None:
                self._path.unlink(missing_ok=True)


class _Streamed(StreamingResponse):
    """A file in pieces, so that a client that takes it slowly does not make us hold it."""

    def __init__(self, path: Path, headers: dict[str, str], drop: Callable[[], None]) -> None:
        super().__init__(_pieces(path), headers=headers, media_type="image/png")
        self._drop = drop

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # also where the client has gone before the first piece
            self._drop()


def _answer(content: bytes | Path, done: Translated, drop: Callable[[], None]) -> Response:
    headers = answered(done.milliseconds, done.device)
    if isinstance(content, bytes):
        return Response(content, headers=headers, media_type="image/png")
    headers["Content-Length"] = str(content.stat().st_size)
    return _Streamed(content, headers, drop)


def answered(milliseconds: float, device: str) -> dict[str, str]:
    """Headers of an answer: what the model took, and on what."""
    return {
        "X-Translate-Milliseconds": f"{milliseconds:.1f}",
        "X-Translate-Device": device.encode("ascii", "replace").decode(),
        "Cache-Control": "no-store",
    }


def refused(error: TranslateError, folder: Path) -> RefusalError:
    """What is answered to one whose request met such an error; `folder` is not for visitors."""
    match error:
        case BusyError():
            return RefusalError(503, sentence(error), **{"Retry-After": "5"})
        case PictureError():
            return RefusalError(400, sentence(error))
    return RefusalError(422, sentence(error, folder))


def _strength(request: Request) -> float:
    given = request.query_params.get("strength", "1")
    try:
        strength = float(given)
    except ValueError:
        strength = math.nan
    if not 0 <= strength <= 1:
        raise RefusalError(400, f"The strength is {given!r:.40}: give a number from 0 to 1.")
    return strength


async def awaited(request: Request, work: asyncio.Future[Any]) -> bool:
    """Wait until the work is done, or give it up when the client leaves; whether it was done."""
    leaving = asyncio.ensure_future(_left(request))
    try:
        await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return work.done()
    finally:
        for task in (work, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _read(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(_PIECE):
        yield piece


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece


def _unchanged_or(request: Request, content: bytes, kind: str, caching: str) -> Response:
    """The content, or that it is what the client has already."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"ETag": tag, "Cache-Control": caching}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)
