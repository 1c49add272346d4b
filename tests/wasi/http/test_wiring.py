"""Policy, secrets and traces of real runs, with a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from obelisk.core.events import (
    Event,
    ExecutionFailure,
    FailureKind,
    Finished,
    HttpClientTrace,
    HttpTraceStatus,
    TemporarilyFailed,
    TemporarilyTimedOut,
)
from obelisk.core.trace_context import request_span, trace_of
from obelisk.errors import ComponentError
from obelisk.ids import ExecutionId
from obelisk.testing.clock import ManualClock
from tests.wasi.http.guests import HttpProbe, code, script_of
from tests.wasi.http.servers import Server, Talk, response, serving
from tests.wasi.probing import RUN, Probe, open_probe

SECRET = "hunter2-is-the-value"
ENVIRON = {"KEY_VARIABLE": SECRET, "FORWARDED": "from the server"}
SECRETS = '\n[secrets]\nKEY = { env = "KEY_VARIABLE" }\n'
NAMES_KEY = 'secrets = ["KEY"]\nreplace_in = ["headers"]'
DENIED = code("HttpRequestDenied")
FETCH = "result = fetch(authority, path).status()"
LOOPBACK = "http://127.0.0.1:*"
Open = Callable[..., AbstractAsyncContextManager[Probe]]


def host(table: str, pattern: str, extra: str = "", methods: str = '"*"') -> str:
    return f'\n[[{table}.allowed_host]]\npattern = "{pattern}"\nmethods = {methods}\n{extra}\n'


def own(pattern: str = LOOPBACK, extra: str = "", methods: str = '"*"') -> str:
    return host("activity_wasm", pattern, extra, methods)


def operators(pattern: str = LOOPBACK, extra: str = "", methods: str = '"*"') -> str:
    return host("outbound_http", pattern, extra, methods)


@pytest.fixture
def open_guest(wasi_probe: Path, tmp_path: Path) -> Open:
    """Open an engine whose secret ``KEY`` has a value."""

    def open_one(keys: str, tables: str, *, retries: int = 0, clock: ManualClock | None = None):
        return open_probe(
            wasi_probe, tmp_path, keys=keys, tables=SECRETS + tables, retries=retries, environ=ENVIRON, clock=clock
        )

    return open_one


class Recorder:
    """A server that keeps the heads of requests, and answers with them unless they ask it to hang."""

    def __init__(self) -> None:
        self.heads: list[str] = []
        self.asked = asyncio.Event()

    async def talk(self, talk: Talk) -> None:
        head = await talk.head()
        self.heads.append(head)
        self.asked.set()
        if "/hang" in head:
            await talk.until_gone()
        else:
            await talk.say(response(head.encode("latin-1")))

    def header(self, name: str, *, index: int = 0) -> str | None:
        lines = self.heads[index].split("\r\n")[1:]
        found = [line.partition(": ")[2] for line in lines if line.lower().startswith(f"{name}: ")]
        return found[0] if found else None


@pytest.fixture
async def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def server(recorder: Recorder) -> AsyncIterator[Server]:
    async with serving(recorder.talk) as server:
        yield server


async def events(probe: Probe, execution: ExecutionId) -> list[Event]:
    stored = await probe.engine.executions.events(execution, from_version=0, limit=100)
    return [logged.event for logged in stored]


async def last(probe: Probe, execution: ExecutionId) -> Finished:
    await probe.engine.executions.wait(execution)
    event = (await events(probe, execution))[-1]
    assert isinstance(event, Finished)
    return event


# --- who refuses ------------------------------------------------------------------------------------------------------


async def have_denied(probe: Probe, authority: str) -> None:
    """Have a request denied."""
    assert await HttpProbe(probe).error(FETCH, authority=authority, path="/x?token=hunter2") == DENIED


def denials(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the server's log says of requests that were denied."""
    messages = [record.getMessage() for record in caplog.records]
    return [message for message in messages if " denied by " in message]


async def test_the_log_names_the_components_list(open_guest: Open, server: Server, caplog: pytest.LogCaptureFixture):
    async with open_guest("", operators()) as probe:
        await have_denied(probe, server.authority)
    (line,) = denials(caplog)
    request = f"outgoing HTTP request GET http://{server.authority}/x?***"
    assert f"{request} denied by the component's `allowed_host`: it is empty" in line
    assert server.connections == 0


