"""What is written in an execution's log: events, and responses to what the execution asked for.

An event is a frozen Struct; ``Event`` is the union of all. The JSON that is stored is externally tagged
(``{"locked": {...}}``, ``"paused"``), and a history event, one that a workflow's host call left, lies in
``{"history_event": {"event": {"type": ...}}}``. ``encode_event`` and ``decode_event`` are the only places that know.

An execution's log is ``LogEvent``s with versions 0, 1, 2, ... and ``LogResponse``s with cursors 1, 2, 3, ...; both are
append-only, and version 0 is always ``Created``.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any, cast

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from obelisk.errors import StorageError
from obelisk.ids import DelayId, DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn, snake_case


class ComponentRole(Enum):
    """What a component is for."""

    WORKFLOW = "workflow"
    ACTIVITY = "activity"
    ACTIVITY_STUB = "activity_stub"
    WEBHOOK_ENDPOINT = "webhook_endpoint"
    CRON = "cron"

    @property
    def is_of_trigger(self) -> bool:
        """Whether a trigger runs its executions: no executor picks them up, and none is replayed."""
        return self in (ComponentRole.WEBHOOK_ENDPOINT, ComponentRole.CRON)


class ComponentId(Struct, frozen=True):
    """Which component: ``component_digest`` is ``sha256:`` and 64 hexadecimal digits of what is run."""

    component_type: ComponentRole
    name: str
    component_digest: str


class TimeSpan(Struct, frozen=True):
    """A length of time, exact to the nanosecond."""

    secs: int
    nanos: int = 0


NO_TIME = TimeSpan(0)


class ScheduleAt(Struct, frozen=True, omit_defaults=True):
    """When something is due: at ``at``, or after ``in_``; exactly one is set."""

    at: datetime | UnsetType = UNSET
    in_: TimeSpan | UnsetType = field(default=UNSET, name="in")


class TypedValue(Struct, frozen=True):
    """A value and its WIT type, such as ``u64`` or ``record { id: string }``; ``value`` is plain JSON."""

    type: str
    value: Any


class FailureKind(Enum):
    """Why an execution failed, other than by returning an error."""

    TIMED_OUT = "timed_out"
    NONDETERMINISM_DETECTED = "nondeterminism_detected"
    OUT_OF_FUEL = "out_of_fuel"
    CANCELLED = "cancelled"
    UNCATEGORIZED = "uncategorized"


class ExecutionFailure(Struct, frozen=True, omit_defaults=True):
    """An execution that ended without returning: the kind, one line for people, and details such as a backtrace."""

    kind: FailureKind
    reason: str | None = None
    detail: str | None = None


class ResultKind(Enum):
    """How an execution finished."""

    OK = "ok"
    ERROR = "error"
    EXECUTION_FAILURE = "execution_failure"


class ExecutionResult(Struct, frozen=True, omit_defaults=True):
    """How an execution ended; exactly one of the fields is set.

    ``ok`` and ``err`` hold the payload of a returned ``result`` with its type, ``None`` when there is no payload. Any
    other returned type is ``ok`` as a whole.
    """

    ok: TypedValue | UnsetType | None = UNSET
    err: TypedValue | UnsetType | None = UNSET
    execution_failure: ExecutionFailure | UnsetType = UNSET

    @property
    def kind(self) -> ResultKind:
        """Which field is set."""
        if self.execution_failure is not UNSET:
            return ResultKind.EXECUTION_FAILURE
        return ResultKind.ERROR if self.err is not UNSET else ResultKind.OK


def failed(kind: FailureKind, reason: str, detail: str | None = None) -> ExecutionResult:
    """Return the result of an execution that failed."""
    return ExecutionResult(execution_failure=ExecutionFailure(kind, reason, detail))


# --- lifecycle events -------------------------------------------------------------------------------------------------


class RetryConfig(Struct, frozen=True):
    """How often (``None``: for ever) and with which first backoff an execution is retried."""

    max_retries: int | None
    retry_exp_backoff: TimeSpan


class Created(Struct, frozen=True):
    """The execution exists. ``params`` are plain JSON values, one per parameter of the function."""

    ffqn: Ffqn
    params: list[Any]
    parent: tuple[ExecutionId, JoinSetId] | None
    scheduled_at: datetime
    component_id: ComponentId
    deployment_id: DeploymentId
    metadata: dict[str, str] = {}
    scheduled_by: ExecutionId | None = None


class Locked(Struct, frozen=True):
    """An executor runs it until ``lock_expires_at``, or holds it longer."""

    component_id: ComponentId
    executor_id: ExecutorId
    deployment_id: DeploymentId
    run_id: RunId
    lock_expires_at: datetime
    retry_config: RetryConfig


class Unlocked(Struct, frozen=True):
    """The run gave it back; it is pending again from ``backoff_expires_at``. No retry is used up."""

    backoff_expires_at: datetime
    reason: str


class HttpTraceRequest(Struct, frozen=True):
    """An outgoing HTTP request: when it was sent, where to and how. The values of secrets are not in it."""

    sent_at: datetime
    uri: str
    method: str


class HttpTraceStatus(Struct, frozen=True, omit_defaults=True):
    """The status code of an answer, or why there is none; exactly one is set."""

    ok: int | UnsetType = field(default=UNSET, name="Ok")
    err: str | UnsetType = field(default=UNSET, name="Err")


class HttpTraceResponse(Struct, frozen=True):
    """The end of an outgoing HTTP request."""

    finished_at: datetime
    status: HttpTraceStatus


class HttpClientTrace(Struct, frozen=True, omit_defaults=True):
    """An outgoing HTTP request of a run; ``resp`` is ``None`` when the run ended first."""

    req: HttpTraceRequest
    resp: HttpTraceResponse | None = None


class TemporarilyFailed(Struct, frozen=True, omit_defaults=True):
    """A run trapped or returned an error; the next may start at ``backoff_expires_at``."""

    backoff_expires_at: datetime
    reason: str
    detail: str | None = None
    http_client_traces: list[HttpClientTrace] = []


class TemporarilyTimedOut(Struct, frozen=True, omit_defaults=True):
    """A run lost its lock; the next may start at ``backoff_expires_at``."""

    backoff_expires_at: datetime
    http_client_traces: list[HttpClientTrace] = []


class Finished(Struct, frozen=True, omit_defaults=True):
    """The execution has ended. Nothing is appended after it."""

    retval: ExecutionResult
    http_client_traces: list[HttpClientTrace] = []


class Paused(Struct, frozen=True):
    """Nothing runs it until it is unpaused."""


class Unpaused(Struct, frozen=True):
    """It goes on where it was."""


class CancellationRequested(Struct, frozen=True):
    """It is being cancelled: its children are closed, then it finishes as cancelled."""


class UpgradeOutcome(Struct, frozen=True, omit_defaults=True):
    """Whether a waiting execution could go on with another component."""

    success: dict[str, Any] | UnsetType = UNSET
    failed: dict[str, Any] | UnsetType = UNSET


class ComponentUpgradeFinished(Struct, frozen=True):
    """An upgrade to another component was tried."""

    component_digest: str
    deployment_id: DeploymentId
    outcome: UpgradeOutcome


# --- history events: one for each host call of a workflow that has an effect ----------------------------------------------


class RequestOutcome(Struct, frozen=True, omit_defaults=True):
    """What became of a request: ``{"Ok": null}`` or ``{"Err": ...}``."""

    ok: UnsetType | None = field(default=UNSET, name="Ok")
    err: Any | UnsetType = field(default=UNSET, name="Err")


OK_OUTCOME = RequestOutcome(ok=None)


def error_outcome(name: str, detail: str | None = None) -> RequestOutcome:
    """Return the outcome of a refused request: ``name`` is ``function_not_found``, ``type_check_error``, ..."""
    return RequestOutcome(err=name if detail is None else {name: detail})


class HistoryEvent(Struct, frozen=True, tag_field="type", tag=snake_case):
    """The base of the events that replay matches."""


class RandomU64(Struct, frozen=True):
    """The range of a random number."""

    min: int
    max_inclusive: int


class RandomString(Struct, frozen=True):
    """The range of a random string's length."""

    min_length: int
    max_length_exclusive: int


