"""The server: our routes, Gradio's page behind them, the door in front of both, and how they begin and end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from itertools import chain
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI

from translate.errors import TranslateError
from translate.page import look
from translate.page.connection import options
from translate.page.desk import Desk
from translate.page.door import Door
from translate.page.drawing_routes import DrawingRoutes
from translate.page.draws import Draws
from translate.page.keeping import Keeping, private_folder
from translate.page.limits import Limits
from translate.page.routes import Routes
from translate.page.shelf import Shelf

LOCAL = ("127.0.0.1", "localhost", "::1", "[::1]")
"""Names of this machine that nobody else can reach it by."""
SESSIONS = 1000
"""Visitors whose state Gradio holds; its own limit is ten thousand, at a quarter of a megabyte each."""


class AddressError(TranslateError):
    """The server cannot listen there."""


def application(page: gr.Blocks, shelf: Shelf, desk: Desk, draws: Draws, limits: Limits, files: Path) -> Door:
    """The page and our routes behind the door, as an ASGI application.

    Args:
        page: built while `files` was where Gradio puts its files (`keeping.private_folder`).
        shelf: the models.
        desk: where pictures are translated.
        draws: what draws pictures from noise there.
        limits: what is taken, and from whom.
        files: the folder of pictures on their way.
    """
    keeping = Keeping(files, limits.kept, lambda: chain(*(_kept(block) for block in page.blocks.values())))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(keeping.run())
        yield
        sweeping.cancel()

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    Routes(shelf, desk, limits, files).add_to(app)
    DrawingRoutes(shelf, draws).add_to(app)
    page.state_session_capacity = SESSIONS
    gr.mount_gradio_app(
        app,
        page,
        "/",
        root_path=limits.root_path or None,
        max_file_size=limits.request,
        show_error=False,
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        enable_monitoring=False,
        **look.options(),
    )
    # Otherwise Gradio takes every file of this machine that a request names for one that was uploaded.
    page.has_launched = True
    return Door(app, limits, keeping)


def serve(
    build: Callable[[Shelf, Desk, Draws], gr.Blocks],
    models: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    limits: Limits = Limits(),  # noqa: B008
    report: Callable[[str], None] = print,
) -> None:
    """Serve the page until the process is interrupted or told to end.

    Args:
        build: makes the page.
        models: the folder of models.
        host: the address to listen on.
        port: likewise; 0 for any that is free.
        limits: what is taken, and from whom.
        report: is given the page's address once it answers.

    Raises:
        AddressError: the address cannot be listened on.
    """
    models = models.absolute()
    with _listening(host, port) as listener:
        shown, number = "localhost" if host in ("0.0.0.0", "::") else host, listener.getsockname()[1]
        address = f"http://{f'[{shown}]' if ':' in shown else shown}:{number}"
        address += f"{limits.root_path}/" if limits.root_path else ""
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            with suppress(KeyboardInterrupt), private_folder() as files:
                shelf = Shelf(models)
                desk = Desk(shelf, most=limits.upload)
                draws = Draws(shelf, desk)
                page = build(shelf, desk, draws)
                app = application(page, shelf, desk, draws, limits, files)
                config = uvicorn.Config(app, log_config=None, log_level="critical", access_log=False, **options(limits))
                try:
                    _Server(config, page, lambda: report(address)).run([listener])
                finally:
                    desk.close()
        finally:
            signal.signal(signal.SIGTERM, before)


class _Server(uvicorn.Server):
    """uvicorn, that says when it answers, and lets go of pages that are open when it ends."""

    def __init__(self, config: uvicorn.Config, page: gr.Blocks, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._page, self._ready = page, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._page.app.stop_event.set()
        await super().shutdown(sockets)


def _listening(host: str, port: int) -> socket.socket:
    with ExitStack() as undo:
        try:
            kind = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = undo.enter_context(socket.socket(kind, socket.SOCK_STREAM))
            if os.name != "nt":  # where it lets two servers listen on one port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(2048)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or "there is none of this number"
            raise AddressError(f"port {port} of {host} cannot be used ({why}): choose another with --port") from None
        undo.pop_all()
    return listener


def _kept(block: object) -> set[str]:
    """Files that belong to a part of the page, and not to a visitor."""
    return getattr(block, "keep_in_cache", None) or set()