async def test_the_log_names_the_operators_list(open_guest: Open, server: Server, caplog: pytest.LogCaptureFixture):
    async with open_guest(own(), operators(methods='["POST"]')) as probe:
        await have_denied(probe, server.authority)
    (line,) = denials(caplog)
    assert "denied by the operator's `[[outbound_http.allowed_host]]`: its entry" in line
    assert "allows only POST" in line
    assert server.connections == 0


async def test_a_name_at_a_private_address_is_refused(
    open_guest: Open, server: Server, caplog: pytest.LogCaptureFixture
):
    # The only name that every machine resolves to an address that is not public is one that a star stands for.
    async with open_guest(own("http://*:*"), operators("http://*:*")) as probe:
        await have_denied(probe, f"localhost:{server.port}")
    (line,) = denials(caplog)
    assert "denied by the operator's `[[outbound_http.allowed_host]]`: `localhost` is at" in line
    assert server.connections == 0


async def test_a_redirect_that_a_guest_follows_is_checked_like_every_request(open_guest: Open, server: Server):
    async def elsewhere(talk: Talk) -> None:
        await talk.head()
        await talk.say(response(status="302 Found", headers=f"location: http://{server.authority}/\r\n"))

    follow = """
first = fetch(authority)
(location,) = first.headers().get("location")
result = fetch(location.decode().split("/")[2])
"""
    async with serving(elsewhere) as first:
        pattern = f"http://{first.authority}"
        async with open_guest(own(pattern), operators(pattern)) as probe:
            assert await HttpProbe(probe).error(follow, authority=first.authority) == DENIED
        assert (first.connections, server.connections) == (1, 0)


async def test_a_name_at_a_private_address_is_reached_when_the_operator_says_so(open_guest: Open, server: Server):
    async with open_guest(own("http://*:*"), operators("http://*:*", "allow_private = true")) as probe:
        assert await HttpProbe(probe).run(FETCH, authority=f"localhost:{server.port}", path="/") == 200


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
async def test_this_machine_is_reached_by_a_pattern_that_names_it(open_guest: Open, server: Server, name: str):
    pattern = f"http://{name}:{server.port}"
    async with open_guest(own(pattern), operators(pattern)) as probe:
        assert await HttpProbe(probe).run(FETCH, authority=f"{name}:{server.port}", path="/") == 200


# --- secrets ----------------------------------------------------------------------------------------------------------

SEND_KEY = """
key = os.environ["KEY"]
response = fetch(authority, "/?k=" + key, headers=[("authorization", b"Bearer " + key.encode())])
"""


async def test_a_secret_goes_into_a_header_and_not_where_it_is_not_listed(
    open_guest: Open, server: Server, recorder: Recorder
):
    async with open_guest(own(extra=NAMES_KEY), operators(extra=NAMES_KEY)) as probe:
        key = await HttpProbe(probe).run(SEND_KEY + "result = key", authority=server.authority)
    assert key.startswith("OBELISK_SECRET_")
    assert recorder.header("authorization") == f"Bearer {SECRET}"
    assert recorder.heads[0].startswith(f"GET /?k={key} HTTP/1.1")


@pytest.mark.parametrize(
    ("component", "operator"), [(NAMES_KEY, ""), (NAMES_KEY, NAMES_KEY.replace("headers", "body"))]
)
async def test_a_secret_that_the_operator_does_not_let_out_stays_a_placeholder(
    open_guest: Open, server: Server, recorder: Recorder, component: str, operator: str
):
    async with open_guest(own(extra=component), operators(extra=operator)) as probe:
        key = await HttpProbe(probe).run(SEND_KEY + "result = key", authority=server.authority)
    assert recorder.header("authorization") == f"Bearer {key}"


