"""Servers that say exactly the bytes that a test wants, over TCP and TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

HEAD_END = b"\r\n\r\n"
TURNS = 10


class Talk:
    """One connection, as the server sees it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> str:
        """Return a request's head."""
        return (await self.reader.readuntil(HEAD_END)).decode("latin-1")

    async def rest(self, end: bytes) -> str:
        """Return all until ``end``."""
        return (await self.reader.readuntil(end)).decode("latin-1")

    async def say(self, content: bytes) -> None:
        """Send bytes."""
        self.writer.write(content)
        await self.writer.drain()

    async def answer(self, content: bytes) -> None:
        """Read a request's head, then send bytes."""
        await self.head()
        await self.say(content)

    async def until_gone(self) -> None:
        """Return once the peer has closed."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass

    def reset(self) -> None:
        """Close so that the peer sees a reset."""
        at_once = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.writer.transport.abort()


class Server:
    """A server on a free port; every connection is given to ``talk`` and closed after it.

    It accepts by itself: a listener of asyncio that is closed while it accepts leaves the connection open.
    """

    def __init__(self, talk: Callable[[Talk], Awaitable[None]], listener: socket.socket, tls: ssl.SSLContext | None):
        self._talk = talk
        self._listener = listener
        self._tls = tls
        self.port = int(listener.getsockname()[1])
        self.connections = 0
        self.left = asyncio.Event()
        self.serving: set[asyncio.Task[None]] = set()
        self.failure: BaseException | None = None

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    def accept(self) -> None:
        """Take a connection that waits."""
        accepted, _ = self._listener.accept()
        self.connections += 1
        task = asyncio.create_task(self._serve(accepted))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)

    async def _serve(self, accepted: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, accepted, ssl=self._tls)
        except (OSError, asyncio.CancelledError):
            accepted.close()
            self.left.set()
            return
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            await self._talk(Talk(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - told by the fixture
            self.failure = error
        finally:
            self.left.set()
            writer.close()


@asynccontextmanager
async def serving(
    talk: Callable[[Talk], Awaitable[None]], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Serve until the block ends; what still talks then is cancelled, and a failure of ``talk`` is the test's."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        listener.setblocking(False)
        server = Server(talk, listener, tls)
        loop.add_reader(listener, server.accept)
        try:
            yield server
        finally:
            loop.remove_reader(listener)
            await _turns()  # what was accepted begins, so that its end closes it
            talking = tuple(server.serving)
            for task in talking:
                task.cancel()
            await asyncio.gather(*talking, return_exceptions=True)
            await _turns()
    if server.failure is not None:
        raise server.failure


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


def saying(content: bytes) -> Callable[[Talk], Awaitable[None]]:
    """Return a server that answers each request with the same bytes."""
    return lambda talk: talk.answer(content)


def response(body: bytes = b"", *, status: str = "200 OK", headers: str = "") -> bytes:
    """Return a response with a ``content-length``."""
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{headers}\r\n".encode() + body
