"""The door: what every request passes before it reaches the page, and every answer on its way out (ASGI).

A request is let in by its host, its user, its path, where it comes from, its size and its pace; an answer leaves with
headers that let the browser talk to nobody else, and without anything that says how this machine is made.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from translate.page.keeping import Keeping
from translate.page.limits import Limits
from translate.page.passes import Kind, fetches, foreign, kind, methods
from translate.page.refusal import RefusalError, defect

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {frames}"
)
_LINGER = 5.0  # seconds for which what a refused client still sends is thrown away, so that it reads why
_SLACK = 65_536  # bytes of a form around a picture
_CHUNK = 4_000_000  # bytes of a body from one look at the disk to the next

_log = logging.getLogger("translate.page")


class Door:
    """An ASGI application around another.

    Args:
        app: what is behind it.
        limits: what it keeps to.
        keeping: where the files of requests and answers lie.
    """

    def __init__(self, app: ASGIApp, limits: Limits, keeping: Keeping) -> None:
        self._app, self._limits, self._keeping = app, limits, keeping
        self._headers = {
            "Content-Security-Policy": _POLICY.format(frames=limits.frames),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        self._users = [_digest(f"{name}:{password}") for name, password in limits.users]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer why not."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._visit(self._cleaned(scope), receive, send, scope["path"] == self._limits.root_path)

    async def _visit(self, scope: Scope, receive: Receive, send: Send, bare: bool) -> None:
        body = _Body(receive, self._limits)
        answer = _Answer(send, self._headers, body)
        try:
            given = self._judged(scope)
            if bare:
                raise self._moved(scope)
            body.limit = self._room_for(scope, given)
            if given in (Kind.FILES, Kind.PICTURE):
                body.room = self._room
                await self._room()
            elif given is Kind.JSON:
                await self._read_json(body)
            await self._app(scope, body.receive, answer.send)
        except RefusalError as refusal:
            body.refusal = refusal
        except ClientDisconnect:
            return
        except Exception as error:
            if body.refusal is None:
                if not isinstance(error, HTTPException):  # Gradio's, of a stream that it has no news for
                    _log.exception("%s %s failed", scope["method"], scope["path"])
                body.refusal = defect()
        if (refused := body.refusal or answer.defect) is not None:
            await answer.refuse(refused)

    def _cleaned(self, scope: Scope) -> Scope:
        """The request without the proxy's path, and without what only a proxy may say of it."""
        path, prefix = scope["path"], self._limits.root_path
        raw = scope.get("raw_path") or path.encode()
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            path, raw = path[len(prefix) :] or "/", raw[len(prefix.encode()) :] or b"/"
        headers = scope["headers"]
        if not self._limits.proxy:
            headers = [(name, value) for name, value in headers if not name.startswith((b"x-forwarded", b"forwarded"))]
        return {**scope, "path": path, "raw_path": raw, "headers": headers}

    def _moved(self, scope: Scope) -> RefusalError:
        """To the proxy's path with a slash at its end: what the page names, it names from there."""
        query = scope.get("query_string", b"").decode("latin-1")
        place = f"{self._limits.root_path}/"
        return RefusalError(307, f"The page is at {place}.", Location=f"{place}?{query}" if query else place)

    def _judged(self, scope: Scope) -> Kind:
        """Judge a request by its head."""
        headers = {name: value.lower() for name, value in Headers(scope=scope).items()}
        limits, path = self._limits, scope["path"]
        given = kind(scope["method"], path, self._keeping.folder)
        if path == "/health" and given:
            return given
        name = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
        if limits.hosts and name not in limits.hosts and headers.get("host") not in limits.hosts:
            raise RefusalError(
                421, "This server does not answer to that name: start it with --allow-host and the name."
            )
        if self._users and not self._known(Headers(scope=scope).get("authorization", "")):
            realm = 'Basic realm="translate", charset="UTF-8"'
            raise RefusalError(401, "Give a name and a password that this server knows.", **{"WWW-Authenticate": realm})
        if given is None:
            if others := methods(path, self._keeping.folder):
                told = f"This address takes another method: ask it with {others[0]}."
                raise RefusalError(405, told, Allow=", ".join(others))
            raise RefusalError(
                404, "There is nothing here: the page is at /, and what programs can call in its footer."
            )
        if given is not Kind.NOTHING and foreign(headers):
            raise RefusalError(403, "A page of another site sent this: open this server's own page instead.")
        return given

    def _known(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        try:
            user = base64.b64decode(given, validate=True).decode() if scheme.lower() == "basic" else ""
        except ValueError:
            return False
        # All are compared, so that the time that it takes says nothing.
        return sum(hmac.compare_digest(_digest(user), known) for known in self._users) > 0

    def _room_for(self, scope: Scope, given: Kind) -> int:
        """Bytes that the request's body may have; one that says it has more is refused before it is read."""
        limits = self._limits
        room = {Kind.PICTURE: limits.upload + _SLACK, Kind.FILES: limits.request, Kind.JSON: limits.json}.get(given, 0)
        if int(Headers(scope=scope).get("content-length", "0")) > room:
            raise _too_large(room if given is not Kind.PICTURE else limits.upload)
        return room

    async def _room(self) -> None:
        """See that there is room for files."""
        if await asyncio.to_thread(self._keeping.size) > self._limits.disk:
            raise RefusalError(503, "The server has no room for more files: try again later.", **{"Retry-After": "600"})

    async def _read_json(self, body: _Body) -> None:
        """Read all of a call, and refuse one that has Gradio fetch something."""
        try:
            fetched = fetches(await body.whole())
        except ValueError:
            raise RefusalError(400, "This is no JSON: send what the page's footer shows under API.") from None
        if fetched:
            raise RefusalError(400, "This server fetches nothing from other addresses: upload the picture first.")


class _Body:
    """What a client sends, no more than it may and no slower than it must."""

    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive, self._limits = receive, limits
        self.limit = 0
        self.room: Any = None
        self.refusal: RefusalError | None = None
        self.read = 0
        self.done = False
        self._waited, self._next = 0.0, _CHUNK
        self._held: Message | None = None

    async def receive(self) -> Message:
        """The next message, as the application takes it."""
        if self._held is not None:
            message, self._held = self._held, None
            return message
        if self.done:
            return await self._receive()  # that the client has gone
        try:
            return await self._message()
        except RefusalError as refusal:
            self.refusal = refusal  # the application may make something else of it
            raise

    async def whole(self) -> bytes:
        """All of it, which `receive` will give once more."""
        parts = []
        while not self.done:
            message = await self._message()
            if message["type"] != "http.request":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
        content = b"".join(parts)
        self._held = {"type": "http.request", "body": content, "more_body": False}
        return content

    async def throw_away(self) -> None:
        """Read on for a while, for a client that looks at the answer only when it has sent everything."""
        try:
            async with asyncio.timeout(_LINGER):
                while not self.done:
                    message = await self._receive()
                    self.done = message["type"] != "http.request" or not message.get("more_body", False)
        except TimeoutError:
            return

    async def _message(self) -> Message:
        loop = asyncio.get_running_loop()
        start = loop.time()
        left = self._limits.patience + self.read / self._limits.pace - self._waited
        try:
            async with asyncio.timeout(left):
                message = await self._receive()
        except TimeoutError:
            raise RefusalError(408, "The request came too slowly: send it again over a faster line.") from None
        self._waited += loop.time() - start
        self.read += len(message.get("body", b""))
        self.done = message["type"] != "http.request" or not message.get("more_body", False)
        if self.read > self.limit:
            raise _too_large(self.limit)
        if self.room is not None and self.read > self._next:
            self._next += _CHUNK
            await self.room()
        return message


class _Answer:
    """What a client is sent."""

    def __init__(self, send: Send, headers: dict[str, str], body: _Body) -> None:
        self._send, self._headers, self._body = send, headers, body
        self._started = self._open = False
        self.defect: RefusalError | None = None
        """What is to be said in place of the application's own words on its mistake."""

    async def send(self, message: Message) -> None:
        """Pass a message of the application's on."""
        if self._body.refusal is not None or self.defect is not None:
            return
        if message["type"] == "http.response.start":
            if message["status"] == 500:
                self.defect = defect()
                return
            self._started = True
            message = {**message, "headers": self._dressed(message.get("headers", []))}
            self._open = b"content-length" not in dict(message["headers"])
        await self._send(message)

    async def refuse(self, refusal: RefusalError) -> None:
        """Send why the request is refused, and end the connection; an answer that has begun is ended as it is."""
        if self._started:
            if self._open:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        given = {**refusal.headers, "Content-Length": str(len(refusal.body)), "Connection": "close"}
        headers = self._dressed([(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()])
        await self._send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": refusal.body, "more_body": True})
        await self._body.throw_away()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _dressed(self, headers: Any) -> list[tuple[bytes, bytes]]:
        ours = {name.lower().encode(): value.encode() for name, value in self._headers.items()}
        dropped = (b"server", b"access-control-", *ours)
        return [pair for pair in headers if not pair[0].lower().startswith(dropped)] + list(ours.items())


def _too_large(limit: int) -> RefusalError:
    return RefusalError(413, f"The request has more than the {limit:,} bytes that are taken: make the picture smaller.")


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
