"""What spans an execution's log adds up to.

Theory of operation
    An ``ExecutionTrace`` is fed the events of one execution in their order, and gives back the spans that each of them ends.
    So spans depend on the log alone: whoever commits an event knows which spans it ended, whatever process they began in,
    and nobody else does. Replayed work makes no second span, since it makes no second event.

    *Execution*: from ``created`` to ``finished``. It is a child of the parent execution's span; a scheduled one begins a
    trace of its own and is linked to the one that scheduled it.

    *Run*: from the first ``locked`` with its id to the event that ends it: ``unlocked``, ``temporarily_failed``,
    ``temporarily_timed_out``, ``finished``. A workflow that waits keeps no lock, so another run may simply take over; the
    run before it ended when it last wrote. A child of the execution's span. A run whose process is gone, or that lost its
    lock, ended with an error.

    *Request*: an outgoing HTTP request that the event at the end of a run tells of. A child of the run's span.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from obelisk.core.events import (
    CancellationRequested,
    ComponentRole,
    ComponentUpgradeFinished,
    Created,
    Event,
    ExecutionFailure,
    ExecutionResult,
    FailureKind,
    Finished,
    HttpClientTrace,
    Locked,
    Paused,
    ResultKind,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TypedValue,
    Unlocked,
    Unpaused,
)
from obelisk.core.spans import AttributeValue, Span, SpanEvent, SpanKind, SpanLink, SpanStatus
from obelisk.core.trace_context import TraceContext, execution_span, is_remote, request_span, run_span, trace_of
from obelisk.ids import ExecutionId, is_top_level
from obelisk.names import Ffqn

EXECUTOR_GONE: Final = "executor is gone"
COMMIT_UNKNOWN: Final = "the outcome of a commit was not known"
MADE_PROGRESS: Final = "made progress"
"""Why a run was ended by somebody else than itself: its process is gone, what it wrote is not known, its lock expired."""

RETURNED_ERROR: Final = "activity finished with error"
MAX_EVENTS: Final = 128
"""How many events a span keeps, the last of many (the limit of OpenTelemetry's SDKs)."""

MAX_MESSAGE: Final = 1024
MAX_STACK_TRACE: Final = 16_384
FIRST_ERROR_STATUS: Final = 400
_LOST: Final = frozenset((EXECUTOR_GONE, COMMIT_UNKNOWN, MADE_PROGRESS))
_TRAP: Final = " trap: "
_NAMES: Final[Mapping[type, str]] = {
    Paused: "paused",
    Unpaused: "unpaused",
    CancellationRequested: "cancellation_requested",
}
_encode = msgspec.json.Encoder().encode
_Attributes = dict[str, AttributeValue]


class _End(Struct, frozen=True):
    """How a piece of work ended: an error's message, or ``None``, and what happened last."""

    error: str | None = None
    events: tuple[SpanEvent, ...] = ()
    kind: str | None = None


class _Run:
    """The run of an execution whose end is not known yet."""

    __slots__ = ("attempt", "executor_id", "run_id", "started_at")

    def __init__(self, locked: Locked, started_at: datetime, attempt: int) -> None:
        self.run_id = locked.run_id
        self.executor_id = locked.executor_id
        self.started_at = started_at
        self.attempt = attempt


class ExecutionTrace:
    """See the module's theory of operation.

    ``next_version`` is that of the event to be fed next; ``context`` is known once ``created`` was fed, ``has_ended`` says
    that ``finished`` was.
    """

    __slots__ = (
        "_attempts", "_attributes", "_created_at", "_dropped", "_events", "_ffqn", "_is_remote", "_kind", "_last_at", "_run",
        "context", "execution_id", "has_ended", "next_version",
    )  # fmt: skip

    def __init__(self, execution_id: ExecutionId) -> None:
        self.execution_id = execution_id
        self.next_version = 0
        self.has_ended = False
        self.context = TraceContext("")
        self._ffqn: Ffqn
        self._kind: SpanKind
        self._attributes: _Attributes
        self._created_at: datetime
        self._last_at: datetime
        self._is_remote = False
        self._run: _Run | None = None
        self._attempts = 0
        self._events: list[SpanEvent] = []
        self._dropped = 0

    def feed(self, event: Event, at: datetime) -> list[Span]:
        """Take the next event, which was written at ``at``; return the spans that it ended, children first."""
        self.next_version += 1
        kind = type(event)
        ended: list[Span] = []
        if kind is Locked:
            ended = self._lock(event, at)  # type: ignore[arg-type]
        elif kind in _ENDS:
            ended = self._end(event, at)
        elif kind is Created:
            self._create(event, at)  # type: ignore[arg-type]
        elif kind in _NAMES:
            self._note(SpanEvent(_NAMES[kind], at))
        elif kind is ComponentUpgradeFinished:
            self._note(_upgraded(event, at))  # type: ignore[arg-type]
        self._last_at = at
        return ended

    def open_spans(self, now: datetime) -> list[Span]:
        """Return the spans that have begun and not ended, as if they ended ``now``, children first."""
        runs = [] if self._run is None else [self._run_span(self._run, now, _End())]
        return [*runs, self._execution_span(now, _End(), {})]

    # --- what an event means ------------------------------------------------------------------------------------------

    def _create(self, created: Created, at: datetime) -> None:
        is_request = created.component_id.component_type is ComponentRole.WEBHOOK_ENDPOINT
        self._ffqn, self._created_at = created.ffqn, at
        self._kind = SpanKind.SERVER if is_request else SpanKind.INTERNAL
        # Not the event itself: its params may be large, and an execution may be open for long.
        self._attributes = _created_attributes(self.execution_id, created, at)
        self.context = trace_of(self.execution_id, created.metadata)
        self._is_remote = is_remote(self.execution_id, self.context)

    def _lock(self, locked: Locked, at: datetime) -> list[Span]:
        run = self._run
        if run is not None and run.run_id == locked.run_id:
            return []
        ended = [] if run is None else [self._run_span(run, self._last_at, _End())]
        self._attempts += 1
        self._run = _Run(locked, at, self._attempts)
        return ended

    def _end(self, event: Event, at: datetime) -> list[Span]:
        end = _end_of(event, at)
        ended = [] if self._run is None else self._end_run(self._run, event, at, end)
        self._run = None
        if isinstance(event, Finished):
            self.has_ended = True
            ended.append(self._execution_span(at, end, _result(event.retval)))
        elif isinstance(event, TemporarilyFailed | TemporarilyTimedOut):
            self._note(self._retry(event, at))
        return ended

    def _end_run(self, run: _Run, event: Event, at: datetime, end: _End) -> list[Span]:
        requests: list[HttpClientTrace] = getattr(event, "http_client_traces", [])
        spans = [self._request_span(run, index, request, at) for index, request in enumerate(requests)]
        spans.append(self._run_span(run, at, end))
        return spans

    def _retry(self, event: TemporarilyFailed | TemporarilyTimedOut, at: datetime) -> SpanEvent:
        failed = isinstance(event, TemporarilyFailed)
        attributes: _Attributes = {
            "obelisk.retry.cause": "failed" if failed else "timed_out",
            "obelisk.retry.at": event.backoff_expires_at.isoformat(),
            "obelisk.run.attempt": self._attempts,
        }
        if isinstance(event, TemporarilyFailed):
            attributes["obelisk.retry.reason"] = event.reason[:MAX_MESSAGE]
        return SpanEvent("retry", at, attributes)

    def _note(self, event: SpanEvent) -> None:
        self._events.append(event)
        if len(self._events) > MAX_EVENTS:
            del self._events[0]
            self._dropped += 1

    # --- spans --------------------------------------------------------------------------------------------------------

    def _execution_span(self, ended_at: datetime, end: _End, result: _Attributes) -> Span:
        context = self.context
        return Span(
            name=self._ffqn,
            trace_id=context.trace_id,
            span_id=execution_span(self.execution_id),
            parent_id=context.parent_id,
            is_parent_remote=context.parent_id is not None and is_top_level(self.execution_id),
            is_trace_remote=self._is_remote,
            flags=context.flags,
            trace_state=context.state or "",
            kind=self._kind,
            started_at=self._created_at,
            ended_at=ended_at,
            status=SpanStatus.UNSET if end.error is None else SpanStatus.ERROR,
            status_message=end.error or "",
            attributes=self._attributes | result,
            events=(*self._events, *(event for event in end.events if event.name == "timeout")),
            dropped_events=self._dropped,
            links=() if context.link is None else (SpanLink(context.link.trace_id, context.link.span_id),),
        )

    def _run_span(self, run: _Run, ended_at: datetime, end: _End) -> Span:
        attributes: _Attributes = {
            "code.function.name": self._ffqn,
            "obelisk.execution.id": self.execution_id,
            "obelisk.run.id": run.run_id,
            "obelisk.run.attempt": run.attempt,
            "obelisk.executor.id": run.executor_id,
        }
        if end.kind is not None:
            attributes["error.type"] = end.kind
        return Span(
            name="run",
            trace_id=self.context.trace_id,
            span_id=run_span(self.execution_id, run.run_id),
            parent_id=execution_span(self.execution_id),
            is_trace_remote=self._is_remote,
            flags=self.context.flags,
            trace_state=self.context.state or "",
            started_at=run.started_at,
            ended_at=ended_at,
            status=SpanStatus.UNSET if end.error is None else SpanStatus.ERROR,
            status_message=end.error or "",
            attributes=attributes,
            events=end.events,
        )

    def _request_span(self, run: _Run, index: int, trace: HttpClientTrace, run_ended_at: datetime) -> Span:
        response = trace.resp
        error, outcome = _outcome(trace)
        return Span(
            name=trace.req.method,
            trace_id=self.context.trace_id,
            span_id=request_span(self.execution_id, run.run_id, index=index),
            parent_id=run_span(self.execution_id, run.run_id),
            is_trace_remote=self._is_remote,
            flags=self.context.flags,
            trace_state=self.context.state or "",
            kind=SpanKind.CLIENT,
            started_at=trace.req.sent_at,
            ended_at=run_ended_at if response is None else response.finished_at,
            status=SpanStatus.UNSET if error is None else SpanStatus.ERROR,
            status_message=error or "",
            attributes=_requested(trace) | outcome | {"obelisk.execution.id": self.execution_id},
        )


def _created_attributes(execution_id: ExecutionId, created: Created, created_at: datetime) -> _Attributes:
    component = created.component_id
    attributes: _Attributes = {
        "code.function.name": created.ffqn,
        "obelisk.execution.id": execution_id,
        "obelisk.component.name": component.name,
        "obelisk.component.type": component.component_type.value,
        "obelisk.component.digest": component.component_digest,
        "obelisk.deployment.id": created.deployment_id,
    }
    if created.scheduled_by is not None:
        attributes["obelisk.execution.scheduled_by"] = created.scheduled_by
    if created.scheduled_at > created_at:
        attributes["obelisk.execution.scheduled_at"] = created.scheduled_at.isoformat()
    if component.component_type is ComponentRole.WEBHOOK_ENDPOINT:
        attributes |= _served(created.params)
    return attributes


_ENDS: Final = frozenset((Unlocked, TemporarilyFailed, TemporarilyTimedOut, Finished))


def _end_of(event: Event, at: datetime) -> _End:
    """Return what an event that ends a run says about its end."""
    if isinstance(event, TemporarilyFailed):
        kind = "error" if event.reason == RETURNED_ERROR else "trap" if _TRAP in event.reason else "failure"
        return _End(_cut(event.reason), (_exception(kind, event.reason, event.detail, at),), kind)
    if isinstance(event, TemporarilyTimedOut):
        return _End("the run did not end before its lock expired", (SpanEvent("timeout", at),), "timeout")
    if isinstance(event, Unlocked):
        events = (SpanEvent("unlocked", at, {"obelisk.unlock.reason": event.reason}),)
        return _End(event.reason, events, "lost") if event.reason in _LOST else _End(None, events)
    return _finished_end(event.retval, at) if isinstance(event, Finished) else _End()


def _finished_end(result: ExecutionResult, at: datetime) -> _End:
    if isinstance(result.execution_failure, ExecutionFailure):
        failure = result.execution_failure
        reason = failure.reason or failure.kind.value
        if failure.kind is FailureKind.TIMED_OUT:
            return _End(_cut(reason), (SpanEvent("timeout", at),), "timeout")
        if failure.kind is FailureKind.CANCELLED:
            return _End(_cut(reason), (SpanEvent("cancelled", at),), failure.kind.value)
        uncategorized = failure.kind is FailureKind.UNCATEGORIZED
        kind = failure.kind.value if not uncategorized else "trap" if _TRAP in reason else "failure"
        return _End(_cut(reason), (_exception(kind, reason, failure.detail, at),), kind)
    if result.kind is ResultKind.ERROR:
        return _End(_error_text(result), (), "error")
    return _End()


def _exception(kind: str, reason: str, detail: str | None, at: datetime) -> SpanEvent:
    attributes: _Attributes = {"exception.type": kind, "exception.message": _cut(reason)}
    if detail is not None:
        attributes["exception.stacktrace"] = detail[:MAX_STACK_TRACE]
    return SpanEvent("exception", at, attributes)


def _error_text(result: ExecutionResult) -> str:
    if not isinstance(result.err, TypedValue):
        return "returned an error"
    return _cut(f"returned the error {_encode(result.err.value).decode()}")


def _result(result: ExecutionResult) -> _Attributes:
    attributes: _Attributes = {"obelisk.execution.result": result.kind.value}
    if isinstance(result.execution_failure, ExecutionFailure):
        attributes["error.type"] = result.execution_failure.kind.value
    elif result.kind is ResultKind.ERROR:
        attributes["error.type"] = "error"
    return attributes


def _upgraded(event: ComponentUpgradeFinished, at: datetime) -> SpanEvent:
    succeeded = event.outcome.failed is msgspec.UNSET
    attributes: _Attributes = {
        "obelisk.component.digest": event.component_digest,
        "obelisk.upgrade.succeeded": succeeded,
    }
    return SpanEvent("component_upgrade", at, attributes)


def _served(params: list[object]) -> _Attributes:
    """Return what the params of a webhook's execution say: the method and the target of a request."""
    match params:
        case [str() as method, str() as target]:
            # Queries may hold tokens.
            return {"http.request.method": method, "url.path": _cut(target.partition("?")[0])}
        case _:
            return {}


def _requested(trace: HttpClientTrace) -> _Attributes:
    attributes: _Attributes = {"http.request.method": trace.req.method, "url.full": trace.req.uri}
    try:
        url = urlsplit(trace.req.uri)
        host, port = url.hostname, url.port or {"http": 80, "https": 443}.get(url.scheme)
    except ValueError:
        return attributes
    if host is not None:
        attributes["server.address"] = host
    if port is not None:
        attributes["server.port"] = port
    return attributes


def _outcome(trace: HttpClientTrace) -> tuple[str | None, _Attributes]:
    """Return the message of an error, if there was one, and what is known of the answer."""
    if trace.resp is None:
        return "the run ended before there was an answer", {"error.type": "cancelled"}
    status = trace.resp.status
    if isinstance(status.err, str):
        return _cut(status.err), {"error.type": "failure"}
    if isinstance(status.ok, int):
        is_error = status.ok >= FIRST_ERROR_STATUS
        attributes: _Attributes = {"http.response.status_code": status.ok}
        return ("", attributes | {"error.type": str(status.ok)}) if is_error else (None, attributes)
    return None, {}


def _cut(text: str) -> str:
    return text[:MAX_MESSAGE]
