"""What sends the requests of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from obelisk.clock import Clock
from obelisk.errors import InvalidTargetError, RequestDeniedError
from obelisk.wasm.wasi.http.access import HttpAccess
from obelisk.wasm.wasi.http.connections import Connector
from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.fields import CONTENT_LENGTH, Entries, content_length, section_size
from obelisk.wasm.wasi.http.options import RequestOptions
from obelisk.wasm.wasi.http.outgoing_message import OutgoingMessage
from obelisk.wasm.wasi.http.policy import Grant
from obelisk.wasm.wasi.http.requests import OutgoingRequest
from obelisk.wasm.wasi.http.responses import FutureIncomingResponse
from obelisk.wasm.wasi.http.target import Target, parse_target

if TYPE_CHECKING:
    from obelisk.wasm.wasi.http.exchange import Exchange

MAX_SECTION: Final = 64 * 1024
"""How many bytes the headers of a request may take."""
MAX_EXCHANGES: Final = 100
"""How many requests of one run are under way at a time."""
MAX_PATH: Final = 16 * 1024
"""How many bytes a path with its query may take. RFC 9110, section 4.1 asks for at least 8,000."""
DEFAULT_SCHEME: Final = "https"
TUNNEL: Final = "CONNECT"
TRACE_PARENT: Final = "traceparent"
TRACE_FIELDS: Final = frozenset({TRACE_PARENT, "tracestate"})
CONTENT_TYPE: Final = "content-type"


class HttpClient:
    """Sends requests that the run's access allows. ``close`` gives up all that are under way."""

    def __init__(self, access: HttpAccess, *, connector: Connector, clock: Clock) -> None:
        self._access = access
        self._connector = connector
        self._clock = clock
        self._exchanges: set[Exchange] = set()

    def send(self, request: OutgoingRequest, options: RequestOptions) -> FutureIncomingResponse:
        """Begin to send a request. Raises ``HttpFailedError`` for what is not sent at all."""
        target = _target(request)
        try:
            grant = self._access.policy.check(target)
            message = self._message(request, target, grant)
        except RequestDeniedError as error:
            raise HttpFailedError(str(error), ErrorCase.HTTP_REQUEST_DENIED) from error
        if len(self._exchanges) >= MAX_EXCHANGES:
            text = f"{MAX_EXCHANGES} requests of this run are under way"
            raise HttpFailedError(text, ErrorCase.CONNECTION_LIMIT_REACHED)
        return self._begin(message, options, grant).future

    def close(self) -> None:
        """Give up all requests, at once."""
        for exchange in tuple(self._exchanges):
            exchange.close()

    def _message(self, request: OutgoingRequest, target: Target, grant: Grant) -> OutgoingMessage:
        _check_fields(request)
        replacer = self._access.secrets.replacer(grant)
        types = [value for name, value in request.fields if name.lower() == CONTENT_TYPE]
        return OutgoingMessage(
            target=target,
            path=_origin_form(replacer.path(target.path_with_query)),
            fields=tuple(replacer.headers([field for field in request.fields if field[0].lower() != CONTENT_LENGTH])),
            content=request.content,
            replacer=replacer.body(types[0].decode("latin-1") if types else None),
        )

    def _begin(self, message: OutgoingMessage, options: RequestOptions, grant: Grant) -> Exchange:
        from obelisk.wasm.wasi.http.exchange import Exchange  # the HTTP library is loaded by the first request

        target, policy = message.target, self._access.policy
        trace = self._access.traces.begin(target.method, target.url, self._clock.now())
        exchange = Exchange(
            _with_fields(message, trace.headers), options, connector=self._connector, clock=self._clock, trace=trace,
            check=lambda address: policy.check_address(target, grant, address), mask=self._access.secrets.mask,
            ended=self._exchanges.discard,
        )  # fmt: skip
        self._exchanges.add(exchange)
        return exchange


def _target(request: OutgoingRequest) -> Target:
    path = request.path_with_query or "/"
    if len(path) > MAX_PATH:
        text = f"the path takes {len(path)} bytes, expected at most {MAX_PATH}"
        raise HttpFailedError(text, ErrorCase.HTTP_REQUEST_URI_TOO_LONG)
    if request.authority is None:
        raise HttpFailedError("the request has no authority", ErrorCase.HTTP_REQUEST_URI_INVALID)
    if request.method == TUNNEL:
        raise HttpFailedError("CONNECT asks for a tunnel, not for a response", ErrorCase.HTTP_REQUEST_METHOD_INVALID)
    try:
        return parse_target(request.method, request.scheme or DEFAULT_SCHEME, request.authority, path)
    except InvalidTargetError as error:
        raise HttpFailedError(str(error), ErrorCase.HTTP_REQUEST_URI_INVALID) from error


def _check_fields(request: OutgoingRequest) -> None:
    size = section_size(request.fields)
    if size > MAX_SECTION:
        text = f"the headers take {size} bytes, expected at most {MAX_SECTION}"
        raise HttpFailedError(text, ErrorCase.HTTP_REQUEST_HEADER_SECTION_SIZE, size)
    try:
        length = content_length(request.fields)
    except ValueError as error:
        raise HttpFailedError(str(error), ErrorCase.HTTP_PROTOCOL_ERROR) from error
    if length and request.content is None:
        text = f"`content-length` says {length}, but the request has no body"
        raise HttpFailedError(text, ErrorCase.HTTP_REQUEST_BODY_SIZE, 0)


def _origin_form(path: str) -> str:
    return path if path.startswith("/") else "/" + path


def _with_fields(message: OutgoingMessage, more: Entries) -> OutgoingMessage:
    """Add the trace's headers, unless the guest has a trace of its own."""
    if any(name.lower() == TRACE_PARENT for name, _ in message.fields):
        return message
    fields = tuple(field for field in message.fields if field[0].lower() not in TRACE_FIELDS)
    return replace(message, fields=(*fields, *more))
