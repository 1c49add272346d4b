"""One connection to the operator port.

Theory of operation
    h11 reads and writes HTTP/1.1; this protocol moves bytes, and reads no further while a request is being answered. A
    connection is given up when a request's head is not complete ``HEAD_SECONDS`` after the connection was made or
    ``IDLE_SECONDS`` after the last answer, however its bytes come, and when an answer is not taken within
    ``STALL_SECONDS``. Requests with a body and pipelined ones are the last on their connection: who scrapes sends neither.
    A connection that ends lingers for a moment, so that the client gets to read why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol, cast

import h11

from obelisk.api.operator_answers import BAD_REQUEST, Answer

HEAD_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 75.0
STALL_SECONDS: Final = 10.0
LINGER_SECONDS: Final = 1.0
MAX_HEAD: Final = 8 * 1024


class Connections(Protocol):
    """Whoever keeps the connections of the port."""

    async def answer(self, method: str, target: str) -> Answer:
        """Return the answer to a request."""

    def date(self) -> str:
        """Return the time as a header has it."""

    def used(self, connection: OperatorConnection) -> None:
        """Take note that a connection was made, or has a request."""

    def left(self, connection: OperatorConnection) -> None:
        """Take note that a connection has ended."""


class OperatorConnection(asyncio.Protocol):
    """See the module's theory of operation."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._transport: asyncio.Transport
        self._limit: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_full = False
        self._is_ending = False
        self._then: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=0)
        self._wait_at_most(HEAD_SECONDS)
        self._connections.used(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything."""
        for pending in (self._limit, self._task):
            if pending is not None:
                pending.cancel()
        self._connections.left(self)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request; those after the last one do not matter."""
        if self._is_ending:
            return
        try:
            self._http.receive_data(data)
            self._read()
        except h11.RemoteProtocolError as error:
            self._refuse(HTTPStatus(error.error_status_hint))

    def eof_received(self) -> bool:
        """Go on with an answer that is under way; else the connection ends with this."""
        return self._task is not None and not self._is_ending

    def pause_writing(self) -> None:
        """The client does not take the answer as fast as it comes."""
        self._is_full = True

    def resume_writing(self) -> None:
        """The client has taken all of the answer."""
        self._is_full = False
        then, self._then = self._then, None
        if then is not None:
            then()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def _read(self) -> None:
        event = self._http.next_event()
        if event is h11.NEED_DATA:
            return
        if not isinstance(event, h11.Request):
            self._transport.close()
            return
        self._connections.used(self)
        self._transport.pause_reading()
        has_body = not isinstance(self._http.next_event(), h11.EndOfMessage)
        self._wait_at_most(STALL_SECONDS)
        self._task = asyncio.get_running_loop().create_task(self._answer(event, has_body=has_body))

    async def _answer(self, request: h11.Request, *, has_body: bool) -> None:
        method, target = request.method.decode("latin-1"), request.target.decode("latin-1")
        answer = BAD_REQUEST if has_body else await self._connections.answer(method, target)
        self._task = None
        self._send(answer, is_last=has_body or bool(self._http.trailing_data[0]), is_head=method == "HEAD")

    def _refuse(self, status: HTTPStatus) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(Answer(status, BAD_REQUEST.body), is_last=True)
        else:
            self._end()

    def _send(self, answer: Answer, *, is_last: bool, is_head: bool = False) -> None:
        headers = [
            ("Date", self._connections.date()), ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))), ("Cache-Control", "no-store"),
        ]  # fmt: skip
        headers += [("Allow", answer.allow)] if answer.allow else []
        headers += [("Connection", "close")] if is_last else []
        head = h11.Response(status_code=answer.status, headers=headers, reason=answer.status.phrase)
        body = h11.Data(data=b"" if is_head else answer.body)
        parts = [self._http.send(event) or b"" for event in (head, body, h11.EndOfMessage())]
        self._wait_at_most(STALL_SECONDS)
        self._transport.writelines(parts)
        then = self._end if self._http.our_state is h11.MUST_CLOSE else self._next
        if self._is_full:
            self._then = then
        else:
            then()

    def _next(self) -> None:
        self._http.start_next_cycle()
        self._wait_at_most(IDLE_SECONDS)
        self._transport.resume_reading()

    def _end(self) -> None:
        self._is_ending = True
        self._wait_at_most(LINGER_SECONDS)
        self._transport.write_eof()
        self._transport.resume_reading()

    def _wait_at_most(self, seconds: float) -> None:
        if self._limit is not None:
            self._limit.cancel()
        self._limit = asyncio.get_running_loop().call_later(seconds, self._transport.abort)
