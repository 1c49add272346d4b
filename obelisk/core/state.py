"""The state machine of an execution.

Rules for this file
    Everything that decides what an event or a response does to an execution's state lives here, and nothing else
    does. A storage keeps the rows and calls ``fold``; it re-implements none of it. Nothing here reads a clock.

Theory of operation
    An execution is a log of events and a log of responses. Its ``State`` is what the two add up to, kept beside them so
    that nobody has to read a log to know what may happen next: ``fold`` takes the state before an entry and returns the
    state after it. A state has a *status*:

    pending     it may be locked from ``due_at`` on. It may still be running: a response moves a blocked execution to
                pending at the end of its lock, so that until then only the run that holds it (``held_by``) goes on.
    locked      a run holds it until ``due_at``.
    blocked     its workflow waits for a response of ``join_set_id``. A run may keep the workflow in memory meanwhile; when
                the response comes before ``due_at`` that run has precedence. The run of a trigger's execution is the only
                one that it has: it keeps its lock while it waits, and extends it.
    finished    it ended at ``due_at``. Nothing is appended any more; late responses are kept and change nothing.

    and a *lifecycle* beside it: ``active``, ``paused`` (the status changes underneath, but nothing is locked), or
    ``cancelling`` (the status is frozen; the engine closes what is open and finishes it).

    Waiting for the n-th response of a join set needs counts that outlive a state: how many requests a join set has had,
    how many responses came, how many were taken. They are one ``JoinSetCounts`` per open join set, the second thing that
    ``fold`` takes and returns. A one-off join set has exactly one request and one wait for it, written in one batch, so
    it is blocked until its response and needs no counts.

    Safety does not rest on locks or clocks: each write names the version and the response cursor that it was made for
    (``interfaces.storage``). A lock only keeps two runs from doing the same work.

Reading the table
    ``_TABLE`` maps an event's type to the statuses in which it may be appended and to the function that computes what
    follows. A missing pair is an ``IllegalTransitionError`` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum

from msgspec import UNSET, Struct
from msgspec.structs import replace

from obelisk.core.events import (
    NO_TIME,
    AnyHistoryEvent,
    CancellationRequested,
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentUpgradeFinished,
    Created,
    DelayFinished,
    Event,
    FailureKind,
    Finished,
    JoinNext,
    JoinNextTooMany,
    JoinNextTry,
    JoinSetCreate,
    JoinSetRequest,
    Locked,
    Paused,
    Persist,
    Response,
    ResultKind,
    RetryConfig,
    Schedule,
    Stub,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TryOutcome,
    Unlocked,
    Unpaused,
    variant,
)
from obelisk.errors import IllegalTransitionError
from obelisk.ids import DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId, is_one_off
from obelisk.names import Ffqn


class Status(Enum):
    """What may happen to an execution next."""

    PENDING = "pending_at"
    LOCKED = "locked"
    BLOCKED = "blocked_by_join_set"
    FINISHED = "finished"


class Lifecycle(Enum):
    """What somebody outside asked for."""

    ACTIVE = "active"
    PAUSED = "paused"
    CANCELLING = "cancelling"


class Holder(Struct, frozen=True):
    """The run that holds, or last held, an execution."""

    executor_id: ExecutorId
    run_id: RunId


class State(Struct, frozen=True):
    """What an execution's log adds up to; one fixed-size row of a storage.

    ``parent`` is the execution that asked for it and the join set that its result goes to, ``None`` at the top level.
    ``component_id`` is the component that the log fits: the one that the execution was created for, and after a
    successful upgrade the new one. Who locks it does not matter. ``deployment_id`` is the one that
    created, locked or upgraded it last.

    ``next_version`` is the number of events, ``cursor`` that of responses. ``due_at`` means what its ``status`` says; see
    the theory of operation. ``held_by`` is ``None`` once a run has let go. ``lock_version`` is the version of the last
    ``locked``; an extension moves it only while the run has appended nothing. ``join_set_id`` is what a blocked execution
    waits for, and ``closing`` whether the engine waits there to close it.

    ``failures`` counts the runs that ended with another try to follow, and ``retry_config`` is what the last lock said of
    tries. ``result_kind`` and, after an execution failure, ``failure_kind`` tell how it finished. ``incompatible_digest`` is
    the component that the log was last found not to fit, until an upgrade succeeds.
    """

    ffqn: Ffqn
    created_at: datetime
    scheduled_at: datetime
    parent: tuple[ExecutionId, JoinSetId] | None
    component_id: ComponentId
    deployment_id: DeploymentId
    next_version: int
    cursor: int
    status: Status
    lifecycle: Lifecycle
    due_at: datetime
    held_by: Holder | None = None
    lock_version: int | None = None
    join_set_id: JoinSetId | None = None
    closing: bool = False
    failures: int = 0
    retry_config: RetryConfig = RetryConfig(None, NO_TIME)
    result_kind: ResultKind | None = None
    failure_kind: FailureKind | None = None
    incompatible_digest: str | None = None

    @property
    def is_finished(self) -> bool:
        """Whether nothing is appended any more."""
        return self.status is Status.FINISHED

    @property
    def made_progress(self) -> bool:
        """Whether anything was appended after the last lock."""
        return self.lock_version is not None and self.next_version > self.lock_version + 1

    @property
    def is_of_session(self) -> bool:
        """Whether a trigger runs it right now, and it cannot go on when that run is gone."""
        return self.component_id.component_type.is_of_trigger and self.held_by is not None and not self.is_finished

    @property
    def has_lock(self) -> bool:
        """Whether ``due_at`` is the end of a lock that should not expire."""
        return self.status is Status.LOCKED or self.is_of_session


class JoinSetCounts(Struct, frozen=True):
    """How many requests a join set has had, how many responses came, how many were taken; one row per open join set."""

    requested: int = 0
    arrived: int = 0
    taken: int = 0


def counted_join_set(entry: Event | Response) -> JoinSetId | None:
    """Return the join set whose counts ``fold`` needs for an entry, ``None`` when it needs none."""
    join_set: JoinSetId | None = getattr(entry, "join_set_id", None)
    return None if join_set is None or is_one_off(join_set) else join_set


def fold(
    state: State | None, counts: JoinSetCounts | None, entry: Event | Response, *, at: datetime
) -> tuple[State, JoinSetCounts | None]:
    """Return what follows when ``entry`` is appended at ``at``.

    ``counts`` are those of ``counted_join_set(entry)``, ``None`` when it has none yet; those that follow are to be kept.
    Raises ``IllegalTransitionError`` when the entry may not be appended.
    """
    if isinstance(entry, Created):
        return _created(state, entry, at), None
    if state is None:
        raise IllegalTransitionError(f"cannot append `{variant_of(entry)}`: the execution does not exist")
    row = _TABLE.get(type(entry))
    if row is None:
        return _response(state, counts, entry, at)  # type: ignore[arg-type]
    step = row.get(state.status)
    if step is None:
        raise _illegal(state, entry)
    after, counts = step(state, counts, entry, at)
    return replace(after, next_version=state.next_version + 1), counts


def variant_of(entry: Event | Response) -> str:
    """Return the name of an entry for messages."""
    match entry:
        case ChildExecutionFinished():
            return "child_execution_finished"
        case DelayFinished():
            return "delay_finished"
        case _:
            return variant(entry)


def _illegal(state: State, entry: Event | Response, why: str = "") -> IllegalTransitionError:
    name = "paused" if state.lifecycle is Lifecycle.PAUSED else state.status.value
    name = "cancelling" if state.lifecycle is Lifecycle.CANCELLING else name
    return IllegalTransitionError(f"`{variant_of(entry)}` cannot be appended in state `{name}`" + (why and f": {why}"))


def _created(state: State | None, event: Created, at: datetime) -> State:
    if state is not None:
        raise IllegalTransitionError("`created` cannot be appended: the execution exists already")
    return State(
        ffqn=event.ffqn,
        created_at=at,
        scheduled_at=event.scheduled_at,
        parent=event.parent,
        component_id=event.component_id,
        deployment_id=event.deployment_id,
        next_version=1,
        cursor=0,
        status=Status.PENDING,
        lifecycle=Lifecycle.ACTIVE,
        due_at=event.scheduled_at,
    )


# --- lifecycle events -------------------------------------------------------------------------------------------------

_Next = tuple[State, JoinSetCounts | None]


def _lock(state: State, counts: JoinSetCounts | None, event: Locked, at: datetime) -> _Next:
    if event.lock_expires_at <= at:
        raise _illegal(state, event, "the lock would expire before it starts")
    if state.lifecycle is not Lifecycle.ACTIVE:
        raise _illegal(state, event, f"cannot lock, execution is {state.lifecycle.value}")
    holder = Holder(event.executor_id, event.run_id)
    if holder != state.held_by:
        if state.status is Status.LOCKED:
            raise _illegal(state, event, "cannot lock, already locked")
        if state.due_at > at:
            raise _illegal(state, event, "cannot lock, not yet pending")
    after = replace(
        state,
        status=Status.LOCKED,
        due_at=event.lock_expires_at,
        held_by=holder,
        # An extension neither hides what the run has done since its lock began, nor counts as something done.
        lock_version=state.lock_version if holder == state.held_by and state.made_progress else state.next_version,
        deployment_id=event.deployment_id,
        retry_config=event.retry_config,
    )
    return after, counts


def _extend_waiting(state: State, counts: JoinSetCounts | None, event: Locked, at: datetime) -> _Next:
    if not state.is_of_session or state.held_by != Holder(event.executor_id, event.run_id):
        raise _illegal(state, event)
    after, counts = _lock(state, counts, event, at)
    return replace(after, status=Status.BLOCKED), counts


def _unlock(state: State, counts: JoinSetCounts | None, event: Unlocked, at: datetime) -> _Next:
    if state.lifecycle is not Lifecycle.ACTIVE:
        raise _illegal(state, event)
    if state.status is Status.PENDING and event.backoff_expires_at >= state.due_at:
        raise _illegal(state, event, "it is pending already")
    status = Status.BLOCKED if state.status is Status.BLOCKED else Status.PENDING
    return replace(state, status=status, due_at=event.backoff_expires_at, held_by=None), counts


def _back_off(
    state: State, counts: JoinSetCounts | None, event: TemporarilyFailed | TemporarilyTimedOut, at: datetime
) -> _Next:
    if state.lifecycle is not Lifecycle.ACTIVE:
        raise _illegal(state, event)
    if state.held_by is None:
        raise _illegal(state, event, "no run holds it")
    after = replace(
        state, status=Status.PENDING, due_at=event.backoff_expires_at, held_by=None, failures=state.failures + 1
    )
    return after, counts


def _finish(state: State, counts: JoinSetCounts | None, event: Finished, at: datetime) -> _Next:
    failure = event.retval.execution_failure
    after = replace(
        state,
        status=Status.FINISHED,
        lifecycle=Lifecycle.ACTIVE,
        due_at=at,
        held_by=None,
        join_set_id=None,
        closing=False,
        result_kind=event.retval.kind,
        failure_kind=None if failure is UNSET else failure.kind,
    )
    return after, counts


def _pause(state: State, counts: JoinSetCounts | None, event: Paused, at: datetime) -> _Next:
    if state.lifecycle is not Lifecycle.ACTIVE:
        raise _illegal(state, event)
    return replace(state, lifecycle=Lifecycle.PAUSED, held_by=None), counts


def _unpause(state: State, counts: JoinSetCounts | None, event: Unpaused, at: datetime) -> _Next:
    if state.lifecycle is not Lifecycle.PAUSED:
        raise _illegal(state, event, "it is not paused")
    return replace(state, lifecycle=Lifecycle.ACTIVE), counts


def _cancel(state: State, counts: JoinSetCounts | None, event: CancellationRequested, at: datetime) -> _Next:
    if state.lifecycle is Lifecycle.CANCELLING:
        raise _illegal(state, event)
    return replace(state, lifecycle=Lifecycle.CANCELLING), counts


def _upgrade(state: State, counts: JoinSetCounts | None, event: ComponentUpgradeFinished, at: datetime) -> _Next:
    if event.outcome.success is UNSET:
        return replace(state, incompatible_digest=event.component_digest), counts
    component = replace(state.component_id, component_digest=event.component_digest)
    return replace(state, component_id=component, deployment_id=event.deployment_id, incompatible_digest=None), counts


# --- history events ---------------------------------------------------------------------------------------------------


def _history(state: State, counts: JoinSetCounts | None, event: AnyHistoryEvent, at: datetime) -> _Next:
    if state.lifecycle is not Lifecycle.ACTIVE:
        raise _illegal(state, event)
    return state, counts


def _create_join_set(state: State, counts: JoinSetCounts | None, event: JoinSetCreate, at: datetime) -> _Next:
    _history(state, counts, event, at)
    if counts is not None:
        raise _illegal(state, event, f"the join set `{event.join_set_id}` exists already")
    return state, None if is_one_off(event.join_set_id) else JoinSetCounts()


def _check_exists(state: State, counts: JoinSetCounts | None, event: JoinSetRequest | JoinNext | JoinNextTry) -> None:
    if counts is None and not is_one_off(event.join_set_id):
        raise _illegal(state, event, f"the join set `{event.join_set_id}` was not created")


def _request(state: State, counts: JoinSetCounts | None, event: JoinSetRequest, at: datetime) -> _Next:
    _history(state, counts, event, at)
    _check_exists(state, counts, event)
    request = event.request
    refused = isinstance(request, ChildExecutionRequest) and request.result.err is not UNSET
    if counts is None or refused:
        return state, counts
    return state, replace(counts, requested=counts.requested + 1)


def _join_next(state: State, counts: JoinSetCounts | None, event: JoinNext, at: datetime) -> _Next:
    _history(state, counts, event, at)
    _check_exists(state, counts, event)
    if counts is not None:
        counts = replace(counts, taken=counts.taken + 1)
        if counts.arrived >= counts.taken:
            # The run that holds it goes on; until the end of its lock nobody else has to.
            held_until = at if state.held_by is None else state.due_at
            return replace(state, status=Status.PENDING, due_at=max(event.run_expires_at, held_until, at)), counts
    after = replace(
        state,
        status=Status.BLOCKED,
        due_at=event.run_expires_at,
        join_set_id=event.join_set_id,
        closing=event.closing,
    )
    return after, counts


def _join_next_try(state: State, counts: JoinSetCounts | None, event: JoinNextTry, at: datetime) -> _Next:
    _history(state, counts, event, at)
    _check_exists(state, counts, event)
    if counts is None or event.outcome is not TryOutcome.FOUND:
        return state, counts
    return state, replace(counts, taken=counts.taken + 1)


# --- responses --------------------------------------------------------------------------------------------------------


def _response(state: State, counts: JoinSetCounts | None, response: Response, at: datetime) -> _Next:
    after = replace(state, cursor=state.cursor + 1)
    if counts is not None:
        counts = replace(counts, arrived=counts.arrived + 1)
    if state.status is not Status.BLOCKED or state.lifecycle is Lifecycle.CANCELLING:
        return after, counts
    if state.join_set_id != response.join_set_id or (counts is not None and counts.arrived < counts.taken):
        return after, counts
    return replace(after, status=Status.PENDING, due_at=max(state.due_at, at), join_set_id=None, closing=False), counts


_Step = Callable[..., _Next]
_UNFINISHED = (Status.PENDING, Status.LOCKED, Status.BLOCKED)
_RUNNING = (Status.PENDING, Status.LOCKED)


def _in(statuses: tuple[Status, ...], step: _Step) -> dict[Status, _Step]:
    return dict.fromkeys(statuses, step)


_TABLE: dict[type, dict[Status, _Step]] = {
    Locked: {**_in(_RUNNING, _lock), Status.BLOCKED: _extend_waiting},
    Unlocked: _in(_UNFINISHED, _unlock),
    TemporarilyFailed: _in(_RUNNING, _back_off),
    TemporarilyTimedOut: _in(_RUNNING, _back_off),
    Finished: _in(_UNFINISHED, _finish),
    Paused: _in((Status.PENDING, Status.BLOCKED), _pause),
    Unpaused: _in((Status.PENDING, Status.BLOCKED), _unpause),
    CancellationRequested: _in(_UNFINISHED, _cancel),
    ComponentUpgradeFinished: _in(_UNFINISHED, _upgrade),
    Persist: _in(_RUNNING, _history),
    JoinSetCreate: _in(_RUNNING, _create_join_set),
    JoinSetRequest: _in(_RUNNING, _request),
    JoinNext: _in(_RUNNING, _join_next),
    JoinNextTooMany: _in(_RUNNING, _history),
    JoinNextTry: _in(_RUNNING, _join_next_try),
    Schedule: _in(_RUNNING, _history),
    Stub: _in(_RUNNING, _history),
}
