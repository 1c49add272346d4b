"""Clients that misbehave get a short answer, or none, and nothing of it reaches a component or another client."""

from __future__ import annotations

import asyncio

import pytest

HELLO = "GET /h HTTP/1.1\r\nhost: test\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GARBAGE\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nhost: test\r\n\r\n", 505),
        ("GET /a b HTTP/1.1\r\nhost: test\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: test\r\nbad header: x\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: test\r\nx: a\0b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: test\r\nhost: other\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: -1\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: gzip\r\n\r\n", 501),
        ("GET %%% HTTP/1.1\r\nhost: test\r\n\r\n", 400),
        ("OPTIONS * HTTP/1.1\r\nhost: test\r\n\r\n", 400),
        ("GET /%ff HTTP/1.1\r\nhost: test\r\n\r\n", 400),
        ("GET /%00 HTTP/1.1\r\nhost: test\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    ],
)
async def test_what_is_no_request_is_refused(serving, tables, request_, status):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send(request_)
        assert (await client.answer()).status == status
        assert (await served.ask("/h")).status == 200


async def test_a_refusal_tells_nothing_of_the_inside(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send("GARBAGE\r\n\r\n")
        assert (await client.answer()).text == "Malformed request\n"


async def test_headers_that_are_too_large_are_refused(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_head_size = 1000")) as served:
        client = await served.connect()
        await client.send("GET / HTTP/1.1\r\nhost: test\r\nx: " + "y" * 2000)
        assert (await client.answer()).status == 431


async def test_a_body_that_is_announced_too_large_is_refused_before_it_comes(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_body_size = 10")) as served:
        client = await served.connect()
        await client.send("POST /e HTTP/1.1\r\nhost: test\r\ncontent-length: 11\r\n\r\n")
        assert (await client.answer()).status == 413


async def test_a_body_that_grows_too_large_is_refused(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_body_size = 10")) as served:
        client = await served.connect()
        await client.send("POST /w HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n")
        await client.send("b\r\nhello hello\r\n")
        assert (await client.answer()).status == 413


async def test_an_answer_that_began_is_broken_off_when_the_body_grows_too_large(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_body_size = 10")) as served:
        client = await served.connect()
        await client.send("POST /e HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n")
        seen = b""
        while b"hello" not in seen:
            seen += await client.read(1)
        await client.send("6\r\n hello\r\n")
        assert not (await client.rest()).endswith(b"0\r\n\r\n")


async def test_a_body_at_the_limit_is_taken(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_body_size = 10")) as served:
        assert (await served.ask("/e", method="POST", body=b"0123456789")).text == "0123456789"


async def test_a_malformed_chunk_ends_the_request(serving, tables):
    async with serving(tables.hook()) as served:
        client = await served.connect()
        await client.send("POST /w HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n")
        assert (await client.answer()).status == 400


async def test_malformed_bodies_use_no_instance_up(serving, tables):
    async with serving(tables.hook("exec = { instance_limiter = 1 }")) as served:
        for _ in range(2):
            client = await served.connect()
            await client.send("POST /e HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n")
            assert (await client.answer()).status == 400
        assert (await served.ask("/h")).status == 200


async def test_a_head_that_comes_too_slowly_is_refused_however_steadily_it_comes(serving, tables):
    async with serving(tables.hook(), server=tables.server('head_timeout = "300ms"')) as served:
        client = await served.connect()

        async def drip() -> None:
            await client.send("GET /h HTTP/1.1\r\nhost: test\r\n")
            while True:
                await client.send("x: y\r\n")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        answer = await client.answer()
        dripping.cancel()
        assert (answer.status, answer.text) == (408, "Timeout\n")


SIGNED = 'signature = { form = "github", secret = "HOOK" }'
FUNCTION = '[[webhook_function]]\nname = "f"\nffqn = "testing:fibo-workflow/workflow.fiboa"\nroute = "/w"\n'


@pytest.mark.parametrize("is_function", [True, False])
async def test_a_body_that_is_read_whole_is_refused_when_it_comes_too_slowly_however_steadily(
    serving, tables, is_function
):
    timeout = 'request_timeout = "300ms"'
    toml = f"{FUNCTION}{timeout}\n{tables.fibo()}" if is_function else tables.hook(SIGNED, timeout)
    head = 'storage.use = "memory"\nsecrets = { HOOK = { env = "HOOK" } }\n'
    async with serving(toml, head=head, HOOK="key") as served:
        client = await served.connect()

        async def drip() -> None:
            await client.send("POST /w HTTP/1.1\r\nhost: test\r\ncontent-length: 10000\r\n\r\n")
            while True:
                await client.send(" ")
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        answer = await client.answer()
        dripping.cancel()
        assert (answer.status, answer.text) == (408, "Timeout\n")


async def test_a_body_that_does_not_come_is_not_waited_for_long(serving, tables):
    async with serving(tables.hook(), server=tables.server('stall_timeout = "200ms"')) as served:
        client = await served.connect()
        await client.send("POST /w HTTP/1.1\r\nhost: test\r\ncontent-length: 5\r\n\r\nhi")
        assert (await client.answer()).status == 408


async def test_a_client_that_takes_nothing_is_let_go(serving, tables):
    """What was sent before fills the buffers of both kernels, and ours."""
    server = tables.server('stall_timeout = "200ms"')
    async with serving(tables.hook('persist = "always"'), server=server) as served:
        client = await served.connect(limit=1024)
        for _ in range(20):
            await client.send("GET /b HTTP/1.1\r\nhost: test\r\n\r\n")
        await served.until(lambda: failures(served))


async def failures(served):
    states = [await served.engine.executions.get(each) for each in await served.executions()]
    return [state for state in states if state.failure_kind is not None]


async def test_a_connection_that_says_nothing_is_closed(serving, tables):
    async with serving(tables.hook(), server=tables.server('idle_timeout = "100ms"')) as served:
        client = await served.connect()
        assert await client.rest() == b""


async def test_more_connections_than_allowed_are_closed(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_connections = 1")) as served:
        first = await served.connect()
        await first.send(HELLO)
        await first.answer()
        second = await served.connect()
        assert await second.rest() == b""


async def test_more_requests_than_allowed_get_429_and_the_connection_goes_on(serving, tables):
    async with serving(tables.hook(), server=tables.server("max_inflight_requests = 1")) as served:
        waiting, other = await served.connect(), await served.connect()
        await waiting.send("GET /w HTTP/1.1\r\nhost: test\r\n\r\n")
        status = 200
        while status == 200:  # until the first one has arrived
            await other.send(HELLO)
            answer = await other.answer()
            status = answer.status
        assert (status, answer.headers["retry-after"]) == (429, "1")
        waiting.close()
        while status == 429:  # until its end was noticed
            await other.send(HELLO)
            status = (await other.answer()).status
        assert status == 200
