"""History events: what a workflow's host calls left in its log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from obelisk.api import pool
from obelisk.api.convert.basics import (
    BYTES_TYPE_URL,
    datetime_of,
    function_message,
    function_of,
    join_set_message,
    join_set_of,
    json_of,
    member_of,
    name_of,
    params_message,
    span_message,
    span_of,
    unknown,
)
from obelisk.api.pb import obelisk_pb2 as pb
from obelisk.core.events import (
    OK_OUTCOME,
    AnyHistoryEvent,
    ChildExecutionRequest,
    DelayRequest,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    Persist,
    PersistKind,
    RandomString,
    RandomU64,
    RequestOutcome,
    Schedule,
    ScheduleAt,
    Stub,
    TryOutcome,
    error_outcome,
)
from obelisk.ids import DelayId, ExecutionId
from obelisk.names import Ffqn

_History = pb.ExecutionEvent.HistoryEvent
_Request = _History.JoinSetRequest
_NOW = "now"
_ERROR_KIND = "KIND_"


def history_message(event: AnyHistoryEvent) -> _History:
    """Write a history event."""
    name, write = _WRITE[type(event)]
    return _History(**{name: write(event)})


def history_of(message: _History) -> AnyHistoryEvent:
    """Read a history event."""
    name = message.WhichOneof("event") or ""
    read = _READ.get(name)
    if read is None:
        raise unknown("a history event")
    return read(getattr(message, name))


# --- persist ----------------------------------------------------------------------------------------------------------


def _persist_message(event: Persist) -> _History.Persist:
    data = pool.Any(type_url=BYTES_TYPE_URL, value=bytes(event.value))
    return _History.Persist(data=data, kind=_persist_kind_message(event.kind))


def _persist_kind_message(kind: PersistKind) -> _History.Persist.PersistKind:
    messages = _History.Persist.PersistKind
    if kind.random_u64 is not UNSET:
        drawn = kind.random_u64
        return messages(random_u64=messages.RandomU64(min=drawn.min, max_inclusive=drawn.max_inclusive))
    if kind.random_string is not UNSET:
        lengths = kind.random_string
        text = messages.RandomString(min_length=lengths.min_length, max_length_exclusive=lengths.max_length_exclusive)
        return messages(random_string=text)
    return messages(execution_id=messages.ExecutionId())


def _persist_of(message: _History.Persist) -> Persist:
    return Persist(list(message.data.value), _persist_kind_of(message.kind))


def _persist_kind_of(message: _History.Persist.PersistKind) -> PersistKind:
    match message.WhichOneof("variant"):
        case "random_u64":
            return PersistKind(random_u64=RandomU64(message.random_u64.min, message.random_u64.max_inclusive))
        case "random_string":
            text = message.random_string
            return PersistKind(random_string=RandomString(text.min_length, text.max_length_exclusive))
        case "execution_id":
            return PersistKind(execution_id=None)
        case _:
            raise unknown("a kind of drawn value")


# --- requests ---------------------------------------------------------------------------------------------------------


def _created_message(event: JoinSetCreate) -> _History.JoinSetCreated:
    return _History.JoinSetCreated(join_set_id=join_set_message(event.join_set_id))


def _created_of(message: _History.JoinSetCreated) -> JoinSetCreate:
    return JoinSetCreate(join_set_of(message.join_set_id))


def _request_message(event: JoinSetRequest) -> _Request:
    join_set = join_set_message(event.join_set_id)
    if isinstance(event.request, DelayRequest):
        return _Request(join_set_id=join_set, delay_request=_delay_message(event.request))
    return _Request(join_set_id=join_set, child_execution_request=_child_message(event.request))


def _request_of(message: _Request) -> JoinSetRequest:
    join_set = join_set_of(message.join_set_id)
    match message.WhichOneof("join_set_request"):
        case "delay_request":
            return JoinSetRequest(join_set, _delay_of(message.delay_request))
        case "child_execution_request":
            return JoinSetRequest(join_set, _child_of(message.child_execution_request))
        case _:
            raise unknown("a request")


def _delay_message(request: DelayRequest) -> _Request.DelayRequest:
    message = _Request.DelayRequest(
        delay_id=pb.DelayId(id=request.delay_id), expires_at=request.expires_at, paused=request.paused
    )
    _write_schedule(message.scheduled_at, request.schedule_at)
    return message


def _delay_of(message: _Request.DelayRequest) -> DelayRequest:
    return DelayRequest(
        delay_id=DelayId(message.delay_id.id),
        expires_at=datetime_of(message.expires_at),
        schedule_at=_schedule_at_of(message.scheduled_at),
        paused=message.paused,
    )


def _child_message(request: ChildExecutionRequest) -> _Request.ChildExecutionRequest:
    message = _Request.ChildExecutionRequest(
        child_execution_id=pb.ExecutionId(id=request.child_execution_id),
        function_name=function_message(request.target_ffqn),
        params=params_message(request.target_ffqn, request.params),
    )
    _write_outcome(message, request.result)
    return message


def _child_of(message: _Request.ChildExecutionRequest) -> ChildExecutionRequest:
    return ChildExecutionRequest(
        child_execution_id=ExecutionId(message.child_execution_id.id),
        target_ffqn=function_of(message.function_name),
        params=json_of(message.params),
        result=_outcome_of(message),
    )


# --- waiting ----------------------------------------------------------------------------------------------------------


def _join_next_message(event: JoinNext) -> _History.JoinNext:
    return _History.JoinNext(
        join_set_id=join_set_message(event.join_set_id),
        run_expires_at=event.run_expires_at,
        closing=event.closing,
        function=None if event.requested_ffqn is None else function_message(event.requested_ffqn),
    )


def _join_next_of(message: _History.JoinNext) -> JoinNext:
    return JoinNext(
        join_set_id=join_set_of(message.join_set_id),
        run_expires_at=datetime_of(message.run_expires_at),
        requested_ffqn=_requested_of(message),
        closing=message.closing,
    )


def _too_many_message(event: JoinNextTooMany) -> _History.JoinNextTooMany:
    return _History.JoinNextTooMany(
        join_set_id=join_set_message(event.join_set_id),
        function=None if event.requested_ffqn is None else function_message(event.requested_ffqn),
    )


def _too_many_of(message: _History.JoinNextTooMany) -> JoinNextTooMany:
    return JoinNextTooMany(join_set_of(message.join_set_id), _requested_of(message))


def _requested_of(message: _History.JoinNext | _History.JoinNextTooMany) -> Ffqn | None:
    return function_of(message.function) if message.HasField("function") else None


def _try_message(event: JoinNextTry) -> _History.JoinNextTry:
    return _History.JoinNextTry(join_set_id=join_set_message(event.join_set_id), outcome=event.outcome.name)


def _try_of(message: _History.JoinNextTry) -> JoinNextTry:
    outcome = member_of(TryOutcome, _History.JoinNextTry.Outcome, message.outcome, prefix="")
    return JoinNextTry(join_set_of(message.join_set_id), outcome)


# --- schedule, stub ---------------------------------------------------------------------------------------------------


def _schedule_message(event: Schedule) -> _History.Schedule:
    message = _History.Schedule(execution_id=pb.ExecutionId(id=event.execution_id))
    _write_schedule(message.scheduled_at, event.schedule_at)
    _write_outcome(message, event.result)
    return message


def _schedule_of(message: _History.Schedule) -> Schedule:
    execution_id = ExecutionId(message.execution_id.id)
    return Schedule(execution_id, _schedule_at_of(message.scheduled_at), _outcome_of(message))


def _stub_message(event: Stub) -> _History.Stub:
    message = _History.Stub(execution_id=pb.ExecutionId(id=event.target_execution_id), retval_hash=event.retval_hash)
    _write_outcome(message, event.result)
    return message


def _stub_of(message: _History.Stub) -> Stub:
    return Stub(ExecutionId(message.execution_id.id), message.retval_hash, _outcome_of(message))


# --- parts that several messages repeat, each with types of its own -------------------------------------------------------


def _write_schedule(message: Any, schedule_at: ScheduleAt | str) -> None:
    if not isinstance(schedule_at, ScheduleAt):
        message.now.SetInParent()
    elif schedule_at.at is not UNSET:
        message.at.at.FromDatetime(schedule_at.at)
    elif schedule_at.in_ is not UNSET:
        delay = getattr(getattr(message, "in"), "in")
        delay.CopyFrom(span_message(schedule_at.in_))
        delay.SetInParent()


def _schedule_at_of(message: Any) -> ScheduleAt | str:
    match message.WhichOneof("variant"):
        case "now":
            return _NOW
        case "at":
            return ScheduleAt(at=datetime_of(message.at.at))
        case "in":
            return ScheduleAt(in_=span_of(getattr(getattr(message, "in"), "in")))
        case _:
            raise unknown("a time of scheduling")


def _write_outcome(message: Any, outcome: RequestOutcome) -> None:
    error = outcome.err
    if error is UNSET:
        message.ok.SetInParent()
        return
    name, detail = (error, None) if isinstance(error, str) else next(iter(error.items()))
    message.error.kind = message.error.Kind.Value(_ERROR_KIND + name.upper())
    if detail is not None:
        message.error.detail = detail


def _outcome_of(message: Any) -> RequestOutcome:
    match message.WhichOneof("result"):
        case "ok":
            return OK_OUTCOME
        case "error":
            error = message.error
            name = name_of(error.Kind, error.kind, prefix=_ERROR_KIND).lower()
            return error_outcome(name, error.detail if error.HasField("detail") else None)
        case _:
            raise unknown("the outcome of a request")


_WRITE: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Persist: ("persist", _persist_message),
    JoinSetCreate: ("join_set_created", _created_message),
    JoinSetRequest: ("join_set_request", _request_message),
    JoinNext: ("join_next", _join_next_message),
    JoinNextTooMany: ("join_next_too_many", _too_many_message),
    JoinNextTry: ("join_next_try", _try_message),
    Schedule: ("schedule", _schedule_message),
    Stub: ("stub", _stub_message),
}
_READ: dict[str, Callable[[Any], AnyHistoryEvent]] = {
    "persist": _persist_of,
    "join_set_created": _created_of,
    "join_set_request": _request_of,
    "join_next": _join_next_of,
    "join_next_too_many": _too_many_of,
    "join_next_try": _try_of,
    "schedule": _schedule_of,
    "stub": _stub_of,
}
