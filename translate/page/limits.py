"""How much of everything the server takes, and from whom: one place for all its numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What `serve` keeps to. Bytes and seconds; docs/safety.md has what each is against, and the test that holds it."""

    upload: int = 20_000_000
    """Largest picture."""
    request: int = 200_000_000
    """Largest request and file, which may hold several pictures, or a video."""
    json: int = 2_000_000
    """Largest request that is no file."""
    disk: int = 4_000_000_000
    """Of files on their way, in and out: beyond it none more are taken."""
    kept: float = 3600
    """For which such files are kept."""
    head: float = 15
    """Until a client has sent the head of a request."""
    patience: float = 20
    """Until a client must have sent a body, besides a second for each `pace` bytes of it."""
    pace: int = 20_000
    """Bytes a second that a client must manage to send."""
    stalled: float = 60
    """For which a client may take nothing of an answer."""
    idle: float = 10
    """For which a connection is kept open between two requests."""
    connections: int = 1000
    """At once."""
    users: tuple[tuple[str, str], ...] = ()
    """Names and passwords of those who may come in; without any, everybody may."""
    hosts: tuple[str, ...] = ()
    """Names that the server answers to; without any, to every name. Against pages that point a name of theirs at it."""
    proxy: bool = False
    """Whether a proxy is in front, whose `X-Forwarded-…` headers are believed."""
    root_path: str = ""
    """The path under which a proxy has the page, without a slash at its end."""
    downloads: bool = True
    """Whether the models' files are given out."""
    frames: str = "'self'"
    """Sites that may show the page in a frame, as the Content-Security-Policy's `frame-ancestors` has them."""