async def test_a_guest_that_echoes_a_secret_shows_it_to_nobody(
    open_guest: Open, server: Server, recorder: Recorder, caplog: pytest.LogCaptureFixture
):
    script = SEND_KEY + "sys.stderr.write(content_of(response).decode())\nsys.exit(3)"
    async with open_guest(own(extra=NAMES_KEY), operators(extra=NAMES_KEY)) as probe:
        execution = await probe.submit(script_of(script, authority=server.authority))
        event = await last(probe, execution)
    assert recorder.header("authorization") == f"Bearer {SECRET}"
    failure = event.retval.execution_failure
    assert isinstance(failure, ExecutionFailure)
    assert "authorization: Bearer ***" in str(failure.detail)
    assert SECRET not in repr(event)
    assert SECRET not in caplog.text


async def test_a_secret_that_is_not_defined_stops_the_start(open_guest: Open):
    with pytest.raises(ComponentError) as caught:
        async with open_guest(own(extra=NAMES_KEY.replace("KEY", "OTHER")), operators()):
            pass
    assert "component `probe`: `allowed_host` names the secret `OTHER`, which `[secrets]` does not define" in str(
        caught.value
    )


async def test_a_variable_cannot_hide_a_secret(open_guest: Open):
    keys = 'env_vars = [{ key = "KEY", value = "x" }]' + own(extra=NAMES_KEY)
    with pytest.raises(ComponentError, match="`env_vars` sets `KEY`, which `allowed_host` names as a secret"):
        async with open_guest(keys, operators()):
            pass


async def test_what_cannot_be_meant_so_is_said_at_the_start(open_guest: Open, caplog: pytest.LogCaptureFixture):
    async with open_guest(own(extra=NAMES_KEY, methods="[]"), operators(methods="[]")):
        pass
    assert f"component `probe`: the `allowed_host` `{LOOPBACK}` has no `methods`: it allows no request" in caplog.text
    assert (
        "component `probe`: no `[[outbound_http.allowed_host]]` names the secret `KEY`: it is never sent" in caplog.text
    )
    assert f"`[[outbound_http.allowed_host]]` `{LOOPBACK}` has no `methods`: it allows no request" in caplog.text


# --- traces -----------------------------------------------------------------------------------------------------------


def statuses(traces: list[HttpClientTrace]) -> list[HttpTraceStatus | None]:
    return [None if trace.resp is None else trace.resp.status for trace in traces]


async def test_a_run_that_finished_tells_of_its_requests(open_guest: Open, server: Server):
    async with open_guest(own(extra=NAMES_KEY), operators(extra=NAMES_KEY)) as probe:
        script = "for path in ('/a', '/b?k=' + os.environ['KEY']): result = fetch(authority, path).status()"
        execution = await probe.submit(script_of(script, authority=server.authority))
        event = await last(probe, execution)
    assert [(trace.req.method, trace.req.uri) for trace in event.http_client_traces] == [
        ("GET", f"http://{server.authority}/a"),
        ("GET", f"http://{server.authority}/b?k=***"),
    ]
    assert statuses(event.http_client_traces) == [HttpTraceStatus(ok=200)] * 2


async def test_a_request_that_failed_is_told_with_its_error(open_guest: Open):
    async with serving(lambda talk: talk.answer(b"")) as server, open_guest(own(), operators()) as probe:
        execution = await probe.submit(script_of(FETCH, authority=server.authority, path="/"))
        event = await last(probe, execution)
    ((status,)) = statuses(event.http_client_traces)
    assert status is not None
    assert str(status.err).startswith("HTTP-response-incomplete")


async def test_a_run_that_returned_an_error_and_is_run_again_tells_of_its_requests(open_guest: Open, server: Server):
    clock = ManualClock()
    script = "fetch(authority, '/')\nraise ValueError('no')"
    async with open_guest(own(), operators(), retries=1, clock=clock) as probe:
        execution = await probe.submit(script_of(script, authority=server.authority))
        event = await until(probe, execution, TemporarilyFailed)
    assert statuses(event.http_client_traces) == [HttpTraceStatus(ok=200)]


async def test_a_run_that_crashed_tells_of_its_requests(open_guest: Open, server: Server):
    async with open_guest(own(), operators()) as probe:
        execution = await probe.submit(script_of("fetch(authority, '/')\nsys.exit(1)", authority=server.authority))
        event = await last(probe, execution)
    assert isinstance(event.retval.execution_failure, ExecutionFailure)
    assert statuses(event.http_client_traces) == [HttpTraceStatus(ok=200)]


