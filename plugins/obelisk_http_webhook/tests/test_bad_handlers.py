"""Components that misbehave: the client gets a short answer or a broken connection, others are not affected."""

from __future__ import annotations

import pytest

FAILED = "The handler failed\n"


@pytest.mark.parametrize("path", ["/s", "/t", "/x", "/u"])
async def test_a_handler_without_an_answer_gives_500(serving, tables, path):
    async with serving(tables.hook()) as served:
        answer = await served.ask(path)
        assert (answer.status, answer.text) == (500, FAILED)
        assert (await served.ask("/h")).text == "hello\n"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/s", "the handler returned without a response"),
        ("/t", "webhook trap: wasm `unreachable` instruction executed"),
        ("/x", "the handler answered with the error internal-error: inside: a secret"),
        ("/u", "it answered with the status 103, expected one from 200 to 999"),
    ],
)
async def test_the_log_tells_why_with_the_execution(serving, tables, caplog, path, reason):
    async with serving(tables.hook()) as served:
        answer = await served.ask(path)
        assert f"webhook `hook`, execution `{answer.execution_id}`: {reason}" in caplog.text


async def test_a_status_that_cannot_be_is_refused_to_the_guest(serving, tables):
    async with serving(tables.hook()) as served:
        assert (await served.ask("/n")).text == "200"


async def test_a_trap_after_the_head_breaks_the_body_off(serving, tables):
    async with serving(tables.hook()) as served:
        answer = await served.ask("/l")
        assert (answer.status, answer.is_whole) == (200, False)


async def test_a_second_response_traps_and_the_first_one_stands(serving, tables, caplog):
    async with serving(tables.hook('persist = "always"')) as served:
        answer = await served.ask("/d")
        assert answer.text == "hello\n"
        finished = await served.finished(answer.execution_id)
        assert "trap" in finished.result.execution_failure.reason


async def test_more_than_the_promised_length_breaks_the_body_off(serving, tables):
    async with serving(tables.hook()) as served:
        answer = await served.ask("/m")
        assert (answer.status, answer.headers["content-length"], answer.is_whole) == (200, "3", False)


async def test_a_handler_that_computes_forever_ends_at_the_timeout(serving, tables):
    async with serving(tables.hook('request_timeout = "300ms"')) as served:
        answer = await served.ask("/p")
        assert (answer.status, answer.text) == (408, "Timeout\n")


async def test_others_are_served_while_a_handler_computes(serving, tables):
    async with serving(tables.hook('request_timeout = "2s"')) as served:
        client = await served.connect()
        await client.send("GET /p HTTP/1.1\r\nhost: test\r\n\r\n")
        assert [(await served.ask("/h")).status for _ in range(5)] == [200] * 5


async def test_an_instance_that_cannot_start_gives_503(serving, tables, caplog):
    async with serving(tables.hook("memory = 1000")) as served:
        answer = await served.ask("/h")
        assert (answer.status, answer.text) == (503, "Cannot start the handler\n")


async def test_more_instances_than_allowed_give_503(serving, tables):
    async with serving(tables.hook("exec.instance_limiter = 1")) as served:
        waiting = await served.connect()
        await waiting.send("GET /w HTTP/1.1\r\nhost: test\r\n\r\n")
        status = 200
        while status == 200:  # until the first one has arrived
            status = (await served.ask("/h")).status
        assert status == 503


async def test_out_of_fuel_gives_500(serving, tables):
    async with serving(tables.hook("fuel = 100")) as served:
        assert (await served.ask("/h")).status == 500
