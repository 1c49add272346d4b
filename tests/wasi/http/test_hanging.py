"""Servers that are slow or never end, guests that do not read, and runs that are ended meanwhile."""

from __future__ import annotations

import asyncio

from obelisk.core.events import Finished
from tests.wasi.http.guests import code, open_http_probe, script_of
from tests.wasi.http.servers import response, serving

OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = OK + b"content-length: 1000000000000\r\n\r\n"
LONGEST = 10.0
"""How long, in seconds, what is done at once may take on a busy machine; the guests here would wait ten minutes."""


async def hanging(talk):
    await talk.until_gone()


async def endless(talk):
    await talk.answer(ENDLESS)
    while True:
        await talk.say(bytes(65536))


async def test_a_response_that_does_not_come_in_time_is_a_read_timeout(guest):
    script = "fetch(authority, options=options(first_byte_timeout=20))"
    async with serving(hanging) as server:
        assert await guest.error(script, authority=server.authority) == code("ConnectionReadTimeout")
        await server.left.wait()


async def test_a_body_that_pauses_too_long_is_a_read_timeout(guest):
    async def talk(talk):
        await talk.answer(OK + b"content-length: 5\r\n\r\nabc")
        await talk.until_gone()

    script = """
response = fetch(authority, options=options(between_bytes_timeout=20))
body = response.consume()
stream = body.stream()
first = stream.blocking_read(100)
failure = refused(stream.blocking_read, 100).value
result = [first, http.http_error_code(failure), failure.to_debug_string()]
"""
    async with serving(talk) as server:
        first, error, text = await guest.run(script, authority=server.authority)
    assert (first, error) == ("abc", code("ConnectionReadTimeout"))
    assert text == "waiting for more of the response's body took more than 20 ms"


async def test_a_guest_that_pauses_between_reads_is_no_pause_of_the_server(guest):
    async def talk(talk):
        await talk.answer(response(bytes(1_000_000)))

    script = """
response = fetch(authority, options=options(between_bytes_timeout=2000))
body = response.consume()
stream = body.stream()
size = len(stream.blocking_read(1000))
with monotonic_clock.subscribe_duration(50_000_000) as pause:
    pause.block()
result = size + len(drain(stream))
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == 1_000_000


async def test_a_handshake_that_does_not_end_is_a_connection_timeout(guest):
    script = "fetch(authority, scheme=http.Scheme_Https(), options=options(connect_timeout=20))"
    async with serving(hanging) as server:
        assert await guest.error(script, authority=server.authority) == code("ConnectionTimeout")
        await server.left.wait()


async def test_timeouts_that_do_not_pass_change_nothing(guest):
    async def talk(talk):
        await talk.answer(response(b"ok"))

    timeouts = "connect_timeout=50_000, first_byte_timeout=50_000, between_bytes_timeout=50_000"
    script = f"result = content_of(fetch(authority, options=options({timeouts})))"
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == "ok"


async def test_an_endless_body_is_read_as_far_as_the_guest_wants(guest):
    script = """
response = fetch(authority)
body = response.consume()
with body.stream() as stream:
    result = sum(len(stream.blocking_read(65536)) for _ in range(20)) > 0
"""
    async with serving(endless) as server:
        assert await guest.run(script, authority=server.authority) is True
        await server.left.wait()


async def test_a_body_that_nobody_reads_closes_its_connection_with_the_run(guest):
    async with serving(endless) as server:
        assert (
            await guest.run("response = fetch(authority)\nresult = response.status()", authority=server.authority)
            == 200
        )
        await server.left.wait()


async def test_a_body_that_nobody_reads_stops_its_server(guest):
    sent = 0

    async def talk(talk):
        nonlocal sent
        if "/beside" in await talk.head():
            await talk.say(response())
            return
        await talk.say(ENDLESS)
        while True:
            await talk.say(bytes(65536))
            sent += 65536

    script = """
response = fetch(authority)
for _ in range(200):
    content_of(fetch(authority, "/beside"))
result = "never read"
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == "never read"
        await server.left.wait()
    # What the sockets of both sides hold comes on top of the host's buffers.
    assert sent < 32 * 1024 * 1024