class PersistKind(Struct, frozen=True, omit_defaults=True):
    """What was drawn; exactly one field is set, ``execution_id`` to ``None`` for a generated id."""

    random_u64: RandomU64 | UnsetType = UNSET
    random_string: RandomString | UnsetType = UNSET
    execution_id: UnsetType | None = UNSET


class Persist(HistoryEvent, frozen=True):
    """A value that the host drew. A u64 is eight bytes, most significant first; text is its UTF-8."""

    value: list[int]
    kind: PersistKind


class JoinSetCreate(HistoryEvent, frozen=True):
    """A join set was made."""

    join_set_id: JoinSetId


class DelayRequest(Struct, frozen=True, tag_field="type", tag="delay_request"):
    """A delay that is due at ``expires_at``; ``schedule_at`` is what was asked, the text ``"now"`` for at once.

    One that is ``paused`` when it is asked for is not due before somebody lets it go on; a workflow asks for none.
    """

    delay_id: DelayId
    expires_at: datetime
    schedule_at: ScheduleAt | str
    paused: bool = False


class ChildExecutionRequest(Struct, frozen=True, tag_field="type", tag="child_execution_request"):
    """A child was asked for, and created when ``result`` is ok."""

    child_execution_id: ExecutionId
    target_ffqn: Ffqn
    params: Any
    result: RequestOutcome = OK_OUTCOME


