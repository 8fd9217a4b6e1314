"""A client's connection: one that sends no request, or takes no answer, is not kept.

uvicorn bounds how long a connection is kept between two requests, and nothing else.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from translate.page.limits import Limits


def protocol(limits: Limits) -> type[H11Protocol]:
    """The class of connections that are held to the limits."""

    class Connection(H11Protocol):
        _head: asyncio.TimerHandle | None = None
        _stalled: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._await_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop()
            self.resume_writing()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            known = self.cycle
            super().data_received(data)
            if self.cycle is not known:  # a head has come
                self._stop()
            elif self._head is None and (known is None or known.response_complete):
                self._await_head()

        def pause_writing(self) -> None:
            super().pause_writing()
            if self._stalled is None:
                self._stalled = self.loop.call_later(limits.stalled, self.transport.abort)

        def resume_writing(self) -> None:
            super().resume_writing()
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None

        def _await_head(self) -> None:
            self._stop()
            self._head = self.loop.call_later(limits.head, self._late)

        def _stop(self) -> None:
            if self._head is not None:
                self._head.cancel()
                self._head = None

        def _late(self) -> None:
            self._head = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.abort()

    return Connection


def options(limits: Limits) -> dict[str, Any]:
    """What uvicorn is told of the limits."""
    return {
        "http": protocol(limits),
        "ws": "none",
        "timeout_keep_alive": max(1, int(limits.idle)),
        "limit_concurrency": limits.connections,
        "timeout_graceful_shutdown": 3,
        "server_header": False,
        "proxy_headers": limits.proxy,
        "forwarded_allow_ips": "*" if limits.proxy else "",
        "h11_max_incomplete_event_size": 64 * 1024,
    }
