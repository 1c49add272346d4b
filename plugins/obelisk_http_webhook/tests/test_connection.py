"""Whatever befalls who serves a request, its client gets an answer that tells nothing of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from obelisk_http_webhook.connection import Connection
from obelisk_http_webhook.request import Limits
from obelisk_http_webhook.wire import Wire

from obelisk.errors import ExecutionStateError, StorageError

LIMITS = Limits(head_size=1000, body_size=1000, head=20.0, stall=20.0, idle=20.0)


@asynccontextmanager
async def connected(serve):
    """Serve connections with ``serve``, and connect to it."""
    loop = asyncio.get_running_loop()
    running = []

    def begin(wire):
        running.append(loop.create_task(Connection(wire, LIMITS, serve=serve, date=lambda: b"now").run()))

    server = await loop.create_server(lambda: Wire(begin, lambda _: None), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    async with asyncio.timeout(20):
        yield reader, writer
        writer.close()
        await asyncio.gather(*running)
    server.close()


@pytest.mark.parametrize("error", [StorageError("no inside"), ExecutionStateError("no inside"), OSError("no inside")])
async def test_an_error_of_the_inside_is_500_and_the_connection_goes_on(error, caplog):
    async def fail(_request):
        raise error

    async with connected(fail) as (reader, writer):
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
            answer = await reader.readuntil(b"failed\n")
            assert answer.startswith(b"HTTP/1.1 500 ")
            assert b"inside" not in answer
    assert "no inside" in caplog.text


async def test_an_error_after_the_head_breaks_the_answer_off():
    async def begin_and_fail(request):
        request.begin(200, [(b"content-length", b"5")])
        raise StorageError("no inside")

    async with connected(begin_and_fail) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n")
        answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\n")