class JoinSetRequest(HistoryEvent, frozen=True):
    """A child or a delay was asked for in a join set."""

    join_set_id: JoinSetId
    request: ChildExecutionRequest | DelayRequest


class JoinNext(HistoryEvent, frozen=True):
    """The workflow waits for the next response of a join set; ``closing`` when the engine does so to close it."""

    join_set_id: JoinSetId
    run_expires_at: datetime
    requested_ffqn: Ffqn | None = None
    closing: bool = False


class JoinNextTooMany(HistoryEvent, frozen=True):
    """The workflow would have waited for more responses than there are requests."""

    join_set_id: JoinSetId
    requested_ffqn: Ffqn | None = None


class TryOutcome(Enum):
    """What ``join-next-try`` found."""

    FOUND = "found"
    PENDING = "pending"
    ALL_PROCESSED = "all_processed"


class JoinNextTry(HistoryEvent, frozen=True):
    """The workflow looked for a response without waiting."""

    join_set_id: JoinSetId
    outcome: TryOutcome


class Schedule(HistoryEvent, frozen=True):
    """A top-level execution was scheduled, and created when ``result`` is ok."""

    execution_id: ExecutionId
    schedule_at: ScheduleAt | str
    result: RequestOutcome = OK_OUTCOME


class Stub(HistoryEvent, frozen=True):
    """The result of a stub execution was given."""

    target_execution_id: ExecutionId
    retval_hash: str
    result: RequestOutcome = OK_OUTCOME


AnyHistoryEvent = Persist | JoinSetCreate | JoinSetRequest | JoinNext | JoinNextTooMany | JoinNextTry | Schedule | Stub
LifecycleEvent = (
    Created
    | Locked
    | Unlocked
    | TemporarilyFailed
    | TemporarilyTimedOut
    | Finished
    | Paused
    | Unpaused
    | CancellationRequested
    | ComponentUpgradeFinished
)
Event = LifecycleEvent | AnyHistoryEvent


# --- responses --------------------------------------------------------------------------------------------------------


