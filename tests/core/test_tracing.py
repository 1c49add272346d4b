"""Spans: what an execution's log adds up to."""

from __future__ import annotations

import gc
import weakref
from datetime import UTC, datetime, timedelta

import pytest

from obelisk.core.events import (
    NO_TIME,
    ComponentId,
    ComponentRole,
    Created,
    Event,
    ExecutionFailure,
    ExecutionResult,
    FailureKind,
    Finished,
    HttpClientTrace,
    HttpTraceRequest,
    HttpTraceResponse,
    HttpTraceStatus,
    JoinSetCreate,
    Locked,
    Paused,
    RetryConfig,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TypedValue,
    Unlocked,
    failed,
)
from obelisk.core.spans import Span, SpanKind, SpanLink, SpanStatus
from obelisk.core.trace_context import (
    child_metadata,
    execution_span,
    request_span,
    run_span,
    scheduled_metadata,
    trace_of,
)
from obelisk.core.tracing import EXECUTOR_GONE, MAX_EVENTS, RETURNED_ERROR, ExecutionTrace
from obelisk.ids import DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn

START = datetime(2026, 1, 1, tzinfo=UTC)
TOP = ExecutionId("E_01JQZ0000000000000000000A1")
OTHER = ExecutionId("E_01JQZ0000000000000000000A2")
CHILD = ExecutionId(f"{TOP}.g:1_1")
FFQN = Ffqn("a:b/c.d")
RUN, NEXT_RUN = RunId("Run_01JQZ0000000000000000000B1"), RunId("Run_01JQZ0000000000000000000B2")
OK = Finished(ExecutionResult(ok=None))
OUTER_TRACE, OUTER_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def component(role: ComponentRole = ComponentRole.ACTIVITY) -> ComponentId:
    return ComponentId(role, "fibo", "sha256:" + "0" * 64)


def created(
    *, role: ComponentRole = ComponentRole.ACTIVITY, params: list[object] | None = None, **metadata: str
) -> Created:
    names = {f"tracing:{name}": text for name, text in metadata.items()}
    return Created(FFQN, params or [], None, START, component(role), DeploymentId("Dep_1"), names)


def locked(run: RunId = RUN) -> Locked:
    executor = ExecutorId("Exr_1")
    return Locked(component(), executor, DeploymentId("Dep_1"), run, START, RetryConfig(5, NO_TIME))


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def request(uri: str = "http://host:8080/x", status: HttpTraceStatus | None = None) -> HttpClientTrace:
    response = None if status is None else HttpTraceResponse(at(2), status)
    return HttpClientTrace(HttpTraceRequest(at(1), uri, "GET"), response)


def spans(*events: Event, execution: ExecutionId = TOP) -> list[Span]:
    """Feed events, one a second, and return the spans in the order in which they ended."""
    trace = ExecutionTrace(execution)
    return [span for second, event in enumerate(events) for span in trace.feed(event, at(second))]


def test_an_execution_that_ran_once_is_two_spans():
    run, execution = spans(created(), locked(), OK)
    assert (run.name, run.started_at, run.ended_at) == ("run", at(1), at(2))
    assert (execution.name, execution.started_at, execution.ended_at) == (FFQN, at(0), at(2))
    assert run.parent_id == execution.span_id == execution_span(TOP)
    assert run.span_id == run_span(TOP, RUN)
    assert execution.parent_id is None
    assert {run.trace_id, execution.trace_id} == {trace_of(TOP, {}).trace_id}
    assert {run.status, execution.status} == {SpanStatus.UNSET}


def test_every_span_tells_whether_its_trace_began_outside():
    outer = f"00-{OUTER_TRACE}-{OUTER_SPAN}-01"
    inner = child_metadata(TOP, trace_of(TOP, {"tracing:traceparent": outer}))["tracing:traceparent"]
    ran = (locked(), Finished(ExecutionResult(ok=None), [request()]))
    assert {span.is_trace_remote for span in spans(created(traceparent=outer), *ran)} == {True}
    assert {span.is_trace_remote for span in spans(created(traceparent=inner), *ran, execution=CHILD)} == {True}


def test_a_trace_of_our_own_did_not_begin_outside():
    inner = child_metadata(TOP, trace_of(TOP, {}))["tracing:traceparent"]
    scheduled = {
        name.removeprefix("tracing:"): text for name, text in scheduled_metadata(OTHER, trace_of(OTHER, {})).items()
    }
    assert {span.is_trace_remote for span in spans(created(), locked(), OK)} == {False}
    assert {span.is_trace_remote for span in spans(created(traceparent=inner), locked(), OK, execution=CHILD)} == {
        False
    }
    assert {span.is_trace_remote for span in spans(created(**scheduled), locked(), OK)} == {False}


