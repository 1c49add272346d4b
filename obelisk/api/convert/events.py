"""Events of an execution's log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import UNSET

from obelisk.api.convert.basics import (
    component_message,
    component_of,
    datetime_of,
    function_message,
    function_of,
    join_set_message,
    join_set_of,
    json_of,
    params_message,
    span_message,
    span_of,
    unknown,
)
from obelisk.api.convert.history import history_message, history_of
from obelisk.api.convert.results import result_message, result_of
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import (
    CancellationRequested,
    ComponentUpgradeFinished,
    Created,
    Event,
    Finished,
    HistoryEvent,
    HttpClientTrace,
    HttpTraceRequest,
    HttpTraceResponse,
    HttpTraceStatus,
    Locked,
    LogEvent,
    Paused,
    RetryConfig,
    TemporarilyFailed,
    TemporarilyTimedOut,
    Unlocked,
    Unpaused,
    UpgradeOutcome,
    variant,
)
from obelisk.ids import DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId

_Upgrade = pb.ExecutionEvent.ComponentUpgradeFinished


def event_message(event: LogEvent) -> pb.ExecutionEvent:
    """Write an event in its place."""
    message = pb.ExecutionEvent(created_at=event.created_at, version=event.version)
    if isinstance(event.event, HistoryEvent):
        message.history_variant.CopyFrom(history_message(event.event))
    else:
        written = _WRITE[type(event.event)](event.event)
        target = getattr(message, variant(event.event))
        target.SetInParent()
        target.CopyFrom(written)
    return message


def event_of(message: pb.ExecutionEvent) -> LogEvent:
    """Read an event in its place."""
    return LogEvent(message.version, datetime_of(message.created_at), _event_of(message))


def _event_of(message: pb.ExecutionEvent) -> Event:
    name = message.WhichOneof("event")
    if name == "history_variant":
        return history_of(message.history_variant)
    read = _READ.get(name or "")
    if read is None:
        raise unknown("an event")
    return read(getattr(message, name or ""))


# --- created ----------------------------------------------------------------------------------------------------------


def _created_message(event: Created) -> pb.ExecutionEvent.Created:
    message = pb.ExecutionEvent.Created(
        function_name=function_message(event.ffqn),
        params=params_message(event.ffqn, event.params),
        scheduled_at=event.scheduled_at,
        component_id=component_message(event.component_id),
        deployment_id=pb.DeploymentId(id=event.deployment_id),
        metadata=event.metadata,
    )
    if event.scheduled_by is not None:
        message.scheduled_by.id = event.scheduled_by
    if event.parent is not None:
        message.parent_execution_id.id = event.parent[0]
        message.parent_join_set_id.CopyFrom(join_set_message(event.parent[1]))
    return message


def _created_of(message: pb.ExecutionEvent.Created) -> Created:
    return Created(
        ffqn=function_of(message.function_name),
        params=json_of(message.params),
        parent=_parent_of(message),
        scheduled_at=datetime_of(message.scheduled_at),
        component_id=component_of(message.component_id),
        deployment_id=DeploymentId(message.deployment_id.id),
        metadata=dict(sorted(message.metadata.items())),
        scheduled_by=ExecutionId(message.scheduled_by.id) if message.HasField("scheduled_by") else None,
    )


def _parent_of(message: pb.ExecutionEvent.Created) -> tuple[ExecutionId, JoinSetId] | None:
    if not message.HasField("parent_execution_id"):
        return None
    return ExecutionId(message.parent_execution_id.id), join_set_of(message.parent_join_set_id)


# --- runs -------------------------------------------------------------------------------------------------------------


def _locked_message(event: Locked) -> pb.ExecutionEvent.Locked:
    retry = event.retry_config
    return pb.ExecutionEvent.Locked(
        component_id=component_message(event.component_id),
        deployment_id=pb.DeploymentId(id=event.deployment_id),
        lock_expires_at=event.lock_expires_at,
        run_id=event.run_id,
        executor_id=event.executor_id,
        retry_config=pb.ComponentRetryConfig(
            max_retries=retry.max_retries, retry_exp_backoff=span_message(retry.retry_exp_backoff)
        ),
    )


def _locked_of(message: pb.ExecutionEvent.Locked) -> Locked:
    retry = message.retry_config
    max_retries = retry.max_retries if retry.HasField("max_retries") else None
    return Locked(
        component_id=component_of(message.component_id),
        executor_id=ExecutorId(message.executor_id),
        deployment_id=DeploymentId(message.deployment_id.id),
        run_id=RunId(message.run_id),
        lock_expires_at=datetime_of(message.lock_expires_at),
        retry_config=RetryConfig(max_retries, span_of(retry.retry_exp_backoff)),
    )


def _unlocked_message(event: Unlocked) -> pb.ExecutionEvent.Unlocked:
    return pb.ExecutionEvent.Unlocked(backoff_expires_at=event.backoff_expires_at, reason=event.reason)


def _unlocked_of(message: pb.ExecutionEvent.Unlocked) -> Unlocked:
    return Unlocked(datetime_of(message.backoff_expires_at), message.reason)


def _failed_message(event: TemporarilyFailed) -> pb.ExecutionEvent.TemporarilyFailed:
    return pb.ExecutionEvent.TemporarilyFailed(
        reason=event.reason,
        detail=event.detail,
        backoff_expires_at=event.backoff_expires_at,
        http_client_traces=map(_trace_message, event.http_client_traces),
    )


def _failed_of(message: pb.ExecutionEvent.TemporarilyFailed) -> TemporarilyFailed:
    detail = message.detail if message.HasField("detail") else None
    return TemporarilyFailed(
        datetime_of(message.backoff_expires_at), message.reason, detail, _traces_of(message.http_client_traces)
    )


def _timed_out_message(event: TemporarilyTimedOut) -> pb.ExecutionEvent.TemporarilyTimedOut:
    return pb.ExecutionEvent.TemporarilyTimedOut(
        backoff_expires_at=event.backoff_expires_at, http_client_traces=map(_trace_message, event.http_client_traces)
    )


def _timed_out_of(message: pb.ExecutionEvent.TemporarilyTimedOut) -> TemporarilyTimedOut:
    return TemporarilyTimedOut(datetime_of(message.backoff_expires_at), _traces_of(message.http_client_traces))


def _finished_message(event: Finished) -> pb.ExecutionEvent.Finished:
    return pb.ExecutionEvent.Finished(
        value=result_message(event.retval), http_client_traces=map(_trace_message, event.http_client_traces)
    )


def finished_of(message: pb.ExecutionEvent.Finished) -> Finished:
    """Read the last event of a log."""
    return Finished(result_of(message.value), _traces_of(message.http_client_traces))


def _trace_message(trace: HttpClientTrace) -> pb.HttpClientTrace:
    message = pb.HttpClientTrace(sent_at=trace.req.sent_at, uri=trace.req.uri, method=trace.req.method)
    if trace.resp is not None:
        message.finished_at.FromDatetime(trace.resp.finished_at)
        if isinstance(trace.resp.status.ok, int):
            message.status = trace.resp.status.ok
        elif isinstance(trace.resp.status.err, str):
            message.error = trace.resp.status.err
    return message


def _traces_of(messages: Iterable[pb.HttpClientTrace]) -> list[HttpClientTrace]:
    return [
        HttpClientTrace(
            HttpTraceRequest(datetime_of(message.sent_at), message.uri, message.method), _trace_response(message)
        )
        for message in messages
    ]


def _trace_response(message: pb.HttpClientTrace) -> HttpTraceResponse | None:
    if not message.HasField("finished_at"):
        return None
    answered = message.HasField("status")
    status = HttpTraceStatus(ok=message.status) if answered else HttpTraceStatus(err=message.error)
    return HttpTraceResponse(datetime_of(message.finished_at), status)


# --- what somebody outside asked for ------------------------------------------------------------------------------------


def _upgrade_message(event: ComponentUpgradeFinished) -> _Upgrade:
    message = _Upgrade(
        component_digest=pb.ContentDigest(digest=event.component_digest),
        deployment_id=pb.DeploymentId(id=event.deployment_id),
    )
    outcome = event.outcome
    if outcome.failed is not UNSET:
        message.failed.reason = outcome.failed["reason"]
        message.failed.SetInParent()
    elif outcome.success is not UNSET:
        _write_success(message.success, outcome.success["reason"])
    return message


def _write_success(message: _Upgrade.Success, reason: Any) -> None:
    if reason == "auto":
        message.auto.SetInParent()
    else:
        message.manual.force = reason["manual"]["force"]
        message.manual.SetInParent()


def _upgrade_of(message: _Upgrade) -> ComponentUpgradeFinished:
    if message.WhichOneof("outcome") == "failed":
        outcome = UpgradeOutcome(failed={"reason": message.failed.reason})
    elif message.success.WhichOneof("reason") == "manual":
        outcome = UpgradeOutcome(success={"reason": {"manual": {"force": message.success.manual.force}}})
    else:
        outcome = UpgradeOutcome(success={"reason": "auto"})
    return ComponentUpgradeFinished(message.component_digest.digest, DeploymentId(message.deployment_id.id), outcome)


_WRITE: dict[type, Callable[[Any], Any]] = {
    Created: _created_message,
    Locked: _locked_message,
    Unlocked: _unlocked_message,
    TemporarilyFailed: _failed_message,
    TemporarilyTimedOut: _timed_out_message,
    Finished: _finished_message,
    ComponentUpgradeFinished: _upgrade_message,
    Paused: lambda event: pb.ExecutionEvent.Paused(),
    Unpaused: lambda event: pb.ExecutionEvent.Unpaused(),
    CancellationRequested: lambda event: pb.ExecutionEvent.CancellationRequested(),
}
_READ: dict[str, Callable[[Any], Event]] = {
    "created": _created_of,
    "locked": _locked_of,
    "unlocked": _unlocked_of,
    "temporarily_failed": _failed_of,
    "temporarily_timed_out": _timed_out_of,
    "finished": finished_of,
    "component_upgrade_finished": _upgrade_of,
    "paused": lambda message: Paused(),
    "unpaused": lambda message: Unpaused(),
    "cancellation_requested": lambda message: CancellationRequested(),
}
