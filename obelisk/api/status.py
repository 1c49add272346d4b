"""How errors are answered: the one place where an exception becomes a gRPC status."""

from __future__ import annotations

import logging
from urllib.parse import quote

import grpc
from msgspec import Struct

from obelisk.errors import (
    DelayNotFoundError,
    ExecutionConflictError,
    ExecutionNotFoundError,
    ExecutionStateError,
    FunctionNotFoundError,
    InputError,
    ObeliskError,
    ServerError,
)

MAX_ENCODED_DETAILS = 6000
"""A status travels percent-encoded in a header, and headers above 8 KiB are refused by clients."""

ELLIPSIS = "..."
UNEXPECTED = "internal error; the server's log says more"

_CODES: tuple[tuple[type[Exception], grpc.StatusCode], ...] = (
    (FunctionNotFoundError, grpc.StatusCode.NOT_FOUND),
    (ExecutionNotFoundError, grpc.StatusCode.NOT_FOUND),
    (DelayNotFoundError, grpc.StatusCode.NOT_FOUND),
    (ExecutionConflictError, grpc.StatusCode.ALREADY_EXISTS),
    (ExecutionStateError, grpc.StatusCode.FAILED_PRECONDITION),
    (InputError, grpc.StatusCode.INVALID_ARGUMENT),
)


class CallRefusedError(ServerError):
    """A call is answered by ``code``, for reasons of the server."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


class CallStatus(Struct, frozen=True):
    """How a failed call is answered."""

    code: grpc.StatusCode
    details: str


def code_of(kind: type[Exception]) -> grpc.StatusCode:
    """Return the code by which errors of a kind are answered."""
    return next((code for base, code in _CODES if issubclass(kind, base)), grpc.StatusCode.INTERNAL)


def status_of(error: Exception, *, call: str, log: logging.Logger) -> CallStatus:
    """Return how ``call`` is answered after ``error``. What is not the caller's doing is logged.

    Input errors go to the caller as they are, other errors of ours by their first line, and of all else nothing.
    """
    if isinstance(error, CallRefusedError):
        return CallStatus(error.code, _fitting(str(error)))
    code = code_of(type(error))
    if code is not grpc.StatusCode.INTERNAL:
        return CallStatus(code, _fitting(str(error)))
    if isinstance(error, ObeliskError):
        log.error("%s: %s", call, error)
        return CallStatus(grpc.StatusCode.INTERNAL, _fitting(str(error).partition("\n")[0]))
    log.error("%s: unexpected error", call, exc_info=error)
    return CallStatus(grpc.StatusCode.INTERNAL, UNEXPECTED)


def _fitting(details: str) -> str:
    if len(quote(details)) <= MAX_ENCODED_DETAILS:
        return details
    room = MAX_ENCODED_DETAILS - len(ELLIPSIS)
    for end, letter in enumerate(details):
        room -= len(quote(letter))
        if room < 0:
            return details[:end] + ELLIPSIS
    return details
