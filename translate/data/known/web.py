"""Asking a server: over https alone unless it was said otherwise, no further than a few hops, never without an end.

urllib, without the parts of it that open files, FTP or whatever a redirect may name. What goes wrong becomes an
`UnreachableError`: the end of a sentence, and whether it is worth another try.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import urllib.parse
import urllib.request
from contextlib import suppress
from functools import cache
from http.client import HTTPMessage, HTTPResponse
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import translate

HOPS = 5
"""Redirects that are followed."""


class UnreachableError(Exception):
    """An address that did not give what was asked for; `passing` if it might the next time, `code` if it answered."""

    def __init__(self, why: str, passing: bool = False, code: int = 0) -> None:
        super().__init__(why)
        self.passing, self.code = passing, code


def ask(url: str, headers: dict[str, str], timeout: float) -> HTTPResponse:
    """The server's answer, whose body is still to be read.

    Args:
        url: `https://…`; `http://…` is taken as meant where it is asked for outright.
        headers: of the request.
        timeout: seconds that the server may say nothing; in twice as many its headers must be through.

    Raises:
        UnreachableError: no server, no such file, a redirect that is not followed; 416 (no such range) is passing.
    """
    handlers: list[urllib.request.BaseHandler] = [
        # What is on this machine is not asked for at a proxy.
        urllib.request.ProxyHandler({} if loopback(url) else None),
        _Plain(),
        _Secure(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(url),
    ]
    opener = urllib.request.OpenerDirector()
    for handler in handlers:
        opener.add_handler(handler)
    request = urllib.request.Request(url, headers={"User-Agent": f"translate-gan/{translate.__version__}", **headers})
    try:
        answer = opener.open(request, timeout=timeout)
    except HTTPError as error:
        error.close()
        raise _refused(error) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise unreachable(error) from None
    if not isinstance(answer, HTTPResponse):
        raise UnreachableError("gives no answer that could be read")
    return answer


def loopback(url: str) -> bool:
    """Whether the address is on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def host(url: str) -> str:
    """The part of an address that says who is asked: `https://example.org`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}"


def unreachable(error: Exception) -> UnreachableError:
    """What broke a connection, in words."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return UnreachableError(f"its certificate does not hold ({reason.verify_message})")
    if isinstance(reason, ssl.SSLError):
        return UnreachableError(f"no secure connection comes about ({getattr(reason, 'reason', None) or reason})")
    if isinstance(reason, socket.gaierror):
        return UnreachableError("is not found: is this machine on line?")
    if isinstance(reason, TimeoutError):
        return UnreachableError("says nothing any more", passing=True)
    if isinstance(reason, ConnectionRefusedError):
        return UnreachableError("does not take the connection", passing=True)
    if isinstance(reason, http.client.InvalidURL):
        return UnreachableError(f"is no address ({reason})")
    if isinstance(reason, ConnectionError | http.client.HTTPException):
        return UnreachableError("broke off", passing=True)
    if isinstance(reason, OSError):
        return UnreachableError(reason.strerror or str(reason), passing=True)
    return UnreachableError(str(reason))


def _refused(error: HTTPError) -> UnreachableError:
    """An answer that is not the file."""
    if error.code in (404, 410):
        return UnreachableError(f"no longer has it ({error.code})")
    if error.code in (401, 403, 407):
        return UnreachableError(f"does not give it out ({error.code})")
    if 300 <= error.code < 400:
        return UnreachableError(error.reason if isinstance(error, _NotFollowedError) else "sends on in circles")
    passing = error.code in (408, 416, 429) or error.code >= 500
    return UnreachableError(
        f"answers {error.code} {http.client.responses.get(error.code, '')}".rstrip(), passing, error.code
    )


class _NotFollowedError(HTTPError):
    """A redirect to where nobody asked to go."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to https; to http only from an http address that was asked for outright; to this machine only on it."""

    max_redirections = HOPS
    max_repeats = 2

    def __init__(self, asked: str) -> None:
        self.asked = asked

    def http_error_302(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        there = headers.get("location", "")
        scheme = urlsplit(urllib.parse.urljoin(req.full_url, there)).scheme
        if scheme not in ("http", "https"):
            raise _NotFollowedError(req.full_url, code, f"sends on to {scheme}:, which is not followed", headers, fp)
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        why = ""
        if loopback(newurl) and not loopback(self.asked):
            why = "sends on to this very machine, which is not followed"
        elif urlsplit(newurl).scheme == "http" and urlsplit(self.asked).scheme != "http":
            why = "sends on to http:, which anybody on the way could read and change, and is not followed"
        if why:
            raise _NotFollowedError(req.full_url, code, why, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Punctual:
    """A connection whose headers must be through in two timeouts, even if a byte comes now and then."""

    sock: Any
    timeout: Any
    late = False

    def getresponse(self) -> HTTPResponse:
        timer = threading.Timer(2 * self.timeout, self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            answer: HTTPResponse = super().getresponse()  # type: ignore[misc]
        finally:
            timer.cancel()
        if self.late:  # http.client takes headers that end in the middle for whole
            answer.close()
            raise ConnectionAbortedError
        return answer

    def _hang_up(self) -> None:
        self.late = True
        with suppress(AttributeError, OSError):  # it ended by itself
            self.sock.shutdown(socket.SHUT_RDWR)


class _PlainConnection(_Punctual, http.client.HTTPConnection):
    pass


class _SecureConnection(_Punctual, http.client.HTTPSConnection):
    pass


class _Plain(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(_PlainConnection, req)


class _Secure(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> HTTPResponse:
        return self.do_open(_SecureConnection, req, context=_authorities())


@cache
def _authorities() -> ssl.SSLContext:
    """Whose word is taken for a certificate: read once, where it is needed."""
    return ssl.create_default_context()
