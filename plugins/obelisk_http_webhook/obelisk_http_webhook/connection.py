"""One connection: requests one after another, each answered before the next is read.

Theory of operation
    h11 reads and writes HTTP/1.1 (RFC 9112); this loop moves bytes between it and the ``Wire``. A request's head has to be
    here within ``head_timeout`` of its first byte, however slowly it comes; afterwards each wait for the client, to send or
    to take, lasts ``stall_timeout`` at most. Pipelined requests wait in the buffer.

    Whoever serves a request gets a ``Request``, and answers once, whole or in parts. What is left unanswered, or broken off,
    ends the connection: a client never takes half an answer for a whole one. The connection goes on when both sides have
    said all that belongs to the request, else it is closed, after a moment in which the client can take the answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import h11

from obelisk.errors import ObeliskError
from obelisk_http_webhook.replies import RefusedError, Reply, bad_request, failed, timed_out
from obelisk_http_webhook.request import Limits, Request, reason_of
from obelisk_http_webhook.wire import Wire

LINGER_SECONDS: Final = 1.0
_log = logging.getLogger("obelisk.http_webhook")


class Connection:
    """See the module's theory of operation. ``serve`` answers one request; it raises ``RefusedError`` for a plain answer."""

    def __init__(
        self, wire: Wire, limits: Limits, *, serve: Callable[[Request], Awaitable[None]], date: Callable[[], bytes]
    ) -> None:
        self._wire = wire
        self._limits = limits
        self._serve = serve
        self._date = date
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_size)
        self._is_stopping = False
        self._is_idle = True

    def stop(self) -> None:
        """Take no more requests; close at once when none is being worked on."""
        self._is_stopping = True
        if self._is_idle:
            self._wire.abort()

    async def run(self) -> None:
        """Serve until the connection ends. Raises nothing but a cancellation, which breaks the connection off."""
        try:
            while await self._one():
                pass
            await self._wire.linger(LINGER_SECONDS, stall=self._limits.stall)
        except (ConnectionError, TimeoutError):
            pass  # the client is gone, or takes nothing
        except Exception:  # noqa: BLE001 - one connection must not end the others
            _log.exception("a connection ended unexpectedly")
        finally:
            self._wire.abort()

    async def _one(self) -> bool:
        """Serve one request; tell whether another may follow."""
        try:
            head = await self._head()
        except RefusedError as refused:
            await self._refuse(refused)
            return False
        if head is None:
            return False
        self._is_idle = False
        request = Request(head, self._http, self._wire, self._limits, date=self._date)
        request.keeps_open = not self._is_stopping
        await self._answer(request)
        self._is_idle = True
        return self._next_cycle()

    async def _answer(self, request: Request) -> None:
        try:
            try:
                await self._serve(request)
            except RefusedError as refused:
                if not request.has_begun:
                    request.skip_body()
                    await request.reply(refused.reply)
                else:
                    self._wire.abort()
        except (h11.LocalProtocolError, h11.RemoteProtocolError) as error:
            _log.warning("%s: %s", request, error)
            self._wire.abort()
        except ObeliskError as error:
            _log.error("%s: %s", request, error)
            await self._failed(request)
        except (ConnectionError, TimeoutError):
            raise
        except Exception:  # noqa: BLE001 - the client gets an answer, whatever is wrong here
            _log.exception("%s: ended unexpectedly", request)
            await self._failed(request)

    async def _failed(self, request: Request) -> None:
        """Tell the client as far as that is still possible that its request failed."""
        if request.has_begun:
            self._wire.abort()
        else:
            request.skip_body()
            await request.reply(failed().reply)

    async def _refuse(self, refused: RefusedError) -> None:
        """Answer what is no request, as far as an answer is still possible."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            reply: Reply = refused.reply
            headers = [*reply.headers, (b"content-length", str(len(reply.body)).encode()), (b"connection", b"close")]
            content = self._http.send(
                h11.Response(status_code=reply.status, headers=headers, reason=reason_of(reply.status))
            )
            content += self._http.send(h11.Data(reply.body)) or b""
            self._wire.send(content)
            await self._wire.drain(self._limits.stall)

    async def _head(self) -> h11.Request | None:
        """Return the next request's head, ``None`` when there is none any more."""
        loop = asyncio.get_running_loop()
        until: float | None = None
        if self._http.trailing_data[0]:
            until = loop.time() + self._limits.head
        try:
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    return _supported(event)
                if event is not h11.NEED_DATA:
                    return None
                if until is None:
                    content = await self._wire.receive(self._limits.idle)
                    until = loop.time() + self._limits.head
                else:
                    content = await self._wire.receive(max(until - loop.time(), 0.0))
                if not content:
                    return None
                self._http.receive_data(content)
        except TimeoutError:
            if until is None:
                return None
            raise timed_out() from None
        except h11.RemoteProtocolError as error:
            raise _malformed(error) from None

    def _next_cycle(self) -> bool:
        if self._is_stopping or self._wire.is_gone:
            return False
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True


def _supported(head: h11.Request) -> h11.Request:
    if not head.http_version.startswith(b"1."):
        status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        raise RefusedError(status, status.phrase)
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in head.headers}:
        # Somebody on the way may have read the body by the other of the two (RFC 9112, section 6.3).
        raise bad_request("Malformed request")
    return head


def _malformed(error: h11.RemoteProtocolError) -> RefusedError:
    status = HTTPStatus(error.error_status_hint)
    if status is HTTPStatus.BAD_REQUEST:
        return bad_request("Malformed request")
    return RefusedError(status, status.phrase)
