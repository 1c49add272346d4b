"""The bytes of a connection arrive, however slowly the other side takes them."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct

import pytest
import trustme
from obelisk_http_webhook.wire import Wire

SIZE = 200_000
"""More than the buffers of the kernel take, less than a wire waits for."""
LINGER = 0.1
SECONDS = 20.0


@pytest.fixture(params=["plain", "tls"])
def contexts(request):
    """What a server and its client speak TLS with, if they do."""
    if request.param == "plain":
        return None, None
    authority = trustme.CA()
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(client)
    return server, client


def small_socket(option: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, option, 4096)
    made.setblocking(False)
    return made


async def test_what_was_sent_arrives_at_a_client_that_is_slower_than_the_linger(contexts):
    for_server, for_client = contexts
    loop = asyncio.get_running_loop()
    connected: asyncio.Future[Wire] = loop.create_future()
    listening = small_socket(socket.SO_SNDBUF)
    listening.bind(("127.0.0.1", 0))
    server = await loop.create_server(
        lambda: Wire(connected.set_result, lambda _: None), sock=listening, ssl=for_server
    )
    joining = small_socket(socket.SO_RCVBUF)
    await loop.sock_connect(joining, listening.getsockname())
    name = "127.0.0.1" if for_client else None
    reader, writer = await asyncio.open_connection(sock=joining, ssl=for_client, server_hostname=name, limit=1024)
    wire = await connected
    wire.send(b"x" * SIZE)

    async def end() -> None:
        await wire.linger(LINGER, stall=SECONDS)
        wire.abort()

    ending = asyncio.create_task(end())
    await asyncio.wait({ending}, timeout=4 * LINGER)
    async with asyncio.timeout(SECONDS):
        assert len(await reader.read()) == SIZE
        writer.close()
        await ending
    server.close()


async def reset_wire() -> tuple[Wire, asyncio.Server]:
    """Return a wire whose client has reset the connection, which the loop does not know yet."""
    loop = asyncio.get_running_loop()
    connected: asyncio.Future[Wire] = loop.create_future()
    server = await loop.create_server(lambda: Wire(connected.set_result, lambda _: None), "127.0.0.1", 0)
    client = socket.socket()
    client.setblocking(False)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await loop.sock_connect(client, server.sockets[0].getsockname())
    wire = await connected
    client.close()
    return wire, server


async def test_a_client_that_reset_the_connection_is_not_waited_for():
    wire, server = await reset_wire()
    await wire.linger(SECONDS, stall=SECONDS)
    assert wire.is_gone
    server.close()


async def test_what_is_sent_to_a_client_that_reset_the_connection_is_dropped_without_a_word(caplog):
    wire, server = await reset_wire()
    for _ in range(20):
        wire.send(b"x")
    with pytest.raises(ConnectionResetError):
        await wire.drain(SECONDS)
    assert caplog.messages == []
    server.close()
