"""What is kept of a run's requests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from obelisk.core.events import HttpClientTrace, HttpTraceRequest, HttpTraceResponse, HttpTraceStatus
from obelisk.core.trace_context import TraceContext, request_span
from obelisk.ids import ExecutionId, RunId
from obelisk.wasm.wasi.http.traces import MAX_ERROR, MAX_TRACES, MAX_URI, HttpTraces

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(seconds=1)
EXECUTION = ExecutionId("E_01JQZ0000000000000000000A1")
RUN = RunId("Run_01JQZ0000000000000000000B1")
CONTEXT = TraceContext("0af7651916cd43dd8448eb211c80319c", 1, "vendor=1")
REQUEST = HttpTraceRequest(NOW, "http://a/x", "GET")


def traces(context: TraceContext = CONTEXT) -> HttpTraces:
    return HttpTraces(EXECUTION, RUN, context=context, mask=lambda text: text.replace("hunter2", "***"))


def test_a_request_that_was_answered_has_its_status():
    made = traces()
    made.begin("GET", "http://a/x", NOW).finish(LATER, status=200)
    assert made.list() == (HttpClientTrace(REQUEST, HttpTraceResponse(LATER, HttpTraceStatus(ok=200))),)


def test_a_request_that_failed_says_why():
    made = traces()
    made.begin("GET", "http://a/x", NOW).finish(LATER, error="refused")
    assert made.list() == (HttpClientTrace(REQUEST, HttpTraceResponse(LATER, HttpTraceStatus(err="refused"))),)


def test_a_request_without_an_end_has_none():
    made = traces()
    made.begin("GET", "http://a/x", NOW)
    assert made.list() == (HttpClientTrace(REQUEST),)


def test_the_first_end_counts():
    made = traces()
    trace = made.begin("GET", "http://a/x", NOW)
    trace.finish(LATER, status=200)
    trace.finish(LATER, error="the body broke off")
    assert made.list()[0].resp == HttpTraceResponse(LATER, HttpTraceStatus(ok=200))


def test_requests_stand_in_the_order_in_which_they_were_sent():
    made = traces()
    first, second = (made.begin("GET", f"http://a/{number}", NOW) for number in (1, 2))
    second.finish(LATER, status=200)
    first.finish(LATER, status=200)
    assert [trace.req.uri for trace in made.list()] == ["http://a/1", "http://a/2"]


def test_secrets_are_hidden():
    made = traces()
    made.begin("GET", "http://a/?k=hunter2", NOW).finish(LATER, error="no hunter2")
    assert "hunter2" not in repr(made.list())


def test_a_secret_is_hidden_before_a_text_is_cut():
    made = traces()
    made.begin("GET", "x" * (MAX_URI - 3) + "hunter2", NOW).finish(LATER, error="x" * (MAX_ERROR - 3) + "hunter2")
    assert "hun" not in repr(made.list())


def test_number_and_length_are_bounded():
    made = traces()
    for _ in range(MAX_TRACES + 2):
        made.begin("M" * 1000, "u" * 100_000, NOW).finish(LATER, error="e" * 100_000)
    assert len(made.list()) == MAX_TRACES
    assert made.lost == 2
    assert len(repr(made.list()[0])) < 2000


def test_a_request_carries_the_trace_of_its_execution():
    made = traces()
    first, second = (made.begin("GET", "http://a/x", NOW) for _ in range(2))
    assert first.headers == (
        ("traceparent", CONTEXT.parent(request_span(EXECUTION, RUN, index=0)).encode()),
        ("tracestate", b"vendor=1"),
    )
    assert second.headers[0][1] == CONTEXT.parent(request_span(EXECUTION, RUN, index=1)).encode()


def test_a_trace_without_a_state_sends_none():
    assert [name for name, _ in traces(TraceContext("ab" * 16)).begin("GET", "http://a", NOW).headers] == [
        "traceparent"
    ]
