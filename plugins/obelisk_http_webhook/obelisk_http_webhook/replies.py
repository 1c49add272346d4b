"""Answers that the server makes by itself: short, plain, and without a word about the inside."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from msgspec import Struct

from obelisk.errors import InputError

Headers = tuple[tuple[bytes, bytes], ...]
EXECUTION_ID: Final = b"x-obelisk-execution-id"
REQUEST_ID: Final = b"x-request-id"
TEXT: Final = (b"content-type", b"text/plain; charset=utf-8")
JSON: Final = (b"content-type", b"application/json")


class Reply(Struct, frozen=True):
    """A whole answer."""

    status: int
    body: bytes = b""
    headers: Headers = ()


class RefusedError(InputError):
    """A request is answered by the server itself, with a status that tells why."""

    def __init__(self, status: HTTPStatus, text: str, *, headers: Headers = ()) -> None:
        super().__init__(text)
        self.reply = Reply(status, f"{text}\n".encode(), (TEXT, *headers))


NOT_FOUND: Final = "Route not found"
TIMED_OUT: Final = "Timeout"
TOO_LARGE: Final = "Request body too large"
OUT_OF_PERMITS: Final = "Too many requests are being worked on"
NO_INSTANCE: Final = "Cannot start the handler"
HANDLER_FAILED: Final = "The handler failed"
STOPPING: Final = "The server is stopping"
UNAUTHORIZED: Final = "The signature does not fit"


def not_found() -> RefusedError:
    """No route fits the path."""
    return RefusedError(HTTPStatus.NOT_FOUND, NOT_FOUND)


def not_allowed(allowed: tuple[str, ...]) -> RefusedError:
    """The path has routes for other methods only (RFC 9110, section 15.5.6)."""
    allow = (b"allow", ", ".join(allowed).encode())
    return RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", headers=(allow,))


def timed_out() -> RefusedError:
    """The client, or the handler, took too long."""
    return RefusedError(HTTPStatus.REQUEST_TIMEOUT, TIMED_OUT)


def too_large() -> RefusedError:
    """The body is larger than the server takes."""
    return RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LARGE)


def out_of_permits() -> RefusedError:
    """As many requests as may be are being worked on."""
    return RefusedError(HTTPStatus.TOO_MANY_REQUESTS, OUT_OF_PERMITS, headers=((b"retry-after", b"1"),))


def unavailable(text: str) -> RefusedError:
    """The request cannot be worked on now."""
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, text, headers=((b"retry-after", b"1"),))


def failed() -> RefusedError:
    """What was to answer did not."""
    return RefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, HANDLER_FAILED)


def unauthorized() -> RefusedError:
    """The request is not signed as it has to be."""
    return RefusedError(HTTPStatus.UNAUTHORIZED, UNAUTHORIZED)


def bad_request(text: str) -> RefusedError:
    """The request makes no sense; ``text`` says why."""
    return RefusedError(HTTPStatus.BAD_REQUEST, text)
