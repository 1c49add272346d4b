"""One request and its response, on a connection of its own.

Theory of operation
    Two tasks work on an exchange. The first finds the addresses, has each checked, connects, and reads the response; the
    second writes the request's content meanwhile. A peer may answer before it has read everything.

    It ends once: by the response's end, by a failure, or by ``close`` when the guest or its run gives it up. Each way ends
    both tasks, closes the connection at once, and tells everybody who waits. An end never waits for anything.

    Whether a request has content is known at once when its method asks for some or the guest gave its length. For others,
    such as a GET whose body the guest asked for, the head waits until the first byte, the body's end, or the guest's
    wait for the response: most guests finish such a body empty, and a GET without content should have no framing.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from obelisk.clock import Clock
from obelisk.errors import RequestDeniedError
from obelisk.wasm.wasi.http.connections import Connection, Connector, check_addresses
from obelisk.wasm.wasi.http.error_codes import ErrorCase, HttpFailedError
from obelisk.wasm.wasi.http.fields import CONTENT_LENGTH, Entries
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.options import RequestOptions
from obelisk.wasm.wasi.http.outgoing_content import OutgoingContent
from obelisk.wasm.wasi.http.outgoing_message import OutgoingMessage
from obelisk.wasm.wasi.http.responses import FutureIncomingResponse, IncomingResponse
from obelisk.wasm.wasi.http.time_limit import time_limit
from obelisk.wasm.wasi.http.traces import OpenTrace
from obelisk.wasm.wasi.http.wire import End, Head, Part, Wire

WITH_CONTENT: Final = frozenset({"POST", "PUT", "PATCH"})
"""Methods whose requests have content, even if it is empty; RFC 9110, section 8.6."""
CHUNKED: Final = (("transfer-encoding", b"chunked"),)
EMPTY: Final = ((CONTENT_LENGTH, b"0"),)
CLOSE: Final = (("connection", b"close"),)
PARTS_AT_ONCE: Final = 100
"""After so many parts of a response's content the loop has its turn: one read may bring thousands of tiny ones."""
_log = logging.getLogger("obelisk.http")


