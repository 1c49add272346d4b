"""Who may call: those who send ``authorization: Bearer TOKEN`` with a token that is accepted.

A call is judged by its headers, before its handler is looked for: its messages are not even received, and a method that
does not exist is refused like any other.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import grpc

from obelisk.api.tokens import Tokens

REFUSED = "missing or invalid API token"
OPEN_METHODS = frozenset(("/grpc.health.v1.Health/Check",))
"""What orchestrators ask, which have no token: one small answer about nothing but whether there is a server."""

_HEADER = "authorization"
_SCHEME = "bearer"
_HEADERS_LOGGER = "grpc._cython.cygrpc"
_HEADERS_MESSAGE = "Invalid encoding on"


async def _refuse(requests: AsyncIterator[Any], context: grpc.aio.ServicerContext[Any, Any]) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, REFUSED)


# Of the four kinds of handlers this one alone can answer before a message has arrived; callers of each kind understand it.
_REFUSAL: grpc.RpcMethodHandler[Any, Any] = grpc.stream_stream_rpc_method_handler(_refuse)


class Authentication(grpc.aio.ServerInterceptor):  # type: ignore[type-arg] # generic in its stubs only
    """Lets calls with one of ``tokens`` pass, and those of ``OPEN_METHODS``; all others are UNAUTHENTICATED."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any]]],
        details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any]:
        """Return the handler of a call that may be made, and one that refuses for others."""
        if details.method in OPEN_METHODS or self._is_known(details.invocation_metadata):
            return await continuation(details)
        return _REFUSAL

    def _is_known(self, metadata: Sequence[tuple[str, str | bytes]]) -> bool:
        values = [value for key, value in metadata if key == _HEADER]
        if len(values) != 1 or not isinstance(values[0], str):
            return False
        scheme, _, token = values[0].partition(" ")
        return scheme.lower() == _SCHEME and token != "" and self._tokens.accept(token)


@contextmanager
def headers_kept_out_of_logs() -> Iterator[None]:
    """Keep gRPC from logging the value of a header that is not UTF-8, with a traceback: it may be a token."""
    logger, keeper = logging.getLogger(_HEADERS_LOGGER), _HeaderFilter()
    logger.addFilter(keeper)
    try:
        yield
    finally:
        logger.removeFilter(keeper)


class _HeaderFilter(logging.Filter):
    """Drops records that hold a header."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(_HEADERS_MESSAGE)