async def test_dropping_a_future_closes_its_connection(guest):
    gone = asyncio.Event()

    async def talk(talk):
        if "/after" in await talk.head():
            await gone.wait()
            await talk.say(response(b"closed"))
        else:
            await talk.say(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await talk.until_gone()
            gone.set()

    script = """
future = send(build(authority))
with monotonic_clock.subscribe_duration(20_000_000) as pause:
    pause.block()
future.__exit__(None, None, None)
result = content_of(fetch(authority, "/after"))
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == "closed"


async def test_dropping_a_body_closes_its_connection(guest):
    gone = asyncio.Event()

    async def talk(talk):
        if "/after" in await talk.head():
            await gone.wait()
            await talk.say(response(b"closed"))
        else:
            await talk.say(ENDLESS)
            await talk.until_gone()
            gone.set()

    script = """
response = fetch(authority)
body = response.consume()
response.__exit__(None, None, None)
stream = body.stream()
body.__exit__(None, None, None)
stream.__exit__(None, None, None)
result = content_of(fetch(authority, "/after"))
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == "closed"


async def test_a_server_that_takes_nothing_makes_the_guest_wait(guest):
    async def talk(talk):
        await talk.head()
        await asyncio.Event().wait()

    script = """
request = post(authority)
body = request.body()
future = send(request)
stream = body.write()
written = 0
waits = True
while waits:
    with stream.subscribe() as room:
        with monotonic_clock.subscribe_duration(200_000_000) as pause:
            waits = 0 in poll.poll([room, pause])
    size = stream.check_write()
    stream.write(bytes(size))
    written += size
result = [stream.check_write(), written < 100_000_000]
"""
    async with serving(talk) as server:
        assert await guest.run(script, authority=server.authority) == [0, True]


async def test_a_hanging_server_holds_a_run_until_its_lock_expires(wasi_probe, tmp_path):
    async with serving(hanging) as server, open_http_probe(wasi_probe, tmp_path, lock_expiry="300ms") as guest:
        failure = await guest.probe.failure(script_of("fetch(authority)", authority=server.authority))
        assert failure.kind.value == "timed_out"
        await server.left.wait()


async def test_an_endless_body_is_read_until_the_lock_expires(wasi_probe, tmp_path):
    script = """
response = fetch(authority)
body = response.consume()
stream = body.stream()
while True:
    stream.blocking_read(65536)
"""
    async with serving(endless) as server, open_http_probe(wasi_probe, tmp_path, lock_expiry="300ms") as guest:
        failure = await guest.probe.failure(script_of(script, authority=server.authority))
        assert failure.kind.value == "timed_out"
        await server.left.wait()


async def test_cancelling_a_run_that_waits_for_a_server_frees_it_at_once(guest):
    came = asyncio.Event()

    async def talk(talk):
        await talk.head()
        came.set()
        await talk.until_gone()

    executions = guest.probe.engine.executions
    async with serving(talk) as server:
        execution_id = await guest.probe.submit(script_of("fetch(authority)", authority=server.authority))
        await came.wait()
        await executions.cancel(execution_id)
        async with asyncio.timeout(LONGEST):
            await server.left.wait()
        ended = (await executions.wait(execution_id)).result
    assert ended.execution_failure.kind.value == "cancelled"
    assert isinstance((await executions.events(execution_id, from_version=0, limit=100))[-1].event, Finished)


async def test_cancelling_a_run_in_the_middle_of_a_body_frees_it_at_once(guest):
    executions = guest.probe.engine.executions
    came = asyncio.Event()

    async def talk(talk):
        await talk.answer(ENDLESS)
        came.set()
        await talk.until_gone()

    async with serving(talk) as server:
        execution_id = await guest.probe.submit(script_of("content_of(fetch(authority))", authority=server.authority))
        await came.wait()
        await executions.cancel(execution_id)
        async with asyncio.timeout(LONGEST):
            await server.left.wait()
        ended = (await executions.wait(execution_id)).result
    assert ended.execution_failure.kind.value == "cancelled"


async def test_an_engine_that_stops_closes_the_connections_of_its_runs(wasi_probe, tmp_path):
    came = asyncio.Event()

    async def talk(talk):
        await talk.head()
        came.set()
        await talk.until_gone()

    async with serving(talk) as server:
        tables = '[server]\nshutdown_timeout = "10ms"\n'
        async with open_http_probe(wasi_probe, tmp_path, tables=tables) as guest:
            await guest.probe.submit(script_of("fetch(authority)", authority=server.authority))
            await came.wait()
        await server.left.wait()
