"""The bytes of one connection: what came, what goes, and that the other side is gone.

Theory of operation
    asyncio calls this object on the loop; one reader and one writer wait at it, each for one thing at a time. What came
    waits in a buffer of bounded size; a full one stops reading from the socket. The other side is *gone* when the
    connection is lost, and also when it says that it sends no more: a client that closed cannot be told from one that only
    closed its half, and nobody who waits for an answer needs to close its half.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

CAPACITY: Final = 256 * 1024
"""How many bytes wait here before no more are read."""
WRITE_CAPACITY: Final = 256 * 1024


class Wire(asyncio.Protocol):
    """See the module's theory of operation. ``connected`` is called once, ``lost`` once after that."""

    def __init__(self, connected: Callable[[Wire], None], lost: Callable[[Wire], None]) -> None:
        self._connected = connected
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport
        self._buffer = bytearray()
        self._reading = True
        self._writable = True
        self._is_lost = False
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._on_gone: Callable[[], None] | None = None
        self.is_gone = False

    # --- called by asyncio --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_CAPACITY)
        self._connected(self)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self._buffer += data
        if len(self._buffer) >= CAPACITY and self._reading:
            self._reading = False
            self._transport.pause_reading()
        _resolve(self._reader)

    def eof_received(self) -> bool:
        """See ``asyncio.Protocol``. What was written still goes out."""
        self._gone()
        return not self._transport.get_extra_info("sslcontext")

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._is_lost = True
        self._gone()
        _resolve(self._writer)
        self._lost(self)

    def pause_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self._writable = False

    def resume_writing(self) -> None:
        """See ``asyncio.Protocol``."""
        self._writable = True
        _resolve(self._writer)

    def _gone(self) -> None:
        self.is_gone = True
        _resolve(self._reader)
        on_gone, self._on_gone = self._on_gone, None
        if on_gone is not None:
            on_gone()

    # --- called by who serves the connection --------------------------------------------------------------------------

    def watch(self, on_gone: Callable[[], None] | None) -> None:
        """Have ``on_gone`` called once, at once when the other side is gone already; ``None`` ends that."""
        self._on_gone = on_gone
        if on_gone is not None and self.is_gone:
            self._gone()

    @property
    def has_bytes(self) -> bool:
        """Whether ``receive`` would return some at once."""
        return bool(self._buffer)

    async def receive(self, seconds: float) -> bytes:
        """Return what came, nothing when no more comes. Raises ``TimeoutError`` when nothing comes in time."""
        if not self._buffer and not self.is_gone:
            self._reader = self._loop.create_future()
            await self._in_time(self._reader, seconds)
        content = bytes(self._buffer)
        self._buffer.clear()
        if not self._reading and not self._is_lost:
            self._reading = True
            self._transport.resume_reading()
        return content

    def send(self, content: bytes) -> None:
        """Send bytes; they are dropped when the connection is lost."""
        # It is closing before ``connection_lost`` is called; asyncio warns of each write then.
        if not self._transport.is_closing():
            self._transport.write(content)

    async def drain(self, seconds: float) -> None:
        """Return once more can be sent. Raises ``TimeoutError``, ``ConnectionResetError`` when the connection is lost."""
        if not self._writable and not self._transport.is_closing():
            self._writer = self._loop.create_future()
            await self._in_time(self._writer, seconds)
        if self._transport.is_closing():
            raise ConnectionResetError("the connection is lost")

    async def linger(self, seconds: float, *, stall: float) -> None:
        """Send what is left and say that no more comes; then let the other side end the connection for a while.

        Closing while it still sends would make its kernel throw away an answer that it has not read yet. Raises
        ``TimeoutError`` when it does not take what is left within ``stall`` seconds.
        """
        await self._flushed(stall)
        if self._is_lost or not self._transport.can_write_eof():
            self.close()
            await self._ended(stall)  # what TLS has encrypted already still has to go out
            return
        try:
            self._transport.write_eof()
        except OSError:  # it was reset, and the loop has not noticed yet
            self._gone()
        until = self._loop.time() + seconds
        try:
            while not self.is_gone:
                await self.receive(max(until - self._loop.time(), 0.0))
        except TimeoutError:
            pass
        self.close()

    async def _flushed(self, seconds: float) -> None:
        if not self._is_lost and self._transport.get_write_buffer_size():
            self._transport.set_write_buffer_limits(high=0)
            await self.drain(seconds)

    async def _ended(self, seconds: float) -> None:
        until = self._loop.time() + seconds
        while not self._is_lost:
            self._writer = self._loop.create_future()
            await self._in_time(self._writer, max(until - self._loop.time(), 0.0))

    def close(self) -> None:
        """Close once what was sent went out."""
        if not self._is_lost:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if not self._is_lost:
            self._transport.abort()

    async def _in_time(self, future: asyncio.Future[None], seconds: float) -> None:
        timer = self._loop.call_later(seconds, _expire, future)
        try:
            await future
        finally:
            timer.cancel()


def _resolve(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)


def _expire(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(TimeoutError("nothing came in time"))
