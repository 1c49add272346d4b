"""The values of ``obelisk:types`` as a workflow's host functions take and return them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from msgspec import UNSET

from obelisk.clock import EPOCH, FAR_FUTURE
from obelisk.core.commands import DelayPassed, Mismatched
from obelisk.core.events import ExecutionResult, ScheduleAt, TimeSpan, TypedValue
from obelisk.ids import DELAY_PREFIX, DelayId, ExecutionId
from obelisk.names import Ffqn, split_ffqn

_NANOSECONDS = {
    "milliseconds": 1_000_000,
    "seconds": 1_000_000_000,
    "minutes": 60 * 1_000_000_000,
    "hours": 3_600 * 1_000_000_000,
    "days": 86_400 * 1_000_000_000,
}
_MAX_SECONDS = (FAR_FUTURE - EPOCH) // timedelta(seconds=1)


def to_schedule_at(value: Any) -> ScheduleAt | str:
    """Return a ``schedule-at`` as the log holds it; times beyond the calendar become its end."""
    if isinstance(value, str):
        return value
    at = value.get("at")
    if at is None:
        unit, amount = next(iter(value["in"].items()))
        return ScheduleAt(in_=TimeSpan(*divmod(amount * _NANOSECONDS[unit], 1_000_000_000)))
    more, nanoseconds = divmod(at["nanoseconds"], 1_000_000_000)
    seconds = at["seconds"] + more
    if seconds >= _MAX_SECONDS:
        return ScheduleAt(at=FAR_FUTURE)
    return ScheduleAt(at=EPOCH + timedelta(seconds=seconds, microseconds=-(-nanoseconds // 1000)))


def execution_id_value(execution_id: ExecutionId | str) -> Any:
    """Return an ``execution-id``."""
    return {"id": execution_id}


def datetime_value(reply: DelayPassed) -> Any:
    """Return when a delay was due, as a ``datetime``."""
    return {"seconds": reply.seconds, "nanoseconds": reply.nanoseconds}


def response_id_value(id_: ExecutionId | DelayId) -> Any:
    """Return a ``response-id``."""
    return {"delay_id" if id_.startswith(DELAY_PREFIX) else "execution_id": {"id": id_}}


def function_value(name: Ffqn) -> Any:
    """Return a ``function``."""
    interface, function = split_ffqn(name)
    return {"interface_name": interface, "function_name": function}


def mismatch_value(wanted: Ffqn, reply: Mismatched) -> Any:
    """Return a ``function-mismatch``."""
    return {
        "specified_function": function_value(wanted),
        "actual_function": None if reply.actual is None else function_value(reply.actual),
        "actual_id": response_id_value(reply.actual_id),
    }


def result_text(result: ExecutionResult) -> Any:
    """Return a child's result as the ``result<option<string>, option<string>>`` whose payloads are JSON text."""
    if result.execution_failure is not UNSET:
        return {"err": '"execution_failed"'}
    if result.err is not UNSET:
        return {"err": _payload_text(result.err)}
    return {"ok": _payload_text(result.ok)}


def _payload_text(payload: Any) -> str | None:
    return msgspec.json.encode(payload.value).decode() if isinstance(payload, TypedValue) else None
