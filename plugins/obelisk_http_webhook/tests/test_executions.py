"""A request is an execution: what it starts, what is kept of it, and what ends it."""

from __future__ import annotations

import json

from obelisk.core.events import Created, Finished, Locked, Schedule
from obelisk.core.trace_context import PARENT_KEY

CALL = "/c?[10,2]"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_a_call_answers_with_what_the_function_returned(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        answer = await served.ask(CALL)
        assert (answer.status, json.loads(answer.text)) == (200, 55)


async def test_a_called_execution_is_a_child_of_the_request(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        answer = await served.ask(CALL)
        await served.finished(answer.execution_id)
        created = next(event for event in await served.events(answer.execution_id) if isinstance(event, Created))
        assert created.ffqn == "wasi:http/incoming-handler@0.2.12.handle"
        children = [each for each in await served.executions() if each.startswith(f"{answer.execution_id}.")]
        assert len(children) == 3  # fiboa and its two fibo


async def test_a_request_that_started_something_ends_in_the_log(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        answer = await served.ask(CALL)
        await served.finished(answer.execution_id)
        events = await served.events(answer.execution_id)
        assert [type(events[0]), type(events[1]), type(events[-1])] == [Created, Locked, Finished]


async def test_a_request_without_effects_leaves_nothing(serving, tables):
    async with serving(tables.hook()) as served:
        await served.ask("/h")
        assert await served.executions() == []


async def test_a_request_without_effects_is_kept_when_that_is_asked_for(serving, tables):
    async with serving(tables.hook('persist = "always"')) as served:
        answer = await served.ask("/h")
        await served.finished(answer.execution_id)
        assert [type(event) for event in await served.events(answer.execution_id)] == [Created, Locked, Finished]


async def test_a_stored_line_is_an_effect(serving, tables):
    async with serving(tables.hook()) as served:
        answer = await served.ask("/o")
        assert (await served.finished(answer.execution_id)).result.ok is None


async def test_a_scheduled_execution_is_a_top_level_one(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        answer = await served.ask("/a?[10,1]")
        started = answer.text
        assert (await served.finished(started)).result.ok.value == 55
        await served.finished(answer.execution_id)
        assert [
            each.execution_id for each in await served.events(answer.execution_id) if isinstance(each, Schedule)
        ] == [started]


async def test_wrong_params_are_told_to_the_guest(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        assert (await served.ask("/a?[10]")).text == "002"  # type-check-error
        assert (await served.ask("/c?{}")).text == "002"


async def test_a_function_that_does_not_exist_is_told_to_the_guest(serving, tables):
    async with serving(tables.hook()) as served:
        assert (await served.ask("/c?[10,1]")).text == "001"  # function-not-found


async def test_another_executions_result_is_waited_for(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        started = (await served.ask("/a?[10,1]")).text
        assert (await served.ask(f"/g?{started}")).text == "55"


async def test_a_result_that_is_there_is_told_and_one_that_is_not_is_not_waited_for(serving, tables):
    async with serving(tables.hook('persist = "always"') + tables.fibo()) as served:
        started = (await served.ask("/a?[10,1]")).text
        await served.finished(started)
        assert (await served.ask(f"/r?{started}")).text == "55"
        client = await served.connect()
        await client.send("GET /c?[10,1] HTTP/1.1\r\nhost: test\r\n\r\n")
        answer = await client.answer()
        await served.finished(answer.execution_id)
        assert (await served.ask("/r?E_00000000000000000000000000")).text == "001"  # not-found
        assert (await served.ask("/r?nonsense")).text == "000"  # execution-id-parsing-error


async def test_a_status_is_told(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        started = (await served.ask("/a?[10,1]")).text
        await served.finished(started)
        assert (await served.ask(f"/k?{started}")).text == "005"  # finished


async def test_what_a_request_starts_is_part_of_its_trace(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        answer = await served.ask(CALL, headers={"traceparent": TRACE})
        await served.finished(answer.execution_id)
        child = next(each for each in await served.executions() if each.count(".") == 1)
        created = next(event for event in await served.events(child) if isinstance(event, Created))
        assert created.metadata[PARENT_KEY].split("-")[1] == TRACE.split("-")[1]


async def test_a_request_id_is_kept_with_the_execution(serving, tables):
    async with serving(tables.hook('persist = "always"')) as served:
        answer = await served.ask("/h", headers={"x-request-id": "abc-1"})
        await served.finished(answer.execution_id)
        created = (await served.events(answer.execution_id))[0]
        assert created.metadata["http:x-request-id"] == "abc-1"


async def test_a_client_that_is_gone_ends_the_handler(serving, tables):
    async with serving(tables.hook('persist = "always"')) as served:
        client = await served.connect()
        await client.send("GET /w HTTP/1.1\r\nhost: test\r\n\r\n")
        client.close()
        (ended,) = await served.until(served.executions)
        failure = (await served.finished(ended)).result.execution_failure
        assert failure.reason == "the client is gone"


async def test_what_a_request_started_runs_on_when_its_client_is_gone(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        client = await served.connect()
        await client.send("GET /c?[10,200] HTTP/1.1\r\nhost: test\r\n\r\n")
        (child, *_) = await served.until(lambda: children(served))
        client.close()
        assert (await served.finished(child)).result.ok.value == 55


async def test_a_request_that_takes_too_long_gets_408_and_fails(serving, tables):
    async with serving(tables.hook('request_timeout = "200ms"', 'persist = "always"')) as served:
        answer = await served.ask("/w")
        assert (answer.status, answer.text) == (408, "Timeout\n")
        failure = (await served.finished(answer.execution_id)).result.execution_failure
        assert failure.kind.value == "timed_out"


async def test_a_component_may_go_on_after_its_response(serving, tables):
    async with serving(tables.hook('request_timeout = "300ms"', 'persist = "always"')) as served:
        client = await served.connect()
        await client.send("GET /q HTTP/1.1\r\nhost: test\r\n\r\n")
        answer = await client.answer()
        assert (answer.status, answer.text) == (200, "hello\n")
        await client.send("GET /h HTTP/1.1\r\nhost: test\r\n\r\n")
        assert (await client.answer()).status == 200
        failure = (await served.finished(answer.execution_id)).result.execution_failure
        assert failure.reason == "the request took longer than `request_timeout`"


async def test_a_trap_fails_the_execution(serving, tables):
    async with serving(tables.hook('persist = "always"')) as served:
        answer = await served.ask("/t")
        failure = (await served.finished(answer.execution_id)).result.execution_failure
        assert failure.reason == "webhook trap: wasm `unreachable` instruction executed"


async def test_requests_that_do_not_end_are_broken_off_when_the_server_stops(serving, tables):
    head = 'storage.use = "memory"\nserver.shutdown_timeout = "300ms"\n'
    async with serving(tables.hook(), head=head, server=tables.server("max_inflight_requests = 1")) as served:
        client = await served.connect()
        await client.send("GET /w HTTP/1.1\r\nhost: test\r\n\r\n")
        while (await served.ask("/h")).status == 200:
            pass  # until the first one has arrived
    assert await client.rest() == b""


async def test_a_server_that_stops_lets_requests_end(serving, tables):
    async with serving(tables.hook() + tables.fibo()) as served:
        client = await served.connect()
        await client.send("GET /c?[10,20] HTTP/1.1\r\nhost: test\r\n\r\n")
        await served.until(served.executions)
    answer = await client.answer()
    assert (answer.status, answer.text) == (200, "55")


async def children(served):
    return [each for each in await served.executions() if each.count(".") == 1]