def test_attributes_say_what_ran_and_where():
    run, execution = spans(created(), locked(), OK)
    assert run.attributes == {
        "code.function.name": FFQN,
        "obelisk.execution.id": TOP,
        "obelisk.run.id": RUN,
        "obelisk.run.attempt": 1,
        "obelisk.executor.id": "Exr_1",
    }
    assert execution.attributes == {
        "code.function.name": FFQN,
        "obelisk.execution.id": TOP,
        "obelisk.execution.result": "ok",
        "obelisk.component.name": "fibo",
        "obelisk.component.type": "activity",
        "obelisk.component.digest": "sha256:" + "0" * 64,
        "obelisk.deployment.id": "Dep_1",
    }


def test_a_retry_is_an_event_of_the_execution_and_each_run_a_span():
    trapped = TemporarilyFailed(at(9), "activity trap: unreachable", "backtrace")
    first, second, execution = spans(created(), locked(), trapped, locked(NEXT_RUN), OK)
    assert (first.status, first.status_message) == (SpanStatus.ERROR, "activity trap: unreachable")
    (trap,) = first.events
    assert trap.name == "exception"
    assert trap.attributes == {
        "exception.type": "trap",
        "exception.message": "activity trap: unreachable",
        "exception.stacktrace": "backtrace",
    }
    (retry,) = execution.events
    assert retry.name == "retry"
    assert retry.attributes["obelisk.retry.cause"] == "failed"
    assert second.attributes["obelisk.run.attempt"] == 2
    assert execution.status is SpanStatus.UNSET


def test_an_error_that_is_tried_again_is_no_trap():
    run, *_ = spans(created(), locked(), TemporarilyFailed(at(9), RETURNED_ERROR, '"no"'))
    assert run.attributes["error.type"] == "error"


def test_a_time_out_is_an_event():
    first, *_, execution = spans(created(), locked(), TemporarilyTimedOut(at(9)), locked(NEXT_RUN), OK)
    assert [event.name for event in first.events] == ["timeout"]
    assert execution.events[0].attributes["obelisk.retry.cause"] == "timed_out"


def test_a_run_that_was_given_back_did_not_fail():
    run, *_ = spans(created(), locked(), Unlocked(at(2), "server is stopping"))
    assert run.status is SpanStatus.UNSET
    assert run.events[0].attributes == {"obelisk.unlock.reason": "server is stopping"}


def test_a_run_whose_process_is_gone_failed():
    run, *_ = spans(created(), locked(), Unlocked(at(2), EXECUTOR_GONE))
    assert (run.status, run.status_message) == (SpanStatus.ERROR, EXECUTOR_GONE)


def test_a_lock_that_is_extended_begins_no_run():
    assert [span.name for span in spans(created(), locked(), locked(), OK)] == ["run", FFQN]


def test_a_run_that_another_took_over_from_ended_when_it_last_wrote():
    first, second, _ = spans(created(), locked(), JoinSetCreate(JoinSetId("g:1")), locked(NEXT_RUN), OK)
    assert (first.span_id, first.ended_at) == (run_span(TOP, RUN), at(2))
    assert second.started_at == at(3)


def test_what_is_still_open_can_be_looked_at():
    trace = ExecutionTrace(TOP)
    for second, event in enumerate((created(), locked())):
        trace.feed(event, at(second))
    assert [(span.name, span.ended_at) for span in trace.open_spans(at(5))] == [("run", at(5)), (FFQN, at(5))]


def test_a_child_is_below_its_parent():
    child = Created(
        FFQN, [], (TOP, JoinSetId("g:1")), START, component(), DeploymentId("Dep_1"),
        child_metadata(TOP, trace_of(TOP, {})),
    )  # fmt: skip
    (execution,) = spans(child, OK, execution=CHILD)
    assert execution.parent_id == execution_span(TOP)
    assert execution.trace_id == trace_of(TOP, {}).trace_id
    assert not execution.is_parent_remote


def test_a_trace_from_outside_goes_on():
    (execution,) = spans(created(traceparent=f"00-{OUTER_TRACE}-{OUTER_SPAN}-00", tracestate="v=1"), OK)
    assert (execution.trace_id, execution.parent_id, execution.is_parent_remote) == (OUTER_TRACE, OUTER_SPAN, True)
    assert (execution.flags, execution.trace_state) == (0, "v=1")


def test_a_scheduled_execution_is_linked():
    metadata = scheduled_metadata(OTHER, trace_of(OTHER, {}))
    event = Created(FFQN, [], None, at(60), component(), DeploymentId("Dep_1"), metadata, OTHER)
    (execution,) = spans(event, OK)
    assert execution.links == (SpanLink(trace_of(OTHER, {}).trace_id, execution_span(OTHER)),)
    assert (execution.trace_id, execution.parent_id) == (trace_of(TOP, {}).trace_id, None)
    assert execution.attributes["obelisk.execution.scheduled_by"] == OTHER
    assert execution.attributes["obelisk.execution.scheduled_at"] == at(60).isoformat()


