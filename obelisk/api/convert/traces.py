"""Spans as they are looked at. Written only: a client shows the messages as they are."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from obelisk.api.pb import obelisk_admin_pb2 as admin
from obelisk.api.trace_delays import Delay
from obelisk.core.events import ResultKind
from obelisk.core.spans import Span, SpanEvent, SpanStatus
from obelisk.core.state import State
from obelisk.core.trace_context import delay_span, execution_span, trace_of
from obelisk.ids import ExecutionId
from obelisk.interfaces.storage import Bucket, Held, bucket

RUN_ID: Final = "obelisk.run.id"
ERROR_TYPE: Final = "error.type"
_SAID: Final = frozenset(("code.function.name", "obelisk.execution.id", RUN_ID, "http.request.method", "url.full"))
_TEXTS: Final = (
    "exception.message",
    "obelisk.retry.reason",
    "obelisk.retry.cause",
    "obelisk.unlock.reason",
    "obelisk.component.digest",
)
_RESULTS: Final = {
    ResultKind.OK: admin.TraceSpan.STATUS_OK,
    ResultKind.ERROR: admin.TraceSpan.STATUS_ERROR,
    ResultKind.EXECUTION_FAILURE: admin.TraceSpan.STATUS_FAILED,
}
_STATUSES: Final = {
    Bucket.LOCKED: admin.TraceSpan.STATUS_RUNNING,
    Bucket.PENDING: admin.TraceSpan.STATUS_PENDING,
    Bucket.SCHEDULED: admin.TraceSpan.STATUS_SCHEDULED,
    Bucket.BLOCKED: admin.TraceSpan.STATUS_BLOCKED,
    Bucket.PAUSED: admin.TraceSpan.STATUS_PAUSED,
    Bucket.CANCELLING: admin.TraceSpan.STATUS_CANCELLING,
}


def execution_message(span: Span, held: Held, *, now: datetime) -> admin.TraceSpan:
    """Write the span of an execution whose state was read at ``now``."""
    message = _message(span, admin.TraceSpan.KIND_EXECUTION, held.execution_id, is_open=not held.state.is_finished)
    message.status = state_status(held.state, now)
    if not held.state.is_finished:
        message.status_message = _waits_for(held.state, now)
    return message


def run_message(span: Span, held: Held, *, now: datetime, is_open: bool = False) -> admin.TraceSpan:
    """Write the span of a run of an execution whose state was read at ``now``."""
    message = _message(span, admin.TraceSpan.KIND_RUN, held.execution_id, is_open=is_open)
    message.run_id = str(span.attributes[RUN_ID])
    message.status = state_status(held.state, now) if is_open else _ended(span)
    return message


def request_message(span: Span, held: Held, *, run_id: str) -> admin.TraceSpan:
    """Write the span of an outgoing HTTP request."""
    message = _message(span, admin.TraceSpan.KIND_HTTP_REQUEST, held.execution_id, is_open=False)
    message.run_id = run_id
    message.name = f"{span.name} {span.attributes['url.full']}"
    message.status = admin.TraceSpan.STATUS_OK if span.status is not SpanStatus.ERROR else admin.TraceSpan.STATUS_ERROR
    return message


def delay_message(delay: Delay, owner: ExecutionId, *, trace_id: str) -> admin.TraceSpan:
    """Write the span of a delay that ``owner`` asked for."""
    message = admin.TraceSpan(
        kind=admin.TraceSpan.KIND_DELAY,
        span_id=delay_span(delay.delay_id),
        parent_span_id=execution_span(owner),
        trace_id=trace_id,
        execution_id=owner,
        name=delay.delay_id,
        started_at=delay.requested_at,
        ended_at=delay.ended_at,
        attributes={"obelisk.delay.expires_at": delay.expires_at.isoformat()},
    )
    if delay.ended_at is None:
        message.status, message.status_message = admin.TraceSpan.STATUS_PENDING, _due(delay.expires_at)
    else:
        message.status = admin.TraceSpan.STATUS_OK if delay.was_due else admin.TraceSpan.STATUS_CANCELLED
    return message


def scheduled_message(scheduled: ExecutionId, owner: ExecutionId, *, at: datetime) -> admin.TraceSpan:
    """Write the link to an execution that ``owner`` scheduled; what it is and does is not known here."""
    return admin.TraceSpan(
        kind=admin.TraceSpan.KIND_SCHEDULED,
        span_id=execution_span(scheduled),
        parent_span_id=execution_span(owner),
        trace_id=trace_of(scheduled, {}).trace_id,
        execution_id=scheduled,
        started_at=at,
    )


def state_status(state: State, now: datetime) -> admin.TraceSpan.Status:
    """Write what an execution is doing at ``now``, or how it ended."""
    found = bucket(state, now)
    return _RESULTS[state.result_kind or ResultKind.EXECUTION_FAILURE] if found is Bucket.FINISHED else _STATUSES[found]


def _message(span: Span, kind: admin.TraceSpan.Kind, execution_id: ExecutionId, *, is_open: bool) -> admin.TraceSpan:
    attributes = {name: str(value) for name, value in span.attributes.items() if name not in _SAID}
    return admin.TraceSpan(
        kind=kind,
        span_id=span.span_id,
        parent_span_id=span.parent_id,
        trace_id=span.trace_id,
        execution_id=execution_id,
        name=span.name,
        started_at=span.started_at,
        ended_at=None if is_open else span.ended_at,
        status_message=span.status_message,
        events=list(map(_event, span.events)),
        attributes=attributes,
    )


def _ended(span: Span) -> admin.TraceSpan.Status:
    if span.status is not SpanStatus.ERROR:
        return admin.TraceSpan.STATUS_OK
    return admin.TraceSpan.STATUS_ERROR if span.attributes[ERROR_TYPE] == "error" else admin.TraceSpan.STATUS_FAILED


def _event(event: SpanEvent) -> admin.TraceSpan.Event:
    text = next((str(event.attributes[name]) for name in _TEXTS if name in event.attributes), "")
    return admin.TraceSpan.Event(name=event.name, at=event.at, text=text)


def _waits_for(state: State, now: datetime) -> str:
    found = bucket(state, now)
    if found is Bucket.BLOCKED:
        return f"waits in join set `{state.join_set_id}`" + (", which is being closed" if state.closing else "")
    return _due(state.due_at) if found is Bucket.SCHEDULED else ""


def _due(when: datetime) -> str:
    return f"due at {when:%Y-%m-%d %H:%M:%S}Z"