HANG = "fetch(authority, '/')\nfetch(authority, '/hang')"


async def until(probe: Probe, execution: ExecutionId, kind: type[Event]) -> Any:
    """Return an execution's first event of a kind."""
    async for _ in probe.engine.executions.watch(execution):
        for event in await events(probe, execution):
            if isinstance(event, kind):
                return event
    raise AssertionError(f"no {kind.__name__}")


async def hanging(recorder: Recorder) -> None:
    while not any("/hang" in head for head in recorder.heads):
        recorder.asked.clear()
        await recorder.asked.wait()


async def test_a_run_that_timed_out_tells_of_its_requests(open_guest: Open, server: Server, recorder: Recorder):
    clock = ManualClock()
    async with open_guest(own(), operators(), retries=1, clock=clock) as probe:
        execution = await probe.submit(script_of(HANG, authority=server.authority))
        await hanging(recorder)
        clock.advance(timedelta(minutes=1))
        event = await until(probe, execution, TemporarilyTimedOut)
    assert statuses(event.http_client_traces) == [HttpTraceStatus(ok=200), None]


async def test_the_last_run_that_timed_out_tells_of_its_requests(open_guest: Open, server: Server, recorder: Recorder):
    clock = ManualClock()
    async with open_guest(own(), operators(), clock=clock) as probe:
        execution = await probe.submit(script_of(HANG, authority=server.authority))
        await hanging(recorder)
        clock.advance(timedelta(minutes=1))
        event = await last(probe, execution)
    assert event.retval.execution_failure.kind is FailureKind.TIMED_OUT
    assert statuses(event.http_client_traces) == [HttpTraceStatus(ok=200), None]


async def test_a_run_that_was_cancelled_tells_of_its_requests(open_guest: Open, server: Server, recorder: Recorder):
    async with open_guest(own(), operators()) as probe:
        execution = await probe.submit(script_of(HANG, authority=server.authority))
        await hanging(recorder)
        await probe.engine.executions.cancel(execution)
        event = await last(probe, execution)
    assert event.retval.execution_failure.kind is FailureKind.CANCELLED
    assert statuses(event.http_client_traces) == [HttpTraceStatus(ok=200), None]


# --- the trace of an execution ------------------------------------------------------------------------------------------


async def run_of(probe: Probe, execution: ExecutionId) -> Any:
    return next(event.run_id for event in await events(probe, execution) if hasattr(event, "run_id"))


async def test_a_request_is_part_of_the_executions_trace(open_guest: Open, server: Server, recorder: Recorder):
    async with open_guest(own(), operators()) as probe:
        execution = await probe.submit(
            script_of("result = [fetch(authority).status() for _ in '12']", authority=server.authority)
        )
        await last(probe, execution)
        run_id = await run_of(probe, execution)
    sent = [recorder.header("traceparent", index=index) for index in (0, 1)]
    assert sent == [trace_of(execution, {}).parent(request_span(execution, run_id, index=index)) for index in (0, 1)]
    assert recorder.header("tracestate") is None


async def test_a_trace_from_outside_goes_on_in_requests(open_guest: Open, server: Server, recorder: Recorder):
    outer = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    metadata = {"tracing:traceparent": outer, "tracing:tracestate": "vendor=1"}
    async with open_guest(own(), operators()) as probe:
        script = script_of(FETCH, authority=server.authority, path="/")
        submission = await probe.engine.executions.submit(RUN, [script], metadata=metadata)
        await last(probe, submission.execution_id)
    assert str(recorder.header("traceparent")).startswith(outer[:36])
    assert recorder.header("tracestate") == "vendor=1"


async def test_a_guest_may_have_a_trace_of_its_own(open_guest: Open, server: Server, recorder: Recorder):
    script = "result = fetch(authority, headers=[('traceparent', b'mine')]).status()"
    async with open_guest(own(), operators()) as probe:
        assert await HttpProbe(probe).run(script, authority=server.authority) == 200
    assert recorder.header("traceparent") == "mine"
    assert recorder.heads[0].lower().count("traceparent") == 1