class Exchange:
    """See the module's theory of operation.

    ``check`` raises ``RequestDeniedError`` for an address that may not be connected to. ``mask`` hides secrets in texts for
    people. ``ended`` is called once.
    """

    def __init__(
        self, message: OutgoingMessage, options: RequestOptions, *, connector: Connector, clock: Clock,
        check: Callable[[str], None], trace: OpenTrace, mask: Callable[[str], str], ended: Callable[[Exchange], None],
    ) -> None:  # fmt: skip
        self.future = FutureIncomingResponse(awaited=self._wanted, dropped=self.close)
        self._message = message
        self._options = options
        self._connector = connector
        self._clock = clock
        self._check = check
        self._trace = trace
        self._mask = mask
        self._ended = ended
        self._wire = Wire()
        self._response = IncomingContent(self.close)
        self._connection: Connection | None = None
        self._is_wanted = asyncio.Event()
        self._is_over = False
        self._tasks = [self._task(self._talk)]

    def close(self) -> None:
        """Give the exchange up."""
        message = "the request was given up"
        self._fail(HttpFailedError(message, ErrorCase.INTERNAL_ERROR, message))

    def _task(self, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._guarded(work))

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except HttpFailedError as error:
            self._fail(error)
        except RequestDeniedError as error:
            self._fail(HttpFailedError(str(error), ErrorCase.HTTP_REQUEST_DENIED))
        except Exception as error:  # noqa: BLE001 - a defect here must end this request, not be lost in a task
            text = self._mask("".join(traceback.format_exception(error)))
            _log.error("an HTTP request failed within the host\n%s", text)
            self._fail(HttpFailedError("the host failed", ErrorCase.INTERNAL_ERROR, "the host failed"))

    async def _talk(self) -> None:
        self._connection = await self._connect()
        if await self._send_head(self._connection):
            self._tasks.append(self._task(partial(self._send_content, self._connection)))
        head = await self._read_head(self._connection)
        self._trace.finish(self._clock.now(), status=head.status)
        self.future.resolve(IncomingResponse(head.status, head.fields, self._response))
        self._finish(await self._read_content(self._connection))

    # --- the connection -----------------------------------------------------------------------------------------------

    async def _connect(self) -> Connection:
        target, started = self._message.target, self._clock.monotonic_ns()
        limit = self._options.connect_timeout
        doing = f"looking up `{target.host}`"
        async with time_limit(self._clock, limit, case=ErrorCase.DNS_TIMEOUT, doing=doing):
            addresses = await self._connector.find(target)
        check_addresses(addresses, self._check)
        left = None if limit is None else max(limit - (self._clock.monotonic_ns() - started), 0)
        doing = f"connecting to `{target.authority}`"
        async with time_limit(self._clock, left, case=ErrorCase.CONNECTION_TIMEOUT, doing=doing):
            return await self._connector.connect(target, addresses)

    # --- the request --------------------------------------------------------------------------------------------------

    async def _send_head(self, connection: Connection) -> bool:
        """Send the head, and the end of a request without content; tell whether content follows."""
        message = self._message
        framing = await self._framing()
        fields = (("host", message.target.authority.encode()), *message.fields, *framing, *CLOSE)
        await connection.write(self._wire.request(message.target.method, message.path, fields))
        if message.content is not None and framing:
            return True
        await connection.write(self._wire.end(()))
        return False

    async def _framing(self) -> Entries:
        content, method = self._message.content, self._message.target.method
        if content is None:
            return EMPTY if method in WITH_CONTENT else ()
        content.start()
        if content.length is not None and self._message.replacer is None:
            return ((CONTENT_LENGTH, str(content.length).encode()),)
        if method not in WITH_CONTENT and await self._is_empty(content):
            return ()
        return CHUNKED

    async def _is_empty(self, content: OutgoingContent) -> bool:
        loop = asyncio.get_running_loop()
        waits = [loop.create_task(content.begun()), loop.create_task(self._is_wanted.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return content.is_finished and not content.written and not content.trailers

    async def _send_content(self, connection: Connection) -> None:
        content = self._message.content
        assert content is not None
        try:
            while piece := await content.take():
                await self._send(connection, self._replaced(piece))
            await self._send(connection, b"" if self._message.replacer is None else self._message.replacer.finish())
            await connection.write(self._wire.end(content.trailers))
        except HttpFailedError as error:
            if content.is_wrong and self.future.answer is None:
                self._fail(error)
            else:
                # The peer may have answered before it closed; whoever reads will tell.
                content.fail(error)

    async def _send(self, connection: Connection, content: bytes) -> None:
        if content:
            await connection.write(self._wire.content(content))

    def _replaced(self, content: bytes) -> bytes:
        replacer = self._message.replacer
        return content if replacer is None else replacer.feed(content)

    # --- the response -------------------------------------------------------------------------------------------------

    async def _read_head(self, connection: Connection) -> Head:
        limit, doing = self._options.first_byte_timeout, "waiting for the response"
        async with time_limit(self._clock, limit, case=ErrorCase.CONNECTION_READ_TIMEOUT, doing=doing):
            while (part := self._wire.next_part()) is None:
                self._wire.received(await connection.read())
        assert isinstance(part, Head), part
        return part

    async def _read_content(self, connection: Connection) -> Entries:
        count = 0
        while not isinstance(part := await self._next_part(connection), End):
            assert isinstance(part, bytes), part
            await self._response.feed(part)
            count += 1
            if count % PARTS_AT_ONCE == 0:
                await asyncio.sleep(0)
        return part.trailers

    async def _next_part(self, connection: Connection) -> Part:
        limit, doing = self._options.between_bytes_timeout, "waiting for more of the response's body"
        while (part := self._wire.next_part()) is None:
            async with time_limit(self._clock, limit, case=ErrorCase.CONNECTION_READ_TIMEOUT, doing=doing):
                self._wire.received(await connection.read())
        return part

    # --- ends ---------------------------------------------------------------------------------------------------------

    def _wanted(self) -> None:
        self._is_wanted.set()

    def _finish(self, trailers: Entries) -> None:
        self._response.finish(trailers)
        self._end()

    def _fail(self, error: HttpFailedError) -> None:
        if self._is_over:
            return
        self._trace.finish(self._clock.now(), error=f"{error.code.name}: {error}")
        self._response.fail(error)
        self.future.resolve(error)
        if self._message.content is not None:
            self._message.content.fail(error)
        self._end()

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._message.content is not None:
            self._message.content.stop()
        if self._connection is not None:
            self._connection.abort()
        for task in self._tasks:
            task.cancel()
        self._ended(self)
