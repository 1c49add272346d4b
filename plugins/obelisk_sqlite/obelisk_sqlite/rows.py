"""States, responses and delays as rows of their tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from obelisk.clock import from_microseconds, to_microseconds
from obelisk.core.events import (
    ChildExecutionFinished,
    ComponentId,
    ComponentRole,
    DelayFinished,
    ExecutionResult,
    FailureKind,
    Finished,
    LogEvent,
    LogResponse,
    Response,
    ResultKind,
    RetryConfig,
    TimeSpan,
    decode_event,
)
from obelisk.core.state import Holder, Lifecycle, State, Status
from obelisk.errors import StorageError
from obelisk.ids import ExecutionId

Row = tuple[Any, ...]

STATE_COLUMNS = (
    "id", "execution_id", "ffqn", "created_at", "scheduled_at", "parent_id", "parent_join_set_id",
    "component_type", "component_name", "component_digest", "deployment_id", "next_version", "cursor",
    "status", "lifecycle", "due_at", "executor_id", "run_id", "lock_version", "join_set_id", "closing",
    "failures", "max_retries", "retry_backoff_secs", "retry_backoff_nanos", "result_kind", "failure_kind",
    "incompatible_digest",
)  # fmt: skip
FIXED_COLUMNS = frozenset(STATE_COLUMNS[:7])
STATE_SELECT = ", ".join(STATE_COLUMNS[1:])
RESPONSE_SELECT = """SELECT r.cursor, r.created_at, r.join_set_id, r.child_execution_id, r.finished_version, r.result,
    r.delay_id, r.success, l.event
    FROM t_join_set_response r
    LEFT JOIN t_state c ON r.result IS NULL AND c.execution_id = r.child_execution_id
    LEFT JOIN t_execution_log l ON l.execution = c.id AND l.version = r.finished_version"""

_ROLES = {role.value: role for role in ComponentRole}
_STATUSES = {status.value: status for status in Status}
_LIFECYCLES = {lifecycle.value: lifecycle for lifecycle in Lifecycle}
_RESULTS: dict[str | None, ResultKind | None] = {None: None, **{kind.value: kind for kind in ResultKind}}
_FAILURES: dict[str | None, FailureKind | None] = {None: None, **{kind.value: kind for kind in FailureKind}}
_encode_result = msgspec.json.Encoder().encode
_decode_result = msgspec.json.Decoder(ExecutionResult).decode


def state_row(id: int, execution_id: ExecutionId, state: State) -> Row:
    """Return the row of ``t_state``, in the order of ``STATE_COLUMNS``."""
    component, parent, holder, retry = state.component_id, state.parent, state.held_by, state.retry_config
    result, failure = state.result_kind, state.failure_kind
    return (
        id,
        execution_id,
        state.ffqn,
        to_microseconds(state.created_at),
        to_microseconds(state.scheduled_at),
        None if parent is None else parent[0],
        None if parent is None else parent[1],
        component.component_type.value,
        component.name,
        component.component_digest,
        state.deployment_id,
        state.next_version,
        state.cursor,
        state.status.value,
        state.lifecycle.value,
        to_microseconds(state.due_at),
        None if holder is None else holder.executor_id,
        None if holder is None else holder.run_id,
        state.lock_version,
        state.join_set_id,
        state.closing,
        state.failures,
        retry.max_retries,
        retry.retry_exp_backoff.secs,
        retry.retry_exp_backoff.nanos,
        None if result is None else result.value,
        None if failure is None else failure.value,
        state.incompatible_digest,
    )


def read_state(row: Sequence[Any]) -> State:
    """Return the state of a row selected by ``STATE_SELECT``."""
    try:
        return _state(row)
    except (KeyError, ValueError, OverflowError) as error:
        raise StorageError(f"the stored state of `{row[0]}` cannot be read: {error!r}") from error


def _state(row: Sequence[Any]) -> State:
    return State(
        ffqn=row[1],
        created_at=from_microseconds(row[2]),
        scheduled_at=from_microseconds(row[3]),
        parent=None if row[4] is None else (row[4], row[5]),
        component_id=ComponentId(_ROLES[row[6]], row[7], row[8]),
        deployment_id=row[9],
        next_version=row[10],
        cursor=row[11],
        status=_STATUSES[row[12]],
        lifecycle=_LIFECYCLES[row[13]],
        due_at=from_microseconds(row[14]),
        held_by=None if row[15] is None else Holder(row[15], row[16]),
        lock_version=row[17],
        join_set_id=row[18],
        closing=row[19] == 1,
        failures=row[20],
        retry_config=RetryConfig(row[21], TimeSpan(row[22], row[23])),
        result_kind=_RESULTS[row[24]],
        failure_kind=_FAILURES[row[25]],
        incompatible_digest=row[26],
    )


def child_row(execution: int, cursor: int, at: int, response: ChildExecutionFinished, *, logged: bool) -> Row:
    """Return a row of ``t_join_set_response``; the result is left out when it is ``logged`` in the child's log."""
    result = None if logged else _encode_result(response.result).decode()
    child, version = response.child_execution_id, response.finished_version
    return (execution, cursor, at, response.join_set_id, child, version, result, None, None)


def delay_row(execution: int, cursor: int, at: int, response: DelayFinished) -> Row:
    """Return a row of ``t_join_set_response``."""
    return (execution, cursor, at, response.join_set_id, None, None, None, response.delay_id, response.success)


def read_response(row: Sequence[Any]) -> LogResponse:
    """Return the response of a row selected by ``RESPONSE_SELECT``."""
    return LogResponse(row[0], from_microseconds(row[1]), _response(row))


def _response(row: Sequence[Any]) -> Response:
    _, _, join_set, child, version, result, delay, success, event = row
    if child is None:
        return DelayFinished(join_set, delay, success == 1)
    if result is not None:
        return ChildExecutionFinished(join_set, child, version, _read_result(result))
    finished = None if event is None else decode_event(event)
    if not isinstance(finished, Finished):
        raise StorageError(f"the log of `{child}` has no `finished` event at version {version}, which a response names")
    return ChildExecutionFinished(join_set, child, version, finished.retval)


def _read_result(stored: str) -> ExecutionResult:
    try:
        return _decode_result(stored)
    except msgspec.MsgspecError as error:
        raise StorageError(f"a stored result cannot be read: {error}") from error


def read_event(row: sqlite3.Row | Sequence[Any]) -> LogEvent:
    """Return the event of a row ``(version, created_at, event)``."""
    return LogEvent(row[0], from_microseconds(row[1]), decode_event(row[2]))