class ChildExecutionFinished(Struct, frozen=True, tag_field="type", tag="child_execution_finished"):
    """A child finished. A storage may keep ``finished_version`` and read ``result`` from the child's log."""

    join_set_id: JoinSetId
    child_execution_id: ExecutionId
    finished_version: int
    result: ExecutionResult


class DelayFinished(Struct, frozen=True, tag_field="type", tag="delay_finished"):
    """A delay was due, or was cancelled when ``success`` is false."""

    join_set_id: JoinSetId
    delay_id: DelayId
    success: bool = True


Response = ChildExecutionFinished | DelayFinished


class LogEvent(Struct, frozen=True):
    """An event in its place."""

    version: int
    created_at: datetime
    event: Event


class LogResponse(Struct, frozen=True):
    """A response in its place; ``cursor`` counts from 1 in the order of commits."""

    cursor: int
    created_at: datetime
    response: Response


# --- the stored form --------------------------------------------------------------------------------------------------


class _History(Struct, frozen=True):
    """How a history event is stored: below a key of its own."""

    event: AnyHistoryEvent


class _Stored(Struct, frozen=True, omit_defaults=True):
    """How an event with fields is stored: as an object with one key, its variant."""

    created: Created | UnsetType = UNSET
    locked: Locked | UnsetType = UNSET
    unlocked: Unlocked | UnsetType = UNSET
    temporarily_failed: TemporarilyFailed | UnsetType = UNSET
    temporarily_timed_out: TemporarilyTimedOut | UnsetType = UNSET
    finished: Finished | UnsetType = UNSET
    component_upgrade_finished: ComponentUpgradeFinished | UnsetType = UNSET
    history_event: _History | UnsetType = UNSET


_UNIT_EVENTS: dict[str, Event] = {
    "paused": Paused(),
    "unpaused": Unpaused(),
    "cancellation_requested": CancellationRequested(),
}
_VARIANTS: dict[type, str] = {kind: snake_case(kind.__name__) for kind in (
    Created, Locked, Unlocked, TemporarilyFailed, TemporarilyTimedOut, Finished, Paused, Unpaused,
    CancellationRequested, ComponentUpgradeFinished,
)}  # fmt: skip
_PREFIXES = {kind: f'{{"{name}":'.encode() for kind, name in _VARIANTS.items() if name not in _UNIT_EVENTS}
_UNITS = {kind: f'"{name}"'.encode() for kind, name in _VARIANTS.items() if name in _UNIT_EVENTS}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Stored | str).decode


def is_history_event(event: Event) -> bool:
    """Tell whether replay matches the event."""
    return isinstance(event, HistoryEvent)


def variant(event: Event) -> str:
    """Return the name of an event's variant, ``history_event`` for each history event."""
    return _VARIANTS.get(type(event), "history_event")


def encode_event(event: Event) -> bytes:
    """Return the JSON that is stored for an event."""
    if isinstance(event, HistoryEvent):
        return b'{"history_event":{"event":' + _encode(event) + b"}}"
    kind = type(event)
    prefix = _PREFIXES.get(kind)
    return _UNITS[kind] if prefix is None else prefix + _encode(event) + b"}"


def decode_event(stored: bytes | str) -> Event:
    """Return the event that ``encode_event`` wrote; raise ``StorageError`` when the text is none."""
    try:
        value = _decode(stored)
    except msgspec.MsgspecError as error:
        raise StorageError(f"a stored event cannot be read: {error}") from error
    if isinstance(value, str):
        return _unit_event(value)
    if isinstance(value.history_event, _History):
        return value.history_event.event
    for name in _Stored.__struct_fields__:
        found = getattr(value, name)
        if found is not UNSET:
            return cast(Event, found)
    raise StorageError(f"a stored event has no known variant: {str(stored)[:200]}")


def _unit_event(name: str) -> Event:
    event = _UNIT_EVENTS.get(name)
    if event is None:
        raise StorageError(f"a stored event has the unknown variant `{name}`")
    return event
