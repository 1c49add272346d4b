"""How exchanges end that are given up or take too long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from obelisk.testing.clock import ManualClock
from obelisk.wasm.wasi.http.exchange import PARTS_AT_ONCE
from obelisk.wasm.wasi.http.options import RequestOptions
from obelisk.wasm.wasi.http.responses import IncomingResponse
from obelisk.wasm.wasi.pollables import wait_any
from tests.wasi.http.exchanging import Names, Sent
from tests.wasi.http.servers import response, saying, serving

MILLISECOND = 1_000_000
TURNS = 50
ENDLESS = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n" + bytes(65536)


@pytest.fixture
async def listener() -> AsyncIterator[socket.socket]:
    """A server that the test plays itself, without the loop."""
    with socket.create_server(("127.0.0.1", 0)) as made:
        made.setblocking(False)
        yield made


async def accepted(listener: socket.socket) -> socket.socket:
    peer, _ = await asyncio.get_running_loop().sock_accept(listener)
    return peer


def address(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


async def settle() -> None:
    """Let everybody go on who can."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def tasks_are_gone() -> None:
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n", ENDLESS])
async def test_the_peer_sees_the_end_before_anything_else_runs(listener, answer):
    sent = Sent(f"http://{address(listener)}")
    peer = await accepted(listener)
    with peer:
        loop = asyncio.get_running_loop()
        while b"\r\n\r\n" not in await loop.sock_recv(peer, 4096):
            pass
        await loop.sock_sendall(peer, answer)
        if answer == ENDLESS:
            await wait_any([sent.exchange.future])
        sent.exchange.close()
        peer.settimeout(5)
        # Nothing has run since `close`: this blocks the loop.
        assert peer.recv(1) == b""
        await tasks_are_gone()


async def test_an_exchange_that_is_given_up_before_it_began_leaves_no_task():
    sent = Sent("http://example.com", resolver=Names())
    sent.exchange.close()
    assert await sent.failure() == "internal-error"
    await tasks_are_gone()


async def test_an_exchange_that_is_given_up_while_it_looks_a_name_up_leaves_no_task():
    sent = Sent("http://example.com", resolver=Names())
    await asyncio.sleep(0)
    sent.exchange.close()
    await tasks_are_gone()


async def test_an_exchange_that_is_given_up_in_a_handshake_leaves_no_task_and_no_connection(listener):
    sent = Sent(f"https://{address(listener)}")
    peer = await accepted(listener)
    with peer:
        await asyncio.get_running_loop().sock_recv(peer, 4096)
        sent.exchange.close()
        await tasks_are_gone()
        try:
            assert await asyncio.get_running_loop().sock_recv(peer, 4096) == b""
        except ConnectionResetError:
            pass  # what it had sent was not read


async def test_an_end_is_told_once():
    async with serving(saying(response(b"ok"))) as server:
        sent = Sent(f"http://{server.authority}")
        end = await sent.end()
        sent.exchange.close()
    assert isinstance(end, IncomingResponse)
    assert sent.exchange.future.answer is end
    (trace,) = sent.traces.list()
    assert trace.resp is not None
    assert trace.resp.status.ok == 200


async def test_a_look_up_that_takes_too_long_is_a_dns_timeout():
    clock = ManualClock()
    options = RequestOptions(connect_timeout=30_000 * MILLISECOND)
    sent = Sent("http://example.com", resolver=Names(), clock=clock, options=options)
    ending = asyncio.create_task(sent.failure())
    await settle()
    assert clock.jump()
    assert await ending == "DNS-timeout"
    assert clock.monotonic_ns() == 30_000 * MILLISECOND
    await tasks_are_gone()


async def test_a_response_that_takes_too_long_is_a_read_timeout_of_the_engines_clock(listener):
    clock = ManualClock()
    options = RequestOptions(first_byte_timeout=3_600_000 * MILLISECOND)
    sent = Sent(f"http://{address(listener)}", clock=clock, options=options)
    with await accepted(listener):
        ending = asyncio.create_task(sent.failure())
        await settle()
        assert clock.jump()
        assert await ending == "connection-read-timeout"
        await tasks_are_gone()


async def test_a_time_limit_of_the_far_future_is_none():
    longest = 2**64 - 1
    options = RequestOptions(connect_timeout=longest, first_byte_timeout=longest, between_bytes_timeout=longest)
    async with serving(saying(response(b"ok"))) as server:
        sent = Sent(f"http://{server.authority}", options=options)
        assert isinstance(await sent.end(), IncomingResponse)


async def test_a_body_of_tiny_chunks_leaves_the_loop_its_turns():
    chunks = 5_000
    answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * chunks + b"0\r\n\r\n"
    async with serving(saying(answer)) as server:
        sent = Sent(f"http://{server.authority}")
        await wait_any([sent.exchange.future])
        ending, turns = asyncio.create_task(sent.end()), 0
        while not ending.done():
            await asyncio.sleep(0)
            turns += 1
        end = await ending
    assert isinstance(end, IncomingResponse)
    assert end.content.read(2 * chunks) == b"a" * chunks
    assert turns >= chunks // PARTS_AT_ONCE
