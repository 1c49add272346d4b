"""The state machine of an execution: every event in every state, and what follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from obelisk.core.events import (
    NO_TIME,
    OK_OUTCOME,
    CancellationRequested,
    ChildExecutionFinished,
    ChildExecutionRequest,
    ComponentId,
    ComponentRole,
    ComponentUpgradeFinished,
    Created,
    DelayFinished,
    DelayRequest,
    Event,
    ExecutionResult,
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
    PersistKind,
    Response,
    ResultKind,
    RetryConfig,
    Schedule,
    Stub,
    TemporarilyFailed,
    TemporarilyTimedOut,
    TimeSpan,
    TryOutcome,
    Unlocked,
    Unpaused,
    UpgradeOutcome,
    error_outcome,
    failed,
)
from obelisk.core.state import Holder, JoinSetCounts, Lifecycle, State, Status, counted_join_set, fold
from obelisk.errors import IllegalTransitionError
from obelisk.ids import DelayId, DeploymentId, ExecutionId, ExecutorId, JoinSetId, RunId
from obelisk.names import Ffqn

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SOON = NOW + 5 * SECOND
LATER = NOW + 60 * SECOND
COMPONENT = ComponentId(ComponentRole.WORKFLOW, "w", "sha256:" + "0" * 64)
DEPLOYMENT = DeploymentId("Dep_1")
HOLDER = Holder(ExecutorId("Exr_1"), RunId("Run_1"))
OTHER_HOLDER = Holder(ExecutorId("Exr_2"), RunId("Run_2"))
RETRIES = RetryConfig(3, TimeSpan(1))
JOIN_SET = JoinSetId("g:1")
OTHER_JOIN_SET = JoinSetId("n:other")
ONE_OFF = JoinSetId("o:1-f")
ID = ExecutionId("E_00000000000000000000000000")
CHILD = ExecutionId(f"{ID}.g:1_1")
DELAY = DelayId("Delay_00000000000000000000000000.g:1_1")
FFQN = Ffqn("a:b/c.f")
NEED_COUNTS = ("join_set_request", "join_next", "join_next_try")
CREATED = Created(FFQN, [], None, NOW, COMPONENT, DEPLOYMENT)


def locked(holder: Holder = HOLDER, until: datetime = SOON, deployment: DeploymentId = DEPLOYMENT) -> Locked:
    return Locked(COMPONENT, holder.executor_id, deployment, holder.run_id, until, RETRIES)


def child_request(join_set: JoinSetId = JOIN_SET) -> JoinSetRequest:
    return JoinSetRequest(join_set, ChildExecutionRequest(CHILD, FFQN, []))


def child_finished(join_set: JoinSetId = JOIN_SET) -> ChildExecutionFinished:
    return ChildExecutionFinished(join_set, CHILD, 2, ExecutionResult(ok=None))


def state_of(status: Status, lifecycle: Lifecycle = Lifecycle.ACTIVE) -> State:
    """An execution in a status as it is reached: pending from now on, locked or blocked until soon."""
    running = status in (Status.LOCKED, Status.BLOCKED)
    return State(
        ffqn=FFQN,
        created_at=NOW,
        scheduled_at=NOW,
        parent=None,
        component_id=COMPONENT,
        deployment_id=DEPLOYMENT,
        next_version=7,
        cursor=3,
        status=status,
        lifecycle=lifecycle,
        due_at=SOON if running else NOW,
        held_by=HOLDER if running else None,
        lock_version=1,
        join_set_id=JOIN_SET if status is Status.BLOCKED else None,
        result_kind=ResultKind.OK if status is Status.FINISHED else None,
    )


def after(
    state: State | None, event: Event | Response, *, at: datetime = NOW, counts: JoinSetCounts | None = None
) -> State:
    return fold(state, counts, event, at=at)[0]


def counts_after(
    counts: JoinSetCounts | None, event: Event | Response, *, status: Status = Status.LOCKED
) -> JoinSetCounts | None:  # fmt: skip
    return fold(state_of(status), counts, event, at=NOW)[1]


def refusal(state: State | None, event: Event | Response, *, at: datetime = NOW) -> str:
    with pytest.raises(IllegalTransitionError) as caught:
        fold(state, None, event, at=at)
    return str(caught.value)


# --- which event may be appended when ---

PENDING, LOCKED, BLOCKED, FINISHED = Status
ACTIVE, PAUSED, CANCELLING = Lifecycle
EVENTS: dict[str, Event] = {
    "created": CREATED,
    "locked": locked(OTHER_HOLDER),
    "locked_again": locked(HOLDER),
    "unlocked": Unlocked(NOW - SECOND, "why"),
    "temporarily_failed": TemporarilyFailed(LATER, "trap"),
    "temporarily_timed_out": TemporarilyTimedOut(LATER),
    "finished": Finished(ExecutionResult(ok=None)),
    "paused": Paused(),
    "unpaused": Unpaused(),
    "cancellation_requested": CancellationRequested(),
    "component_upgrade_finished": ComponentUpgradeFinished("sha256:1", DEPLOYMENT, UpgradeOutcome(success={})),
    "persist": Persist([], PersistKind(execution_id=None)),
    "join_set_create": JoinSetCreate(JOIN_SET),
    "join_set_request": child_request(),
    "join_next": JoinNext(JOIN_SET, SOON),
    "join_next_too_many": JoinNextTooMany(JOIN_SET),
    "join_next_try": JoinNextTry(JOIN_SET, TryOutcome.PENDING),
    "schedule": Schedule(ID, "now"),
    "stub": Stub(CHILD, "01"),
}
STATES = {
    "pending": state_of(PENDING),
    "held": replace(state_of(PENDING), held_by=HOLDER, due_at=SOON),
    "locked": state_of(LOCKED),
    "blocked": state_of(BLOCKED),
    "paused": state_of(PENDING, PAUSED),
    "paused_blocked": replace(state_of(BLOCKED, PAUSED), held_by=None),
    "cancelling": state_of(PENDING, CANCELLING),
    "cancelling_locked": state_of(LOCKED, CANCELLING),
    "cancelling_blocked": state_of(BLOCKED, CANCELLING),
    "finished": state_of(FINISHED),
}
HISTORY = {
    "persist", "join_set_create", "join_set_request", "join_next", "join_next_too_many", "join_next_try", "schedule", "stub",
}  # fmt: skip
ALWAYS = {"finished", "component_upgrade_finished"}
LEGAL: dict[str, set[str]] = {
    "pending": ALWAYS | HISTORY | {"locked", "locked_again", "unlocked", "paused", "cancellation_requested"},
    "held": ALWAYS | HISTORY
    | {"locked_again", "unlocked", "temporarily_failed", "temporarily_timed_out", "paused", "cancellation_requested"},
    "locked": ALWAYS | HISTORY
    | {"locked_again", "unlocked", "temporarily_failed", "temporarily_timed_out", "cancellation_requested"},
    "blocked": ALWAYS | {"unlocked", "paused", "cancellation_requested"},
    "paused": ALWAYS | {"unpaused", "cancellation_requested"},
    "paused_blocked": ALWAYS | {"unpaused", "cancellation_requested"},
    "cancelling": ALWAYS,
    "cancelling_locked": ALWAYS,
    "cancelling_blocked": ALWAYS,
    "finished": set(),
}  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("state", STATES)
def test_an_event_is_appended_exactly_where_the_table_allows_it(state: str, event: str) -> None:
    if event in LEGAL[state]:
        counts = JoinSetCounts() if event in NEED_COUNTS else None
        assert after(STATES[state], EVENTS[event], counts=counts).next_version == 8
    else:
        assert "cannot be appended" in refusal(STATES[state], EVENTS[event])


@pytest.mark.parametrize("event", sorted(EVENTS.keys() - {"created"}))
def test_nothing_but_created_comes_first(event: str) -> None:
    assert "the execution does not exist" in refusal(None, EVENTS[event])


def test_a_response_needs_an_execution() -> None:
    assert "the execution does not exist" in refusal(None, child_finished())


def test_a_refusal_names_the_event_and_the_state() -> None:
    assert refusal(STATES["paused"], EVENTS["unlocked"]) == "`unlocked` cannot be appended in state `paused`"
    assert refusal(STATES["cancelling_locked"], EVENTS["paused"]) == "`paused` cannot be appended in state `cancelling`"
    assert refusal(STATES["finished"], EVENTS["finished"]) == "`finished` cannot be appended in state `finished`"


# --- created, locked, unlocked ---


def test_a_created_execution_is_pending_from_its_scheduled_time_on() -> None:
    created = replace(CREATED, scheduled_at=LATER, parent=(ID, JOIN_SET))
    state = after(None, created)
    assert (state.status, state.lifecycle, state.due_at) == (PENDING, ACTIVE, LATER)
    assert (state.next_version, state.cursor, state.created_at, state.parent) == (1, 0, NOW, (ID, JOIN_SET))
    assert not state.is_finished


def test_a_lock_holds_until_it_expires_and_says_how_to_retry() -> None:
    state = after(state_of(PENDING), locked(OTHER_HOLDER, deployment=DeploymentId("Dep_2")))
    assert (state.status, state.due_at, state.held_by) == (LOCKED, SOON, OTHER_HOLDER)
    assert (state.lock_version, state.retry_config, state.deployment_id) == (7, RETRIES, "Dep_2")


def test_a_lock_by_another_component_does_not_change_the_component() -> None:
    other = replace(locked(), component_id=replace(COMPONENT, name="other", component_digest="sha256:2"))
    assert after(state_of(PENDING), other).component_id == COMPONENT
    assert after(state_of(LOCKED), other).component_id == COMPONENT


def test_an_execution_is_not_locked_before_it_is_due() -> None:
    waiting = replace(state_of(PENDING), due_at=NOW + SECOND)
    assert "not yet pending" in refusal(waiting, locked())
    assert after(waiting, locked(), at=NOW + SECOND).status is LOCKED


def test_a_held_execution_is_locked_before_it_is_due_by_its_holder_alone() -> None:
    assert after(STATES["held"], locked(HOLDER, LATER)).due_at == LATER
    assert "not yet pending" in refusal(STATES["held"], locked(OTHER_HOLDER, LATER))
    assert after(STATES["held"], locked(OTHER_HOLDER, LATER), at=SOON).held_by == OTHER_HOLDER


def test_a_lock_is_extended_by_its_holder_alone() -> None:
    assert after(state_of(LOCKED), locked(HOLDER, LATER)).due_at == LATER
    assert "already locked" in refusal(state_of(LOCKED), locked(OTHER_HOLDER, LATER))


def test_an_expired_lock_is_not_taken_over() -> None:
    assert "already locked" in refusal(state_of(LOCKED), locked(OTHER_HOLDER, LATER + SECOND), at=LATER)


def test_another_run_of_the_same_executor_is_another_holder() -> None:
    other_run = Holder(HOLDER.executor_id, RunId("Run_9"))
    assert "already locked" in refusal(state_of(LOCKED), locked(other_run, LATER))


@pytest.mark.parametrize("until", [NOW, NOW - SECOND])
def test_a_lock_ends_after_it_starts(until: datetime) -> None:
    assert "expire before it starts" in refusal(state_of(PENDING), locked(until=until))


@pytest.mark.parametrize(
    ("lifecycle", "why"), [(PAUSED, "execution is paused"), (CANCELLING, "execution is cancelling")]
)
def test_only_an_active_execution_is_locked(lifecycle: Lifecycle, why: str) -> None:
    assert why in refusal(state_of(PENDING, lifecycle), locked())


def test_unlocking_makes_it_pending_at_the_given_time_without_a_failure() -> None:
    state = after(state_of(LOCKED), Unlocked(LATER, "why"))
    assert (state.status, state.due_at, state.held_by, state.failures) == (PENDING, LATER, None, 0)


def test_unlocking_brings_a_pending_execution_forward_and_never_back() -> None:
    assert after(STATES["held"], Unlocked(NOW, "why")).due_at == NOW
    for time in (SOON, LATER):
        assert "it is pending already" in refusal(STATES["held"], Unlocked(time, "why"))


def test_unlocking_a_blocked_execution_gives_up_the_precedence_of_its_run() -> None:
    state = after(state_of(BLOCKED), Unlocked(NOW, "why"))
    assert (state.status, state.due_at, state.held_by, state.join_set_id) == (BLOCKED, NOW, None, JOIN_SET)
    assert after(state, child_finished(), counts=JoinSetCounts(1, 0, 1)).due_at == NOW


# --- executions of triggers ---

OF_TRIGGER = ComponentId(ComponentRole.WEBHOOK_ENDPOINT, "w", "sha256:" + "0" * 64)


def of_trigger(status: Status) -> State:
    return replace(state_of(status), component_id=OF_TRIGGER)


def test_a_triggers_run_extends_its_lock_while_it_waits() -> None:
    state = after(of_trigger(BLOCKED), locked(HOLDER, LATER))
    assert (state.status, state.due_at, state.held_by, state.join_set_id) == (BLOCKED, LATER, HOLDER, JOIN_SET)
    assert after(state, child_finished(), counts=JoinSetCounts(1, 0, 1)).due_at == LATER


def test_nobody_else_locks_what_a_trigger_runs() -> None:
    for time in (NOW, LATER):
        assert "in state `blocked_by_join_set`" in refusal(of_trigger(BLOCKED), locked(OTHER_HOLDER, LATER), at=time)


@pytest.mark.parametrize("status", [PENDING, LOCKED, BLOCKED])
def test_a_trigger_keeps_its_lock_whatever_the_status(status: Status) -> None:
    held = replace(of_trigger(status), held_by=HOLDER)
    assert held.has_lock
    assert held.is_of_session
    assert not replace(held, component_id=COMPONENT).is_of_session


def test_what_no_trigger_runs_right_now_has_no_lock() -> None:
    assert not of_trigger(PENDING).has_lock
    assert not of_trigger(FINISHED).has_lock
    assert not state_of(BLOCKED).has_lock
    assert state_of(LOCKED).has_lock


# --- failures, finishing ---


@pytest.mark.parametrize("event", [TemporarilyFailed(LATER, "trap"), TemporarilyTimedOut(LATER)])
@pytest.mark.parametrize("state", ["locked", "held"])
def test_a_lost_or_failed_run_counts_and_backs_off(state: str, event: Event) -> None:
    found = after(replace(STATES[state], failures=1), event)
    assert (found.status, found.due_at, found.held_by, found.failures) == (PENDING, LATER, None, 2)


def test_only_a_run_can_fail() -> None:
    assert "no run holds it" in refusal(state_of(PENDING), TemporarilyFailed(LATER, "trap"))


@pytest.mark.parametrize("name", [name for name in STATES if name != "finished"])
def test_finishing_ends_everything_that_was_open(name: str) -> None:
    state = after(STATES[name], Finished(ExecutionResult(err=None)), at=LATER)
    assert state.is_finished
    assert (state.lifecycle, state.due_at, state.held_by, state.join_set_id) == (ACTIVE, LATER, None, None)
    assert (state.closing, state.result_kind, state.failure_kind) == (False, ResultKind.ERROR, None)


def test_a_failed_execution_keeps_the_kind_of_its_failure() -> None:
    state = after(state_of(LOCKED), Finished(failed(FailureKind.TIMED_OUT, "late")))
    assert (state.result_kind, state.failure_kind) == (ResultKind.EXECUTION_FAILURE, FailureKind.TIMED_OUT)


def test_a_lock_and_then_an_event_is_progress() -> None:
    state = after(state_of(PENDING), locked())
    assert not state.made_progress
    assert after(state, EVENTS["persist"]).made_progress
    assert not after(None, CREATED).made_progress


# --- pausing, cancelling, upgrading ---


def test_pausing_keeps_the_status_and_ends_the_precedence_of_a_run() -> None:
    state = after(STATES["held"], Paused())
    assert (state.status, state.lifecycle, state.due_at, state.held_by) == (PENDING, PAUSED, SOON, None)


def test_a_locked_execution_is_paused_after_it_is_unlocked() -> None:
    assert "in state `locked`" in refusal(state_of(LOCKED), Paused())
    assert after(after(state_of(LOCKED), Unlocked(NOW, "pausing")), Paused()).lifecycle is PAUSED


@pytest.mark.parametrize("status", [PENDING, BLOCKED])
def test_unpausing_goes_on_where_it_was(status: Status) -> None:
    paused = after(state_of(status), Paused())
    state = after(paused, Unpaused())
    assert (state.status, state.lifecycle) == (status, ACTIVE)


def test_what_is_not_paused_is_not_unpaused() -> None:
    assert "it is not paused" in refusal(state_of(PENDING), Unpaused())


def test_a_paused_execution_becomes_pending_by_a_response_and_stays_paused() -> None:
    state = after(STATES["paused_blocked"], child_finished(), counts=JoinSetCounts(1, 0, 1))
    assert (state.status, state.lifecycle) == (PENDING, PAUSED)
    assert "execution is paused" in refusal(state, locked(until=LATER + SECOND), at=LATER)


@pytest.mark.parametrize("status", [PENDING, LOCKED, BLOCKED])
def test_cancelling_freezes_the_status(status: Status) -> None:
    state = after(state_of(status), CancellationRequested())
    assert (state.status, state.lifecycle) == (status, CANCELLING)


def test_a_paused_execution_that_is_cancelled_is_not_paused_any_more() -> None:
    assert after(STATES["paused"], CancellationRequested()).lifecycle is CANCELLING


def test_a_response_is_kept_and_does_not_unblock_what_is_being_cancelled() -> None:
    state, counts = fold(STATES["cancelling_blocked"], JoinSetCounts(1, 0, 1), child_finished(), at=NOW)
    assert (state.status, state.join_set_id, state.cursor) == (BLOCKED, JOIN_SET, 4)
    assert counts == JoinSetCounts(1, 1, 1)


def test_an_upgrade_changes_the_component_and_a_failed_one_is_remembered() -> None:
    incompatible = after(
        state_of(PENDING), ComponentUpgradeFinished("sha256:2", DEPLOYMENT, UpgradeOutcome(failed={"reason": "why"}))
    )
    assert (incompatible.incompatible_digest, incompatible.component_id) == ("sha256:2", COMPONENT)
    upgraded = after(
        incompatible, ComponentUpgradeFinished("sha256:3", DeploymentId("Dep_3"), UpgradeOutcome(success={}))
    )
    assert upgraded.component_id == replace(COMPONENT, component_digest="sha256:3")
    assert (upgraded.incompatible_digest, upgraded.deployment_id) == (None, "Dep_3")


# --- join sets ---


@pytest.mark.parametrize(
    ("entry", "join_set"),
    [
        (JoinSetCreate(JOIN_SET), JOIN_SET),
        (child_request(OTHER_JOIN_SET), OTHER_JOIN_SET),
        (JoinNext(JOIN_SET, NOW), JOIN_SET),
        (JoinNextTry(JOIN_SET, TryOutcome.FOUND), JOIN_SET),
        (child_finished(), JOIN_SET),
        (DelayFinished(JOIN_SET, DELAY), JOIN_SET),
        (JoinSetCreate(ONE_OFF), None),
        (child_finished(ONE_OFF), None),
        (CREATED, None),
        (Paused(), None),
    ],
)
def test_an_entry_needs_the_counts_of_its_join_set_unless_that_is_one_off(
    entry: Event | Response, join_set: JoinSetId | None
) -> None:
    assert counted_join_set(entry) == join_set


DELAY_REQUEST = JoinSetRequest(JOIN_SET, DelayRequest(DELAY, LATER, "now"))
REFUSED_REQUEST = JoinSetRequest(JOIN_SET, ChildExecutionRequest(CHILD, FFQN, [], error_outcome("function_not_found")))


@pytest.mark.parametrize(
    ("before", "event", "expected"),
    [
        (None, JoinSetCreate(JOIN_SET), JoinSetCounts()),
        (JoinSetCounts(), child_request(), JoinSetCounts(requested=1)),
        (JoinSetCounts(), DELAY_REQUEST, JoinSetCounts(requested=1)),
        (JoinSetCounts(), REFUSED_REQUEST, JoinSetCounts()),
        (JoinSetCounts(1, 1, 0), JoinNextTry(JOIN_SET, TryOutcome.FOUND), JoinSetCounts(1, 1, 1)),
        (JoinSetCounts(1, 0, 0), JoinNextTry(JOIN_SET, TryOutcome.PENDING), JoinSetCounts(1, 0, 0)),
        (JoinSetCounts(1, 1, 1), JoinNextTry(JOIN_SET, TryOutcome.ALL_PROCESSED), JoinSetCounts(1, 1, 1)),
        (JoinSetCounts(1, 1, 1), JoinNextTooMany(JOIN_SET), JoinSetCounts(1, 1, 1)),
        (JoinSetCounts(2, 1, 0), JoinNext(JOIN_SET, SOON), JoinSetCounts(2, 1, 1)),
        (JoinSetCounts(1, 0, 0), JoinNext(JOIN_SET, SOON), JoinSetCounts(1, 0, 1)),
        (JoinSetCounts(1, 0, 0), child_finished(), JoinSetCounts(1, 1, 0)),
        (JoinSetCounts(1, 0, 0), DelayFinished(JOIN_SET, DELAY, success=False), JoinSetCounts(1, 1, 0)),
        (None, JoinSetCreate(ONE_OFF), None),
        (None, child_request(ONE_OFF), None),
        (None, JoinNext(ONE_OFF, SOON), None),
        (None, child_finished(ONE_OFF), None),
    ],
)
def test_requests_arrivals_and_takings_are_counted(
    before: JoinSetCounts | None, event: Event | Response, expected: JoinSetCounts | None
) -> None:
    assert counts_after(before, event) == expected


def test_waiting_for_what_has_not_come_blocks_until_the_end_of_the_run() -> None:
    wait = JoinNext(JOIN_SET, SOON, closing=True)
    state = after(state_of(LOCKED), wait, counts=JoinSetCounts(1, 0, 0))
    assert (state.status, state.due_at, state.join_set_id, state.closing) == (BLOCKED, SOON, JOIN_SET, True)
    assert state.held_by == HOLDER


@pytest.mark.parametrize("run_expires_at", [SOON, NOW - SECOND])
@pytest.mark.parametrize(("holder", "due_at"), [(HOLDER, state_of(LOCKED).due_at), (None, None)])
def test_waiting_for_what_has_come_is_pending_when_the_lock_ends(run_expires_at, holder, due_at) -> None:
    locked = replace(state_of(LOCKED), held_by=holder)
    state = after(locked, JoinNext(JOIN_SET, run_expires_at), counts=JoinSetCounts(1, 1, 0))
    assert (state.status, state.held_by, state.join_set_id) == (PENDING, holder, None)
    assert state.due_at == (due_at or max(run_expires_at, NOW))


@pytest.mark.parametrize(("at", "due_at"), [(NOW, SOON), (LATER, LATER)])
@pytest.mark.parametrize("response", [child_finished(), DelayFinished(JOIN_SET, DELAY)])
def test_the_response_that_is_waited_for_makes_it_pending(response: Response, at: datetime, due_at: datetime) -> None:
    state = after(replace(state_of(BLOCKED), closing=True), response, at=at, counts=JoinSetCounts(1, 0, 1))
    assert (state.status, state.due_at, state.held_by) == (PENDING, due_at, HOLDER)
    assert (state.join_set_id, state.closing) == (None, False)
    assert (state.next_version, state.cursor) == (7, 4)


def test_a_response_of_another_join_set_leaves_it_blocked() -> None:
    state = after(state_of(BLOCKED), child_finished(OTHER_JOIN_SET), counts=JoinSetCounts(1, 0, 0))
    assert (state.status, state.join_set_id, state.cursor) == (BLOCKED, JOIN_SET, 4)


@pytest.mark.parametrize("status", [PENDING, LOCKED, FINISHED])
def test_a_response_that_nobody_waits_for_only_moves_the_cursor(status: Status) -> None:
    before = state_of(status)
    assert after(before, child_finished(), counts=JoinSetCounts(1, 0, 0)) == replace(before, cursor=4)


def test_a_one_off_join_set_is_blocked_until_its_response() -> None:
    state = after(state_of(LOCKED), JoinNext(ONE_OFF, SOON))
    assert (state.status, state.join_set_id) == (BLOCKED, ONE_OFF)
    assert after(state, child_finished(), counts=JoinSetCounts(1, 0, 0)).status is BLOCKED
    assert after(state, child_finished(ONE_OFF)).status is PENDING


def test_events_that_ask_for_nothing_change_only_the_version() -> None:
    for name in ("persist", "schedule", "stub", "join_next_too_many", "join_next_try"):
        counts = JoinSetCounts() if name in NEED_COUNTS else None
        assert after(state_of(LOCKED), EVENTS[name], counts=counts) == replace(state_of(LOCKED), next_version=8)


@pytest.mark.parametrize("event", ["join_set_request", "join_next", "join_next_try"])
def test_a_join_set_that_was_not_created_takes_nothing(event: str) -> None:
    assert "was not created" in refusal(state_of(LOCKED), EVENTS[event])


def test_a_join_set_is_created_once() -> None:
    with pytest.raises(IllegalTransitionError, match="exists already"):
        fold(state_of(LOCKED), JoinSetCounts(), JoinSetCreate(JOIN_SET), at=NOW)


def test_extending_a_lock_does_not_hide_progress() -> None:
    state = after(state_of(LOCKED), locked(HOLDER, LATER))
    assert state.made_progress
    assert (state.lock_version, state.due_at) == (1, LATER)


def test_extending_a_lock_is_not_progress() -> None:
    state = after(state_of(PENDING), locked(HOLDER))
    for seconds in (60, 120):
        state = after(state, locked(HOLDER, NOW + seconds * SECOND))
        assert not state.made_progress
    assert (state.lock_version, state.next_version) == (9, 10)
    assert after(state, EVENTS["persist"]).made_progress


def test_progress_between_two_extensions_stays_progress() -> None:
    state = after(after(state_of(PENDING), locked(HOLDER)), locked(HOLDER, LATER))
    state = after(after(state, EVENTS["persist"]), locked(HOLDER, LATER + SECOND))
    assert (state.made_progress, state.lock_version) == (True, 8)


def test_the_lock_of_another_run_begins_without_progress() -> None:
    unlocked = after(state_of(LOCKED), Unlocked(NOW, "why"))
    state = after(unlocked, locked(OTHER_HOLDER))
    assert (state.made_progress, state.lock_version) == (False, 8)


def test_a_lock_that_resumes_a_waiting_run_does_not_hide_its_progress() -> None:
    waiting = after(state_of(LOCKED), JoinNext(JOIN_SET, SOON), counts=JoinSetCounts(1, 0, 0))
    woken = after(waiting, child_finished(), counts=JoinSetCounts(1, 0, 1))
    state = after(woken, locked(HOLDER, LATER))
    assert (state.status, state.made_progress, state.lock_version) == (LOCKED, True, 1)


def test_a_refused_response_is_named() -> None:
    with pytest.raises(IllegalTransitionError, match="delay_finished"):
        fold(None, None, DelayFinished(JOIN_SET, DELAY), at=NOW)


def test_the_retry_configuration_before_the_first_lock_is_unlimited_without_backoff() -> None:
    assert after(None, CREATED).retry_config == RetryConfig(None, NO_TIME)


def test_a_request_is_ok_unless_it_says_otherwise() -> None:
    assert ChildExecutionRequest(CHILD, FFQN, []).result == OK_OUTCOME