def test_a_request_is_a_span_below_its_run():
    finished = Finished(ExecutionResult(ok=None), [request(status=HttpTraceStatus(ok=200))])
    sent, _, _ = spans(created(), locked(), finished)
    assert (sent.name, sent.kind, sent.parent_id) == ("GET", SpanKind.CLIENT, run_span(TOP, RUN))
    assert sent.span_id == request_span(TOP, RUN, index=0)
    assert (sent.started_at, sent.ended_at, sent.status) == (at(1), at(2), SpanStatus.UNSET)
    assert sent.attributes == {
        "http.request.method": "GET",
        "url.full": "http://host:8080/x",
        "server.address": "host",
        "server.port": 8080,
        "http.response.status_code": 200,
        "obelisk.execution.id": TOP,
    }


@pytest.mark.parametrize(
    ("status", "kind"),
    [(HttpTraceStatus(ok=503), "503"), (HttpTraceStatus(err="refused"), "failure"), (None, "cancelled")],
)
def test_a_request_that_went_wrong_says_so(status: HttpTraceStatus | None, kind: str):
    sent, _ = spans(created(), locked(), TemporarilyTimedOut(at(9), [request(status=status)]))
    assert sent.status is SpanStatus.ERROR
    assert sent.attributes["error.type"] == kind


def test_an_address_that_cannot_be_read_is_kept_as_it_is():
    sent, *_ = spans(created(), locked(), TemporarilyTimedOut(at(9), [request("http://[x:99999999/")]))
    assert sent.attributes["url.full"] == "http://[x:99999999/"


def test_a_webhooks_execution_is_the_servers_side_of_a_request():
    event = created(role=ComponentRole.WEBHOOK_ENDPOINT, params=["POST", "/a/b?token=hunter2"])
    (execution,) = spans(event, OK)
    assert execution.kind is SpanKind.SERVER
    assert execution.attributes["http.request.method"] == "POST"
    assert execution.attributes["url.path"] == "/a/b"
    assert "hunter2" not in repr(execution)


@pytest.mark.parametrize(
    ("result", "error", "events"),
    [
        (failed(FailureKind.TIMED_OUT, "too long"), "timed_out", ["timeout"]),
        (failed(FailureKind.CANCELLED, "wanted"), "cancelled", ["cancelled"]),
        (failed(FailureKind.UNCATEGORIZED, "workflow trap: unreachable"), "uncategorized", ["exception"]),
        (failed(FailureKind.NONDETERMINISM_DETECTED, "key"), "nondeterminism_detected", ["exception"]),
        (ExecutionResult(err=TypedValue("string", "no")), "error", []),
    ],
)
def test_an_execution_that_failed_has_an_error(result: ExecutionResult, error: str, events: list[str]):
    run, execution = spans(created(), locked(), Finished(result))
    assert {run.status, execution.status} == {SpanStatus.ERROR}
    assert execution.attributes["error.type"] == error
    assert [event.name for event in run.events] == events


def test_the_value_of_an_error_is_the_message():
    _, execution = spans(created(), locked(), Finished(ExecutionResult(err=TypedValue("string", "no"))))
    assert execution.status_message == 'returned the error "no"'


@pytest.mark.parametrize(("reason", "message"), [("too long", "too long"), (None, "timed_out")])
def test_the_reason_of_a_failure_is_the_message_or_else_its_kind(reason: str | None, message: str):
    result = ExecutionResult(execution_failure=ExecutionFailure(FailureKind.TIMED_OUT, reason))
    run, execution = spans(created(), locked(), Finished(result))
    assert [span.status_message for span in (run, execution)] == [message, message]


def test_an_execution_that_never_ran_is_one_span():
    (execution,) = spans(created(), Paused(), Finished(failed(FailureKind.CANCELLED, "wanted")))
    assert execution.events[0].name == "paused"


def test_a_span_keeps_the_last_of_many_events():
    trace = ExecutionTrace(TOP)
    trace.feed(created(), at(0))
    for second in range(MAX_EVENTS + 3):
        trace.feed(Paused(), at(second))
    (execution,) = trace.feed(OK, at(999))
    assert (len(execution.events), execution.dropped_events) == (MAX_EVENTS, 3)
    assert execution.events[-1].at == at(MAX_EVENTS + 2)


class Params(list[object]):
    """Params whose end can be watched."""


def test_params_are_not_kept_while_an_execution_is_open():
    params = Params(["x" * 1000])
    kept = weakref.ref(params)
    trace = ExecutionTrace(TOP)
    trace.feed(created(params=params), START)
    del params
    gc.collect()
    assert kept() is None
    assert trace.open_spans(at(1))[0].name == FFQN


def test_the_path_of_a_request_is_cut():
    trace = ExecutionTrace(TOP)
    trace.feed(created(role=ComponentRole.WEBHOOK_ENDPOINT, params=["GET", "/" + "a" * 60_000]), START)
    (span,) = trace.open_spans(at(1))
    assert len(str(span.attributes["url.path"])) == 1024
